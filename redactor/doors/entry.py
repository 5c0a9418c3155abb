"""The console entry: `hook` goes its short way, everything else to the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Exit codes: see `hook.main` and `cli.main`."""
    if sys.argv[1:2] == ["hook"]:
        from redactor.doors.hook.main import main as hook

        sys.exit(hook(sys.argv[2:]))
    from redactor.doors.cli import main as command_line

    command_line()
