"""The process that waits with its libraries loaded, and the children that it forks: one a recording, with nothing they could open.

Started by `decoder`, with the control socket as standard input. It never looks at a recording itself. When the control socket closes (however
the service ended) it ends its children and itself.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import socket
import struct
import time
from contextlib import suppress

from redactor.niceness import follow_niceness

READY = b"ready"
ORDER = struct.Struct(">QQQ")
"""Memory in bytes, CPU seconds, wall seconds."""
GROWN = 1 << 30
"""Address space that a loaded interpreter is taken to have where /proc does not say."""
_CHANNEL = 3


def main() -> None:
    """Serve until the control socket closes."""
    follow_niceness()
    _load_everything()
    control = socket.socket(fileno=os.dup(0))
    _no_new_privileges()
    gc.collect()
    gc.freeze()  # children share these pages
    children: dict[int, float] = {}
    control.send(READY)
    while True:
        readable, _, _ = select.select([control], [], [], 0.25 if children else None)
        _look_after(children)
        if not readable:
            continue
        order, handed, _, _ = socket.recv_fds(control, ORDER.size, 1)
        if not order:
            break
        if len(order) != ORDER.size or len(handed) != 1:
            for descriptor in handed:
                os.close(descriptor)
            continue
        memory, cpu, wall = ORDER.unpack(order)
        pid = os.fork()
        if pid == 0:
            _child(handed[0], memory, cpu)
        os.close(handed[0])
        children[pid] = time.monotonic() + wall
    for pid in children:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _load_everything() -> None:
    """Import what libraries would import at their first use: a child can open no file any more, be it a module's."""
    import importlib
    import pkgutil

    import av
    import numpy as np

    from redactor.audio.decode import decode
    from redactor.audio.encode import encode
    from redactor.audio.source import Source
    from redactor.types import AudioFormat

    for module in pkgutil.walk_packages(av.__path__, "av."):
        if "__main__" not in module.name:
            with suppress(Exception):
                importlib.import_module(module.name)
    silence = np.zeros((1600, 1), np.int16)
    for container, codec, suffix, backend in (
        ("WAV", "PCM_16", ".wav", "soundfile"), ("FLAC", "PCM_16", ".flac", "soundfile"), ("MP4", "aac", ".m4a", "pyav"), ("MP3", "mp3float", ".mp3", "pyav"),
    ):  # fmt: skip
        with suppress(Exception):
            made = encode(silence, AudioFormat(container, codec, suffix, 8000, 1, backend))
            decode(Source("", made.data, made.suffix))
    with suppress(Exception):
        decode(Source("", bytes(800), ".ulaw"))


def _look_after(children: dict[int, float]) -> None:
    """Bury those that ended, end those that are over their time."""
    now = time.monotonic()
    for pid in list(children):
        with suppress(OSError):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del children[pid]
            elif now > children[pid]:
                os.kill(pid, signal.SIGKILL)


def _child(descriptor: int, memory: int, cpu: int) -> None:
    """Decode one recording and end; never returns."""
    code = 1
    try:
        os.dup2(descriptor, _CHANNEL)
        empty = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(empty, standard)
        os.closerange(_CHANNEL + 1, 4096)
        confine(memory, cpu)
        with socket.socket(fileno=_CHANNEL) as channel:
            _decode(channel)
        code = 0
    except BaseException:  # noqa: BLE001, S110 - whatever it is, the other side sees that no answer came
        pass
    os._exit(code)


def confine(memory: int, cpu: int) -> None:
    """Set the limits of this process, for good: descriptors 0 to 3 are open, and no other can be opened any more."""
    limits = {
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NOFILE: (_CHANNEL + 1, _CHANNEL + 1),
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_AS: (_address_space() + memory,) * 2,
    }
    for which, values in limits.items():
        resource.setrlimit(which, values)


def _address_space() -> int:
    """Bytes of address space that this process has by now: libraries map far more than they use."""
    with suppress(OSError, ValueError), open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize()
    return GROWN


def _decode(channel: socket.socket) -> None:
    from redactor.audio.confine import wire
    from redactor.audio.decode import decode
    from redactor.audio.limits import Limits
    from redactor.audio.raw import RawFormat
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


def _no_new_privileges() -> None:
    """No program started from here may gain any (PR_SET_NO_NEW_PRIVS, 38)."""
    with suppress(Exception):  # not Linux
        import ctypes

        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
