import hashlib
import os

import pytest

from redactor.audio import AUDIO_SUFFIXES, Limits, Source, read_source
from redactor.errors import EmptyAudio, LimitExceeded, NoInput, RedactorError

CANARY = "Maria 555-0100\n🤖"


def test_reads_bytes_once_with_their_hash_and_suffix(tmp_path):
    path = tmp_path / f"{CANARY}.WAV"
    path.write_bytes(b"abc")
    source = read_source(path)
    assert source == Source(hashlib.sha256(b"abc").hexdigest(), b"abc", ".WAV")
    assert "Maria" not in repr(source)
    assert "abc" not in repr(source)


def test_follows_symbolic_links_and_needs_no_suffix(tmp_path):
    (tmp_path / "spool").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "spool")
    assert read_source(str(tmp_path / "link")).suffix == ""


def refused(path, **limits):
    with pytest.raises(RedactorError) as caught:
        read_source(path, limits=Limits(**limits))
    assert "Maria" not in caught.value.message
    assert "555" not in caught.value.message
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    return caught.value


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "loop", "under a file", "null byte"])
def test_what_is_not_a_file_is_no_input(tmp_path, kind):
    path = tmp_path / f"{CANARY}.wav"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)  # nobody writes: an ordinary open would wait for ever
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "under a file":
        path.write_bytes(b"x")
        path = path / "Maria.wav"
    elif kind == "null byte":
        path = str(path) + "\0"
    assert type(refused(path)) is NoInput


def test_devices_are_no_input():
    assert type(refused("/dev/zero")) is NoInput


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_unreadable_is_no_input(tmp_path):
    path = tmp_path / "Maria.wav"
    path.write_bytes(b"x")
    path.chmod(0)
    assert "permissions" in refused(path).message


def test_empty_and_oversized(tmp_path):
    path = tmp_path / "Maria.wav"
    path.write_bytes(b"")
    assert type(refused(path)) is EmptyAudio
    path.write_bytes(b"x" * 11)
    assert type(refused(path, max_bytes=10)) is LimitExceeded
    assert len(read_source(path, limits=Limits(max_bytes=11)).untrusted_data) == 11


@pytest.mark.parametrize("name", ["call.555.0100", "voice.Maria Gonzalez", "msg0000.bin", "noending"])
def test_an_unknown_suffix_is_dropped(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    assert read_source(tmp_path / name).suffix == ""


def test_known_suffixes():
    assert {".wav", ".gsm", ".sln16", ".m4a", ".opus", ".wma", ".g722"} <= AUDIO_SUFFIXES
    assert not {".txt", ".zip", ".json", ".pcm"} & AUDIO_SUFFIXES
