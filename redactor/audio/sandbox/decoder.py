"""The parent side: a `Decoder` that sends each source to a child of the zygote and checks the answer."""

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
from redactor.audio.sandbox.zygote import LONGEST_REPORT, RESOURCES
from redactor.audio.source import Source
from redactor.errors import ConfigurationError, DecoderStopped, EmptyAudio, LimitExceeded
from redactor.types import Recording

START_SECONDS = 120.0
BUBBLEWRAP, SECCOMP, LANDLOCK, LIMITS = LAYERS = ("bubblewrap", "seccomp", "landlock", "limits")
"""What may restrict a child, the strongest first: namespaces, a filter of system calls, no files, limits on resources.
"""


class SandboxedDecoder:
    """A Decoder that runs in sandboxed processes, one for each call; may be called from many threads at once.

    Args:
        bubblewrap: True: bubblewrap and the system-call filter are required; None: both are used where they work;
            False: everything but bubblewrap.
        memory: bytes that a child may use beyond its libraries.
        cpu_seconds, wall_seconds: limits for a child.

    Attributes:
        layers: which of `LAYERS` restrict the children, established by decoding samples.
        lacking: sentences for people on each layer that was requested but does not work, and what to do about it.

    Raises:
        ConfigurationError: no sandboxed process can be started as requested.
    """

    def __init__(
        self,
        *,
        bubblewrap: bool | None = None,
        memory: int = 3 << 30,
        cpu_seconds: int = 120,
        wall_seconds: int = 240,
    ) -> None:
        self._resources = RESOURCES.pack(memory, cpu_seconds, wall_seconds)
        self._wall = wall_seconds
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._command = commands.plain()
        self.layers: tuple[str, ...] = ()
        in_bubblewrap = [] if bubblewrap is False else list(commands.in_bubblewrap())
        for command in (*in_bubblewrap, *([] if bubblewrap else [commands.plain()])):
            if found := self._start(command):
                self._command, self.layers = command, (*((BUBBLEWRAP,) if command in in_bubblewrap else ()), *found)
                break
        self.lacking = _missing_layers(self.layers, wanted=bubblewrap is not False, installed=bool(in_bubblewrap))
        if bubblewrap and self.lacking:
            self.close()
            raise ConfigurationError(
                f"The sandbox is required, but incomplete on this system: {self.lacking[0]}",
                hint='Or use what this system offers: --sandbox auto, service.sandbox = "auto".',
            )
        if not self.layers:
            raise ConfigurationError(
                "The sandboxed decoder does not start.",
                hint="Check the installation, or decode without a sandbox: `redactor redact --sandbox off`.",
            )

    def __call__(self, source: Source, *, raw: RawFormat | None = None, limits: Limits | None = None) -> Recording:
        """Decode one file as `redactor.audio.decode` does, in a child.

        Raises:
            InputError: as `decode`.
            DecoderStopped: the child crashed, or ran out of time or memory.
        """
        limits = limits or Limits()
        if not source.untrusted_data:
            raise EmptyAudio("The file is empty.")
        if len(source.untrusted_data) > limits.max_bytes:
            raise LimitExceeded(f"The file is larger than {limits.max_bytes >> 20} MiB.")
        here, there = socket.socketpair()
        with here:
            self._send(there)
            here.settimeout(self._wall + 5.0)
            try:
                with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it read all
                    wire.send_header(here, wire.request(source, raw, limits))
                    here.sendall(source.untrusted_data)
                return wire.read_answer(here, source, limits)
            except (EOFError, OSError):
                raise DecoderStopped(
                    "The sandboxed decoder crashed, or ran out of time or memory, on this recording."
                ) from None

    def close(self) -> None:
        """End the zygote and all its children."""
        with self._lock:
            self._closed = True
            self._end()

    def __enter__(self) -> SandboxedDecoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, there: socket.socket) -> None:
        with there, self._lock:
            if self._try_send(there):
                return
            # The zygote itself is gone (out of memory, killed): start another.
            if self._closed or not self._restarted() or not self._try_send(there):
                raise DecoderStopped("The sandboxed decoder could not be started.")

    def _try_send(self, there: socket.socket) -> bool:
        try:
            return self._control is not None and bool(
                socket.send_fds(self._control, [self._resources], [there.fileno()])
            )
        except OSError:
            return False

    def _restarted(self) -> bool:
        """Start the zygote again; refuse one with fewer layers than the first had, since those were reported."""
        found = set(self._start(self._command))
        return bool(found) and found >= set(self.layers) - {BUBBLEWRAP}

    def _start(self, command: list[str]) -> tuple[str, ...]:
        """Start a zygote and return the layers that restrict its children; none if it does not work."""
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


def _missing_layers(layers: tuple[str, ...], *, wanted: bool, installed: bool) -> tuple[str, ...]:
    lacking = []
    if wanted and BUBBLEWRAP not in layers:
        lacking.append(
            "bubblewrap does not work on this system: allow user namespaces (sysctl user.max_user_namespaces; "
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
