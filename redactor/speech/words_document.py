"""The words of a recording as `redactor transcribe` prints them, and as a person gives them back corrected.

    {"schema": "redactor-words/1", "id": SHA-256 of the recording, "duration": seconds, "same_as": [0, 0], …,
     "channels": [{"channel": 0, "language": "en", "recognised": fingerprint of the text, "text": "hi this is …",
                   "words": [{"text": "hi", "start": 0.31, "end": 0.52, "confidence": 0.93}, …]}]}

Either the words or the text of a channel may be corrected: `recognised` tells which of them was. Words keep their
times; where words were added, removed, joined or split, those in their place get the whole stretch to be safe, and
added words that replace nothing get no time, so that a plan puts them between their neighbours.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from redactor.errors import TranscriptError
from redactor.types import Speech, TimedText

from .coverage import longest_plausible

SCHEMA = "redactor-words/1"
ALIKE = 50.0  # per cent: words that resemble each other so much are the same word, spelled otherwise
LARGEST = 64 << 20  # bytes of one document: a day of words with times
_HINT = "Correct the file, or make it again with `redactor transcribe`."


def words_document(identity: str, duration: float, speech: Speech) -> dict[str, Any]:
    """The document of a recording: SHA-256, seconds, and what was recognised."""
    return {
        "schema": SCHEMA,
        "id": identity,
        "duration": round(duration, 3),
        "model": speech.model.name,
        "same_as": list(speech.same_as),
        "skipped": round(speech.skipped, 3),
        "unheard": [
            {"channel": u.channel, "start": round(u.start, 3), "end": round(u.end, 3), "kind": u.kind}
            for u in speech.unheard
        ],
        "key_tones": [
            {"channel": k.channel, "start": round(k.start, 3), "end": round(k.end, 3)} for k in speech.key_tones
        ],
        "channels": [
            {
                "channel": t.channel,
                "language": t.language,
                "recognised": _fingerprint(t.text),
                "text": t.text,
                "words": [
                    {"text": w.text, "start": w.start, "end": w.end, "confidence": round(w.confidence, 3)}
                    for w in t.words
                ],
            }
            for t in speech.transcripts
        ],
        "warnings": list(speech.warnings),
    }


@dataclass(frozen=True, slots=True)
class GivenWords:
    """A document that was given back.

    Attributes:
        identity: SHA-256 of its recording, "" if the document does not say.
        channels: words by the position of the channel among those that were recognised, from 0.
    """

    identity: str
    duration: float | None
    language: str
    channels: Mapping[int | None, Sequence[TimedText]]


def is_words_document(data: Any) -> bool:
    return isinstance(data, dict) and str(data.get("schema", "")).startswith("redactor-words/")


def given_words(data: Mapping[str, Any]) -> GivenWords:
    """Read a document.

    Raises:
        TranscriptError: it is broken; the message names the place, by channel and word.
    """
    if data["schema"] != SCHEMA:
        raise TranscriptError("The transcript was made by a newer version.", hint="Use that version of redactor.")
    identity = data.get("id") or ""
    if not isinstance(identity, str) or (identity and (len(identity) != 64 or set(identity) - set("0123456789abcdef"))):
        raise _broken("id is not the SHA-256 of a recording")
    listed = data.get("channels")
    if not isinstance(listed, list):
        raise _broken("channels is not a list")
    recognised = _recognised_channels(data.get("same_as"))
    channels: dict[int | None, Sequence[TimedText]] = {}
    languages = []
    for position, channel in enumerate(listed, 1):
        place = f"entry {position} of channels"
        if not isinstance(channel, dict):
            raise _broken(f"{place} is not an object")
        number = channel.get("channel", position - 1)
        if type(number) is not int or number < 0:
            raise _broken(f"{place}: channel is not a number")
        if recognised and number not in recognised:
            raise _broken(f"{place}: same_as does not name channel {number}")
        index = recognised.index(number) if recognised else number
        if index in channels:
            raise _broken(f"{place}: there are two entries for channel {number}")
        channels[index] = _channel(channel, place)
        languages.append(str(channel.get("language") or "en"))
    return GivenWords(
        identity,
        _number(data, "duration", "the document"),
        next((language for language in languages if language != "en"), "en"),
        channels,
    )


def _recognised_channels(same_as: Any) -> list[int]:
    """The recording's channels that were recognised, in order; none if the document does not say."""
    if same_as is None:
        return []
    if not isinstance(same_as, list) or not all(type(channel) is int and channel >= 0 for channel in same_as):
        raise _broken("same_as is not a list of channels")
    return sorted(set(same_as))


def _channel(data: Mapping[str, Any], place: str) -> list[TimedText]:
    listed, text, was = data.get("words"), data.get("text"), data.get("recognised")
    if not isinstance(listed, list):
        raise _broken(f"{place}: words is not a list")
    if text is not None and not isinstance(text, str):
        raise _broken(f"{place}: text is not a text")
    words = [word for i, item in enumerate(listed, 1) for word in _word(item, f"word {i} in {place}")]
    said = [word.text for word in words]
    if text is None or text.split() == said:
        return words
    if _fingerprint(" ".join(said)) == was:
        return list(with_text(words, text.split()))
    if _fingerprint(" ".join(text.split())) == was:
        return list(as_corrected(words, text.split()))
    raise TranscriptError(
        f"The text and the words in {place} differ, and it is not known which of them counts.",
        hint="Correct one of them, or both alike; a document without text is read by its words.",
    )


def _word(item: Any, place: str) -> Iterator[TimedText]:
    """The word, or several with the same time if it was corrected to several."""
    if not isinstance(item, dict):
        raise _broken(f"{place} is not an object")
    text = item.get("text")
    if not isinstance(text, str):
        raise _broken(f"{place} has no text")
    start, end, confidence = (_number(item, key, place) for key in ("start", "end", "confidence"))
    if (start is None) != (end is None):
        raise _broken(f"{place} has only one of start and end")
    if start is not None and end is not None and not 0 <= start <= end:
        raise _broken(f"{place} ends before it starts, or starts before the recording")
    for piece in text.split():
        yield TimedText(piece, start, end, 1.0 if confidence is None else min(1.0, max(0.0, confidence)))


def _number(data: Mapping[str, Any], key: str, place: str) -> float | None:
    value = data.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _broken(f"{key} of {place} is not a number")
    return float(value)


def with_text(words: Sequence[TimedText], text: Sequence[str]) -> Iterator[TimedText]:
    """A corrected text with the times of the words that were recognised.

    Words that replace others one by one, and resemble them, keep their times. Otherwise all words of the changed place
    get its whole stretch: which of them was said when is unknown. Words that replace none have no time.
    """
    for same, (a, b), (c, d) in _changes([w.text for w in words], text):
        old, new = words[a:b], text[c:d]
        if same:
            yield from old
            continue
        one_by_one = len(old) == len(new) and all(_alike(w.text, t) for w, t in zip(old, new, strict=True))
        timed = [(w.start, w.end) for w in old if w.start is not None and w.end is not None]
        hull = (min(start for start, _ in timed), max(end for _, end in timed)) if timed else (None, None)
        for i, token in enumerate(new):
            start, end = (old[i].start, old[i].end) if one_by_one else hull
            yield TimedText(token, start, end, 1.0)


def as_corrected(words: Sequence[TimedText], recognised: Sequence[str]) -> Iterator[TimedText]:
    """Corrected words, given the text that was recognised: a person is sure of what he or she changed.

    Where there are fewer or more words than were recognised, the changed ones may have lasted as long as the lost ones:
    they reach that far into the pauses beside them.
    """
    for same, (a, b), (c, d) in _changes(recognised, [w.text for w in words]):
        if same:
            yield from words[c:d]
            continue
        lost = sum(map(longest_plausible, recognised[a:b])) if b - a != d - c else 0.0
        before = max((w.end for w in words[:c] if w.end is not None), default=0.0)
        after = min((w.start for w in words[d:] if w.start is not None), default=math.inf)
        for word in words[c:d]:
            start, end = word.start, word.end
            if start is not None and end is not None and lost:
                start, end = min(start, max(before, start - lost)), max(end, min(after, end + lost))
            yield TimedText(word.text, start, end, 1.0)


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, tuple[int, int], tuple[int, int]]]:
    """Runs of words that are the same, and runs that differ: whether, and first … last (exclusive) in both."""
    run: list[int] | None = None
    for step in Levenshtein.opcodes(old, new):
        if step.tag != "equal":
            if run is None:
                run = [step.src_start, step.dest_start]
            last = (step.src_end, step.dest_end)
            continue
        if run is not None:
            yield False, (run[0], last[0]), (run[1], last[1])
            run = None
        yield True, (step.src_start, step.src_end), (step.dest_start, step.dest_end)
    if run is not None:
        yield False, (run[0], last[0]), (run[1], last[1])


def _alike(a: str, b: str) -> bool:
    return fuzz.ratio(a.casefold(), b.casefold()) >= ALIKE


def _fingerprint(text: str) -> str:
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _broken(what: str) -> TranscriptError:
    return TranscriptError(f"The transcript is broken: {what}.", hint=_HINT)


class WordsDocuments:
    """A file with the documents of several recordings, one on each line, as `redactor transcribe` prints them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    @staticmethod
    def count(path: Path) -> int:
        """How many documents a file has: 0, 1 or 2 (or more). One that is written over several lines does not count."""
        try:
            with path.open("rb") as file:
                lines = (line for line in iter(lambda: file.readline(LARGEST + 1), b"") if line.strip())
                if not is_words_document(json.loads(next(lines, b"0"))):
                    return 0
                return 1 if next(lines, None) is None else 2
        except (OSError, ValueError, RecursionError):
            return 0

    def document(self, identity: str) -> str:
        """The line of a recording.

        Raises:
            TranscriptError: there is none, or the file is broken; the message names the line.
        """
        with self._lock:
            place = self._places.get(identity)
        if place is None:
            raise TranscriptError(
                "The transcript file has no line for this recording.",
                hint="Each line belongs to the recording whose SHA-256 is its id: make the file again.",
            )
        with self._path.open("rb") as file:
            file.seek(place[0])
            return file.read(place[1]).decode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file. Raises OSError."""
        whole = hashlib.sha256()
        with self._path.open("rb") as file:
            while block := file.read(1 << 20):
                whole.update(block)
        return whole.hexdigest()

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """Byte and length of each recording's line."""
        out: dict[str, tuple[int, int]] = {}
        at = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LARGEST + 1), b""), 1):
                if line.strip():
                    identity = _identity_of(line, number)
                    if identity in out:
                        raise _broken(f"line {number} is the second one of its recording")
                    out[identity] = (at, len(line))
                at += len(line)
        return out


def _identity_of(line: bytes, number: int) -> str:
    if len(line) > LARGEST:
        raise TranscriptError(f"Line {number} of the transcript file is longer than {LARGEST >> 20} MiB.")
    try:
        data = json.loads(line)
    except json.JSONDecodeError as error:
        raise _broken(f"line {number}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError):
        raise _broken(f"line {number} is not UTF-8 text") from None
    if not is_words_document(data) or not isinstance(data.get("id"), str):
        raise _broken(f"line {number} is not a document of `redactor transcribe` with its id")
    return str(data["id"])
