"""The sandboxed decoder: the same answers as in this process, limits that hold, crashes that are outcomes, answers that
are checked.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from redactor.audio import Source, decode, read_source
from redactor.audio.sandbox import SandboxedDecoder, bubblewrap, wire
from redactor.errors import ConfigurationError, DecoderStopped, InputError, LimitExceeded

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes")


@pytest.fixture(scope="module", params=["limits", "bubblewrap"])
def decoder(request):
    if request.param == "bubblewrap" and not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed (the package bubblewrap)")
    try:
        with SandboxedDecoder(bubblewrap=request.param == "bubblewrap") as made:
            assert ("bubblewrap" in made.layers) == (request.param == "bubblewrap")
            assert "seccomp" in made.layers or not shutil.which("apt")  # apt needs libseccomp itself
            yield made
    except ConfigurationError:
        pytest.skip("bubblewrap does not work here: user namespaces are forbidden")


@pytest.fixture
def wav(kit):
    return kit.soundfile(kit.as_dtype(kit.voice(0.5, 8000, 1)[:, None], "int16"), 8000, "WAV", "PCM_16")


@pytest.mark.parametrize("name", ["in-01.wav", "in-03.WAV", "in-04.mp3", "in-05.opus", "in-06.flac", "in-08.m4a"])
def test_the_same_samples_as_here(decoder, name):
    source = read_source(Path(__file__).parents[2] / "sample_audio/incoming" / name)
    here, there = decode(source), decoder(source)
    assert np.array_equal(here.samples, there.samples)
    assert (here.id, here.format, here.warnings) == (there.id, there.format, there.warnings)
    assert not there.samples.flags.writeable


def test_many_at_once(decoder, wav):
    found = []

    def work(number):
        found.append(decoder(Source.of(wav + bytes(number), ".wav")).frames)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [4000] * 8


def test_a_zygote_that_was_killed_is_replaced(wav):
    with SandboxedDecoder(bubblewrap=False) as decoder:
        os.kill(decoder._process.pid, signal.SIGKILL)
        decoder._process.wait()
        assert decoder(Source.of(wav, ".wav")).frames == 4000


def test_a_closed_decoder_says_so(wav):
    decoder = SandboxedDecoder(bubblewrap=False)
    decoder.close()
    with pytest.raises(DecoderStopped):
        decoder(Source.of(wav, ".wav"))


def test_required_and_missing_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"required.* install the package bubblewrap"):
        SandboxedDecoder(bubblewrap=True)
    with SandboxedDecoder() as decoder:
        assert "bubblewrap" not in decoder.layers
        assert "install the package bubblewrap" in decoder.lacking[0]
    with SandboxedDecoder(bubblewrap=False) as decoder:  # what was not asked for is not lacking
        assert not any("bubblewrap" in sentence for sentence in decoder.lacking)


def without_libseccomp(monkeypatch, replaced='seccomp.LIBRARY = "none.so"'):
    program = bubblewrap._PROGRAM.replace("main()", f"from redactor.audio.sandbox import seccomp; {replaced}; main()")
    assert program != bubblewrap._PROGRAM
    monkeypatch.setattr(bubblewrap, "_PROGRAM", program)


def test_a_missing_filter_is_reported_or_refused_where_required(monkeypatch, wav):
    without_libseccomp(monkeypatch)
    with SandboxedDecoder(bubblewrap=False) as decoder:
        assert "seccomp" not in decoder.layers
        assert "libseccomp2" in decoder.lacking[-1]
        assert decoder(Source.of(wav, ".wav")).frames == 4000
    with pytest.raises(ConfigurationError, match="required"):
        SandboxedDecoder(bubblewrap=True)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_a_filter_under_which_nothing_decodes_is_not_used(monkeypatch, wav):
    """Another C library may need other system calls: a trial detects this before every recording fails."""
    without_libseccomp(monkeypatch, "seccomp.ALLOWED = seccomp.ALLOWED[:3]")
    with SandboxedDecoder(bubblewrap=False) as decoder:
        assert "seccomp" not in decoder.layers
        assert decoder(Source.of(wav, ".wav")).frames == 4000


def test_a_zygote_is_not_replaced_by_a_weaker_one(monkeypatch, wav):
    with SandboxedDecoder(bubblewrap=False) as decoder:
        if "seccomp" not in decoder.layers:
            pytest.skip("no filter here")
        without_libseccomp(monkeypatch)
        decoder._command = bubblewrap.plain()
        os.kill(decoder._process.pid, signal.SIGKILL)
        decoder._process.wait()
        with pytest.raises(DecoderStopped):
            decoder(Source.of(wav, ".wav"))


def test_too_little_memory_is_an_outcome():
    with SandboxedDecoder(bubblewrap=False, memory=64 << 20) as decoder:
        large = (
            b"RIFF"
            + bytes(4)
            + b"WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data"
            + (80 << 20).to_bytes(4, "little")
            + bytes(80 << 20)
        )
        with pytest.raises((LimitExceeded, DecoderStopped)):
            decoder(Source.of(large, ".wav"))
        small = large[:40] + (16_000).to_bytes(4, "little") + bytes(16_000)
        assert decoder(Source.of(small, ".wav")).frames == 8000


CONFINED = """
import os, socket, sys, time
from redactor.audio.sandbox.restrictions import restrict
os.dup2(1, 3)
{before}
restrict({memory}, {cpu})
{act}
"""


def restricted(act, *, before="", memory=1 << 30, cpu=2):
    """Run a process that restricts itself (without a filter) and then acts."""
    program = CONFINED.format(act=act, before=before, memory=memory, cpu=cpu)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "act",
    [
        "open('/etc/hostname')",
        "os.close(0); open('/etc/hostname')",
        "os.close(0); os.close(3); socket.socket()",
        "open('made', 'w')",
        "socket.socket()",
        "os.pipe()",
        "x = bytes(2 << 30)",
        "os.memfd_create('x')",
        "__import__('subprocess').run(['true'])",
    ],
)
def test_the_limits_hold(act, tmp_path):
    done = restricted(act)
    assert done.returncode == 1
    assert b"Too many open files" in done.stderr or b"MemoryError" in done.stderr


@pytest.mark.parametrize("number", [4, 63, 5000])
@pytest.mark.parametrize("kind", ["file", "socket"])
def test_a_descriptor_that_was_left_open_is_closed(number, kind, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("PHI")
    left = {"file": f"os.open({str(secret)!r}, os.O_RDONLY)", "socket": "socket.socketpair()[0].detach()"}[kind]
    use = {"file": f"os.pread({number}, 9, 0)", "socket": f"socket.socket(fileno={number})"}[kind]
    before = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (6000, 6000)); os.dup2({left}, {number})"
    assert restricted("pass", before=before + f"; print({use})").returncode == 0
    done = restricted(f"print({use})", before=before)
    assert done.returncode == 1
    assert b"Bad file descriptor" in done.stderr


def test_a_decoder_that_never_ends_is_ended():
    began = time.monotonic()
    done = restricted("while True: pass", cpu=1)
    assert done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
    assert time.monotonic() - began < 30


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed (the package bubblewrap)")
def test_bubblewrap_hides_network_files_and_processes(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("PHI")
    act = (
        "import os, socket\n"
        f"print('seen' if os.path.exists({str(secret)!r}) else 'hidden', end=' ')\n"
        "print(sorted(n for _, n in socket.if_nameindex()), end=' ')\n"
        "print(os.access('/usr', os.W_OK), os.environ.get('SECRET'), sorted(os.listdir('/')))"
    )
    for command in bubblewrap.in_bubblewrap():
        at = command.index("--")
        done = subprocess.run(
            [*command[: at + 1], sys.executable, "-I", "-S", "-c", act],
            capture_output=True,
            env={**os.environ, "SECRET": "1"},
            check=False,
        )
        if done.returncode == 0:
            assert done.stdout.startswith(b"hidden ['lo'] False None")
            assert b"'var'" not in done.stdout
            return
    pytest.skip("bubblewrap does not work here: user namespaces are forbidden")


def answered(header, samples=b"", *, limits=None):
    """The parent's result for an answer."""
    here, there = socket.socketpair()
    with here, there:
        if isinstance(header, bytes):
            there.sendall(header)
        else:
            wire.send_header(there, header)
            there.sendall(samples)
        there.shutdown(socket.SHUT_WR)
        here.settimeout(5)
        from redactor.audio import Limits

        return wire.read_answer(here, Source.of(b"x", ".wav"), limits or Limits())


GOOD = {
    "dtype": "int16",
    "frames": 10,
    "channels": 1,
    "container": "WAV",
    "codec": "PCM_16",
    "rate": 8000,
    "backend": "soundfile",
    "bit_rate": None,
    "warnings": [],
}


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "object"},
        {"dtype": "S8"},
        {"frames": -1},
        {"frames": 0},
        {"frames": 1 << 50},
        {"frames": "1"},
        {"channels": 99},
        {"rate": 1},
        {"codec": "x" * 99},
        {"codec": "\x1b[2J"},
        {"container": 5},
        {"backend": "pickle"},
        {"bit_rate": "x"},
        {"warnings": [5]},
        {"frames": True},
        {"error": "SystemExit", "message": "", "hint": ""},
        {"error": "DamagedAudio"},
    ],
)
def test_answers_are_checked(change):
    with pytest.raises(DecoderStopped):
        answered({**GOOD, **change}, bytes(20))


def test_answers_that_break_off():
    for content in (b"", b"\0\0", b"\0\0\0\x05ab", b"\xff\xff\xff\xff", b"\0\0\0\x02[]", b"\0\0\0\x02{}"):
        with pytest.raises((EOFError, DecoderStopped)):
            answered(content)
    with pytest.raises(EOFError):
        answered(GOOD, bytes(19))
    assert answered(GOOD, bytes(20)).frames == 10


def test_control_characters_are_removed_from_messages():
    with pytest.raises(InputError) as caught:
        answered({"error": "DamagedAudio", "message": "a\x1b[2Jb" + "x" * 999, "hint": "h\n"})
    assert caught.value.message.startswith("a[2Jbxxx")
    assert len(caught.value.message) < 301
