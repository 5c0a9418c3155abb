"""The recogniser of the second reading."""

from dataclasses import replace
from pathlib import Path

import pytest

from redactor.speech import load_transcriber, resolve, second_checkpoint, second_transcriber
from redactor.speech.checkpoints import Checkpoint

FIRST = Checkpoint("base", Path("base"), "", "cache", size=145_000_000)


def seed(cache: Path, name: str, size: int) -> None:
    root = cache / f"models--Systran--faster-whisper-{name}"
    snapshot = root / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("a" * 40)
    with (snapshot / "model.bin").open("wb") as file:
        file.truncate(size)
    for file_name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (snapshot / file_name).write_text("{}")


def test_the_best_that_costs_little_beside_the_first(tmp_path: Path) -> None:
    assert second_checkpoint(FIRST, cache_dir=tmp_path) is None
    seed(tmp_path, "tiny", 75_000_000)
    assert second_checkpoint(FIRST, cache_dir=tmp_path).name == "tiny"
    seed(tmp_path, "tiny.en", 75_000_000)
    seed(tmp_path, "base.en", 145_000_000)
    seed(tmp_path, "small.en", 480_000_000)
    assert second_checkpoint(FIRST, cache_dir=tmp_path).name == "tiny.en"
    assert second_checkpoint(FIRST, language="es", cache_dir=tmp_path).name == "tiny"
    assert second_checkpoint(replace(FIRST, size=480_000_000), cache_dir=tmp_path).name == "base.en"
    assert second_checkpoint(replace(FIRST, size=75_000_000), cache_dir=tmp_path) is None


def test_one_that_is_damaged_is_passed_over(tmp_path: Path) -> None:
    seed(tmp_path, "tiny", 75_000_000)
    seed(tmp_path, "tiny.en", 75_000_000)
    next(tmp_path.glob("*tiny.en/snapshots/*/config.json")).unlink()
    assert second_checkpoint(FIRST, cache_dir=tmp_path).name == "tiny"


def test_a_demonstration_needs_no_other_checkpoint(tmp_path: Path) -> None:
    seed(tmp_path, "tiny.en", 100)
    assert second_checkpoint(replace(FIRST, synthetic_only=True), cache_dir=tmp_path) is None


@pytest.mark.parametrize("other", [True, False])
def test_it_reads_greedily_and_nothing_twice(voicemail, other: bool) -> None:
    micro = resolve("voicemail-micro")
    first = load_transcriber(micro, device="cpu", workers=1)
    second = second_transcriber(first, micro if other else None, device="cpu", workers=1)
    theirs, ours = second.engine.engine, first.engine.engine
    assert (theirs._model is ours._model) is not other
    assert theirs._options.beam_size == 1
    assert ours._options.beam_size == 5  # the first's own are as they were
    assert second._retry is False
    assert second._max_window == pytest.approx(ours.max_window * (1.0 if other else 0.6))
    (one,), (again,) = (t.transcribe([voicemail], recording_id="a" * 64).transcripts for t in (first, second))
    assert len(set(again.text.lower().split()) & set(one.text.lower().split())) >= 0.6 * len(set(one.text.split()))
