"""Where a channel has sound, and where that sound is speech: Silero VAD and a level meter on one 32 ms grid.

The voice detector alone would miss speech without a trace (quiet callers, singing, unusual voices), so a second, cruder
measure is the level. A frame is *sound* when its level in 200 … 4000 Hz exceeds

    max(FLOOR_LEVEL, min(noise floor + ABOVE_FLOOR, ceiling))

where the noise floor is the 10th percentile of the levels within ±10 s (digital silence left out), and the ceiling is 6
dB under the median speech level within ±10 s, or -45 dBFS where nobody speaks within ±10 s. So hiss below speech is not
sound, but a channel that stays loud without speech is, and so is noise that is loud enough to hide speech. Mains hum
(50/60 Hz) is outside the band. The VAD model is Silero v6 as faster-whisper ships it
(https://github.com/snakers4/silero-vad, MIT).

Speech of any level can be understood once it is amplified, but the voice detector finds none below about -45 dBFS. So
whatever is not speech at its own level is raised to AMPLIFIED_LEVEL by a slow gain and passed to the voice detector
again; what is speech then is *faint*. Noise stays noise when it is amplified. The rest is faint as well where its level
fluctuates like that of speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from redactor.errors import RecognitionFailed
from redactor.types import RECOGNITION_RATE, Channel

from .spans import Span, overlapping, union

FRAME = 512  # samples, 32 ms: the frame Silero v6 was trained on
CONTEXT = 64  # samples of the previous frame that Silero sees before each frame
FRAME_SECONDS = FRAME / RECOGNITION_RATE
BLOCK_FRAMES = 4_000  # 128 s at a time, so that hours of audio need no second copy in memory

FLOOR_LEVEL = -84.0  # dBFS: the rounding noise of 16-bit samples lies 14 dB below in this band
QUIET_CEILING = -45.0  # dBFS: constant sound louder than this, with nobody speaking near it, is reported
ABOVE_FLOOR = 9.0  # dB over the noise floor
BELOW_SPEECH = 6.0  # dB under the speech level: louder noise could hide a word
DIGITAL_SILENCE = -75.0  # dBFS: frames below are gaps in the signal, not its noise floor
NEIGHBOURHOOD = 10.0  # seconds each way for floor and speech level
CLICK = 0.15  # seconds: shorter sound is a click
AMPLIFIED_LEVEL = -26.0  # dBFS: where a slow gain brings the loudest frames of a second; ordinary speech lies there
LEAST_GAIN = 6.0  # dB: less changes nothing for the voice detector
MOST_GAIN = 64.0  # dB: from the last steps of 16-bit samples
GAIN_WINDOW = 1.0  # seconds whose loudest frames set the gain
GAIN_PERCENTILE = 90.0
UNTOUCHED = 16.0  # dB below AMPLIFIED_LEVEL down to which a window is recognised without amplification
LEAD_IN = 0.25  # seconds before a stretch for the voice detector to settle
STEADY = 4.0  # dB between the quiet and the loud frames of a stretch that need not be amplified to be judged
FLUCTUATION_WINDOW = 1.0  # seconds
FLUCTUATION_SHORTEST = 0.5  # seconds
FLUCTUATION = 12.0  # dB between quiet and loud frames of a window: noise stays within 6, speech goes over 20
FLUCTUATION_PERCENTILES = (20, 90)  # quiet, loud: of faint speech, only the vowels rise over what 16 bits round to
FLUCTUATION_EDGE = 0.3  # seconds beside speech in which it dies away
SHORTEST_FAINT = 0.25  # seconds: shorter is the tail of a loud word, or a click
JOIN = 0.1  # seconds: sounds closer than this are one

Levels = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VadOptions:
    """Silero's own options, in its own terms (https://github.com/snakers4/silero-vad).

    Attributes:
        threshold: probability from which a frame is speech. Silero's default is 0.5; lower loses less.
        neg_threshold: below it speech ends, once it lasts min_silence_duration.
        min_silence_duration: seconds.
        min_speech_duration: seconds; shorter speech is dropped. 0 keeps all.
    """

    threshold: float = 0.35
    neg_threshold: float = 0.2
    min_silence_duration: float = 0.1
    min_speech_duration: float = 0.0


class Region(NamedTuple):
    """A run of activity: seconds, and whether any of it is speech to the detector."""

    start: float
    end: float
    speech: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Activity:
    """The results of both measures for one channel.

    Attributes:
        duration: seconds.
        level: dBFS in the telephone band, one per frame, shape (frames,).
        speech: stretches of speech to the voice detector, sorted, disjoint.
        sound: stretches of sound (speech is usually part of them), sorted, disjoint.
        faint: stretches that are speech to the voice detector once they are amplified, and only then; sorted, disjoint.
    """

    duration: float
    level: Levels
    speech: tuple[Span, ...]
    sound: tuple[Span, ...]
    faint: tuple[Span, ...] = ()

    @property
    def active(self) -> tuple[Region, ...]:
        """Union of speech, faint speech and sound: whatever must be recognised."""
        voices = union((*self.speech, *self.faint))
        return tuple(
            Region(start, end, bool(overlapping(voices, start, end))) for start, end in union((*voices, *self.sound))
        )

    def gain(self, start: float, end: float) -> float:
        """The factor that brings start … end (seconds) to AMPLIFIED_LEVEL where its loudest frames lie far below; else
        1.
        """
        level = self.level[int(start / FRAME_SECONDS) : max(int(start / FRAME_SECONDS) + 1, int(end / FRAME_SECONDS))]
        missing = AMPLIFIED_LEVEL - float(np.percentile(level, GAIN_PERCENTILE)) if len(level) else 0.0
        return float(10 ** (min(missing, MOST_GAIN) / 20)) if missing > UNTOUCHED else 1.0

    @property
    def speech_seconds(self) -> float:
        return sum(end - start for start, end in self.speech)


def listen(channel: Channel, *, vad: VadOptions | None = None) -> Activity:
    """Find speech and sound in one channel.

    Args:
        channel: 16 kHz mono of any length; read in blocks of about two minutes.

    Raises:
        RecognitionFailed: samples that are not numbers.
    """
    vad = vad or VadOptions()
    duration = len(channel) / RECOGNITION_RATE
    frames = -(-len(channel) // FRAME)
    probability = np.zeros(frames, np.float32)
    level = np.full(frames, -180.0, np.float32)
    state = _VadState()
    for first in range(0, frames, BLOCK_FRAMES):
        last = min(frames, first + BLOCK_FRAMES)
        block = np.zeros((last - first) * FRAME, np.float32)
        part = channel[first * FRAME : last * FRAME]
        block[: len(part)] = part
        if not np.isfinite(block).all():
            raise RecognitionFailed("The audio contains samples that are not numbers.")
        grid = block.reshape(-1, FRAME)
        level[first:last] = _band_level(grid)
        probability[first:last] = state.probabilities(grid)
    speaking = _hysteresis(probability, vad)
    loud = level > _threshold(level, speaking)
    return Activity(
        duration,
        level,
        _spans(speaking, duration, shortest=vad.min_speech_duration),
        _spans(loud, duration, join=JOIN, shortest=CLICK),
        _faint(channel, level, speaking, duration, vad),
    )


def _faint(
    channel: Channel, level: Levels, speaking: npt.NDArray[np.bool_], duration: float, vad: VadOptions
) -> tuple[Span, ...]:
    """Stretches that are speech only when amplified."""
    found: list[Span] = []
    lead = round(LEAD_IN / FRAME_SECONDS)
    for start, end in _runs(~speaking):
        # A word may span two blocks: a few more frames cost nothing.
        for first in range(start, end, BLOCK_FRAMES):
            last = min(end, first + BLOCK_FRAMES)
            if (last - first) * FRAME_SECONDS < SHORTEST_FAINT:
                continue
            if _steady(level[first:last]):
                continue
            gain = _slow_gain(level[first:last])
            if gain.max() < LEAST_GAIN:
                continue
            begin = max(0, first - lead)
            part = np.asarray(channel[begin * FRAME : last * FRAME], np.float32)
            block = np.zeros((last - begin) * FRAME, np.float32)
            block[: len(part)] = part
            gains = np.concatenate([np.full(first - begin, gain[0], np.float32), gain])
            centres = np.arange(len(gains)) * FRAME + FRAME / 2
            factor = 10 ** (np.interp(np.arange(len(block)), centres, gains) / 20)
            # Before the stretch there is loud speech, which must not be raised out of range.
            raised = np.clip(block * factor.astype(np.float32), -1.0, 1.0).reshape(-1, FRAME)
            speaking_amplified = _hysteresis(_VadState().probabilities(raised), vad)[first - begin :]
            beside = level[max(0, first - lead) : first], level[last : last + lead]
            speaking_amplified |= _fluctuating(
                level[first:last], edges=tuple(float(b.max(initial=-180.0)) > QUIET_CEILING for b in beside)
            )
            found += [((first + a) * FRAME_SECONDS, (first + b) * FRAME_SECONDS) for a, b in _runs(speaking_amplified)]
    return tuple((a, min(duration, b)) for a, b in union(found) if b - a >= SHORTEST_FAINT)


def _steady(level: Levels) -> bool:
    """Whether a stretch is noise of a constant level, like pauses on a line: speech is never so even."""
    low, high = np.percentile(np.maximum(level, FLOOR_LEVEL), (10, 97))
    return bool(high - low < STEADY)


def _fluctuating(level: Levels, *, edges: tuple[bool, ...]) -> npt.NDArray[np.bool_]:
    """From the first to the last loud frame of quiet windows whose level fluctuates like that of speech, above 16-bit
    rounding.

    `edges`: whether there is loud sound before and after, which decays in them.
    """
    found = np.zeros(len(level), np.bool_)
    edge, width = round(FLUCTUATION_EDGE / FRAME_SECONDS), round(FLUCTUATION_WINDOW / FRAME_SECONDS)
    first, last = edge if edges[0] else 0, len(level) - (edge if edges[1] else 0)
    width = min(width, last - first)
    if width * FRAME_SECONDS < FLUCTUATION_SHORTEST:
        return found
    windows = np.lib.stride_tricks.sliding_window_view(np.maximum(level[first:last], FLOOR_LEVEL), width)
    low, high = np.percentile(windows, FLUCTUATION_PERCENTILES, axis=1)
    # Louder frames are sound in any case.
    for at in np.flatnonzero((high - low > FLUCTUATION) & (high < QUIET_CEILING)).tolist():
        loud = np.flatnonzero(windows[at] > low[at] + FLUCTUATION / 2)
        found[first + at + loud[0] : first + at + loud[-1] + 1] = True
    return found


def _slow_gain(level: Levels) -> Levels:
    """Gain (dB) of each frame that brings the loudest of the frames around it to AMPLIFIED_LEVEL, never down."""
    width = min(len(level), round(GAIN_WINDOW / FRAME_SECONDS))
    before = (width - 1) // 2
    padded = np.pad(level, (before, width - 1 - before), mode="edge")
    loud = np.percentile(np.lib.stride_tricks.sliding_window_view(padded, width), GAIN_PERCENTILE, axis=1)
    return np.asarray(np.clip(AMPLIFIED_LEVEL - loud, 0.0, MOST_GAIN), np.float32)


def loudest(channel: Channel, *, without: Sequence[Span] = ()) -> float:
    """Level (dBFS in the telephone band) that a channel exceeds for longer than a click.

    `without`: stretches (seconds) that do not count.
    """
    levels = [np.full(1, -180.0, np.float32)]
    for first in range(0, len(channel), BLOCK_FRAMES * FRAME):
        part = np.asarray(channel[first : first + BLOCK_FRAMES * FRAME], np.float32)
        levels.append(_band_level(np.resize(part, (max(1, len(part) // FRAME), FRAME))))
    level = np.concatenate(levels)[1 if len(channel) else 0 :]
    for start, end in without:
        level[max(0, int(start / FRAME_SECONDS)) : max(0, int(np.ceil(end / FRAME_SECONDS)))] = -180.0
    level = np.sort(level)
    return float(level[-min(len(level), 1 + round(CLICK / FRAME_SECONDS))])


class _VadState:
    """Silero's recurrent state, carried from block to block: the result equals one pass over the whole channel."""

    def __init__(self) -> None:
        self.h = np.zeros((1, 1, 128), np.float32)
        self.c = np.zeros((1, 1, 128), np.float32)
        self.context = np.zeros((1, CONTEXT), np.float32)

    def probabilities(self, grid: Levels) -> Levels:
        context = np.concatenate([self.context, grid[:-1, -CONTEXT:]])
        self.context = grid[-1:, -CONTEXT:]
        feed = {"input": np.concatenate([context, grid], 1), "h": self.h, "c": self.c}
        output, self.h, self.c = _vad_session().run(None, feed)
        return np.asarray(output, np.float32).reshape(-1)


@lru_cache(maxsize=1)
def _vad_session() -> Any:
    from faster_whisper.vad import get_vad_model

    return get_vad_model().session


@lru_cache(maxsize=1)
def _window() -> tuple[Levels, slice]:
    hann = np.hanning(FRAME).astype(np.float32)
    width = RECOGNITION_RATE / FRAME
    return hann, slice(round(200 / width), round(4000 / width) + 1)


def _band_level(grid: Levels) -> Levels:
    """Level of each row in 200 … 4000 Hz, dB relative to a full-scale square wave (a full-scale sine is -3 dB)."""
    hann, band = _window()
    spectrum = np.fft.rfft(grid * hann, axis=1)[:, band]
    power = 2 * np.sum(spectrum.real**2 + spectrum.imag**2, axis=1) / (FRAME * np.sum(hann**2))
    return np.asarray(10 * np.log10(power + 1e-18), np.float32)


def _hysteresis(probability: Levels, vad: VadOptions) -> npt.NDArray[np.bool_]:
    """Speech from `threshold` up, until it stays below `neg_threshold` for `min_silence_duration`."""
    speaking = np.zeros(len(probability), np.bool_)
    patience = max(1, round(vad.min_silence_duration / FRAME_SECONDS))
    end = -1  # last frame that still counts; -1 = nobody speaks
    for i, p in enumerate(probability.tolist()):
        if p >= vad.threshold or (end >= 0 and p >= vad.neg_threshold):
            if end >= 0:
                speaking[end:i] = True  # the dip was too short to be a pause
            speaking[i] = True
            end = i
        elif end >= 0 and i - end >= patience:
            end = -1
    return speaking


def _threshold(level: Levels, speaking: npt.NDArray[np.bool_]) -> Levels:
    """The level from which a frame is sound, one a frame; the rule is in the module's docstring."""
    out = np.empty(len(level), np.float32)
    step = round(1.0 / FRAME_SECONDS)
    reach = round(NEIGHBOURHOOD / FRAME_SECONDS)
    for first in range(0, len(level), step):
        near = slice(max(0, first - reach), first + step + reach)
        levels = level[near]
        noise = levels[levels > DIGITAL_SILENCE]
        floor = float(np.percentile(noise, 10)) if len(noise) >= step else DIGITAL_SILENCE
        voiced = levels[speaking[near]]
        # Less than half a second of speech says little about the caller's level.
        ceiling = float(np.median(voiced)) - BELOW_SPEECH if len(voiced) >= step // 2 else QUIET_CEILING
        out[first : first + step] = max(FLOOR_LEVEL, min(floor + ABOVE_FLOOR, ceiling))
    return out


def _spans(
    mask: npt.NDArray[np.bool_], duration: float, *, join: float = 0.0, shortest: float = 0.0
) -> tuple[Span, ...]:
    runs = [(a * FRAME_SECONDS, min(duration, b * FRAME_SECONDS)) for a, b in _runs(mask)]
    return tuple((a, b) for a, b in union(runs, join=join) if b - a >= shortest)


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First frame and the frame after the last of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
