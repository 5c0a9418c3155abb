"""A Transcriber that reads an imported transcript and checks that it belongs to the recording.

The words come from the transcript; the audio is still analysed (`activity`), so that speech that the transcript omits
is reported as unheard. Its times are compared with the sound (`synchrony`): a constant offset and a drift are
corrected, and a transcript that cannot be placed with certainty is refused rather than bleeped in the wrong places.
Subtitles, whose words share their cue's time and are bleeped as a whole, are widened instead if their place is roughly
known. A text that is not English is refused as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from redactor.errors import TranscriptError
from redactor.types import Channel, ModelInfo, Speech, TimedText, Transcript

from .activity import Activity, VadOptions, listen
from .coverage import TOLERANCE, gaps
from .formats import Parsed, parse
from .language import is_english
from .spans import overlapping
from .synchrony import Synchrony, synchronize
from .words_document import LARGEST, WordsDocuments

OVERSHOOT = 0.5  # seconds that a last word may end after the recording: rounding and encoder delay
OTHER_LENGTH = 1.0  # seconds, and 2 %: a larger difference in duration means another recording
DISORDER = 1.0  # seconds a word may start before the word it follows
FEWEST = 8  # words: fewer say little about whether the transcript fits
FITTING = 0.5  # share of words that must lie where the recording has sound
AGREEMENT = (
    0.5  # of words and sound, see `Synchrony`: right transcripts had 0.53 or more, those of other recordings seldom 0.5
)
LEAD = 8.0  # over times that are more than 0.15 s away
# Seconds around cues whose place in the sound is roughly known; a larger difference is no rough knowledge.
WIDENING = 0.8
# Cues that had to be moved may still be off, measured on 1,800 sets of cues from 90 natural messages: 0.3 s where the
# shift is small or the lead large, else 0.8 s (2 % more than that).
SMALL_CUE_SHIFT, CUE_LEAD = 0.3, 80.0
CUE_EDGE = 0.2  # seconds around such cues: 0.3 with a bleep's own margin
BROKEN = 10.0  # most that times that jump may agree better
SMALL = 0.05  # seconds: smaller corrections are left out

_TIMES_HINT = "Export it again from this recording, or omit --transcript to recognise the speech here."


class TranscriptReader:
    """One transcript file for one recording."""

    def __init__(
        self,
        path: Path,
        *,
        vad: VadOptions | None = None,
        any_language: bool = False,
        documents: WordsDocuments | None = None,
    ) -> None:
        """The file is read later: errors belong to the recording that is transcribed.

        Args:
            path: what `redactor transcribe` printed, Whisper, faster-whisper, WhisperX, Amazon Transcribe or Deepgram
                JSON, WebVTT, SRT or CTM; the content decides.
            any_language: accept a text that is not English, for an audit, which reports it itself and publishes no
                sound.
            documents: the same file, if it has a document for each of several recordings.
        """
        self._path = path
        self._documents = documents
        self._any_language = any_language
        self._vad = vad or VadOptions()

    @property
    def info(self) -> ModelInfo:
        """`revision` is the SHA-256 of the transcript's bytes, "" while it cannot be read."""
        try:
            digest = self._documents.digest if self._documents else hashlib.sha256(self._path.read_bytes()).hexdigest()
            return ModelInfo("transcript", "imported", digest)
        except OSError:
            return ModelInfo("transcript", "imported")

    def transcribe(self, channels: Sequence[Channel], *, recording_id: str, hotwords: str | None = None) -> Speech:
        """See `Transcriber.transcribe`.

        A transcript with channels is matched by their numbers. One without applies to every channel, since a word's
        channel is unknown.

        Raises:
            TranscriptError: it is unreadable, has no times, is in another language, or does not match the recording.
        """
        parsed = parse(self._documents.document(recording_id) if self._documents else _read(self._path))
        if parsed.identity and parsed.identity != recording_id:
            raise TranscriptError(
                f"The transcript belongs to another recording: {parsed.identity[:12]}.",
                hint="Give each recording its own transcript; transcribe it again if its file was changed.",
            )
        activities = [listen(channel, vad=self._vad) for channel in channels]
        duration = max((activity.duration for activity in activities), default=0.0)
        _check_length(parsed, duration)
        if not self._any_language:
            _check_language(parsed)
        per_channel, warnings = _assign(parsed, len(channels))
        words = [_in_time_order(said, duration) for said in per_channel]
        _check_fit(words, activities)
        clock = _clock(parsed, words, channels, activities)
        if clock is not None:
            shift = _largest_shift(clock, words)
            wider = _uncertainty(clock, shift) if all(map(_is_subtitled, words)) else 0.0
            if shift > SMALL or wider:
                words = [_retimed(clock, said, wider=wider) for said in words]
            if wider == WIDENING:
                warnings += (
                    f"The transcript's cues could be placed only roughly; each gets {WIDENING} s on both sides.",
                )
            elif shift > SMALL:
                warnings += (f"The transcript's times were up to {shift:.2f} s off and were corrected.",)
        words = [_clipped(said, activity.duration) for said, activity in zip(words, activities, strict=True)]
        return Speech(
            tuple(Transcript.of(said, channel=i, language=parsed.language) for i, said in enumerate(words)),
            tuple(range(len(channels))),
            ModelInfo("transcript", parsed.format),
            0.0,
            tuple(
                gap
                for i, (said, activity) in enumerate(zip(words, activities, strict=True))
                for gap in gaps(activity, said, channel=i)
            ),
            warnings,
        )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise TranscriptError("The transcript cannot be read.", hint="Check its path and permissions.") from error
    if len(content) > LARGEST:
        raise TranscriptError(f"The transcript is larger than {LARGEST >> 20} MiB.")
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise TranscriptError("The transcript is not UTF-8 text.") from None  # the cause quotes the content


def _check_length(parsed: Parsed, duration: float) -> None:
    if parsed.duration is not None and abs(parsed.duration - duration) > max(OTHER_LENGTH, 0.02 * duration):
        raise TranscriptError(
            f"The transcript belongs to a recording of {parsed.duration:.1f} s; this one lasts {duration:.1f} s.",
            hint="Give each recording its own transcript.",
        )
    words = [word for said in parsed.channels.values() for word in said]
    if words and all(word.start is None or word.end is None for word in words):
        raise TranscriptError("The transcript has no times.")


def _check_language(parsed: Parsed) -> None:
    hint = "Only English can be redacted: withhold the recording, or have a person redact it."
    if parsed.language != "en":
        raise TranscriptError("The transcript declares a language other than English.", hint=hint)
    if not all(is_english(word.text for word in said) for said in parsed.channels.values()):
        raise TranscriptError("The transcript is not, or not entirely, in English.", hint=hint)


def _assign(parsed: Parsed, channels: int) -> tuple[list[list[TimedText]], tuple[str, ...]]:
    """The words of each of the recording's channels."""
    named = {number: said for number, said in parsed.channels.items() if number is not None}
    if not named:
        return [list(parsed.channels.get(None, ())) for _ in range(channels)], ()
    if max(named) < channels:
        return [list(named.get(i, ())) for i in range(channels)], ()
    if channels == 1:
        # Identical channels are recognised once; their transcript may still have been made for each.
        merged = sorted((word for said in named.values() for word in _with_starts(said)), key=lambda item: item[0])
        note = f"The transcript has {len(named)} channels, but the recording has one; all words were merged."
        return [[word for _, word in merged]], (note,)
    raise TranscriptError(
        f"The transcript has a channel {max(named) + 1}, the recording has {channels} different channels."
    )


def _with_starts(words: Sequence[TimedText]) -> list[tuple[float, TimedText]]:
    """Each word with its start, or the latest start before it."""
    latest = 0.0
    out: list[tuple[float, TimedText]] = []
    for word in words:
        latest = latest if word.start is None else max(latest, word.start)
        out.append((latest, word))
    return out


def _in_time_order(words: Sequence[TimedText], longest: float) -> list[TimedText]:
    """Words in the order of their times; small errors are rounding, large ones mean that the transcript does not
    match.
    """
    out: list[TimedText] = []
    latest = 0.0
    for word in words:
        if word.start is None or word.end is None:
            out.append(word)
            continue
        if min(word.start, word.end) < 0:
            raise TranscriptError("The transcript has a time before the recording starts.")
        beyond = max(word.start, word.end) - longest
        if beyond > OVERSHOOT:
            raise TranscriptError(f"The transcript continues for {beyond:.1f} s after the recording ends.")
        if word.start < latest - DISORDER:
            raise TranscriptError("The transcript's words are not in the order of their times.")
        latest = max(latest, word.start)
        out.append(word)
    return [word for _, word in sorted(_with_exact_starts(out), key=lambda item: item[0])]


def _with_exact_starts(words: Sequence[TimedText]) -> list[tuple[float, TimedText]]:
    latest = 0.0
    out: list[tuple[float, TimedText]] = []
    for word in words:
        latest = latest if word.start is None else word.start
        out.append((latest, word))
    return out


def _check_fit(words: Sequence[Sequence[TimedText]], activities: Sequence[Activity]) -> None:
    """Refuse a transcript most of whose words are where every channel is silent."""
    timed = [(w.start, w.end) for said in words for w in said if w.start is not None and w.end is not None]
    if len(timed) < FEWEST:
        return
    active = [tuple((region.start, region.end) for region in activity.active) for activity in activities]
    fitting = sum(
        any(overlapping(spans, start - TOLERANCE, end + TOLERANCE) for spans in active) for start, end in timed
    )
    if fitting < FITTING * len(timed):
        raise TranscriptError(
            "Most words of the transcript are where the recording is silent; it seems to belong to another recording.",
            hint="Give each recording its own transcript.",
        )


def _clock(
    parsed: Parsed, words: Sequence[Sequence[TimedText]], channels: Sequence[Channel], activities: Sequence[Activity]
) -> Synchrony | None:
    """The transcript's clock relative to the recording's; None: it has no times, or the recording no sound."""
    if not any(activity.active for activity in activities):
        return None
    if parsed.identity and sum(map(len, words)) < FEWEST:
        return None  # made from these very bytes; of so few words, even a certain clock may be 0.5 s off
    if None in parsed.channels:  # a word's channel is unknown
        clock = synchronize([(words[0], channels, activities)])
    else:
        clock = synchronize([([*w], [c], [a]) for w, c, a in zip(words, channels, activities, strict=True)])
    if clock is None:
        return None
    if clock.broken > BROKEN:
        raise TranscriptError(
            "The transcript's times jump relative to the sound: parts of it belong to another cut of the recording.",
            hint=_TIMES_HINT,
        )
    rough = clock.agreement >= AGREEMENT and _largest_shift(clock, words) <= WIDENING and all(map(_is_subtitled, words))
    if not rough and not _is_certain(clock):
        raise TranscriptError("The transcript's words cannot be placed in the sound with certainty.", hint=_TIMES_HINT)
    return clock


def _is_certain(clock: Synchrony) -> bool:
    return clock.agreement >= AGREEMENT and clock.lead >= LEAD


def _uncertainty(clock: Synchrony, shift: float) -> float:
    """Seconds by which cues that were shifted this far may still be off."""
    if not _is_certain(clock):
        return WIDENING
    if shift <= SMALL:
        return 0.0
    return CUE_EDGE if shift <= SMALL_CUE_SHIFT or clock.lead >= CUE_LEAD else WIDENING


def _is_subtitled(words: Sequence[TimedText]) -> bool:
    """Whether most words share their times with a neighbour, as in subtitles."""
    times = [(word.start, word.end) for word in words]
    return 2 * sum(a == b for a, b in pairwise(times)) >= len(times) - 1


def _largest_shift(clock: Synchrony, words: Sequence[Sequence[TimedText]]) -> float:
    """The largest shift of a word by the clock, seconds."""
    times = [time for said in words for word in said for time in (word.start, word.end) if time is not None]
    return max((abs(clock.at(time) - time) for time in (min(times), max(times))), default=0.0) if times else 0.0


def _retimed(clock: Synchrony, words: Sequence[TimedText], *, wider: float = 0.0) -> list[TimedText]:
    return [
        word
        if word.start is None or word.end is None
        else word._replace(start=clock.at(word.start) - wider, end=clock.at(word.end) + wider)
        for word in words
    ]


def _clipped(words: Sequence[TimedText], duration: float) -> list[TimedText]:
    """Times clipped to 0 … duration; a word outside has none."""
    return [
        word
        if word.start is None or word.end is None
        else word._replace(start=max(0.0, word.start), end=min(word.end, duration))
        for word in words
    ]
