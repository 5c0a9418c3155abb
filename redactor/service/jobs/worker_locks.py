"""Which services on this host are alive: each holds a lock on a file of its own, and the system releases it however
the process ends.

Leases alone would suffice (other hosts rely on them). The locks make the jobs of a killed service on the same host
available at once.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
from contextlib import suppress
from pathlib import Path

from redactor.errors import OutputError

_NAME = re.compile(r"([0-9a-f]{32})-([0-9a-f]{16})")


class WorkerLocks:
    """`name` identifies this process in the queue: HOST-TOKEN, both random.

    Raises:
        OutputError: the state folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "workers"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            host = self._folder / "host"
            if not host.exists():
                made = self._folder / f".{os.urandom(8).hex()}"
                made.write_text(os.urandom(16).hex())
                with suppress(FileExistsError):
                    os.link(made, host)  # the first of several services wins
                made.unlink()
            self._host = host.read_text().strip()
            self.name = f"{self._host}-{os.urandom(8).hex()}"
            self._file = os.open(self._folder / self.name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError:
            raise OutputError(
                "The state folder cannot be written to.", hint="Check service.state and its owner."
            ) from None

    def is_dead(self, name: str) -> bool:
        """Whether a worker of this host has ended; false for those of other hosts."""
        match = _NAME.fullmatch(name)
        if match is None or match[1] != self._host or name == self.name:
            return False
        path = self._folder / name
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(file)
        with suppress(OSError):
            path.unlink()
        return True

    def close(self) -> None:
        """Release the lock, and remove its file."""
        with suppress(OSError):
            (self._folder / self.name).unlink()
        with suppress(OSError):
            os.close(self._file)


def notify(state: str) -> None:
    """Tell systemd (sd_notify), if it started us."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
