"""One recording: channels → activity → windows → engine → words on the recording's clock → unheard stretches.

    Recognizer.plan     a channel's activity and windows          (no model)
    engine.recognize    windows of any channels, any files        (the only model call; may be batched across files)
    ChannelPlan.join    results on the recording's clock, overlaps merged (no model)
    ChannelPlan.retry   windows for speech without words, to be recognised again by itself
    ChannelPlan.finish  the Transcript and its Unheard stretches

`Recognizer.transcribe` runs these for one recording; a scheduler may run them for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from redactor.types import Channel, ModelInfo, Speech, TimedText, Transcript, Unheard

from .activity import Activity, Region, VadOptions, listen
from .coverage import gaps
from .engine import WindowEngine
from .overlap import overlaps
from .spans import Span, overlapping
from .understanding import Floors, find_guesses
from .windows import Window, plan_windows

RETRY_MARGIN = 0.2  # seconds around a gap that is recognised again
CUT_TOLERANCE = 0.4  # seconds around a cut in which both windows' words are kept unless they are the same word
KEEP_SILENCE = 0.08  # seconds of silence left at a word's edges
LONGEST_EXTENSION_AFTER = 0.5  # seconds of sound after a word that may be added to it
LONGEST_EXTENSION_BEFORE = 0.3  # seconds of sound before a word that may be added to it


@dataclass(frozen=True, slots=True, eq=False)
class ChannelPlan:
    """The recognition plan of one channel.

    Attributes:
        channel: its number.
        activity: where it has sound.
        windows: what to recognise, in time order.
        max_window: seconds.
        overlaps: where two people speak at once.
    """

    channel: int
    activity: Activity = field(repr=False)
    windows: tuple[Window, ...] = field(repr=False)
    max_window: float
    overlaps: tuple[Span, ...] = field(default=(), repr=False)

    @property
    def skipped(self) -> float:
        """Seconds in no window."""
        end, inside = 0.0, 0.0
        for window in self.windows:
            inside += max(0.0, window.end - max(end, window.start))
            end = max(end, window.end)
        return max(0.0, self.activity.duration - inside)

    def join(self, results: Sequence[Sequence[TimedText]]) -> list[TimedText]:
        """Words of all windows on the channel's clock, in order; words of two windows are repeated only if they
        disagree.
        """
        words: list[TimedText] = []
        for window, heard in zip(self.windows, results, strict=True):
            words = _append(words, [_shift(word, window.start) for word in heard], window)
        return _ordered(words, self.activity)

    def retry(self, words: Sequence[TimedText]) -> tuple[Window, ...]:
        """Windows around speech without words."""
        duration = self.activity.duration
        regions = [
            Region(max(0.0, gap.start - RETRY_MARGIN), min(duration, gap.end + RETRY_MARGIN), speech=True)
            for gap in gaps(self.activity, words, channel=self.channel)
            if gap.kind in ("speech", "faint")
        ]
        return plan_windows(self.activity, max_window=self.max_window, regions=_merged(regions))

    def patch(
        self, words: Sequence[TimedText], windows: Sequence[Window], results: Sequence[Sequence[TimedText]]
    ) -> list[TimedText]:
        """Add a retry's words in the gaps; existing words stay."""
        missing = [(gap.start, gap.end) for gap in gaps(self.activity, words, channel=self.channel)]
        found = [
            word
            for window, heard in zip(windows, results, strict=True)
            for word in (_shift(word, window.start) for word in heard)
            if word.start is not None
            and word.end is not None
            and any(start < (word.start + word.end) / 2 < end for start, end in missing)
        ]
        return _ordered(_interleave(words, found), self.activity) if found else list(words)

    def finish(
        self, words: Sequence[TimedText], *, language: str, floors: Floors | None = None
    ) -> tuple[Transcript, tuple[Unheard, ...]]:
        """The channel's transcript, its words fitted to the sound, and the stretches that were not understood.

        `floors`: confidence below which words are guesses; None: no words are.
        """
        unheard = gaps(self.activity, words, channel=self.channel)
        unheard += find_guesses(
            words, self.activity, self.overlaps, channel=self.channel, floors=floors or Floors(0.0, 0.0, 0.0)
        )
        return Transcript.of(fit(words, self.activity), channel=self.channel, language=language), unheard


class Recognizer:
    """A Transcriber that uses any WindowEngine."""

    def __init__(
        self,
        engine: WindowEngine,
        *,
        vad: VadOptions | None = None,
        max_window: float | None = None,
        retry: bool = True,
        cpu_semaphore: AbstractContextManager[Any] | None = None,
        floors: Floors | None = None,
    ) -> None:
        """`max_window` (seconds) overrides the checkpoint's own; `retry` recognises speech without words a second time.

        `floors`: mean confidence below which words are guesses; None: confidence means nothing, and overlapping voices
        are not searched for. `cpu_semaphore` is held while the sound is analysed, so that as many threads compute as
        there are cores.
        """
        self.engine = engine
        self._vad = vad or VadOptions()
        self._max_window = max_window or engine.max_window
        self._retry = retry
        self._cpu_semaphore = cpu_semaphore or nullcontext()
        self._floors = floors

    @property
    def info(self) -> ModelInfo:
        return self.engine.info

    @property
    def in_flight(self) -> int:
        """Recordings that should be processed concurrently, so that the engine's batches fill."""
        return int(getattr(self.engine, "in_flight", 1))

    def plan(self, channel: Channel, *, number: int) -> ChannelPlan:
        """Find the parts of a channel that must be recognised."""
        with self._cpu_semaphore:
            activity = listen(channel, vad=self._vad)
            windows = plan_windows(activity, max_window=self._max_window)
            overlapping_voices = overlaps(channel, activity) if self._floors else ()
        return ChannelPlan(number, activity, windows, self._max_window, overlapping_voices)

    def transcribe(self, channels: Sequence[Channel], *, recording_id: str, hotwords: str | None = None) -> Speech:
        """See `Transcriber.transcribe`."""
        plans = [self.plan(channel, number=number) for number, channel in enumerate(channels)]
        results = self._recognize([(plan, plan.windows) for plan in plans], channels, careful=False, hotwords=hotwords)
        words = [plan.join(heard) for plan, heard in zip(plans, results, strict=True)]
        if self._retry:
            retries = [(plan, plan.retry(said)) for plan, said in zip(plans, words, strict=True)]
            results = self._recognize(retries, channels, careful=True)
            words = [
                plan.patch(said, windows, heard)
                for said, (plan, windows), heard in zip(words, retries, results, strict=True)
            ]
        finished = [
            plan.finish(said, language=self.engine.language, floors=self._floors)
            for plan, said in zip(plans, words, strict=True)
        ]
        return Speech(
            tuple(transcript for transcript, _ in finished),
            tuple(range(len(channels))),
            self.engine.info,
            sum(plan.skipped for plan in plans),
            tuple(gap for _, unheard in finished for gap in unheard),
            least_confidence=self._floors.channel if self._floors else 0.0,
        )

    def _recognize(
        self,
        planned: Sequence[tuple[ChannelPlan, Sequence[Window]]],
        channels: Sequence[Channel],
        *,
        careful: bool,
        hotwords: str | None = None,
    ) -> list[list[list[TimedText]]]:
        """All windows of all channels in one call; results sorted back by channel."""
        # A generator, so that the windows of a long recording are never in memory together.
        audio = (window.of(channels[plan.channel]) for plan, windows in planned for window in windows)
        is_needed = any(windows for _, windows in planned)
        biased = {"hotwords": hotwords} if hotwords else {}
        heard = iter(self.engine.recognize(audio, careful=careful, **biased) if is_needed else ())
        return [[next(heard) for _ in windows] for _, windows in planned]


def _shift(word: TimedText, offset: float) -> TimedText:
    if word.start is None or word.end is None:
        return word
    return word._replace(start=word.start + offset, end=word.end + offset)


def _alphanumerics(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _append(words: list[TimedText], heard: list[TimedText], window: Window) -> list[TimedText]:
    """Join the words of the next window; where it overlaps the last one, no word may be lost to the cut.

    A word whose middle is clearly beyond the cut belongs to the other window; near the cut both are kept, but the same
    word at the same time only once.
    """
    cut = window.keep_from
    if cut > window.start:
        words = [
            word for word in words if word.start is None or word.end is None or _middle(word) <= cut + CUT_TOLERANCE
        ]
        fresh: list[TimedText] = []
        for word in heard:
            if word.start is not None and word.end is not None and _middle(word) < cut - CUT_TOLERANCE:
                continue
            if any(_same(word, old) for old in words[-6:]):
                continue
            fresh.append(word)
        heard = fresh
    return words + heard


def _middle(word: TimedText) -> float:
    assert word.start is not None
    assert word.end is not None
    return (word.start + word.end) / 2


def _same(one: TimedText, other: TimedText) -> bool:
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return False
    return _alphanumerics(one.text) == _alphanumerics(other.text) and one.start < other.end and other.start < one.end


def _interleave(words: Sequence[TimedText], found: Sequence[TimedText]) -> list[TimedText]:
    """Merge by start; a word without a time stays after the word it followed."""
    keyed: list[tuple[float, int, TimedText]] = []
    latest = 0.0
    for word in words:
        latest = latest if word.start is None else max(latest, word.start)
        keyed.append((latest, 0, word))
    keyed += [(word.start or 0.0, 1, word) for word in found]
    return [word for _, _, word in sorted(keyed, key=lambda item: item[:2])]


def _ordered(words: Sequence[TimedText], activity: Activity) -> list[TimedText]:
    """Times inside the recording, starts not decreasing."""
    out: list[TimedText] = []
    latest = 0.0
    for word in words:
        if word.start is None or word.end is None:
            out.append(word)
            continue
        latest = max(latest, min(activity.duration, max(0.0, word.start)))
        out.append(word._replace(start=latest, end=max(latest, min(activity.duration, word.end))))
    return out


def fit(words: Sequence[TimedText], activity: Activity) -> list[TimedText]:
    """Fit word times to the sound.

    Alignment adds the pause before a word to it, and cuts off the end of a word before a pause. So a word that begins
    or ends in silence is trimmed to the sound inside it (KEEP_SILENCE seconds stay), and sound between two words that
    continues a word without a break is added to it, up to LEAN_END or LEAN_START seconds. Words never grow over their
    neighbours or over a pause. On labelled synthetic voicemails this halved both the spoken time outside words and the
    silence inside them.
    """
    active = [(region.start, region.end) for region in activity.active]
    out = list(words)
    following = activity.duration  # start of the next word
    for i in range(len(out) - 1, -1, -1):
        start, end = out[i].start, out[i].end
        if start is None or end is None:
            continue
        inside = overlapping(active, start, end) if end > start else ()
        if inside:
            first, last = inside[0][0], inside[-1][1]
            end = (
                max(end, min(following, last, end + LONGEST_EXTENSION_AFTER))
                if last > end
                else min(end, last + KEEP_SILENCE)
            )
            out[i] = out[i]._replace(start=max(start, min(first - KEEP_SILENCE, following)), end=end)
        following = out[i].start or 0.0
    before = 0.0  # latest end so far
    for i, (_, start, end, _) in enumerate(out):
        if start is None or end is None:
            continue
        inside = overlapping(active, start, end) if end > start else ()
        if inside and inside[0][0] < start:
            out[i] = out[i]._replace(start=min(start, max(before, inside[0][0], start - LONGEST_EXTENSION_BEFORE)))
        before = max(before, end)
    return out


def _merged(regions: Sequence[Region]) -> list[Region]:
    out: list[Region] = []
    for region in regions:
        if out and region.start <= out[-1].end:
            out[-1] = Region(out[-1].start, max(out[-1].end, region.end), speech=True)
        else:
            out.append(region)
    return out
