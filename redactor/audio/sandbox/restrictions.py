"""What a process gives up, for good, before it reads untrusted bytes: descriptors, resources, privileges, files, system
calls.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from contextlib import suppress

from redactor.audio.sandbox import seccomp

GROWN = 1 << 30
"""Address space that a loaded interpreter is taken to have where /proc does not say."""

MOST_DESCRIPTORS = 1 << 20
"""Closed one by one where they cannot be listed and there is no limit."""

_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITIES = struct.Struct("=Ii")
_CAPABILITIES_VERSION = 0x2008_0522
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
"""Landlock's system calls; new ones have one number on every architecture."""
_VERSION_FLAG = 1
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many file rights each version of Landlock has."""
_NEWEST_FILE_RIGHTS = 16
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6


def restrict(memory: int, cpu: int, *, program: bytes | None = None) -> None:
    """Leave this process its descriptors 0 to 3, its memory and its processor, and access to nothing else.

    Args:
        memory: bytes that it may use beyond what it has.
        cpu: seconds.
        program: of `seccomp.program`; None: no filter.

    Raises:
        OSError, ValueError: something could not be given up; the process must end.
    """
    _close_descriptors()
    space = _address_space()  # read from /proc, so before files are given up
    no_new_privileges()
    _drop_capabilities()
    _give_up_files()
    _set_limits(space + memory, cpu)
    if program is not None:
        seccomp.install(program)


def _close_descriptors() -> None:
    """Close all above the channel, including those that the parent left open."""
    first = seccomp.CHANNEL + 1
    with suppress(OSError):
        for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not paths
            if int(name) >= first:
                with suppress(OSError):  # the listing's own is closed by now
                    os.close(int(name))
        return
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    os.closerange(first, most if 0 < most < MOST_DESCRIPTORS else MOST_DESCRIPTORS)


def no_new_privileges() -> None:
    """No program started from here may gain privileges."""
    if sys.platform == "linux":
        none = ctypes.c_ulong(0)
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), none, none, none)


def _drop_capabilities() -> None:
    """Drop root's capabilities, which lift limits and open other users' files: services in containers often run as
    root.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.capset(_CAPABILITIES.pack(_CAPABILITIES_VERSION, 0), bytes(24)):
            raise OSError(ctypes.get_errno(), "capabilities")


def landlock_version() -> int:
    """The version of Landlock in this kernel; 0: none, or it is turned off."""
    if sys.platform != "linux":
        return 0
    return max(
        0, int(ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION_FLAG)))
    )


def _give_up_files() -> None:
    """Install a Landlock rule set (landlock(7)) that handles every right and grants none."""
    version = landlock_version()
    if not version:
        return
    attributes = struct.pack("=Q", (1 << _FILE_RIGHTS.get(version, _NEWEST_FILE_RIGHTS)) - 1)
    if version >= _NETWORK_SINCE:
        attributes += struct.pack("=Q", 0b11)  # bind and connect over TCP
    if version >= _SCOPES_SINCE:
        attributes += struct.pack("=Q", 0b11)  # abstract sockets of, and signals to, processes outside
    libc = ctypes.CDLL(None, use_errno=True)
    rules = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
    if rules < 0:
        raise OSError(ctypes.get_errno(), "Landlock")
    try:
        if libc.syscall(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint(0)):
            raise OSError(ctypes.get_errno(), "Landlock")
    finally:
        os.close(rules)


def _set_limits(space: int, cpu: int) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        # None at all: with a limit of 4, a process that closes 0 could open any file as the new 0.
        resource.RLIMIT_NOFILE: 0,
    }
    if sys.platform == "linux":  # elsewhere it is ignored or refused
        limits[resource.RLIMIT_AS] = space
    for which, value in limits.items():
        resource.setrlimit(which, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    with suppress(OSError, ValueError, AttributeError):  # counts for the whole user; no limit for root
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _address_space() -> int:
    """Bytes of address space in use by this process: libraries map far more than they use."""
    with suppress(OSError, ValueError), open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize()
    return GROWN
