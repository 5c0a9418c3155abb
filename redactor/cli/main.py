"""The console entry: `hook` goes its short way, everything else to the command line."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def main() -> None:
    """Exit codes: see `hook.main` and `cli.main`."""
    if sys.argv[1:2] == ["hook"]:
        from redactor.hook.main import main as hook

        code = hook(sys.argv[2:])
        with suppress(Exception):  # a closed output must not turn a job that was taken into an error
            sys.stdout.flush()
        # All that was written is on the disk; taking an interpreter down in good order is a tenth of a call.
        os._exit(code)
    from redactor.cli.app import main as command_line

    command_line()
