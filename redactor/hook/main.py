"""The command: clears the environment, reads the settings, writes a ticket; exit codes as in sysexits.h."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from redactor.errors import Busy, NoInput, RedactorError
from redactor.hook.arguments import FRONTS, USAGE, HookCall, Usage
from redactor.hook.settings import DEFAULT, hook_settings, read_toml
from redactor.hook.spool import Spool

TYPE_CHECKING = False  # see settings
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

MAIL_SECONDS = 30.0
"""A mail has the only copy of its recording, so it gets more time."""


def main(words: list[str]) -> int:
    """Process one call; returns the exit code. It raises nothing and prints no argument."""
    os.environ.clear()
    os.umask(0o007)
    try:
        if _asks_for_help(words):
            sys.stdout.write(USAGE)
            return 0
        return _take(words)
    except Usage:
        _say("The command line is invalid. See `redactor hook --help`.")
        return 64
    except RedactorError as error:
        _say(f"error: {error.message}\n  {error.hint}")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last boundary: a traceback would hold the arguments
        _say(f"error: Unexpected {type(error).__name__}.\n  Call again; otherwise the sweeper finds the recording.")
        return 75
    finally:
        # An interpreter that is ending has no handler any more: the alarm would kill it after the work is done.
        signal.setitimer(signal.ITIMER_REAL, 0)


def _asks_for_help(words: list[str]) -> bool:
    """Whether this is a call by a person who wants the usage; it needs no settings.

    Only as the sole argument of a front end, where a call would be invalid: an id that a caller has chosen must not
    turn a report of a recording into a help page.
    """
    _, words = _without_config(words)
    return words in (["--help"], ["-h"]) or (words[:1] != [] and words[0] in FRONTS and words[1:] == ["--help"])


def _without_config(words: list[str]) -> tuple[str, list[str]]:
    """The settings file, and the words after the option that names it."""
    if words[:1] == ["--config"] and len(words) > 1:
        return words[1], words[2:]
    if words and words[0].startswith("--config="):
        return words[0].partition("=")[2], words[1:]
    return DEFAULT, words


def _take(words: list[str]) -> int:
    config, words = _without_config(words)
    front = FRONTS.get(words[0]) if words else None
    if front is None:
        raise Usage
    settings = hook_settings(read_toml(config))
    _give_up_after(MAIL_SECONDS if words[0] == "mailcmd" else settings.seconds)
    spool = Spool(settings.spool, limit=settings.spool_limit)
    stdin = sys.stdin.buffer if sys.stdin is not None else None  # closed by the caller
    try:
        tickets = front(HookCall(words[1:], settings.roots, stdin))
    except NoInput:  # only for calls that may have no recording
        return 0
    for ticket, audio in tickets:
        spool.put(ticket, audio)
    return 0


def _give_up_after(seconds: float) -> None:
    """Give up after some seconds: a hanging disk or an endless mail must not block the telephone system."""

    def handler(_number: int, _frame: FrameType | None) -> Any:
        raise Busy("It took too long.", hint="Is a disk or a network share slow? The sweeper finds the recording.")

    signal.signal(signal.SIGALRM, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})  # masks are inherited
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _say(text: str) -> None:
    if sys.stderr is None:  # closed: descriptor 2 may be any file by now
        return
    with suppress(OSError):  # nobody reads it: the exit code remains
        os.write(2, f"{text}\n".encode("ascii", "replace"))
