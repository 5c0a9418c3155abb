"""Natural voices without a synthesiser: their input, word times, and what the set-up accepts."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

from models.tts import EngineMissing, SynthesisError, TTSError, say
from models.tts.natural import alignment, engine, phonemes, setup, spelling
from models.tts.voices import VOICES, is_natural
from sample_audio.markup import calls, parse

RATE = alignment.RATE


def sound(duration: float, *loud: tuple[float, float]) -> np.ndarray:
    """Noise in the `loud` stretches (seconds), silence elsewhere."""
    samples = np.zeros(round(duration * RATE), dtype=np.float32)
    rng = np.random.default_rng(3)
    for start, end in loud:
        samples[round(start * RATE) : round(end * RATE)] = rng.uniform(
            -0.5, 0.5, round(end * RATE) - round(start * RATE)
        )
    return samples


def test_examples_hold() -> None:
    result = doctest.testmod(spelling)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("I am here.", "I am here."),
        ("Plan A is fine.", "Plan eigh is fine."),
        ("S I O nine", "S I O nine"),
        ("S I O A nine", "S, I, O, eigh nine"),
        ("It is K I M E, I think.", "It is K, I, M, E, I think."),
        ("oh one four two.", "oh one four two."),
        ("five five five, oh one four two", "five five five, oh one four two"),
        ("one two three four five six seven eight", "one two three, four five six, seven eight"),
        ("at ten A M.", "at ten AM."),
    ],
)
def test_letters_and_digits_are_read_one_by_one(said: str, read: str) -> None:
    assert " ".join(spelling.readable(said.split())) == read


def test_path_gives_times_of_tokens() -> None:
    path = [
        (0, 0),
        (0, 5),
        (1, 10),
        (2, 20),
        (2, 25),
        (3, 40),
        (4, 50),
    ]  # three tokens of 1, 2 and 1 pieces, the end mark
    times, probabilities = alignment.token_times(path, [0.9, 0.4, 0.6, 1.0], [1, 2, 1])
    assert [t for word in times for t in word] == pytest.approx([0, 0.2, 0.2, 0.8, 0.8, 1.0])
    assert probabilities == pytest.approx([0.9, 0.5, 1.0])
    with pytest.raises(SynthesisError):
        alignment.token_times(path[:3], [0.9, 0.4, 0.6, 1.0], [1, 2, 1])


def test_silence_is_cut_off_the_words() -> None:
    samples = sound(3.0, (0.3, 1.0), (1.5, 2.2), (2.2, 2.6))
    found = alignment.refined([(0.1, 1.2), (1.3, 2.15), (2.15, 2.9)], samples, marked=[True, False, True])
    assert found[0] == pytest.approx((0.3, 1.0), abs=0.03)
    assert found[1][0] == pytest.approx(1.5, abs=0.03)
    assert found[1][1] == found[2][0] == pytest.approx(2.15, abs=alignment.SNAP + 0.01)
    assert found[2][1] == pytest.approx(2.6, abs=0.03)


def test_times_stay_in_order() -> None:
    found = alignment.monotone([(0.0, 0.5), (0.4, 0.4), (0.45, 1.2)], 1.0)
    assert [t for word in found for t in word] == sorted(t for word in found for t in word)
    assert found[-1][1] <= 1.0
    assert all(b - a >= alignment.SHORTEST_WORD - 1e-9 for a, b in found)
    with pytest.raises(SynthesisError):
        alignment.monotone([(0.0, 0.1)] * 20, 0.3)


def symbols(*words: tuple[float, float]) -> list[tuple[str, float, float]]:
    """Two phonemes a word, blanks between."""
    out: list[tuple[str, float, float]] = [("^", 0.0, words[0][0])]
    for start, end in words:
        middle = (start + end) / 2
        out += [("a", start, middle), ("b", middle, end), (" ", end, end)]
    return out


def test_phonemes_put_right_what_the_alignment_got_wrong() -> None:
    spoken = [(0.2, 0.6), (0.64, 1.0), (1.4, 1.9)]
    samples = sound(2.2, (0.2, 1.0), (1.4, 1.9))
    rough = [(0.2, 0.72), (0.72, 1.0), (1.4, 1.9)]
    late = 0.3  # the phonemes' clock has another origin
    exact = phonemes.exact(rough, symbols(*[(a + late, b + late) for a, b in spoken]), samples)
    assert exact is not None
    assert exact[0] == pytest.approx((0.2, 0.62), abs=0.03)
    assert exact[1] == pytest.approx((0.62, 1.0), abs=0.03)
    assert exact[2] == pytest.approx((1.4, 1.9), abs=0.03)


def test_a_word_too_quiet_to_hear_keeps_its_phonemes() -> None:
    samples = sound(
        1.5, (0.1, 0.5), (0.9, 1.4)
    )  # the second of three words, 0.5 to 0.7, is as quiet as the pause behind it
    found = phonemes.exact([(0.1, 0.5), (0.5, 0.7), (0.9, 1.4)], symbols((0.1, 0.48), (0.5, 0.7), (0.9, 1.4)), samples)
    assert found is not None
    assert found[1][1] - found[1][0] > 0.15
    assert found[2][0] == pytest.approx(0.9, abs=0.03)


def test_words_that_are_read_as_one_are_parted_at_a_phoneme() -> None:
    groups = phonemes.grouped(symbols((0.0, 0.5), (0.55, 1.0), (1.05, 1.5)))
    assert phonemes.matched([(0.0, 0.5), (0.55, 0.8), (0.8, 1.0), (1.05, 1.5)], groups) == [
        (0, 1, 0, 1),
        (1, 3, 1, 2),
        (3, 4, 2, 3),
    ]
    samples = sound(1.6, (0.0, 1.5))
    found = phonemes.exact(
        [(0.0, 0.5), (0.55, 0.8), (0.8, 1.0), (1.05, 1.5)], symbols((0.0, 0.5), (0.55, 1.0), (1.05, 1.5)), samples
    )
    assert found is not None
    assert found[1][1] == found[2][0] == pytest.approx(0.775, abs=0.03)


def test_phonemes_of_other_words_are_rejected() -> None:
    samples = sound(4.0, (0.0, 3.9))
    assert (
        phonemes.exact([(0.0, 0.3), (0.3, 0.6), (0.6, 0.9)], symbols((0.0, 2.0), (2.0, 3.0), (3.0, 3.9)), samples)
        is None
    )
    assert phonemes.exact([(0.0, 0.3)], [], samples) is None


def test_short_sentences_are_spoken_together_and_long_ones_in_parts() -> None:
    text = (
        "Hi there. This is Dana from the clinic by the old bridge. Call me. " + "one two three four five, " * 9 + "six."
    )
    parts = calls(parse(text).sentences())
    assert [word for part in parts for word in part] == list(parse(text).words)
    lengths = [sum(len(word.spoken) for word in part) for part in parts]
    assert max(lengths) <= 34
    assert min(lengths[:-1]) >= 8
    paused = calls(parse("Hi there. <1.5> Call me.").sentences())
    assert len(paused) == 2


def test_voices_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "kokoro/af_heart" in VOICES
    assert is_natural("piper/joe")
    assert not is_natural("flite/slt")
    with pytest.raises(TTSError, match="unknown voice kokoro/nobody"):
        say("Hello there.", "kokoro/nobody")
    monkeypatch.setattr(engine, "FOLDER", tmp_path)
    monkeypatch.setattr(engine, "_process", engine._process.__wrapped__)
    with pytest.raises(EngineMissing, match=r"models\.tts\.natural\.setup"):
        say("Hello there.", "piper/joe")


def test_only_what_was_pinned_is_kept(tmp_path: Path) -> None:
    good = setup.hashlib.sha256(b"abcdef").hexdigest()
    setup.joined(iter([b"abc", b"def"]), tmp_path / "base" / "x.bin", good)
    assert (tmp_path / "base" / "x.bin").read_bytes() == b"abcdef"
    with pytest.raises(setup.Spoiled, match=r"y\.bin"):
        setup.joined(iter([b"abc", b"deg"]), tmp_path / "y.bin", good)
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_every_source_is_pinned() -> None:
    pinned = setup.sources()
    digests = [file["sha256"] for file in pinned["file"]] + list(pinned["voices"]["sha256"].values())
    assert all(len(digest) == 64 for digest in digests)
    assert all("==" in part["pypi"] for file in pinned["file"] for part in file["parts"])
    assert all("==" in requirement for requirement in pinned["requirements"])
    assert set(engine.KOKORO) <= set(pinned["voices"]["sha256"])
