"""Transcript formats of other tools → words with times. The content decides the format, not the file's name.

    redactor          words_document
    Whisper           openai-whisper --word_timestamps True --output_format json; OpenAI API verbose_json;
    faster-whisper segments
    WhisperX          the same, with "score" and with words that have no times (numbers)
    Amazon Transcribe results.items, one or several channels
    Deepgram          results.channels[].alternatives[0].words
    WebVTT, SRT       cues; WebVTT time stamps inside a cue are used
    CTM               NIST: file channel start duration word [confidence]

If only a whole text has times (a cue, a segment), each of its words gets the whole stretch: a finding in it then bleeps
all of it. If a segment's words do not add up to its text, the text is used, with the segment's times. Messages never
quote the content.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redactor.errors import TranscriptError
from redactor.types import TimedText

from .words_document import given_words, is_words_document

KNOWN = "redactor transcribe, Whisper, faster-whisper, WhisperX, Amazon Transcribe or Deepgram JSON, WebVTT, SRT, CTM"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed transcript file.

    Attributes:
        channels: words in the file's order by channel, from 0; key None: the file does not distinguish channels.
        duration: seconds of its recording, if the file states it.
        identity: SHA-256 of its recording, "" if the file does not state it.
    """

    format: str
    channels: Mapping[int | None, Sequence[TimedText]] = field(repr=False)
    language: str = "en"
    duration: float | None = None
    identity: str = ""


def parse(content: str) -> Parsed:
    """Read a transcript.

    Raises:
        TranscriptError: unknown or broken format.
    """
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    text = content.lstrip("\ufeff\n\t ")
    if not text:
        raise TranscriptError("The transcript file is empty.")
    try:
        if text[0] in "{[":
            return _json(content.lstrip("\ufeff"))
        if text.startswith("WEBVTT"):
            return Parsed("WebVTT", {None: _cues(text.partition("\n")[2])})
        if _ARROW.search(text[:2000]):
            return Parsed("SRT", {None: _cues(text)})
        return _ctm(text)
    except TranscriptError:
        raise
    except json.JSONDecodeError as error:
        raise TranscriptError(
            f"The transcript is broken JSON: {error.msg}, line {error.lineno}, column {error.colno}.",
            hint="Correct the file there, or export it again.",
        ) from None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError) as error:
        # The cause may quote the content.
        raise TranscriptError(f"The transcript is broken ({type(error).__name__}).") from None


def _json(text: str) -> Parsed:
    data = json.loads(text)
    if isinstance(data, list):
        data = {"segments": data}
    if is_words_document(data):
        given = given_words(data)
        return Parsed("redactor", given.channels, _language(given.language), given.duration, given.identity)
    results = data.get("results")
    if isinstance(results, dict) and "items" in results:
        return _amazon(results)
    if isinstance(results, dict) and "channels" in results:
        return _deepgram(data, results)
    if "segments" in data or "word_segments" in data or "words" in data:
        return _whisper(data)
    raise TranscriptError("The transcript is JSON in an unknown format.", hint=f"Known: {KNOWN}.")


def _whisper(data: Mapping[str, Any]) -> Parsed:
    segments = data.get("segments") or []
    if not isinstance(segments, list) or not all(isinstance(segment, dict) for segment in segments):
        raise TypeError
    words: list[TimedText] = []
    listed = any(_get(segment, "words") for segment in segments)
    loose = data.get("word_segments") or data.get("words") or []
    if not listed and loose:
        words = [_word(item) for item in loose]
        # verbose_json keeps its words apart from its segments, and without punctuation: only letters can be compared.
        if segments and _alphanumerics(w.text for w in words) != _alphanumerics(
            str(_get(s, "text") or "") for s in segments
        ):
            words = []
    if not words:
        for segment in segments:
            words += _segment(segment)
    scored = any(isinstance(item, dict) and "score" in item for s in segments for item in _get(s, "words") or [])
    return Parsed(
        "WhisperX" if scored or "word_segments" in data else "Whisper",
        {None: words},
        _language(data.get("language")),
        _seconds(data.get("duration")),
    )


def _segment(segment: Any) -> list[TimedText]:
    text = str(_get(segment, "text") or "")
    words = [_word(item) for item in _get(segment, "words") or []]
    if words and (not text.strip() or _alphanumerics(w.text for w in words) == _alphanumerics([text])):
        return words
    return _with_same_times(text, _seconds(_get(segment, "start")), _seconds(_get(segment, "end")))


def _word(item: Any) -> TimedText:
    if isinstance(item, list):  # faster-whisper's tuples: start, end, word, probability
        start, end, text, *rest = item
        return TimedText(str(text), _seconds(start), _seconds(end), _probability(rest[0] if rest else None))
    text = item["punctuated_word"] if "punctuated_word" in item else item["word"] if "word" in item else item["text"]
    confidence = next((item[key] for key in ("probability", "score", "confidence") if key in item), None)
    return TimedText(str(text), _seconds(item.get("start")), _seconds(item.get("end")), _probability(confidence))


def _amazon(results: Mapping[str, Any]) -> Parsed:
    channels: dict[int | None, list[TimedText]] = {}
    labelled = (results.get("channel_labels") or {}).get("channels")
    groups = (
        [(channel["channel_label"], channel["items"]) for channel in labelled]
        if labelled
        else [(item.get("channel_label"), [item]) for item in results["items"]]
    )
    for label, items in groups:
        said = channels.setdefault(None if label is None else int(str(label).rpartition("_")[2]), [])
        for item in items:
            best = item["alternatives"][0]
            if item.get("type") == "punctuation":
                if said:
                    said[-1] = said[-1]._replace(text=said[-1].text + str(best["content"]))
                continue
            start, end = _seconds(item.get("start_time")), _seconds(item.get("end_time"))
            said.append(TimedText(str(best["content"]), start, end, _probability(best.get("confidence"))))
    _check_complete(channels, [str(t["transcript"]) for t in results.get("transcripts") or []])
    return Parsed("Amazon Transcribe", channels, _amazon_language(results))


def _amazon_language(results: Mapping[str, Any]) -> str:
    """Where several languages were identified, the first that is not English."""
    codes = [results.get("language_code")] + [item.get("language_code") for item in results.get("language_codes") or []]
    stated = [_language(code) for code in codes if code]
    return next((code for code in stated if code != "en"), "en")


def _deepgram(data: Mapping[str, Any], results: Mapping[str, Any]) -> Parsed:
    channels: dict[int | None, list[TimedText]] = {}
    several = len(results["channels"]) > 1
    language = None
    for number, channel in enumerate(results["channels"]):
        best = (channel.get("alternatives") or [{}])[0]
        words = [_word(item) for item in best.get("words") or []]
        _check_complete({None: words}, [str(best.get("transcript") or "")])
        channels[number if several else None] = words
        spoken = {channel.get("detected_language"), *(_get(item, "language") for item in best.get("words") or [])}
        language = next((code for code in sorted(filter(None, spoken)) if _language(code) != "en"), language)
    return Parsed("Deepgram", channels, _language(language), _seconds((data.get("metadata") or {}).get("duration")))


def _check_complete(channels: Mapping[int | None, Sequence[TimedText]], texts: Sequence[str]) -> None:
    """Refuse a transcript whose text has more than its timed words: the rest could not be bleeped."""
    words = sum(len(_alphanumerics([w.text])) for said in channels.values() for w in said)
    # Formatters write "$20" for "twenty dollars", so lengths are compared, and only roughly.
    if len(_alphanumerics(texts)) > 1.5 * words + 20:
        raise TranscriptError("The transcript's text has more words than its list of timed words.")


_STAMP = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_ARROW = re.compile(rf"^[ \t]*{_STAMP}[ \t]*-->[ \t]*{_STAMP}.*$", re.MULTILINE)
_INNER = re.compile(rf"<{_STAMP}>")
_TAG = re.compile(r"<[^>\n]*>")


def _cues(text: str) -> list[TimedText]:
    """Cues of WebVTT (https://www.w3.org/TR/webvtt1/) or SRT; notes, styles, numbers and tags are ignored."""
    words: list[TimedText] = []
    found = list(_ARROW.finditer(text))
    if not found and re.search("-->", text):
        raise TranscriptError("The transcript has cues with unreadable times.")
    for arrow in found:
        payload = text[arrow.end() :].lstrip("\n") if text[arrow.end() : arrow.end() + 1] == "\n" else ""
        payload = re.split(r"\n[ \t]*\n", text[arrow.end() + 1 :], maxsplit=1)[0] if payload else ""
        start, end = _stamp(arrow.groups()[:4]), _stamp(arrow.groups()[4:])
        marks = list(_INNER.finditer(payload))
        times = [start, *(_stamp(mark.groups()) for mark in marks), end]
        pieces = _INNER.sub("\0", payload).split("\0")
        for i, piece in enumerate(pieces):
            words += _with_same_times(html.unescape(_TAG.sub(" ", piece)), times[i], times[i + 1])
    return words


def _stamp(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction}")


_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_CTM_LINE = re.compile(rf"(\S+)\s+(\d{{1,3}}|[A-Za-z])\s+{_NUMBER}\s+{_NUMBER}\s+(\S+)(?:\s+{_NUMBER})?(?:\s|$)")


def _ctm(text: str) -> Parsed:
    """Read NIST CTM (https://github.com/usnistgov/SCTK/blob/master/doc/infmts.htm); channels are 1, 2 or A, B."""
    channels: dict[int | None, list[TimedText]] = {}
    files: set[str] = set()
    labels: dict[str, int] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith(";;"):
            continue
        match = _CTM_LINE.match(line)
        if match is None:
            raise TranscriptError("The transcript's format is unknown.", hint=f"Known: {KNOWN}.")
        file, channel, begin, length, word, confidence = match.groups()
        start, duration = float(begin), float(length)
        files.add(file)
        labels[channel] = max(0, int(channel) - 1) if channel.isdigit() else ord(channel.upper()) - ord("A")
        if word != "<eps>":
            timed = TimedText(word, start, start + duration, _probability(confidence))
            channels.setdefault(labels[channel], []).append(timed)
    if len(files) > 1:
        raise TranscriptError(
            f"The transcript covers {len(files)} recordings.", hint="Give each recording its own file."
        )
    return Parsed("CTM", channels)


def _with_same_times(text: str, start: float | None, end: float | None) -> list[TimedText]:
    return [TimedText(word, start, end) for word in text.split()]


def _alphanumerics(texts: Iterable[str]) -> str:
    return "".join(character for text in texts for character in text.casefold() if character.isalnum())


def _get(item: Any, key: str) -> Any:
    return item.get(key) if isinstance(item, dict) else None


def _seconds(value: Any) -> float | None:
    """A time, or None where the file has none (or "NaN")."""
    if value is None or isinstance(value, bool):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _probability(value: Any) -> float:
    number = _seconds(value)
    return 1.0 if number is None else min(1.0, max(0.0, number))


def _language(value: Any) -> str:
    """Whisper writes "en" or "english", Amazon "en-US"."""
    code = re.split("[-_]", str(value or "en").strip().lower())[0]
    return "en" if code in ("english", "eng") else code
