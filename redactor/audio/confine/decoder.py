"""The near side: a `Decoder` that hands each source to a child of the zygote and checks what comes back."""

from __future__ import annotations

import socket
import subprocess
import threading
from contextlib import suppress
from types import TracebackType

from redactor.audio.limits import Limits
from redactor.audio.raw import RawFormat
from redactor.audio.source import Source
from redactor.errors import ConfigurationError, DecoderStopped, EmptyAudio, LimitExceeded
from redactor.types import Recording

from . import bubblewrap as commands
from . import wire
from .zygote import ORDER, READY

START_SECONDS = 60.0
HINT = "Install bubblewrap (the command bwrap) and allow user namespaces, or ask for less: auto or limits."


class ConfinedDecoder:
    """A Decoder; safe for many threads, as many recordings at once as call it.

    Args:
        bubblewrap: true: or nothing; None: where it works; false: limits alone.
        memory: bytes that a child may use beyond its libraries.
        cpu_seconds, wall_seconds: that a child may take.

    Raises:
        ConfigurationError: no confined process can be started as asked.
    """

    def __init__(
        self,
        *,
        bubblewrap: bool | None = None,
        memory: int = 3 << 30,
        cpu_seconds: int = 120,
        wall_seconds: int = 240,
    ) -> None:
        self._order = ORDER.pack(memory, cpu_seconds, wall_seconds)
        self._wall = wall_seconds
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        wanted = [] if bubblewrap is False else list(commands.confined())
        for command in wanted:
            if self._start(command):
                self.confined_by = "bubblewrap"
                self._command = command
                return
        if bubblewrap:
            raise ConfigurationError("The sandbox is required, and bubblewrap does not work here.", hint=HINT)
        self._command = commands.plain()
        self.confined_by = "limits"
        if not self._start(self._command):
            raise ConfigurationError(
                "The confined decoder does not start.", hint="Check that the installation is complete."
            )

    def __call__(self, source: Source, *, raw: RawFormat | None = None, limits: Limits | None = None) -> Recording:
        """Decode one file: as `redactor.audio.decode`, elsewhere.

        Raises:
            InputError: as `decode`.
            DecoderStopped: it crashed, or ran out of its time or memory.
        """
        limits = limits or Limits()
        if not source.untrusted_data:
            raise EmptyAudio("The file has no bytes.")
        if len(source.untrusted_data) > limits.max_bytes:
            raise LimitExceeded(f"The file is larger than {limits.max_bytes >> 20} MiB.")
        here, there = socket.socketpair()
        with here:
            self._hand_over(there)
            here.settimeout(self._wall + 5.0)
            try:
                with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it read all
                    wire.send_header(here, wire.request(source, raw, limits))
                    here.sendall(source.untrusted_data)
                return wire.read_answer(here, source, limits)
            except (EOFError, OSError):
                raise DecoderStopped(
                    "The confined decoder crashed, or ran out of its time or memory, on this recording."
                ) from None

    def close(self) -> None:
        """End the zygote, and with it every child."""
        with self._lock:
            self._closed = True
            self._end()

    def __enter__(self) -> ConfinedDecoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hand_over(self, there: socket.socket) -> None:
        with there, self._lock:
            if self._sent(there):
                return
            # The zygote itself is gone (out of memory, killed): another is started.
            if self._closed or not self._start(self._command) or not self._sent(there):
                raise DecoderStopped("The confined decoder could not be started.")

    def _sent(self, there: socket.socket) -> bool:
        try:
            return self._control is not None and bool(socket.send_fds(self._control, [self._order], [there.fileno()]))
        except OSError:
            return False

    def _start(self, command: list[str]) -> bool:
        self._end()
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own command, without a shell
                    command, stdin=there.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=commands.ENVIRONMENT, cwd="/"
                )  # fmt: skip
            except OSError:
                here.close()
                return False
        self._control = here
        here.settimeout(START_SECONDS)
        try:
            started = here.recv(len(READY)) == READY
        except OSError:
            started = False
        if started:
            here.settimeout(None)
        else:
            self._end()
        return started

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(timeout=2.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
