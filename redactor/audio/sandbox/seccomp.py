"""The system-call filter of a child: it allows what decoding needs; any other call ends the process.

The kernel's filters are BPF programs (seccomp(2)). libseccomp writes them, as it does for systemd, Docker and apt: it
knows the numbers of every architecture and refuses calls made through another one (32 bits, x32). Every Debian with apt
has it.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
from contextlib import suppress

LIBRARY = "libseccomp.so.2"
PACKAGE = "libseccomp2"
CHANNEL = 3
"""The one descriptor that a child talks through; 0 to 2 are /dev/null."""

_KILL_PROCESS, _ERRNO, _ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
_LESS_OR_EQUAL, _EQUAL, _MASKED_EQUAL = 3, 4, 7
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_INSTRUCTION = 8
"""Bytes of one instruction of a filter (struct sock_filter)."""


class _Argument(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _at_most(argument: int, value: int) -> _Argument:
    return _Argument(argument, _LESS_OR_EQUAL, value, 0)


def _equal(argument: int, value: int) -> _Argument:
    return _Argument(argument, _EQUAL, value, 0)


def _masked(argument: int, mask: int, value: int) -> _Argument:
    return _Argument(argument, _MASKED_EQUAL, mask, value)


_NOT_EXECUTABLE = _masked(2, mmap.PROT_EXEC, 0)

ALLOWED: tuple[tuple[str, tuple[_Argument, ...]], ...] = (
    # the channel, connected, without an address and without descriptors in a control message
    ("recvfrom", (_equal(0, CHANNEL),)),
    ("sendto", (_equal(0, CHANNEL), _equal(4, 0))),
    ("getsockopt", (_equal(0, CHANNEL),)),
    ("getsockname", (_equal(0, CHANNEL),)),
    ("read", (_at_most(0, CHANNEL),)),
    ("write", (_at_most(0, CHANNEL),)),
    ("writev", (_at_most(0, CHANNEL),)),
    ("close", ()),
    # memory: anonymous, and never code
    ("brk", ()),
    ("mmap", (_NOT_EXECUTABLE, _masked(3, mmap.MAP_ANONYMOUS, mmap.MAP_ANONYMOUS))),
    ("mprotect", (_NOT_EXECUTABLE,)),
    ("mremap", ()),
    ("munmap", ()),
    ("madvise", ()),
    # itself, clocks and random numbers
    ("futex", ()),
    ("sched_yield", ()),
    ("sched_getaffinity", ()),
    ("rt_sigaction", ()),
    ("rt_sigprocmask", ()),
    ("rt_sigreturn", ()),
    ("sigaltstack", ()),
    ("restart_syscall", ()),
    ("clock_gettime", ()),
    ("clock_nanosleep", ()),
    ("gettimeofday", ()),
    ("time", ()),
    ("getrandom", ()),
    ("getpid", ()),
    ("gettid", ()),
    ("exit", ()),
    ("exit_group", ()),
)
"""Measured with strace on every format, plus calls that other versions and architectures of the C library make instead.
"""

REFUSED = (
    *(
        "open",
        "openat",
        "openat2",
        "creat",
        "access",
        "faccessat",
        "faccessat2",
        "stat",
        "lstat",
        "fstat",
        "newfstatat",
        "statx",
    ),
    *("readlink", "readlinkat", "getcwd", "lseek", "fcntl", "ioctl", "prlimit64", "getrlimit", "sysinfo", "uname"),
)
"""Calls that libraries sometimes try and do not need: they fail, and the recording is still decoded."""


def program() -> bytes | None:
    """The filter for this machine (BPF instructions), None where libseccomp is not installed.

    Raises:
        OSError: libseccomp cannot make a filter.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Argument),
    ]
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    context = library.seccomp_init(_KILL_PROCESS)
    if not context:
        raise OSError(errno.ENOSYS, "no filter")
    try:
        for name, arguments in ALLOWED:
            _add(library, context, _ALLOW, name, arguments)
        for name in REFUSED:
            _add(library, context, _ERRNO | errno.EACCES, name, ())
        return _exported(library, context)
    finally:
        library.seccomp_release(context)


def _add(library: ctypes.CDLL, context: int, action: int, name: str, arguments: tuple[_Argument, ...]) -> None:
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number < 0:  # this architecture has no such call
        return
    done = library.seccomp_rule_add_array(
        context, action, number, len(arguments), (_Argument * len(arguments))(*arguments)
    )
    if done < 0:
        raise OSError(-done, f"no rule for {name}")


def _exported(library: ctypes.CDLL, context: int) -> bytes:
    reading, writing = os.pipe()
    try:
        done = library.seccomp_export_bpf(context, writing)  # a few KiB: less than a pipe holds
        if done < 0:
            raise OSError(-done, "no filter")
        os.close(writing)
        writing = -1
        parts = []
        while part := os.read(reading, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(reading)
        with suppress(OSError):
            if writing >= 0:
                os.close(writing)


def install(made: bytes) -> None:
    """Put this process under a filter, for good. It must have given up new privileges before.

    Raises:
        OSError: the kernel has no filters, or refuses this one.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    held = _Program(len(made) // _INSTRUCTION, made)
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(held), 0, 0):
        raise OSError(ctypes.get_errno(), "no filter")
