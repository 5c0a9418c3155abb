"""Labelled recordings: their words with times, and the spans that are PHI.

Labels are JSON Lines, one recording each (sample_audio/labels.jsonl is an example):
    {"file": path below the labels' folder, "channels": [{"channel": 0, "text": "…",
      "words": [{"text", "start", "end", "char_start", "char_end"}], "spans": [{"start", "end", "label", "tier"}]}]}

A channel may have times alone, as when a person marked what must go while listening (see `evaluation_intervals`):
    {"channel": 0, "spans": [{"start_seconds", "end_seconds", "label", "tier"}]}

A hard recording has "outcome", a list of the acceptable outcomes ("redacted", "withheld", "failed"), and may have no
channels.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redactor.errors import ConfigurationError, NoInput
from redactor.policy.word_spans import covered_words
from redactor.types import LABELS, Transcript, Word


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    start: int
    end: int
    label: str
    must: bool


@dataclass(frozen=True, slots=True)
class LabelledInterval:
    """A span with times, seconds, and without words."""

    start: float
    end: float
    label: str
    must: bool


@dataclass(frozen=True, slots=True)
class LabelledChannel:
    """`intervals`: the spans of a channel without words (its transcript is empty); None: it has words and `spans`."""

    transcript: Transcript
    spans: tuple[LabelledSpan, ...]
    intervals: tuple[LabelledInterval, ...] | None = None

    @property
    def end(self) -> float:
        """The end of the last label, seconds."""
        words = self.transcript.words
        return max((interval.end for interval in self.intervals or ()), default=(words and words[-1].end) or 0.0)


OUTCOMES = ("redacted", "withheld", "failed")


@dataclass(frozen=True, slots=True)
class LabelledRecording:
    """outcomes: the acceptable ones of `OUTCOMES`."""

    path: Path = field(repr=False)
    channels: tuple[LabelledChannel, ...]
    outcomes: tuple[str, ...] = ("redacted",)

    @property
    def ordinary(self) -> bool:
        """Whether it is included in the percentages."""
        return self.outcomes == ("redacted",)


def load_labels(path: Path) -> list[LabelledRecording]:
    """Read a labels.jsonl, or the one in a folder.

    Raises:
        NoInput: there is none, or it is empty.
        ConfigurationError: a line does not have the form above, a label is unknown, a span touches no word, or a word's
            place in the text or the audio is impossible.
    """
    if path.is_dir():
        path = path / "labels.jsonl"
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NoInput(
            "There is no readable labels.jsonl.", hint="Name a labels file, or a folder with a labels.jsonl."
        ) from error
    out: list[LabelledRecording] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            out.append(_recording(path.parent, data))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            why = f"{error.args[0]}" if isinstance(error, _Unfit) else type(error).__name__
            raise ConfigurationError(
                f"Line {number} of the labels is not a labelled recording ({why}).",
                hint="sample_audio/README.md describes the format.",
            ) from None
    if not out:
        raise NoInput("The labels file is empty.", hint="Name a labels file, or a folder with a labels.jsonl.")
    return out


class _Unfit(ValueError):
    """An impossible label, which would be counted wrongly. The message contains no text."""


def _recording(folder: Path, data: dict[str, Any]) -> LabelledRecording:
    expected = data.get("outcome", "redacted")
    outcomes = tuple(expected) if isinstance(expected, list) else (expected,)
    if not outcomes or not set(outcomes) <= set(OUTCOMES):
        raise _Unfit("its outcome is unknown")
    channels = data["channels"] if outcomes == ("redacted",) else data.get("channels", ())
    return LabelledRecording(folder / data["file"], tuple(_channel(c) for c in channels), outcomes)


def _channel(data: dict[str, Any]) -> LabelledChannel:
    if "words" not in data and "text" not in data:
        intervals = tuple(_interval(i, s) for i, s in enumerate(data["spans"], 1))
        return LabelledChannel(Transcript(int(data["channel"]), "", ()), (), intervals)
    words = tuple(
        Word(str(w["text"]), float(w["start"]), float(w["end"]), 1.0, int(w["char_start"]), int(w["char_end"]))
        for w in data["words"]
    )
    text = str(data["text"])
    for i, w in enumerate(words):
        if text[w.char_start : w.char_end] != w.text or not w.text:
            raise _Unfit(f"word {i + 1} is not at its place in the text")
        if w.start is None or w.end is None or not 0 <= w.start < w.end < math.inf:
            raise _Unfit(f"word {i + 1} has no time")
    spans = []
    for i, s in enumerate(data["spans"], 1):
        _check_label(i, s)
        span = LabelledSpan(int(s["start"]), int(s["end"]), s["label"], s.get("tier", "must") == "must")
        if len(range(*covered_words(words, span.start, span.end))) == 0 or span.end > len(text):
            raise _Unfit(f"span {i} touches no word")
        spans.append(span)
    return LabelledChannel(Transcript(int(data["channel"]), text, words), tuple(spans))


def _interval(i: int, data: dict[str, Any]) -> LabelledInterval:
    _check_label(i, data)
    start, end = float(data["start_seconds"]), float(data["end_seconds"])
    if not 0 <= start < end < math.inf:
        raise _Unfit(f"span {i} has no time")
    return LabelledInterval(start, end, data["label"], data.get("tier", "must") == "must")


def _check_label(i: int, data: dict[str, Any]) -> None:
    if data["label"] not in LABELS or data.get("tier", "must") not in ("must", "may"):
        raise _Unfit(f"span {i} has an unknown label or tier")
