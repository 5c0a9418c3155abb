"""A private PostgreSQL server for tests and benchmarks: Debian's package with its own data folder, on a socket instead
of a port.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

USER = "postgres"


def program(name: str) -> str | None:
    """Path of one of PostgreSQL's programs; Debian keeps them beside the PATH."""
    found = shutil.which(name) or next(
        iter(sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    return str(found) if found else None


def missing() -> str:
    """What stands in the way, "" if nothing does."""
    if program("initdb") is None or program("pg_ctl") is None:
        return "PostgreSQL is not installed (the package postgresql)"
    if os.name != "posix":
        return "PostgreSQL is only started on POSIX systems"
    if os.getuid() == 0:
        import pwd

        try:
            pwd.getpwnam(USER)
        except KeyError:
            return f"PostgreSQL does not run as root, and there is no user {USER}"
    return ""


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """The address of a fresh server, as SQLAlchemy has it; stopped and removed at the end.

    Args:
        durable: whether commits reach the disk, as they should anywhere but in a test.
    """
    assert not missing(), missing()
    folder = Path(tempfile.mkdtemp(prefix="redactor-pg-"))
    if as_root := os.getuid() == 0:
        shutil.chown(folder, USER)

    def run(name: str, *words: str) -> None:
        subprocess.run(
            [program(name) or name, *words],
            cwd="/",
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            user=USER if as_root else None,
        )

    data = str(folder / "data")
    options = (
        f"-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=200 -c "
        f"fsync={'on' if durable else 'off'}"
    )
    try:
        run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgresql+psycopg://{USER}@/postgres?host={folder}"
        finally:
            with suppress(subprocess.SubprocessError):
                run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
