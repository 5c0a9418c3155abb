"""Training batches: windows of 2-30 s composed from stored utterances of one voice, with silence and zero margins.

A window is what the product hands to the recogniser: some sentences cut at pauses, then 0-2 s of zeros in feature space. Short windows
are cheap, but the recogniser must know every position of the 30 s it may be given, so a short window takes its encoder positions
from a random offset (`Batch.offset`) part of the time.
"""

import random
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .network import MAX_FRAMES, MAX_TOKENS, N_MELS
from .shards import Library, Utterance

EOT, SOT, PREV, NOSPEECH, NOTIMESTAMPS, FIRST_TIMESTAMP = 1024, 1025, 1029, 1030, 1031, 1032
UNKNOWN = -100  # label of encoder frames without a known phone
SINGLE = 0  # window length in a stage's mix that means: one utterance per window, bucketed by length


def _warped(factor: float) -> NDArray[np.float32]:
    """Matrix [80, 80] that takes log-mel rows to those of a voice whose formants lie `factor` times as high (linear between neighbours)."""
    # Slaney's mel scale, as Whisper's filters have it: linear below 1 kHz, logarithmic above.
    step, knee = 200 / 3, 1000.0
    octave = np.log(6.4) / 27

    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(hz < knee, hz / step, knee / step + np.log(np.maximum(hz, knee) / knee) / octave)

    top = float(mel(np.array(8000.0)))
    centres = np.linspace(0, top, N_MELS + 2)[1:-1]
    hz = np.where(centres < knee / step, centres * step, knee * np.exp(octave * (centres - knee / step)))
    source = np.interp(mel(hz / factor), centres, np.arange(N_MELS))
    low = np.floor(source).astype(int)
    high = np.minimum(low + 1, N_MELS - 1)
    out = np.zeros((N_MELS, N_MELS), np.float32)
    np.add.at(out, (low, np.arange(N_MELS)), 1 - (source - low))
    np.add.at(out, (high, np.arange(N_MELS)), source - low)
    return out


THROATS = [_warped(factor) for factor in (0.84, 0.87, 0.9, 0.93, 0.96, 1.04, 1.07, 1.1, 1.13, 1.16)]
"""Speakers whom the engines do not have: the same speech with formants lower or higher."""


@dataclass(frozen=True, slots=True)
class Options:
    """How windows are varied; shares are probabilities per window."""

    frames: int = 6000  # audio per batch, 100 frames a second
    timestamps: float = 0.5
    previous: float = 0.05
    offset: float = 0.25
    nothing: float = 0.04
    tilt: float = 0.5
    mask: float = 0.3
    throat: float = 0.5


@dataclass(slots=True)
class Window:
    """One training example; `said` is (tokens, times [n, 2], start, end) per utterance, in seconds from the window's start."""

    mel: NDArray[np.float32]
    phones: NDArray[np.int64]
    said: list[tuple[NDArray[np.int64], NDArray[np.float32], float, float]] = field(default_factory=list)
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    mel: Tensor  # [B, W, 80]
    tokens: Tensor  # [B, L]
    counted: Tensor  # [B, L]: 1 where the token is a target
    times: Tensor  # [B, L, 2], -1 where unknown
    content: list[Tensor]  # the text pieces alone, for CTC
    phones: Tensor  # [B, W / 2]
    offset: Tensor  # [B]

    @property
    def hours(self) -> float:
        return self.mel.shape[0] * self.mel.shape[1] / 360_000

    def to(self, device: torch.device) -> "Batch":
        moved = [getattr(self, n).to(device) for n in ("mel", "tokens", "counted", "times")]
        return Batch(*moved, self.content, self.phones.to(device), self.offset.to(device))


class Composer:
    """Draws batches from a library; one seed, one sequence."""

    def __init__(self, library: Library, options: Options, seed: int) -> None:
        self.library, self.options = library, options
        self._rng = random.Random(seed)
        self._np = np.random.default_rng(seed)
        self._buckets: list[list[int]] = []

    def batch(self, width: int) -> Batch:
        """A batch of windows `width` frames wide (`SINGLE`: as wide as its longest utterance and a margin)."""
        if width == SINGLE:
            return self._collate(self._singles())
        count = max(1, round(self.options.frames / width))
        return self._collate([self._joined(width) for _ in range(count)])

    # windows

    def _singles(self) -> list[Window]:
        if not self._buckets:
            self._buckets = self._bucketed()
        chosen = [self.library.utterances[i] for i in self._buckets.pop()]
        width = max(u.frames for u in chosen) + self._rng.choice([0, 0, 20, 60, 120, 200])
        width += width % 2
        windows = []
        for u in chosen:
            w = _empty(width)
            room = width - u.frames
            self._place(w, u, self._rng.randint(0, min(room, 40)) if self._rng.random() < 0.5 else 0)
            windows.append(self._moved(w))
        return windows

    def _bucketed(self) -> list[list[int]]:
        """Utterances of like length together, as many as fit the batch's frames."""
        drawn = [self._rng.randrange(len(self.library.utterances)) for _ in range(800)]
        drawn.sort(key=lambda i: self.library.utterances[i].frames + self._rng.uniform(-20, 20))
        buckets: list[list[int]] = [[]]
        longest = 0
        for i in drawn:
            longest = max(longest, self.library.utterances[i].frames)
            if buckets[-1] and longest * (len(buckets[-1]) + 1) > self.options.frames:
                buckets.append([])
                longest = self.library.utterances[i].frames
            buckets[-1].append(i)
        self._rng.shuffle(buckets)
        return buckets

    def _joined(self, width: int) -> Window:
        """Utterances of one voice with pauses between them, up to a random share of the width."""
        rng, w = self._rng, _empty(width)
        if rng.random() < self.options.nothing:
            return self._nothing(w)
        voices = list(self.library.by_voice)
        pool = self.library.by_voice[rng.choices(voices, [len(self.library.by_voice[v]) ** 0.7 for v in voices])[0]]
        if width > 1500 and rng.random() < 0.6:  # a short message in the recogniser's whole context
            limit = rng.randint(300, 1000)
        elif rng.random() < 0.8:
            limit = width - rng.choice([0, 0, 30, 100, 200])
        else:
            limit = rng.randint(200, width)
        at, misses, unhurried = 0, 0, rng.random() < 0.7
        while misses < 4 and at < limit - 80:
            u = self.library.utterances[rng.choice(pool)]
            gap = self._gap(first=at == 0, unhurried=unhurried)
            if at + gap + u.frames > limit:
                misses += 1
                continue
            self._place(w, u, at + gap, silence_from=at)
            at += gap + u.frames
        return self._moved(w) if at else self._nothing(w)

    def _gap(self, *, first: bool, unhurried: bool) -> int:
        rng = self._rng
        if rng.random() < 0.25:
            return 0
        if first:
            return rng.randint(0, 60)
        return (
            rng.choice([rng.randint(0, 30), rng.randint(10, 90), rng.randint(20, 160)])
            if unhurried
            else rng.randint(0, 25)
        )

    def _nothing(self, w: Window) -> Window:
        """Line noise or silence, nothing said."""
        u = self.library.utterances[self._rng.randrange(len(self.library.utterances))]
        edge, count = self.library.mel(u)[:6], self._rng.randint(10, len(w.mel))
        w.mel[:count] = edge[self._np.integers(0, len(edge), count)]
        return w

    def _place(self, w: Window, u: Utterance, at: int, *, silence_from: int = 0) -> None:
        mel = self._varied(self.library.mel(u))
        if at > silence_from:
            w.mel[silence_from:at] = mel[:8][self._np.integers(0, min(8, len(mel)), at - silence_from)]
        w.mel[at : at + len(mel)] = mel
        shift = at / 100
        times = np.where(u.times >= 0, u.times + shift, -1).astype(np.float32)
        if len(u.tokens):
            w.said.append((u.tokens, times, u.start + shift, u.end + shift))
        if len(u.phones):
            w.phones[silence_from // 2 : (at + len(mel)) // 2] = 0
            for phone, start, end in u.phones:
                i = round((start + shift) * 50)
                w.phones[i : max(i + 1, round((end + shift) * 50))] = int(phone)

    def _moved(self, w: Window) -> Window:
        if self._rng.random() < self.options.offset:
            last = MAX_FRAMES - len(w.mel) // 2
            w.offset = self._rng.randint(0, min(last, 400) if self._rng.random() < 0.5 else last)
        return w

    def _varied(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Another length of throat, random spectral tilt; now and then masked bands and moments."""
        rng = self._rng
        if rng.random() < self.options.throat:
            mel = mel @ THROATS[rng.randrange(len(THROATS))]
        if rng.random() < self.options.tilt:
            curve = np.interp(
                np.arange(N_MELS), np.linspace(0, N_MELS - 1, 6), self._np.normal(0, rng.uniform(0, 0.12), 6)
            )
            mel = mel + curve.astype(np.float32)
        if rng.random() < self.options.mask:
            for _ in range(2):
                size = rng.randint(0, 9)
                low = rng.randint(0, N_MELS - size)
                mel[:, low : low + size] = mel.mean()
        if rng.random() < self.options.mask and len(mel) > 100:
            for _ in range(max(1, len(mel) // 300)):
                size = rng.randint(1, 10)
                at = rng.randint(0, len(mel) - size)
                mel[at : at + size] = mel.min()
        return mel

    # targets

    def _targets(self, w: Window) -> tuple[list[int], list[int], list[tuple[float, float]]]:
        """Decoder sequence: tokens, whether each counts in the loss, and when each is said."""
        tokens: list[int] = []
        counted: list[int] = []
        times: list[tuple[float, float]] = []

        def add(token: int, count: int = 1, when: tuple[float, float] = (-1.0, -1.0)) -> None:
            tokens.append(token)
            counted.append(count)
            times.append(when)

        rng = self._rng
        if rng.random() < self.options.previous:
            add(PREV, 0)
            for token in self.library.utterances[rng.randrange(len(self.library.utterances))].tokens[-60:]:
                add(int(token), 0)
        add(SOT, 0)
        if not w.said:
            if rng.random() < 0.6:
                add(NOSPEECH)
            else:
                add(NOTIMESTAMPS, 0)
            add(EOT)
            return tokens, counted, times
        stamped = w.offset == 0 and rng.random() < self.options.timestamps
        if not stamped:
            add(NOTIMESTAMPS, 0)
        clock = 0.0
        for k, (pieces, when, begins, ends) in enumerate(w.said):
            start = max(begins, clock)
            clock = max(ends, start + 0.1)
            if stamped:
                add(_timestamp(min(start, 1.0) if k == 0 else start))
            for token, span in zip(pieces, when, strict=True):
                add(int(token), 1, (float(span[0]), float(span[1])))
            if stamped:
                add(_timestamp(clock))
        add(EOT)
        return tokens, counted, times

    def _collate(self, windows: list[Window]) -> Batch:
        targets = [self._targets(w) for w in windows]
        length = min(MAX_TOKENS, max(len(t[0]) for t in targets))
        tokens = np.full((len(windows), length), EOT)
        counted = np.zeros((len(windows), length), np.float32)
        times = np.full((len(windows), length, 2), -1.0, np.float32)
        for b, (ids, count, when) in enumerate(targets):
            n = min(len(ids), length)
            tokens[b, :n], counted[b, :n], times[b, :n] = ids[:n], count[:n], when[:n]
        nothing = np.zeros(0, np.int64)
        return Batch(
            mel=torch.from_numpy(np.stack([w.mel for w in windows])),
            tokens=torch.from_numpy(tokens),
            counted=torch.from_numpy(counted),
            times=torch.from_numpy(times),
            content=[torch.from_numpy(np.concatenate([nothing, *(s[0] for s in w.said)])) for w in windows],
            phones=torch.from_numpy(np.stack([w.phones for w in windows])),
            offset=torch.tensor([w.offset for w in windows]),
        )


def _empty(width: int) -> Window:
    return Window(np.zeros((width, N_MELS), np.float32), np.full(width // 2, UNKNOWN, np.int64))


def _timestamp(seconds: float) -> int:
    return FIRST_TIMESTAMP + max(0, min(1500, round(seconds * 50)))
