"""An attacker who runs code inside a decoder can reach nothing. Each attack is shown to work on an unrestricted process
first.
"""

import ctypes
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from redactor.audio import Source
from redactor.audio.sandbox import SandboxedDecoder, bubblewrap
from redactor.audio.sandbox.restrictions import landlock_version
from redactor.errors import ConfigurationError, DecoderStopped, InputError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

SECRET = "Dana-Whitlock-1962"
MARK = "# attack\n"
HOSTILE = """
import json, sys; sys.path[:] = json.loads(sys.argv[1])
import ctypes, mmap, os, resource, signal, socket, threading
from redactor.audio import decode as _; import redactor.audio.decode
from redactor.audio.sandbox import seccomp, zygote
from redactor.errors import DamagedAudio
if {no_filter}: seccomp.LIBRARY = "none.so"
module = sys.modules["redactor.audio.decode"]
real = module.decode
libc = ctypes.CDLL(None, use_errno=True)
def hostile(source, **options):
    if not bytes(source.untrusted_data).startswith({mark!r}): return real(source, **options)
    held = dict(globals(), result="nothing")
    exec(bytes(source.untrusted_data).decode(), held)
    raise DamagedAudio("result: " + str(held["result"])[:200])
module.decode = hostile
zygote.main()
"""
"""The zygote's program, with a decoder that runs the Python code in a "recording", as if a codec were exploitable."""

UNCONFINED = """
import ctypes, mmap, os, resource, signal, socket, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
result = "nothing"
exec(sys.stdin.read())
print("result:", result)
"""

ATTACKS = {
    "reads a file in the place of a descriptor that it closed": "os.close(0); result = open({secret!r}).read()",
    "the same by a system call of its own": (
        "os.close(0); held = ctypes.create_string_buffer(100)\n"
        "libc.openat(-100, {secret!r}.encode(), 0); libc.read(0, held, 99); result = held.value"
    ),
    "reads what whoever started it left open": (
        "found = b''\n"
        "for n in [*range(4, 9000)]:\n"
        "    try: found += os.pread(n, 100, 0)\n"
        "    except OSError: pass\n"
        "result = found"
    ),
    "looks for names of files": "result = 'escaped' if os.stat({secret!r}).st_size else ''",
    "writes a file": "os.close(0); open({made!r}, 'w').write('x'); result = 'escaped'",
    "makes a folder": "os.mkdir({made!r}); result = 'escaped'",
    "connects to this host": "os.close(0); socket.create_connection(('127.0.0.1', {port})); result = 'escaped'",
    "connects to a socket without a file": (
        "os.close(0); s = socket.socket(socket.AF_UNIX); s.connect(chr(0) + {abstract!r}); result = 'escaped'"
    ),
    "runs a program": (
        "os.set_inheritable(1, True)\n"
        "try: os.dup2(3, 1)\n"
        "except OSError: pass\n"
        'told = \'{{"error": "DamagedAudio", "message": "result: escaped", "hint": ""}}\'\n'
        "head = '' if sys.stdin else '\\\\0\\\\0\\\\0' + chr(92) + '%03o' % len(told)\n"
        "os.execv('/bin/sh', ['sh', '-c', \"printf '\" + head + told + \"'\"])"
    ),
    "makes processes": ("pid = os.fork()\nif not pid: os._exit(0)\nos.waitpid(pid, 0); result = 'escaped'"),
    "makes threads": "t = threading.Thread(target=lambda: globals().update(result='escaped')); t.start(); t.join()",
    "makes code": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC); result = 'escaped'",
    "makes memory to code": (
        "m = mmap.mmap(-1, 4096); at = ctypes.addressof(ctypes.c_char.from_buffer(m))\n"
        "result = '' if libc.mprotect(ctypes.c_void_p(at), 4096, 5) else 'escaped'"
    ),
    "traces the process that made it": (
        "libc.ptrace.argtypes = [ctypes.c_long] * 4; result = '' if libc.ptrace(0x4206, os.getppid(), 0, 0) "
        "else 'escaped'"
    ),
    "reads the memory of the process that made it": (
        "at = int(next(l for l in open(f'/proc/{{os.getppid()}}/maps') if 'rw' in l).split('-')[0], 16); "
        "os.pread(os.open(f'/proc/{{os.getppid()}}/mem', os.O_RDONLY), 8, at); result = 'escaped'"
    ),
    "signals the process that made it": "os.kill(os.getppid(), 0); result = 'escaped'",
    "signals its group": "os.kill(0, 0); result = 'escaped'",
    "enters a new user namespace": "result = '' if libc.unshare(0x10000000) else 'escaped'",
    "lifts its limits": ("resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000)); os.pipe(); result = 'escaped'"),
    "takes more memory than it may": "held = bytearray(3 << 30); result = 'escaped'",
}
WITHOUT_FILTER = frozenset(
    {
        "looks for names of files",
        "runs a program",
        "makes processes",
        "makes threads",
        "makes code",
        "makes memory to code",
        "enters a new user namespace",
        "signals its group",
        "makes a folder",
        "reads the memory of the process that made it",
    }
)
"""What descriptors, limits, capabilities and an old Landlock need not stop: it is why the filter's absence is a
warning.
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """The targets of attacks: a secret, a folder, two listening sockets, and an open descriptor with a high number."""
    folder = tmp_path_factory.mktemp("target")
    secret = folder / "secret"
    secret.write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix, secret.open() as file:
        abstract = f"redactor-test-{os.getpid()}"
        unix.bind("\0" + abstract)
        unix.listen()
        os.dup2(file.fileno(), 4097)
        os.set_inheritable(4097, True)
        yield {"secret": str(secret), "made": str(folder / "made"), "port": tcp.getsockname()[1], "abstract": abstract}
        os.close(4097)


@pytest.fixture(scope="module", params=["limits", "bubblewrap", "no filter"])
def hostile(request, target):
    if request.param == "bubblewrap" and not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed (the package bubblewrap)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            bubblewrap, "_PROGRAM", HOSTILE.format(mark=MARK.encode(), no_filter=request.param == "no filter")
        )
        # Children inherit whatever is not closed for them, as from a service that some supervisor started.
        patch.setattr(
            subprocess, "Popen", lambda *a, _real=subprocess.Popen, **k: _real(*a, **{**k, "close_fds": False})
        )
        try:
            decoder = SandboxedDecoder(bubblewrap=request.param == "bubblewrap", memory=1 << 30, wall_seconds=20)
        except ConfigurationError:
            pytest.skip("bubblewrap does not work here: user namespaces are forbidden")
    with decoder:
        assert ("seccomp" in decoder.layers) == (request.param != "no filter")
        yield request.param, decoder


def made(target):
    """Whether an attack left something, which is removed."""
    path = Path(target["made"])
    if path.is_dir():
        path.rmdir()
        return True
    left = path.exists()
    path.unlink(missing_ok=True)
    return left


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_works_without_a_sandbox(name, target):
    done = subprocess.run(
        [sys.executable, "-c", UNCONFINED],
        input=ATTACKS[name].format(**target).encode(),
        capture_output=True,
        check=False,
        close_fds=False,
    )
    assert SECRET.encode() in done.stdout or b"escaped" in done.stdout, done.stderr.decode()
    assert made(target) == ("writes" in name or "folder" in name)


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_from_inside_a_decoder_reaches_anything(name, hostile, target):
    how, decoder = hostile
    if how == "no filter" and name in WITHOUT_FILTER:
        pytest.skip("needs the filter")
    if how == "no filter" and landlock_version() < 6 and ("signals" in name or "traces" in name or "socket" in name):
        pytest.skip("needs the filter, or a newer Landlock")
    with pytest.raises((DecoderStopped, InputError)) as caught:
        decoder(Source.of((MARK + ATTACKS[name].format(**target)).encode(), ".wav"))
    assert SECRET not in str(caught.value)
    assert "escaped" not in str(caught.value)
    assert not made(target)


def test_the_next_recording_is_decoded_after_all_attacks(hostile, kit):
    wav = kit.soundfile(kit.as_dtype(kit.voice(0.5, 8000, 1)[:, None], "int16"), 8000, "WAV", "PCM_16")
    assert hostile[1](Source.of(wav, ".wav")).frames == 4000


def test_a_refused_call_ends_the_process_at_once(hostile):
    """The process is killed: an attacker who can try repeatedly would find what was overlooked."""
    how, decoder = hostile
    if how == "no filter":
        pytest.skip("needs the filter")
    attack = MARK + "try: os.kill(os.getpid(), 0)\nexcept BaseException: pass\nresult = 'goes on'"
    with pytest.raises(DecoderStopped):
        decoder(Source.of(attack.encode(), ".wav"))


def test_the_filter_knows_the_calls_of_another_architecture(hostile):
    if hostile[0] == "no filter" or os.uname().machine != "x86_64":
        pytest.skip("needs the filter on x86_64")
    attack = MARK + "libc.syscall(ctypes.c_long(0x40000000 + 39)); result = 'goes on'"
    with pytest.raises(DecoderStopped):
        hostile[1](Source.of(attack.encode(), ".wav"))


def test_libseccomp_is_found_where_debian_has_it():
    if not shutil.which("apt"):
        pytest.skip("not a Debian system")
    assert ctypes.CDLL("libseccomp.so.2")
