"""Word times from planted probabilities, and from the states of a real encoder on labelled speech."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.boundaries.data import windows
from redactor.errors import ModelUnavailable
from redactor.speech.boundaries import FRAME, BoundaryModel, refine
from redactor.speech.checkpoints import resolve
from redactor.types import TimedText

SAMPLES = Path(__file__).parents[2] / "sample_audio"


def planted(seconds: float, words: Sequence[tuple[float, float]]) -> np.ndarray:
    """Probabilities of a network that is sure of these words."""
    places = (np.arange(int(seconds / FRAME)) + 0.5) * FRAME
    out = np.full((len(places), 3), 0.01, np.float32)
    for start, end in words:
        out[:, 0] = np.maximum(out[:, 0], 0.9 * np.exp(-0.5 * ((places - start) / 0.02) ** 2))
        out[:, 1] = np.maximum(out[:, 1], 0.9 * np.exp(-0.5 * ((places - end) / 0.02) ** 2))
        out[(places >= start) & (places < end), 2] = 0.99
    return out


def test_edges_move_to_where_the_network_sees_them() -> None:
    said = [(0.31, 0.62), (0.62, 0.75), (1.2, 1.66)]
    aligned = [TimedText("my", 0.38, 0.55, 0.9), TimedText("name", 0.55, 0.8, 0.8), TimedText("is", 1.05, 1.6, 0.7)]
    refined = refine(aligned, planted(2, said), duration=2.0)
    assert [(word.text, word.confidence) for word in refined] == [(word.text, word.confidence) for word in aligned]
    for word, (start, end) in zip(refined, said, strict=True):
        assert (word.start, word.end) == (pytest.approx(start, abs=0.012), pytest.approx(end, abs=0.012))


def test_an_edge_far_away_belongs_to_another_word() -> None:
    (word,) = refine([TimedText("yes", 0.5, 0.8)], planted(4, [(0.52, 0.83), (2.5, 3.0)]), duration=4.0)
    assert (word.start, word.end) == (pytest.approx(0.52, abs=0.012), pytest.approx(0.83, abs=0.012))


def test_a_word_is_not_stretched_over_speech_that_was_not_recognised() -> None:
    """The network hears words from 1.0 to 6.0 s, of which the recogniser wrote the first one alone."""
    (word,) = refine([TimedText("now", 0.6, 0.95)], planted(8, [(0.62, 0.93), (1.0, 6.0)]), duration=8.0)
    assert word.end == pytest.approx(0.93, abs=0.012)
    (word,) = refine([TimedText("now", 0.6, 0.95)], planted(8, [(0.62, 6.0)]), duration=8.0)
    assert word.end is not None
    assert word.end < 1.5


def test_words_without_a_time_and_crowded_windows_stay_as_they_are() -> None:
    untimed = TimedText("um", None, None)
    assert refine([untimed, TimedText("yes", 0.1, 0.5)], planted(1, [(0.1, 0.5)]), duration=1.0)[0] == untimed
    crowd = [TimedText("a", 0.0, 0.1)] * 30
    assert refine(crowd, planted(1, []), duration=1.0) == crowd
    assert refine([], planted(1, []), duration=1.0) == []


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1)), max_size=20),
    st.integers(0, 2**32 - 1),
    st.floats(0.02, 6),
)
def test_times_stay_in_order_and_in_the_window(spans: list[tuple[float, float]], seed: int, duration: float) -> None:
    words = [TimedText(str(n), a, a + length) for n, (a, length) in enumerate(sorted(spans))]
    noise = np.random.default_rng(seed).random((int(duration / FRAME) + 1, 3)).astype(np.float32)
    refined = refine(words, noise, duration=duration)
    assert [word.text for word in refined] == [word.text for word in words]
    if refined != words:
        edges = [edge for word in refined for edge in (word.start, word.end)]
        assert all(edge is not None and 0 <= edge <= duration for edge in edges)
        assert [w.start for w in refined] == sorted(w.start or 0.0 for w in refined)
        assert all((w.end or 0.0) >= (w.start or 0.0) for w in refined)


def test_only_the_checkpoints_of_a_network_have_one() -> None:
    assert BoundaryModel.of("") is None
    assert BoundaryModel.of("small.en") is None
    for name, width in (("base", 512), ("tiny.en", 384)):
        model = BoundaryModel.of(name)
        assert model is not None
        found = model(np.random.default_rng(0).standard_normal((40, width)).astype(np.float32))
        assert found.shape == (40, 3)
        assert (found >= 0).all()
        assert (found <= 1).all()


@pytest.mark.parametrize("name", ["tiny.en", "base"])
def test_refined_times_are_more_exact_than_aligned_ones(name: str, tmp_path: Path) -> None:
    """On voices of the sample recordings, which were not trained on."""
    try:
        resolve(name, allow_download=False)
    except ModelUnavailable:
        pytest.skip(f"the checkpoint {name} is not here: redactor models get {name}")
    model = BoundaryModel.of(name)
    assert model is not None
    lines = (SAMPLES / "labels.jsonl").read_text("utf-8").splitlines()
    few = tmp_path / "labels.jsonl"
    few.write_text("\n".join(line for line in lines if '"in-0' in line), "utf-8")
    for folder in ("incoming", "outgoing"):
        (tmp_path / folder).symlink_to(SAMPLES / folder)
    aligned, refined = [], []
    for window in windows(name, few):
        probabilities = model(window.states.astype(np.float32))
        words = refine(window.words, probabilities, duration=window.seconds)
        for i, start, end in window.matched():
            aligned += [abs(window.words[i].start - start), abs(window.words[i].end - end)]
            refined += [abs(words[i].start - start), abs(words[i].end - end)]
    assert len(refined) > 200
    assert median(refined) < 0.025
    assert median(refined) < 0.6 * median(aligned)
    assert np.percentile(refined, 95) < 0.8 * np.percentile(aligned, 95)
