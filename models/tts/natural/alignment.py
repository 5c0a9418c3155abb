"""Word times by forced alignment: Whisper's cross-attention gives the time of each known word, the energy its end.

The audio must be clean (no line, no noise). Everything but `Aligner` is a pure function on numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.tts.errors import SynthesisError
from models.tts.timing import Times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.tts.speech import Samples

RATE = 16000  # Hz, of what is aligned
FRAME = 0.02  # s, one step of the encoder
LONGEST = 28.0  # s of sound in one alignment
PADDING = 1.5  # s of silence behind it; less makes the end of the sentence uncertain
HOP = 0.01  # s, of the energy
SILENCE_DB = -38.0  # below the loud parts: the pauses of a synthesiser are far quieter
SHORTEST_PAUSE = 0.09  # s; the closure of a stop consonant is shorter
REACH = 0.35  # s, how far from the attention's boundary a pause may lie
SNAP = 0.05  # s, how far a boundary without a pause moves to the quietest place
SHORTEST_WORD = 0.03  # s


@dataclass(frozen=True, slots=True)
class Alignment:
    """Times in seconds of each token, and how probable the recogniser found it (mean over its pieces)."""

    times: tuple[Times, ...]
    probabilities: tuple[float, ...]

    @property
    def quality(self) -> float:
        """Mean probability of the tokens."""
        return float(np.mean(self.probabilities))


def token_times(
    pairs: Sequence[tuple[int, int]], probabilities: Sequence[float], lengths: Sequence[int]
) -> tuple[list[Times], list[float]]:
    """From the alignment path to one (start, end) in seconds and one probability for each token.

    pairs: (text piece, frame) steps of the path, monotone, the pieces followed by the end mark; lengths: pieces of each
        token.
    """
    pieces = np.array([piece for piece, _ in pairs])
    frames = np.array([frame for _, frame in pairs])
    jumps = frames[np.diff(pieces, prepend=-1) > 0] * FRAME  # when each piece begins
    edges = np.concatenate([[0], np.cumsum(lengths)])
    if len(jumps) < edges[-1]:
        raise SynthesisError(f"the alignment has {len(jumps)} pieces of {edges[-1]}")
    jumps = np.append(jumps, frames[-1] * FRAME)
    times = [(float(jumps[a]), float(jumps[b])) for a, b in pairwise(edges)]
    return times, [float(np.mean(probabilities[a:b])) for a, b in pairwise(edges)]


def loudness(samples: Samples) -> np.ndarray:
    """DB below the loud parts (90th percentile) of blocks of HOP seconds at RATE, smoothed over three."""
    block = round(HOP * RATE)
    padded = np.pad(samples, (0, -len(samples) % block)).reshape(-1, block).astype(np.float64)
    power = np.convolve((padded**2).mean(axis=1), np.ones(3) / 3, "same") + 1e-12
    return 10 * np.log10(power / np.percentile(power, 90))


def pauses(level: np.ndarray, *, shortest: float = SHORTEST_PAUSE) -> list[Times]:
    """Silent stretches in seconds, the ones at both ends included, whatever their length."""
    quiet = level < SILENCE_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]])))
    found = [(a * HOP, b * HOP) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    last = len(level) * HOP
    return [(a, b) for a, b in found if b - a >= shortest or a == 0 or abs(b - last) < HOP / 2]


def refined(times: Sequence[Times], samples: Samples, *, marked: Sequence[bool]) -> list[Times]:
    """The same words with silence cut off their edges; monotone, no word shorter than SHORTEST_WORD.

    marked: whether the token ends with a punctuation mark, after which a pause is expected. A pause within REACH of a
        boundary (half of that without a mark) belongs to it; pauses go to the nearest boundaries in order. A boundary
        without a pause moves to the quietest place within SNAP.
    """
    level, duration = loudness(samples), len(samples) / RATE
    silent = pauses(level)
    first = next((b for a, b in silent if a == 0.0), 0.0)
    last = next((a for a, b in silent if b >= duration - 2 * HOP and a > 0), duration)
    inner = [(a, b) for a, b in silent if a > first and b < last]
    boundaries = [(min(e, s), max(e, s)) for (_, e), (s, _) in pairwise(times)]
    chosen = _matched(boundaries, inner, marked)
    edges: list[Times] = []
    for (before, after), pause in zip(boundaries, chosen, strict=True):
        if pause is not None:
            edges.append(pause)
        else:
            middle = (before + after) / 2
            low, high = round(max(0.0, middle - SNAP) / HOP), round((middle + SNAP) / HOP) + 1
            around = level[low:high]
            place = (low + int(around.argmin()) + 0.5) * HOP if len(around) else middle
            edges.append((place, place))
    starts, ends = [first, *(b for _, b in edges)], [*(a for a, _ in edges), last]
    return monotone(list(zip(starts, ends, strict=True)), duration)


def _matched(boundaries: Sequence[Times], silent: Sequence[Times], marked: Sequence[bool]) -> list[Times | None]:
    """At most one pause for each boundary and one boundary for each pause, in order, the smallest total distance."""
    miss = REACH  # what it costs to leave a long pause inside a word
    cost = np.zeros((len(boundaries) + 1, len(silent) + 1))
    cost[0, 1:] = np.cumsum([miss] * len(silent))
    step = np.zeros(cost.shape, dtype=int)  # 0 boundary without a pause, 1 matched, 2 pause inside a word
    step[0, 1:] = 2
    for i, (before, after) in enumerate(boundaries, 1):
        for j in range(len(silent) + 1):
            options = [(cost[i - 1, j], 0)]
            if j:
                a, b = silent[j - 1]
                distance = max(0.0, a - after, before - b)
                if distance <= (REACH if marked[i - 1] else REACH / 2):
                    options.append((cost[i - 1, j - 1] + distance - (0.05 if marked[i - 1] else 0.0), 1))
                options.append((cost[i, j - 1] + miss, 2))
            cost[i, j], step[i, j] = min(options)
    chosen: list[Times | None] = [None] * len(boundaries)
    i, j = len(boundaries), len(silent)
    while i or j:
        if step[i, j] == 2:
            j -= 1
        else:
            if step[i, j] == 1:
                chosen[i - 1] = silent[j - 1]
                j -= 1
            i -= 1
    return chosen


def monotone(times: Sequence[Times], duration: float) -> list[Times]:
    """Pushed apart where they overlap or are too short, from the left and, at the end, from the right."""
    out: list[Times] = []
    floor = 0.0
    for start, end in times:
        begin = max(start, floor)
        floor = max(end, begin + SHORTEST_WORD)
        out.append((begin, floor))
    ceiling = duration
    for index in range(len(out) - 1, -1, -1):
        end = min(out[index][1], ceiling)
        out[index] = (min(out[index][0], end - SHORTEST_WORD), end)
        ceiling = out[index][0]
    if out and out[0][0] < 0:
        raise SynthesisError("more words than the sound has room for")
    return [(float(a), float(b)) for a, b in out]


class Aligner:
    """A multilingual Whisper checkpoint in a CTranslate2 folder; needs ctranslate2, faster-whisper and tokenizers."""

    def __init__(self, checkpoint: Path) -> None:
        import ctranslate2
        from faster_whisper.feature_extractor import FeatureExtractor
        from tokenizers import Tokenizer

        self._model = ctranslate2.models.Whisper(str(checkpoint), device="cpu", compute_type="int8", intra_threads=1)
        self._tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self._storage: Any = ctranslate2.StorageView

    def align(self, samples: Samples, tokens: Sequence[str], language: str) -> Alignment:
        """When each token is heard in clean speech at RATE. Raises SynthesisError for a sound that is too long."""
        if len(samples) > LONGEST * RATE:
            raise SynthesisError(f"{len(samples) / RATE:.1f} s in one piece; at most {LONGEST:.0f} can be aligned")
        pieces = [self._tokenizer.encode(f" {token}", add_special_tokens=False).ids for token in tokens]
        marks = [self._tokenizer.token_to_id(f"<|{name}|>") for name in ("startoftranscript", language, "transcribe")]
        padded = np.pad(samples.astype(np.float32), (0, round(PADDING * RATE)))
        features = self._features(padded, padding=0)
        features = features[:, : features.shape[1] // 2 * 2]
        encoded = self._model.encode(self._storage.from_array(np.ascontiguousarray(features[None], np.float32)))
        frames = len(samples) // self._features.hop_length
        result = self._model.align(
            encoded, marks, [[p for word in pieces for p in word]], [frames], median_filter_width=7
        )[0]
        times, probabilities = token_times(result.alignments, result.text_token_probs, [len(p) for p in pieces])
        marked = [token[-1] in ",.?!" for token in tokens]
        return Alignment(tuple(refined(times, samples, marked=marked)), tuple(probabilities))


@cache
def aligner(checkpoint: Path) -> Aligner:
    """One for each folder and process."""
    return Aligner(checkpoint)
