"""Word times from the encoder's states, more exact than alignment by attention.

Whisper's cross-attention places a word's edges within some 40 ms in the median, and a tenth of them more than 0.14 s
off. The states of its encoder, one every FRAME seconds, hold more: a small convolutional network over them
(models/voicemail-boundaries, one for each stock checkpoint that was in reach) gives for every frame the probabilities
that a word starts there, that one ends there, and that the frame is inside a word. `refine` then moves all edges of a
window together to the most probable places near their aligned times: in order, and no word shorter than SHORTEST.

The states are those that decoding has computed anyway; network and search take about 4 ms for a window of 15 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from redactor.types import TimedText

NAME = "voicemail-boundaries"
FRAME = 0.02  # seconds for each state
SHORTEST = 2  # frames of a word
NEAR = 0.08  # seconds: standard deviation of aligned times
FARTHEST = 5.0
"""Of them: no edge moves further, or a word would be stretched over speech that was recognised as nothing at all, and
nobody would miss its words."""
IMPOSSIBLE = -1e4
INSIDE_WEIGHT = 0.3
"""Of the evidence of a frame inside or outside words: neighbouring frames are not independent."""
LEAST, LEAST_INSIDE = 1e-3, 0.02  # probabilities: what the network never excludes


class BoundaryModel:
    """The network of one checkpoint. Thread-safe."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session: Any = onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )

    @property
    def width(self) -> int:
        """Numbers in a state."""
        return int(self._session.get_inputs()[0].shape[2])

    @classmethod
    def of(cls, stock: str) -> BoundaryModel | None:
        """That of a stock checkpoint, None if there is none."""
        package = Path(__file__).resolve().parent.parent
        for root in (package.parent / "models", package / "_models"):
            path = root / NAME / f"{stock}.onnx"
            if stock and path.is_file():
                return cls(path)
        return None

    def __call__(self, states: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """States of one window, shape (frames, width) → probabilities of start, end and inside, shape (frames, 3)."""
        (probabilities,) = self._session.run(None, {"states": np.ascontiguousarray(states, np.float32)[None]})
        return np.asarray(probabilities[0], np.float32)


def refine(words: Sequence[TimedText], probabilities: npt.NDArray[np.float32], *, duration: float) -> list[TimedText]:
    """The words of a window with more exact times; words without a time stay as they are.

    Args:
        words: in order, with times in seconds from the window's start.
        probabilities: see `BoundaryModel.__call__`.
        duration: of the window, in seconds.
    """
    timed = [i for i, word in enumerate(words) if word.start is not None and word.end is not None]
    frames = min(len(probabilities), int(duration / FRAME) + 1)
    if not timed or frames < 2 * len(timed) * SHORTEST:
        return list(words)
    aligned = [(words[i].start or 0.0, words[i].end or 0.0) for i in timed]
    edges = _edges(aligned, probabilities[:frames])
    if any(
        max(abs(a - b) for a, b in zip(one, other, strict=True)) > (FARTHEST + 1) * NEAR
        for one, other in zip(edges, aligned, strict=True)
    ):
        return list(words)
    out = list(words)
    latest = 0.0
    for i, (start, end) in zip(timed, edges, strict=True):
        latest = max(latest, min(duration, start))
        out[i] = out[i]._replace(start=latest, end=max(latest, min(duration, end)))
    return out


def _edges(aligned: Sequence[tuple[float, float]], probabilities: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
    """The most probable start and end of each word, in seconds.

    A Viterbi search over the edges, in the order start, end, start, end …; the score of a placement is the sum over
    its edges. Whether frames are inside words enters through running sums: an end adds the evidence up to it, a start
    takes it away.
    """
    frames = len(probabilities)
    places = (np.arange(frames, dtype=np.float32) + 0.5) * np.float32(FRAME)
    inside = INSIDE_WEIGHT * np.log((probabilities[:, 2] + LEAST_INSIDE) / (1 - probabilities[:, 2] + LEAST_INSIDE))
    before = np.concatenate([[0.0], np.cumsum(inside[:-1])]).astype(np.float32)
    evidence = (np.log(probabilities[:, 0] + LEAST) - before, np.log(probabilities[:, 1] + LEAST) + before)
    times = np.asarray(aligned, np.float32).reshape(-1)
    distance = np.abs(places[None] - times[:, None]) / NEAR
    scores = np.where(distance <= FARTHEST, -0.5 * distance**2, IMPOSSIBLE).astype(np.float32)
    scores[0::2] += evidence[0]
    scores[1::2] += evidence[1]
    best = [scores[0]]
    for number in range(1, len(scores)):
        reached = np.maximum.accumulate(best[-1])
        if number % 2:  # the end of a word, SHORTEST frames after its start
            reached = np.concatenate([np.full(SHORTEST, -np.inf, np.float32), reached[:-SHORTEST]])
        best.append(reached + scores[number])
    at = int(best[-1].argmax())
    chosen = [at]
    for number in range(len(scores) - 1, 0, -1):
        at = int(best[number - 1][: max(1, at + 1 - (SHORTEST if number % 2 else 0))].argmax())
        chosen.append(at)
    found = [_exact(probabilities[:, n % 2], place) for n, place in enumerate(reversed(chosen))]
    return list(zip(found[0::2], found[1::2], strict=True))


def _exact(probability: npt.NDArray[np.float32], frame: int) -> float:
    """Seconds of the edge at a frame: between frames, as the probabilities around it say."""
    low, high = max(0, frame - 2), min(len(probability), frame + 3)
    weights = probability[low:high] + 1e-4
    return float((weights * (np.arange(low, high) + 0.5)).sum() / weights.sum() * FRAME)
