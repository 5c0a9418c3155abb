"""The command that starts the zygote, with or without bubblewrap. Either way the zygote gets an empty environment and
this process's module path.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache", "/etc/alternatives")
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from redactor.audio.sandbox.zygote import main; main()"
)


def plain() -> list[str]:
    """The zygote without bubblewrap."""
    return [sys.executable, "-I", "-B", "-S", "-c", _PROGRAM, json.dumps(_module_path())]


def in_bubblewrap() -> Iterator[list[str]]:
    """The zygote in bubblewrap: commands to try, best first; none where bubblewrap is not installed.

    Some containers and service managers forbid a new /proc; the zygote does not need it.
    """
    program = shutil.which("bwrap")
    if program is None:
        return
    for proc in (["--proc", "/proc"], []):
        yield [
            program,
            "--unshare-all",
            "--new-session",
            "--cap-drop",
            "ALL",
            "--clearenv",
            *_environment(),
            *_mounts(),
            "--dev",
            "/dev",
            *proc,
            "--chdir",
            "/",
            "--",
            *plain(),
        ]


def _environment() -> list[str]:
    return [word for name, value in ENVIRONMENT.items() for word in ("--setenv", name, value)]


def _mounts() -> list[str]:
    """Read-only: the system's libraries, Python, and the module path; nothing else exists inside."""
    import redactor

    ours = os.fspath(Path(redactor.__file__).parent)
    module_path = [p for p in _module_path() if p != os.fspath(Path(ours).parent)]
    wanted = [
        *SYSTEM,
        sys.prefix,
        sys.base_prefix,
        os.fspath(Path(sys.executable).resolve().parent),
        *module_path,
        ours,
    ]
    words: list[str] = []
    for path in dict.fromkeys(wanted):
        if os.path.exists(path) and path != "/":  # noqa: PTH110
            words += ["--ro-bind", path, path]
    return words


def _module_path() -> list[str]:
    import redactor

    ours = os.fspath(Path(redactor.__file__).parents[1])
    return list(dict.fromkeys(p for p in [ours, *sys.path] if p and os.path.isabs(p)))  # noqa: PTH117
