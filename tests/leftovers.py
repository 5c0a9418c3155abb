"""Finds processes that tests have started and that still run, by their environment, because their parent may have
ended.

pytest names the running test in PYTEST_CURRENT_TEST, which every process that it starts inherits, so that each process
shows its origin.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

NAME, VALUE = "TESTS_RUN_ID", f"{os.getpid()}-{time.time_ns()}"
"""The variable that marks the processes of this run of pytest. The value is kept here: a test may clear the
environment."""


def mark() -> None:
    """Mark all processes that this one starts from now on."""
    os.environ[NAME] = VALUE


def _environment(process: Path) -> dict[str, str]:
    try:
        raw = (process / "environ").read_bytes()
    except OSError:  # ended, or another user's
        return {}
    return dict(pair.partition("=")[::2] for pair in os.fsdecode(raw).split("\0"))


def running() -> dict[int, str]:
    """Process id → its test and its command, for all marked processes but this one and Python's own helpers."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        environment = _environment(process)
        if int(process.name) == os.getpid() or environment.get(NAME) != VALUE:
            continue
        with suppress(OSError):
            command = os.fsdecode((process / "cmdline").read_bytes()).replace("\0", " ").strip()
            if command and "multiprocessing.resource_tracker" not in command:
                found[int(process.name)] = f"{environment.get('PYTEST_CURRENT_TEST', 'no test')}: {command[:200]}"
    return found


def ended(kept: str = "", *, seconds: float = 5.0) -> list[str]:
    """Wait for the marked processes to end, kill those that do not, and return them.

    Args:
        kept: processes of these tests or phases, such as "(setup)", may go on.
        seconds: how long they may take to end by themselves.
    """
    until = time.monotonic() + seconds
    while left := {pid: told for pid, told in running().items() if not kept or kept not in told}:
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    for pid in left:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return sorted(left.values())
