"""Compare a transcript's times with the sound: offset, drift and jumps, by correlation.

    words → the expected sound of their letters, every 10 ms (`_expected`: vowels are loud, pauses quiet)
    sound → level and the balance of three telephone bands, every 10 ms (`_observed`)
    both  → their agreement at every lag, for every half second (`_agreement`)
          → the straight line with the best agreement (`synchronize`)

The line is `true time = offset + (1 + drift) · transcript's time`. A short message has too few pauses, and word
aligners distort them; with letters every word counts. The average sound of a letter was fitted by least squares to the
word times of `sample_audio` (46 channels, 15 minutes); it explains a third of the variance of the level, and works for
another synthesiser's voice as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redactor.types import RECOGNITION_RATE, Channel, TimedText

from .activity import Activity
from .spans import union

HOP = 160  # samples, 10 ms
RATE = RECOGNITION_RATE // HOP  # frames a second
WINDOW = 512  # samples
FRAMES = 6_000  # a minute at a time, so that hours of audio need no second copy in memory
BANDS = ((200, 900), (900, 2000), (2000, 3800), (200, 3800))  # Hz; the last gives the level
BLOCK = 50  # frames whose agreement is summed
STEP = 2  # frames from lag to lag
FURTHEST = 3.0  # seconds: the largest lag
STEEPEST = 0.07  # the largest drift
FINE = 0.03  # seconds at the recording's end from drift to drift
NEAR = 100  # frames around words in which a pause is expected to be quiet
ELSEWHERE = 0.15  # seconds
# The gain in agreement required for more than an offset, since short recordings fit much by chance: for a drift of up
# to SLIGHT seconds from end to end (which leaves half of that), for a larger one, and for each jump.
SLIGHT = 0.35
SLIGHT_DRIFT, DRIFT, JUMP = 80.0, 60.0, 150.0
JUMPS = 1.5  # seconds: the largest jump

Array = npt.NDArray[np.float32]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "zero one two three four five six seven eight nine".split()
LETTER_SOUND: Array = np.array(
    (
        "-1.12 -0.01 0.02  0.65 -0.20 -0.04  0.08 0.44 0.09 -0.28 -0.72 0.49  0.08 -0.04 -0.27  0.23 0.03 -0.20 -0.05 "
        "-0.13 0.37  -0.13 -0.11 -0.43  0.25 -0.46 0.00 0.48 -0.21 -0.13  -0.11 -1.27 -0.17  -0.26 -0.51 -0.12 0.79 "
        "0.80 0.36  0.53 0.30 0.04  0.37 0.23 -0.25 0.46 0.45 0.21  -0.45 -0.19 0.09  -0.17 -0.13 0.69 0.35 0.34 "
        "0.49  -0.52 -0.44 -0.02  -0.31 -0.35 -0.07 0.50 0.21 0.15  0.26 -0.07 0.19  0.28 0.64 -0.08 -0.34 -0.46 "
        "0.16  0.27 -0.30 -1.07  0.29 0.21 -0.03 "
    ).split(),
    np.float32,
).reshape(-1, 3)
"""Level, low over high band, middle over both, in standard deviations: of a pause, then of a … z; shape (27, 3)."""
_VARIANCE: Array = np.array([0.66, 0.91, 0.94], np.float32)  # not explained


@dataclass(frozen=True, slots=True)
class Synchrony:
    """A transcript's clock relative to the sound's.

    Attributes:
        offset, drift: a time t of the transcript is offset + (1 + drift) · t seconds of the recording.
        agreement: of the expected and the observed sound along that line, 1 for an average word.
        lead: by how much that line agrees better than the best line that is ELSEWHERE away at some word, in units of
            noise.
        broken: by how much times with jumps (each at a cost) agree better; 0 if they do not.
    """

    offset: float
    drift: float
    agreement: float
    lead: float
    broken: float

    def at(self, time: float) -> float:
        """The recording's time of a transcript's."""
        return self.offset + (1 + self.drift) * time


def synchronize(
    parts: Sequence[tuple[Sequence[TimedText], Sequence[Channel], Sequence[Activity]]],
) -> Synchrony | None:
    """Estimate a transcript's clock relative to a recording.

    Args:
        parts: words, their channels (one, or several for a transcript that does not distinguish them) and these
            channels' activities; the parts share one clock.

    Returns:
        None: no word has a time.
    """
    total: Array | None = None
    energy = 0.0
    first, last = np.inf, 0.0
    for words, channels, activities in parts:
        spelled = list(spoken_letters(words))
        if not spelled:
            continue
        observed = _observed(channels, activities)
        expected = _expected(spelled, len(observed))
        agreement = _agreement(expected, observed)
        total = agreement if total is None else total + agreement
        energy += float((expected**2 / _VARIANCE).sum())
        first, last = min(first, spelled[0][1]), max(last, spelled[-1][2])
    if total is None:
        return None
    blocks, lags = total.shape
    middle = blocks * BLOCK / RATE / 2
    lag = (np.arange(lags) - lags // 2) * STEP / RATE
    steepest = min(STEEPEST, FURTHEST / max(2 * middle, 1.0))
    count = int(np.ceil(steepest * 2 * middle / FINE))
    drifts = np.linspace(-steepest, steepest, 2 * count + 1)
    cost = np.where(abs(drifts) * 2 * middle > SLIGHT, DRIFT, SLIGHT_DRIFT) * (drifts != 0.0)
    scores = np.stack([_along(total, drift, middle).sum(0) for drift in drifts]) - cost[:, None]
    i, j = np.unravel_index(int(scores.argmax()), scores.shape)
    ends = [lag[None] + drifts[:, None] * (time - middle) for time in (first, last)]
    far = np.maximum(*(abs(end - end[i, j]) for end in ends)) > ELSEWHERE
    lead = float(scores[i, j] - scores[far].max(initial=-np.inf))
    drift, offset = float(drifts[i]), float(lag[j] - drifts[i] * middle)
    near = slice(max(0, j - round(JUMPS * RATE / STEP)), j + round(JUMPS * RATE / STEP) + 1)
    local = _along(total, drift, middle)
    broken = max(_with_jumps(local[:, near]) - cost[i], _with_jumps(total[:, near])) - float(scores[i, j])
    return Synchrony(offset, drift, float(local[:, j].sum()) / max(energy, 1e-9), lead, float(broken))


def _along(agreement: Array, drift: float, middle: float) -> Array:
    """The agreement, each block shifted by the drift at its time; zero outside the computed lags."""
    blocks, lags = agreement.shape
    times = (np.arange(blocks) + 0.5) * BLOCK / RATE
    index = np.arange(lags)[None] + np.round(drift * (times - middle) * RATE / STEP).astype(int)[:, None]
    out = np.take_along_axis(agreement, index.clip(0, lags - 1), 1)
    return np.where((index < 0) | (index >= lags), np.float32(0), out)


def _with_jumps(agreement: Array) -> float:
    """The agreement along the best lags if they may change at a cost."""
    best = np.zeros(agreement.shape[1], np.float32)
    for block in agreement:
        best = np.maximum(best, best.max() - JUMP) + block
    return float(best.max())


def spoken_letters(words: Sequence[TimedText]) -> Iterator[tuple[str, float, float]]:
    """Letters as they are spoken, with their times; a cue's words are spread over it in proportion to their letters."""
    i = 0
    while i < len(words):
        _, start, end, _ = words[i]
        group = [words[i]]
        i += 1
        if start is None or end is None or end <= start:
            continue
        while i < len(words) and words[i].start == start and words[i].end == end:
            group.append(words[i])
            i += 1
        letters = [_spoken(word.text) for word in group]
        pace = (end - start) / max(1, sum(map(len, letters)))
        for spoken in letters:
            end = start + pace * len(spoken)
            if spoken:
                yield spoken, start, end
            start = end


def _spoken(text: str) -> str:
    said = re.sub(r"\d", lambda digit: _DIGITS[int(digit[0])], text.lower())
    return "".join(c for c in said if c in LETTERS)


def _expected(spelled: Sequence[tuple[str, float, float]], frames: int) -> Array:
    """The expected sound of the words, shape (frames, 3), each column centred on zero."""
    sounds = np.zeros(frames, np.intp)
    for spoken, start, end in spelled:
        a, b = round(start * RATE), max(round(start * RATE) + 1, round(end * RATE))
        place = np.arange(max(0, a), min(frames, b))
        letters = np.array([LETTERS.index(c) + 1 for c in spoken])
        sounds[place] = letters[(place - a) * len(letters) // (b - a)]
    near = np.convolve(sounds > 0, np.ones(2 * NEAR + 1))[NEAR : NEAR + frames] > 0.5
    out = _smooth(LETTER_SOUND[sounds])
    # Far from every word there may be speech that the transcript omits, which `coverage` reports.
    return np.where(near[:, None], out - out[near].mean(0), np.float32(0)) if near.any() else 0 * out


def _smooth(columns: Array) -> Array:
    """Smooth over 50 ms: letters have no sharper edges."""
    kernel = np.hanning(7)[1:-1]
    kernel /= kernel.sum()
    return np.stack([np.convolve(column, kernel)[2:-2] for column in columns.T], 1).astype(np.float32)


def _observed(channels: Sequence[Channel], activities: Sequence[Activity]) -> Array:
    """The observed sound of all channels, shape (frames, 3), each column with mean 0 and deviation 1."""
    frames = max(len(channel) for channel in channels) // HOP
    hann = np.hanning(WINDOW).astype(np.float32)
    edges = [slice(int(a * WINDOW / RECOGNITION_RATE), int(b * WINDOW / RECOGNITION_RATE)) for a, b in BANDS]
    bands = np.empty((frames, len(BANDS)), np.float32)
    for first in range(0, frames, FRAMES):
        last = min(frames, first + FRAMES)
        block = sum(_cut(channel, first * HOP - (WINDOW - HOP) // 2, last * HOP + WINDOW) for channel in channels)
        views = np.lib.stride_tricks.sliding_window_view(block, WINDOW)[::HOP][: last - first]
        power = np.abs(np.fft.rfft(views * hann, axis=1)) ** 2
        for i, band in enumerate(edges):
            bands[first:last, i] = 10 * np.log10(power[:, band].sum(1) + 1e-7)
    low, mid, high, level = bands.T
    level = level - np.percentile(level, 95) if frames else level
    speech = _speech_frames(activities, frames)
    # Ringing, music and knocks between words are irrelevant.
    level = np.where(speech, level, np.minimum(level, -20.0)).clip(-35.0, 5.0)
    loud = level > -25.0
    out = np.stack(
        [
            level,
            *(np.where(loud, b - b[loud].mean() if loud.any() else 0, 0) for b in (low - high, mid - (low + high) / 2)),
        ],
        1,
    )
    return np.asarray((out - out.mean(0)) / (out.std(0) + 1e-3), np.float32)


def _cut(channel: Channel, start: int, end: int) -> Array:
    """Samples start … end, zero outside the channel."""
    out = np.zeros(end - start, np.float32)
    part = channel[max(0, start) : end]
    out[max(0, -start) : max(0, -start) + len(part)] = part
    return out


def _speech_frames(activities: Sequence[Activity], frames: int) -> npt.NDArray[np.bool_]:
    """Frames of speech to the voice detector, or of any sound if there is hardly any speech."""
    speech = union([span for activity in activities for span in activity.speech])
    sound = union([span for activity in activities for span in activity.sound])
    if sum(b - a for a, b in speech) < 0.3 * sum(b - a for a, b in sound):
        speech = union([*speech, *sound])
    out = np.zeros(frames, np.bool_)
    for a, b in speech:
        out[round(a * RATE) : round(b * RATE)] = True
    return out


def _agreement(expected: Array, observed: Array) -> Array:
    """Their product by block and lag, shape (blocks, lags): at lag L the expected sound at t is compared with the
    observed sound at t + L.
    """
    reach = round(FURTHEST * RATE)
    weighted = expected / _VARIANCE
    padded = np.concatenate([np.zeros((reach, 3), np.float32), observed, np.zeros((reach, 3), np.float32)])
    starts = np.arange(0, len(expected), BLOCK)
    lags = range(-reach, reach + 1, STEP)
    out = np.empty((len(starts), len(lags)), np.float32)
    for i, lag in enumerate(lags):
        moved = padded[reach + lag : reach + lag + len(expected)]
        out[:, i] = np.add.reduceat(np.einsum("ij,ij->i", weighted, moved), starts)
    return out
