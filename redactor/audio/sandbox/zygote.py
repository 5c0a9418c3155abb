"""The process that waits with its libraries loaded, and the children that it forks, one for each recording, which can
open nothing.

Started by `decoder`, with the control socket as standard input. It never looks at a recording itself. When the control
socket closes, for whatever reason, it ends its children and itself.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from redactor.audio.sandbox import seccomp
from redactor.audio.sandbox.restrictions import landlock_version, no_new_privileges, restrict
from redactor.niceness import follow_niceness

if TYPE_CHECKING:
    from redactor.audio.source import Source

RESOURCES = struct.Struct(">QQQ")
"""Memory in bytes, CPU seconds, wall seconds."""
LONGEST_REPORT = 4096
TRIAL = RESOURCES.pack(1 << 30, 20, 40)


def main() -> None:
    """Report what restricts the children, then serve until the control socket closes."""
    follow_niceness()
    samples = _load_everything()
    control = socket.socket(fileno=os.dup(0))
    no_new_privileges()
    gc.collect()
    gc.freeze()  # children share these pages
    program, report = _try_layers(samples)
    control.send(json.dumps(report).encode())
    children: dict[int, float] = {}
    while True:
        readable, _, _ = select.select([control], [], [], 0.25 if children else None)
        _reap(children)
        if not readable:
            continue
        resources, descriptors, _, _ = socket.recv_fds(control, RESOURCES.size, 1)
        if not resources:
            break
        if len(resources) != RESOURCES.size or len(descriptors) != 1:
            for descriptor in descriptors:
                os.close(descriptor)
            continue
        wall = RESOURCES.unpack(resources)[2]
        pid = _fork(descriptors[0], resources, program, _answer)
        os.close(descriptors[0])
        children[pid] = time.monotonic() + wall
    for pid in children:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _try_layers(samples: Sequence[Source]) -> tuple[bytes | None, dict[str, bool]]:
    """The filter that children get, and the report on what restricts them, established by decoding samples."""
    reports = {"decodes": False, "seccomp": False, "landlock": landlock_version() > 0}
    program = None
    with suppress(OSError):
        program = seccomp.program()
    if program is not None and _trial(samples, program):
        return program, {**reports, "decodes": True, "seccomp": True}
    return None, {**reports, "decodes": _trial(samples, None)}


def _trial(samples: Sequence[Source], program: bytes | None) -> bool:
    """Whether a restricted child decodes samples that were just encoded: other C libraries may need other system calls.

    Raises:
        TimeoutError: the trial did not end. A busy machine is no reason for a weaker sandbox.
    """

    def decode_all(_channel: socket.socket) -> None:
        from redactor.audio.decode import decode

        for sample in samples:
            decode(sample)

    here, there = socket.socketpair()
    with here, there:
        pid = _fork(there.fileno(), TRIAL, program, decode_all)
        until = time.monotonic() + RESOURCES.unpack(TRIAL)[2]
        while time.monotonic() < until:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return bool(samples) and status == 0
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    raise TimeoutError


def _load_everything() -> list[Source]:
    """Import what libraries would import at their first use: a child can open no file any more, be it a module's.

    Returns:
        Small files that were encoded and decoded on the way.
    """
    import importlib
    import pkgutil

    import av
    import numpy as np

    from redactor.audio.decode import decode
    from redactor.audio.encode import encode
    from redactor.audio.sandbox import wire  # noqa: F401
    from redactor.audio.source import Source
    from redactor.types import AudioFormat

    for module in pkgutil.walk_packages(av.__path__, "av."):
        if "__main__" not in module.name:
            with suppress(Exception):
                importlib.import_module(module.name)
    silence = np.zeros((1600, 1), np.int16)
    sources = [Source("", bytes(800), ".ulaw")]
    for container, codec, suffix, backend in (
        ("WAV", "PCM_16", ".wav", "soundfile"),
        ("FLAC", "PCM_16", ".flac", "soundfile"),
        ("MP4", "aac", ".m4a", "pyav"),
        ("MP3", "mp3float", ".mp3", "pyav"),
    ):
        with suppress(Exception):
            made = encode(silence, AudioFormat(container, codec, suffix, 8000, 1, backend))
            sources.append(Source("", made.data, made.suffix))
    decoded = []
    for source in sources:
        with suppress(Exception):
            decode(source)
            decoded.append(source)
    return decoded


def _reap(children: dict[int, float]) -> None:
    """Collect children that have ended and kill those that have run out of time."""
    now = time.monotonic()
    for pid in list(children):
        with suppress(OSError):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del children[pid]
            elif now > children[pid]:
                os.kill(pid, signal.SIGKILL)


def _fork(descriptor: int, resources: bytes, program: bytes | None, work: Callable[[socket.socket], None]) -> int:
    """The process id of a new child that restricts itself, does `work` with this descriptor as its only channel, and
    exits.
    """
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.dup2(descriptor, seccomp.CHANNEL)
        empty = os.open(os.devnull, os.O_RDWR)
        for standard in range(seccomp.CHANNEL):
            os.dup2(empty, standard)
        memory, cpu, _ = RESOURCES.unpack(resources)
        restrict(memory, cpu, program=program)
        with socket.socket(fileno=seccomp.CHANNEL) as channel:
            work(channel)
        code = 0
    except BaseException:  # noqa: BLE001, S110 - the other side sees that no answer came
        pass
    os._exit(code)


def _answer(channel: socket.socket) -> None:
    from redactor.audio.decode import decode
    from redactor.audio.limits import Limits
    from redactor.audio.raw import RawFormat
    from redactor.audio.sandbox import wire
    from redactor.audio.source import Source
    from redactor.errors import InputError, LimitExceeded

    asked = wire.receive_header(channel)
    try:
        data = bytes(wire.receive(channel, asked["size"]))
        raw = None if asked["raw"] is None else RawFormat(**asked["raw"])
        recording = decode(Source("", data, asked["suffix"]), raw=raw, limits=Limits(**asked["limits"]))
    except InputError as error:
        wire.send_header(channel, wire.refusal(error))
        return
    except MemoryError:
        wire.send_header(channel, wire.refusal(LimitExceeded("There was not enough memory for this recording.")))
        return
    wire.send_header(channel, wire.answer(recording))
    channel.sendall(recording.samples.data.cast("B"))
