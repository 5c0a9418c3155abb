"""The benchmark of --verify: what it plants. Nothing is timed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import verify

from redactor.types import Interval

DURATION = 9.0


@dataclass(frozen=True)
class Planned:
    """As much of a plan as is looked at."""

    intervals: tuple[Interval, ...]
    duration: float = DURATION


@dataclass(frozen=True)
class Told:
    plan: Planned
    recording: None = None
    leaks: tuple[str, ...] = ()
    verdict: str = field(default="")


FULL = Told(Planned((Interval(0, 0.2, 1.0, ()), Interval(0, 4.0, 4.4, ()), Interval(0, 8.0, 8.9, ()))))
EMPTY = Told(Planned(()))


def test_faults_of_both_kinds_change_one_bleep_each() -> None:
    faults = verify.planted([FULL, EMPTY], 20)
    assert len(faults) == 20
    assert [f.kind for f in faults] == ["undone", "moved"] * 10
    for fault in faults:
        assert fault.interval in FULL.plan.intervals
        others = [i for i in FULL.plan.intervals if i is not fault.interval]
        assert list(fault.left[: len(others)]) == others
        rest = fault.left[len(others) :]
        if fault.kind == "undone":
            assert rest == ()
        else:
            (moved,) = rest
            assert 0 <= moved.start < moved.end <= DURATION
            assert abs(moved.start - fault.interval.start) == pytest.approx(0.5)
            assert moved.end - moved.start == pytest.approx(fault.interval.end - fault.interval.start)


def test_without_bleeps_nothing_can_be_planted() -> None:
    assert verify.planted([EMPTY], 5) == []


def test_the_tables_show_what_was_counted() -> None:
    one = {"of": 4, "found": 3, "percent": 75.0}
    times = {"without": 10.0, "with": 13.0, "ratio": 1.3}
    shown = verify.shown_table(
        {
            "well_redacted": one,
            "leaking": one,
            "faults": {k: dict.fromkeys(("check", "samples", "second_reading"), one) for k in verify.KINDS}
            | {"all": {"check": one}},
            "seconds": times,
            "processor_seconds": times,
        }
    )
    assert shown.count("| 75.0 |") == 9
    assert "| wall | 10.0 | 13.0 | 1.30 |" in shown
