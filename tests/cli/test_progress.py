"""What a run says of itself: counts, pace, time left, the gravest exit code; and how it is asked to stop."""

import json
import os
import signal

import pytest

from redactor.cli import progress
from redactor.cli.progress import Meter, Stop, meter
from redactor.cli.redact import InputsUntilStop
from redactor.cli.summary import FIRST_PROBLEMS, Totals
from redactor.errors import OutputError
from redactor.storage import OutcomeLog
from redactor.types import Outcome, Status


def done(n, **kwargs):
    return Outcome(n, f"{n:064x}", kwargs.pop("status", Status.REDACTED), **kwargs)


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 0.0

    monkeypatch.setattr(progress.time, "monotonic", lambda: Clock.now)
    return Clock


def test_the_time_left_follows_the_pace_of_the_last_minute(clock, capsys):
    with meter() as bar:
        for n in range(1, 1001):  # skipped ones, all within a second
            bar.add(done(n, status=Status.SKIPPED))
        assert bar.left(clock.now) is None  # not counted yet
        bar.total = 1200
        for n in range(1001, 1101):
            clock.now += 2.0
            bar.add(done(n, duration=20.0))
        assert bar.left(clock.now) == pytest.approx(200, rel=0.05)
        line = bar.line(clock.now)
    assert line.startswith("1,100 of 1,200, 33.3 min audio, 10.0x real time, about 3.3 min left")
    said = capsys.readouterr().err.splitlines()
    assert 5 <= len(said) <= 8  # a plain line every 30 s where there is no terminal
    assert all("real time" in s for s in said)


def test_one_line_a_failure(capsys):
    with meter() as bar:
        bar.add(done(7, status=Status.FAILED, reason="damaged-audio", message="Cut.", hint="Export again."))
    assert capsys.readouterr().err == f"#7 {7:064x}"[:15] + " failed: damaged-audio. Cut. Export again.\n"


@pytest.mark.parametrize(
    ("codes", "code"),
    [((), 0), ((0, 3), 3), ((3, 65), 65), ((66,), 65), ((65, 70), 70), ((70, 73), 73), ((73, 74), 74)],
)
def test_the_gravest_code_wins(codes, code):
    totals = Totals()
    for n, each in enumerate(codes, 1):
        totals.add(done(n, status=Status.FAILED, exit_code=each))
    assert totals.exit_code == code


def test_the_summary_does_not_grow_with_the_archive():
    totals = Totals()
    for n in range(1, 1001):
        totals.add(
            done(n, status=Status.QUARANTINED, reason="untranscribed-speech", exit_code=3, seconds=(("read", 1.0),))
        )
    summary = totals.summary(wall=2.0, passed_over=0, interrupted=False, exit_code=3)
    assert summary["reasons"] == {"untranscribed-speech": 1000}
    assert len(summary["problems"]) == FIRST_PROBLEMS
    assert len(json.dumps(summary)) < 30_000


def test_a_planted_link_is_not_written_to(tmp_path):
    (tmp_path / "precious").write_text("")
    (tmp_path / "outcomes.jsonl").symlink_to(tmp_path / "precious")
    with pytest.raises(OutputError, match="another program"):
        OutcomeLog(tmp_path)
    assert (tmp_path / "precious").read_text() == ""


def test_outcomes_are_lines(tmp_path):
    log = OutcomeLog(tmp_path)
    log.add(done(1, findings=(("PERSON", 2),)))
    lines = (tmp_path / "outcomes.jsonl").read_text().splitlines()  # there at once, not at the end
    assert json.loads(lines[0])["findings"] == {"PERSON": 2}
    log.close()
    assert (tmp_path / "outcomes.jsonl").stat().st_mode & 0o007 == 0


def test_nothing_is_taken_after_a_wish_to_stop():
    stop = Stop()
    taken = InputsUntilStop(range(10), stop)
    got = []
    for n in taken:
        got.append(n)
        if n == 3:
            stop.because("the disk is full")
            stop.because("another reason")
    assert (got, taken.count, taken.exhausted, stop.why) == ([0, 1, 2, 3], 4, False, "the disk is full")


def test_the_second_signal_stops_at_once(capfd):
    stop = Stop()
    before = signal.getsignal(signal.SIGINT)
    with stop.on_signals():
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before
    assert b"again to stop" in capfd.readouterr().err.encode()


def test_a_meter_needs_no_total():
    assert Meter.__init__  # built by `meter` only
    with meter() as bar:
        bar.add(done(1))
        assert bar.line(progress.time.monotonic() + 1).startswith("1, 0.0 min audio")


def test_the_summary_lists_the_most_doubtful_first():
    totals = Totals()
    for n in range(1, 101):
        totals.add(done(n, doubt=n / 100 if n % 2 else 0.0))
    listed = totals.summary(wall=2.0, passed_over=0, interrupted=False, exit_code=0)["listen_first"]
    assert [row["item"] for row in listed] == list(range(99, 79, -2))
    assert listed[0]["doubt"] == 0.99
