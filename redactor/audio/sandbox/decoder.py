"""The near side: a `Decoder` that hands each source to a child of the zygote and checks what comes back."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from contextlib import suppress
from types import TracebackType

from redactor.audio.limits import Limits
from redactor.audio.raw import RawFormat
from redactor.audio.sandbox import bubblewrap as commands
from redactor.audio.sandbox import wire
from redactor.audio.sandbox.seccomp import PACKAGE
from redactor.audio.sandbox.zygote import LONGEST_REPORT, ORDER
from redactor.audio.source import Source
from redactor.errors import ConfigurationError, DecoderStopped, EmptyAudio, LimitExceeded
from redactor.types import Recording

START_SECONDS = 120.0
BUBBLEWRAP, SECCOMP, LANDLOCK, LIMITS = LAYERS = ("bubblewrap", "seccomp", "landlock", "limits")
"""What may confine a child, the strongest first: namespaces, the filter of system calls, no files, limits on
resources.
"""


class ConfinedDecoder:
    """A Decoder; safe for many threads, as many recordings at once as call it.

    Args:
        bubblewrap: true: it and the filter of system calls, or nothing; None: both where they work; false: all but
            bubblewrap.
        memory: bytes that a child may use beyond its libraries.
        cpu_seconds, wall_seconds: that a child may take.

    Attributes:
        layers: of `LAYERS`, what confines the children, as a trial of real decoding has shown.
        lacking: sentences for people: what was wanted and does not confine them, and what to do about it. Empty
            where all is in force.

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
        self._command = commands.plain()
        self.layers: tuple[str, ...] = ()
        in_bubblewrap = [] if bubblewrap is False else list(commands.confined())
        for command in (*in_bubblewrap, *([] if bubblewrap else [commands.plain()])):
            if found := self._start(command):
                self._command, self.layers = command, (*((BUBBLEWRAP,) if command in in_bubblewrap else ()), *found)
                break
        self.lacking = _lacking(self.layers, wanted=bubblewrap is not False, installed=bool(in_bubblewrap))
        if bubblewrap and self.lacking:
            self.close()
            raise ConfigurationError(
                f"The sandbox is required, and is not complete here: {self.lacking[0]}",
                hint='Or ask for what this system has: --sandbox auto, service.sandbox = "auto".',
            )
        if not self.layers:
            raise ConfigurationError(
                "The confined decoder does not start.",
                hint="Check that the installation is complete; `redactor redact --sandbox off` decodes without it.",
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
            if self._closed or not self._restarted() or not self._sent(there):
                raise DecoderStopped("The confined decoder could not be started.")

    def _sent(self, there: socket.socket) -> bool:
        try:
            return self._control is not None and bool(socket.send_fds(self._control, [self._order], [there.fileno()]))
        except OSError:
            return False

    def _restarted(self) -> bool:
        """Never with less than before: what was said of the first one holds for all."""
        found = set(self._start(self._command))
        return bool(found) and found >= set(self.layers) - {BUBBLEWRAP}

    def _start(self, command: list[str]) -> tuple[str, ...]:
        """Start a zygote; what confines its children, nothing if it does not work."""
        self._end()
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own command, without a shell
                    command,
                    stdin=there.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=commands.ENVIRONMENT,
                    cwd="/",
                )
            except OSError:
                here.close()
                return ()
        self._control = here
        here.settimeout(START_SECONDS)
        report = {}
        with suppress(OSError, ValueError):
            report = json.loads(here.recv(LONGEST_REPORT))
        if not report.get("decodes"):
            self._end()
            return ()
        here.settimeout(None)
        return (*(layer for layer in (SECCOMP, LANDLOCK) if report.get(layer)), LIMITS)

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


def _lacking(layers: tuple[str, ...], *, wanted: bool, installed: bool) -> tuple[str, ...]:
    lacking = []
    if wanted and BUBBLEWRAP not in layers:
        lacking.append(
            "bubblewrap does not work here: allow user namespaces (sysctl user.max_user_namespaces; "
            "kernel.apparmor_restrict_unprivileged_userns; the container's seccomp profile)."
            if installed
            else "bubblewrap is not installed: install the package bubblewrap."
        )
    if SECCOMP not in layers:
        lacking.append(
            f"system calls are not filtered: install the package {PACKAGE} (libseccomp), on a kernel with "
            f"seccomp filters."
        )
    return tuple(lacking)
