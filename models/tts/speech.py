"""The value that every engine returns: samples and the time of each word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

Samples = npt.NDArray[np.float32]


class Word(NamedTuple):
    """One whitespace-separated token of the text, with its punctuation; times in seconds."""

    text: str
    start: float
    end: float


class Phone(NamedTuple):
    """One speech sound in the engine's own notation; times in seconds."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """Mono samples (float32, full scale 1.0) with word times, and phone times in the engine's own notation."""

    samples: Samples
    sample_rate: int
    words: tuple[Word, ...]
    phones: tuple[Phone, ...] = ()

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    def resampled(self, sample_rate: int) -> Speech:
        """The same speech at another rate in Hz; times are unchanged."""
        if sample_rate == self.sample_rate:
            return self
        ratio = Fraction(sample_rate, self.sample_rate)
        samples = resample_poly(self.samples, ratio.numerator, ratio.denominator).astype(np.float32)
        return replace(self, samples=samples, sample_rate=sample_rate)

    def warped(self, factor: float) -> Speech:
        """Played `factor` times faster: pitch and formants rise together, as if by another speaker."""
        ratio = Fraction(100, round(100 * factor))
        return replace(
            self,
            samples=resample_poly(self.samples, ratio.numerator, ratio.denominator).astype(np.float32),
            words=tuple(Word(w.text, w.start * float(ratio), w.end * float(ratio)) for w in self.words),
            phones=tuple(Phone(p.name, p.start * float(ratio), p.end * float(ratio)) for p in self.phones),
        )

    def trimmed(self, margin: float = 0.02) -> Speech:
        """Without the silence before the first word and after the last one, but for `margin` seconds."""
        if not self.words:
            return self
        first = max(0, round((self.words[0].start - margin) * self.sample_rate))
        last = min(len(self.samples), round((self.words[-1].end + margin) * self.sample_rate))
        shift = first / self.sample_rate
        return replace(
            self,
            samples=self.samples[first:last],
            words=tuple(Word(w.text, w.start - shift, w.end - shift) for w in self.words),
            phones=tuple(Phone(p.name, p.start - shift, p.end - shift) for p in self.phones),
        )

    def peak_normalised(self, peak: float = 0.9) -> Speech:
        """Scaled so that the largest sample is `peak`."""
        top = float(np.abs(self.samples).max(initial=0.0))
        return self if top == 0.0 else replace(self, samples=(self.samples * (peak / top)).astype(np.float32))
