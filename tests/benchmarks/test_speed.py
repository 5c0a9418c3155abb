"""The benchmarks of time and memory: their arithmetic, what they stamp on results, and the labels of their archive.
Nothing is timed.
"""

from __future__ import annotations

import doctest
import importlib
import itertools
import json
from pathlib import Path
from typing import Any

import latency
import memory
import numpy as np
import page
import pytest
import report
import soundfile
import stages
import throughput

from redactor.types import TimedText

ROOT = Path(__file__).resolve().parents[2]
MICRO = ROOT / "models" / "voicemail-micro"


@pytest.mark.parametrize("name", ["report", "page", "latency", "redactor_system"])
def test_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0


def test_results_carry_their_circumstances() -> None:
    stamped = report.stamp(MICRO, cores=2)
    assert {"commit", "cpu", "cores", "load_at_start", "libraries", "model", "command", "date"} <= set(stamped)
    card = json.loads((MICRO / "model.json").read_text(encoding="utf-8"))
    assert stamped["model"]["version"] == card["version"]
    assert card["sha256"]["model.bin"].startswith(stamped["model"]["sha256"])
    assert stamped["libraries"]["ctranslate2"] != "-"
    assert "2 cores" in report.headline(stamped)


def runs(*walls: float) -> list[dict[str, Any]]:
    return [{"wall": wall, "cpu": 2 * wall, "kernel": 0.1 * wall, "words": {}} for wall in walls]


def test_speed_is_the_median_of_ratios_within_a_round() -> None:
    done = {
        "loop": runs(40.0, 90.0, 44.0),
        "loop, a worker a core": runs(30.0, 60.0, 33.0),
        "batched": runs(20.0, 45.0, 22.0),
        "ours": runs(10.0, 30.0, 11.0),
    }
    rows = [throughput.row_of(system, done, 400.0) for system in done]
    assert [row["faster_than"]["loop"] for row in rows] == [1.0, 1.33, 2.0, 4.0]
    assert rows[3]["faster_than"]["batched"] == 2.0
    assert rows[3]["faster_than"]["loop, a worker a core"] == 3.0
    assert rows[3]["times_real_time"] == round(400 / 11, 1)
    assert rows[3]["kernel_percent"] == 5.0
    shown = throughput.shown_table({"rows": rows, "cores_used": 2, "random_weights": True})
    assert len(shown.splitlines()) == 6
    assert "4.00x" in shown


def test_nested_steps_are_counted_once() -> None:
    watch = stages.Stopwatch()

    def spin(times: int) -> None:
        sum(i * i for i in range(times))

    inner = watch.wrapped("inner", spin)
    outer = watch.wrapped("outer", lambda: (inner(400_000), spin(10_000)))
    outer()
    assert watch.calls == {"inner": 1, "outer": 1}
    assert 0 <= watch.cpu["outer"] < watch.cpu["inner"]


def test_every_step_that_is_timed_exists() -> None:
    for targets in stages.STEPS.values():
        for target in targets:
            where, _, attribute = target.rpartition(".")
            assert callable(getattr(stages.resolved(where), attribute))


def test_clips_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).integers(-3000, 3000, (8000 * 4, 1)).astype(np.int16)
    monkeypatch.setattr(memory, "sources", lambda: iter([(noise, 8000)] * 2))
    (tmp_path / "out").mkdir()
    memory.clips(9, tmp_path / "out")
    made = sorted((tmp_path / "out").rglob("*.wav"))
    assert len(made) == 9
    assert len({path.read_bytes() for path in made}) == 9
    assert {soundfile.info(path).duration for path in made} == {memory.CLIP}


def test_words_are_scored_by_the_products_own_rules() -> None:
    from scoring import Scorer

    row = json.loads((ROOT / "sample_audio" / "labels.jsonl").read_text(encoding="utf-8").splitlines()[0])
    name = Path(row["file"]).name
    words = [TimedText(w["text"], w["start"], w["end"], 1.0) for w in row["channels"][0]["words"]]
    scorer = Scorer(ROOT / "sample_audio", [name])
    perfect, deaf = scorer.score({name: words}), scorer.score({})
    assert perfect["wer_percent"] == 0
    assert perfect["audible_phi_percent"] < 5
    assert perfect["withheld_percent"] == 0
    assert deaf["wer_percent"] == 100
    assert deaf["withheld_percent"] == 100


def test_arrivals_keep_their_order_and_seed() -> None:
    times = latency.arrivals(3.0, 50)
    assert times == latency.arrivals(3.0, 50)
    assert all(a < b for a, b in itertools.pairwise(times))


def test_a_table_takes_the_place_between_its_marks() -> None:
    text = "x\n<!-- a -->\nold\n<!-- /a -->\ny <!-- b --><!-- /b -->"
    done = page.filled(text, {"a": "| new \\1 |"})
    assert "old" not in done
    assert "| new \\1 |" in done
    assert done.endswith("y <!-- b --><!-- /b -->")
