"""The console entry: `hook` runs without the imports of the other commands."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def main() -> None:
    """Exit codes: see `hook.main` and `cli.main`."""
    if sys.argv[1:2] == ["hook"]:
        from redactor.hook.main import main as hook

        code = hook(sys.argv[2:])
        with suppress(Exception):  # a closed output must not turn a queued job into an error
            sys.stdout.flush()
        # Everything is on the disk; an orderly shutdown of the interpreter would take a tenth of the call.
        os._exit(code)
    from redactor.cli.app import main as command_line

    command_line()
