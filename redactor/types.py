"""The data of the pipeline: Recording → Speech(Transcript, Word) → Finding → Plan(Cover, Interval) → Outcome.

All are frozen. Times are seconds on the recording's own clock (0 = its first sample); offsets are characters of
`Transcript.text`; channels count from 0. `repr` of anything that holds speech hides the speech, so that a stray log
line or traceback carries no PHI.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[Any]
"""Audio as decoded: shape (frames, channels), dtype int16, int32, float32 or float64 (the narrowest that holds the
codec exactly).
"""

Mono = npt.NDArray[np.float32]
"""One channel for recognition: shape (frames,), 16 kHz, -1 … 1."""

RECOGNITION_RATE = 16_000


class Channel(Protocol):
    """One channel for recognition, of any length: a `Mono`, or a `Packed` channel whose slices are `Mono`."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Packed:
    """A long channel kept in 16 bits a sample, half the memory of a `Mono`; its slices are float32, -1 … 1."""

    samples: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, part: slice, /) -> Mono:
        part_of: Mono = self.samples[part] * np.float32(1 / 32767)
        return part_of


KEYED_DIGITS = "KEYED_DIGITS"
"""Label of digits that were keyed on a telephone: found in the sound, never in the words."""

IDENTIFIERS = frozenset(
    "PERSON PHONE_NUMBER EMAIL_ADDRESS LOCATION DATE_TIME US_SSN URL IP_ADDRESS ORGANIZATION AGE MEDICAL_RECORD_NUMBER "
    "HEALTH_PLAN_ID ACCOUNT_NUMBER LICENSE_NUMBER VEHICLE_ID DEVICE_ID OTHER_ID KEYED_DIGITS".split()
)
CLINICAL = frozenset("MEDICATION CONDITION LAB_RESULT PROCEDURE SPECIALTY BILLING".split())
LABELS = IDENTIFIERS | CLINICAL
UNSEEN = frozenset({"Cc", "Cf", "Cs"})
"""Unicode categories that transcripts drop: control characters, format characters (zero width), lone surrogates."""

UNTRANSCRIBED = "UNTRANSCRIBED"
"""Label of stretches that are bleeped because their sound was not understood, or its words were guessed."""

WITHHELD = frozenset({"nothing", "unclear"})
"""Kinds of `Unheard` that withhold the recording."""
BLEEPED = frozenset({"sound", "faint", "doubt", "overlap"})
"""Kinds of `Unheard` that are always covered; the policy decides about the others."""
GUESSED = frozenset({"doubt", "overlap"})
"""Kinds of `Unheard` that may contain words, which are covered with the sound."""


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How a file is stored, in the terms of the library that reads it.

    Attributes:
        container: "WAV", "FLAC", "OGG", "RAW", "MP3", "MP4", "AMR", …
        codec: libsndfile subtype ("PCM_16", "ULAW", "GSM610", "OPUS" …) or FFmpeg codec name ("aac", "amr_nb" …).
        suffix: the ending of the file's name, with its dot and case (".WAV").
        backend: "soundfile" or "pyav".
        bit_rate: bits per second of a lossy codec, None if unknown.
    """

    container: str
    codec: str
    suffix: str
    sample_rate: int
    channels: int
    backend: str
    bit_rate: int | None = None


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Recording:
    """One decoded recording: the only samples that recognition and bleeping ever see.

    Attributes:
        id: SHA-256 of the file's bytes, 64 hex digits.
        samples: shape (frames, channels), see `Samples`.
        warnings: facts that an operator should know ("the WAV header had no length"), without PHI.
    """

    id: str
    samples: Samples
    format: AudioFormat
    warnings: tuple[str, ...] = ()

    @property
    def sample_rate(self) -> int:
        return self.format.sample_rate

    @property
    def channels(self) -> int:
        return int(self.samples.shape[1])

    @property
    def frames(self) -> int:
        return int(self.samples.shape[0])

    @property
    def duration(self) -> float:
        return self.frames / self.sample_rate

    def __repr__(self) -> str:
        return (
            f"Recording({self.id[:12]}, {self.duration:.2f} s, {self.sample_rate} Hz, {self.channels} ch, "
            f"{self.format.codec})"
        )


class TimedText(NamedTuple):
    """A word as an engine returns it, before it has offsets in a text. `start`/`end` None, equal or inverted: time
    unknown.
    """

    text: str
    start: float | None
    end: float | None
    confidence: float = 1.0

    def __repr__(self) -> str:
        return f"TimedText(start={self.start}, end={self.end}, confidence={self.confidence})"


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word: `text` == transcript.text[char_start:char_end]; confidence 0 … 1.

    `start`/`end` None: the engine gave no usable time (missing, zero or inverted), and a Plan covers from the word
    before to the word after.
    """

    text: str = field(repr=False)
    start: float | None
    end: float | None
    confidence: float
    char_start: int
    char_end: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said on one channel (or on several that carry the same sound): words joined by single spaces."""

    channel: int
    text: str = field(repr=False)
    words: tuple[Word, ...] = field(repr=False)
    language: str = "en"

    @classmethod
    def of(cls, words: Iterable[TimedText], *, channel: int = 0, language: str = "en") -> Transcript:
        """Build text and words together, so that offsets cannot disagree with the text.

        Blank words are omitted. Invisible characters (control, zero width, lone surrogates) are dropped: they would
        hide a name from the search, or send commands to a reader's terminal.
        """
        parts: list[str] = []
        out: list[Word] = []
        position = 0
        for text, start, end, confidence in words:
            stripped = " ".join(text.split())
            if not stripped.isprintable():
                stripped = " ".join("".join(c for c in stripped if unicodedata.category(c) not in UNSEEN).split())
            if not stripped:
                continue
            timed = start is not None and end is not None and end > start >= 0
            out.append(
                Word(
                    stripped,
                    start if timed else None,
                    end if timed else None,
                    min(1.0, max(0.0, confidence)),
                    position,
                    position + len(stripped),
                )
            )
            parts.append(stripped)
            position += len(stripped) + 1
        return cls(channel, " ".join(parts), tuple(out), language)


@dataclass(frozen=True, slots=True)
class Unheard:
    """A stretch of one channel with sound in it that was not understood.

    Attributes:
        kind:
            "speech": the voice detector hears speech, and there is no word for it.
            "sound": there is no word; the sound is loud, but not speech (ringing, music, noise).
            "faint": there is no word; it is speech only once amplified (somebody in the background).
            "doubt": the words have so little confidence that they are guesses.
            "overlap": two people speak at once; the words are one's at best.
            "nothing": the whole channel has no word, and is not silent.
            "unclear": most words of the whole channel are doubt or overlap.
    """

    channel: int
    start: float
    end: float
    kind: str


@dataclass(frozen=True, slots=True)
class WithheldStretch:
    """A stretch because of which a recording is withheld: where a person should listen first.

    Attributes:
        kind: a kind of `Unheard`; "guess" (words that would stay audible and are guesses); "audible" (PHI, or the
            original, is heard in the redacted audio).
    """

    channel: int
    start: float
    end: float
    kind: str


@dataclass(frozen=True, slots=True)
class KeyTone:
    """A stretch of one channel with keypad tones (DTMF), in seconds. The keys are not recorded."""

    channel: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The engine and checkpoint of a transcript.

    Attributes:
        synthetic_only: not to be trusted with human speech.
        exact_times: whether its words' times come from a network made for them (`redactor.speech.boundaries`), so that
            bleeps need less room.
    """

    engine: str
    name: str
    revision: str = ""
    compute_type: str = ""
    device: str = ""
    synthetic_only: bool = False
    exact_times: bool = False

    @property
    def stamp(self) -> tuple[str, ...]:
        """What results are fingerprinted with."""
        return self.engine, self.name, self.revision, self.compute_type


@dataclass(frozen=True, slots=True)
class Speech:
    """The result of recognising one recording.

    Attributes:
        transcripts: one per recognised channel.
        same_as: for each channel of the recording, the channel whose transcript stands for it (identical channels are
            recognised once: (0, 0) for a mono message stored as stereo).
        skipped: seconds, over all recognised channels, that were skipped as silence.
        unheard: sound without words, see `Unheard`.
        key_tones: keypad tones, by the recording's channels.
        least_confidence: mean confidence that the words of a channel that stay audible must have; 0 if confidence means
            nothing.
    """

    transcripts: tuple[Transcript, ...]
    same_as: tuple[int, ...]
    model: ModelInfo
    skipped: float = 0.0
    unheard: tuple[Unheard, ...] = ()
    warnings: tuple[str, ...] = ()
    key_tones: tuple[KeyTone, ...] = ()
    least_confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A span of `Transcript.text` that is PHI: characters start … end, one of `LABELS`, a score from 0 to 1, and the
    recognizer that found it.

    Keyed digits without a word over them have an empty span: start == end, their position in the text.
    """

    label: str
    start: int
    end: int
    score: float
    source: str
    channel: int = 0


class Action(str, Enum):
    """What the policy does with a label."""

    REDACT = "redact"
    KEEP = "keep"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Decision:
    """A finding, what the policy does with it, and its position in the audio (unpadded, seconds)."""

    finding: Finding
    action: Action
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Cover:
    """A run of words that is replaced: words[first:last] of the channel's transcript (empty for sound without words).

    `label` is printed (the best score), `labels` are all that meet here; start/end: unpadded seconds.
    """

    channel: int
    first: int
    last: int
    start: float
    end: float
    label: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of one channel to bleep, seconds, padding included."""

    channel: int
    start: float
    end: float
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The single source of every artefact: text, words, subtitles and audio are rendered from it.

    `transcripts` still contain what was said: only `render` may read them, through `covers`.
    """

    id: str
    policy: str
    duration: float
    sample_rate: int
    channels: int
    speech: Speech
    decisions: tuple[Decision, ...]
    covers: tuple[Cover, ...]
    intervals: tuple[Interval, ...]
    warnings: tuple[str, ...] = ()

    @property
    def bleeped_seconds(self) -> float:
        """Sum over channels of bleeped time (intervals of a channel never overlap)."""
        return sum(i.end - i.start for i in self.intervals)


class Status(str, Enum):
    REDACTED = "redacted"
    QUARANTINED = "quarantined"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Already done by an earlier run (resume)."""
    DUPLICATE = "duplicate"
    """The same bytes as another input (and the same id): it gets copies of that one's artefacts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one recording, exactly one for each input. It contains no text and no names.

    Attributes:
        item: the input's number in the sorted listing, from 1, by which a person finds a file without an id.
        id: SHA-256 of the file, "" if it could not be read.
        reason, message, hint, exit_code: from the error, empty (0) on success.
        seconds: wall time spent by stage.
        doubt: how likely it is that something is still audible, 0 … 1 (`redactor.doubt`).
        stretches: of a withheld recording: where it was not understood; empty if that is not known.
    """

    item: int
    id: str
    status: Status
    duration: float = 0.0
    reason: str = ""
    message: str = ""
    hint: str = ""
    exit_code: int = 0
    findings: tuple[tuple[str, int], ...] = ()
    bleeped: float = 0.0
    warnings: tuple[str, ...] = ()
    seconds: tuple[tuple[str, float], ...] = ()
    doubt: float = 0.0
    stretches: tuple[WithheldStretch, ...] = ()
