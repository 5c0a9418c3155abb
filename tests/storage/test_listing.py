"""Which files a run is about, and that no two of them share an output."""

import os
import socket
import time
from pathlib import Path, PurePath

import pytest

from redactor.errors import NoInput
from redactor.storage import list_inputs

SUFFIXES = {".wav", ".gsm", ".mp3"}


def is_audio(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def listed(*paths: Path, outside: Path | None = None):
    return list_inputs(paths, is_audio=is_audio, outside=outside)


def stems(*paths: Path) -> list[str]:
    return [str(i.stem) for i in listed(*paths).items]


def test_a_folder_is_walked_in_order(tmp_path):
    touch(
        tmp_path, "b.wav", "a.wav", "notes.txt", "2024/z.gsm", "2023/y.mp3", "2023/y.redacted.mp3", ".redactor-1-2.part"
    )
    listing = listed(tmp_path)
    assert [str(i.relative) for i in listing.items] == ["a.wav", "b.wav", "2023/y.mp3", "2024/z.gsm"]
    assert [i.number for i in listing.items] == [1, 2, 3, 4]
    assert [i.path for i in listing.items] == [tmp_path / i.relative for i in listing.items]
    assert [str(i.stem) for i in listing.items] == ["a", "b", "2023/y", "2024/z"]
    assert listing.passed_over == 3


def test_a_file_named_by_itself_is_taken_whatever_it_is(tmp_path):
    touch(tmp_path, "message.xyz", "noend")
    assert stems(tmp_path / "message.xyz", tmp_path / "noend") == ["message", "noend"]


def test_links_to_folders_are_not_followed(tmp_path):
    touch(tmp_path, "in/a.wav", "elsewhere/b.wav")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    assert stems(tmp_path / "in") == ["a"]
    assert listed(tmp_path / "in").passed_over == 2


def test_the_same_file_counts_once_however_it_is_named(tmp_path):
    touch(tmp_path, "in/a.wav")
    (tmp_path / "in" / "link.wav").symlink_to("a.wav")
    os.link(tmp_path / "in" / "a.wav", tmp_path / "in" / "twin.wav")
    again = tmp_path / "in" / ".." / "in"
    assert stems(tmp_path / "in", tmp_path / "in" / "a.wav", again) == ["a"]
    assert (
        listed(tmp_path / "in", again).passed_over == 2
    )  # further names are not lost in silence; the same name is no loss


def test_a_place_where_one_may_not_look_gets_an_outcome(tmp_path, monkeypatch):
    touch(tmp_path, "a.wav")

    def forbidden(self):
        raise PermissionError

    monkeypatch.setattr(Path, "lstat", forbidden)
    assert stems(tmp_path / "a.wav") == ["a"]


STRANGE = [
    "line\nbreak.wav",
    "emoji 😀.wav",
    "-rf.wav",
    " .wav",
    "..wav",
    "...wav",
    "a b\tc.wav",
    os.fsdecode(b"\xff\xfe.wav"),
    ".wav.wav",
]


def test_strange_names_are_listed_and_get_names_inside_the_output_folder(tmp_path):
    try:
        touch(tmp_path, *STRANGE)
    except OSError as error:  # pragma: no cover - file systems that allow Unicode only
        pytest.skip(f"needs a file system that takes any bytes as a name ({error.strerror})")
    items = listed(tmp_path).items
    assert sorted(str(i.relative) for i in items) == sorted(STRANGE)
    out = tmp_path / "out"
    targets = {(out / i.stem).with_name(f"{(out / i.stem).name}.redacted.wav") for i in items}
    assert len(targets) == len(STRANGE)
    for target in targets:
        assert target.parent == out
        os.fsencode(target)


SIBLINGS = [
    # what Asterisk and others keep side by side          stems, in order
    (["msg0000.WAV", "msg0000.gsm", "msg0000.wav"], ["msg0000.WAV-1", "msg0000.gsm", "msg0000.wav-3"]),
    (["a.gsm", "a.wav"], ["a.gsm", "a.wav"]),
    (["a.wav", "b.wav"], ["a", "b"]),
    (["A.gsm", "a.wav"], ["A.gsm", "a.wav"]),  # one name on a disk that ignores case
    (["A/x.wav", "a/x.wav"], ["A/x.wav-1", "a/x.wav-2"]),
    (["a.gsm", "a.wav", "a.wav.wav"], ["a.gsm", "a.wav", "a.wav-3"]),  # a stem like another's full name
    (["e\u0301.wav", "\u00e9.wav"], ["e\u0301.wav-1", "\u00e9.wav-2"]),  # é in two ways: one on a Mac
]


def assert_apart(items) -> None:
    assert len({str(i.stem).casefold() for i in items}) == len(items)


@pytest.mark.parametrize(("names", "expected"), SIBLINGS)
def test_siblings_get_outputs_of_their_own(tmp_path, names, expected):
    touch(tmp_path, *names)
    if len([p for p in tmp_path.rglob("*") if p.is_file()]) < len(names):
        pytest.skip("needs a file system that tells case and composition apart")
    items = {str(i.relative): str(i.stem) for i in listed(tmp_path).items}
    assert_apart(listed(tmp_path).items)
    assert [items[n] for n in names] == expected


def test_files_of_one_name_from_several_folders_never_meet(tmp_path):
    touch(tmp_path, "1/x.wav", "2/x.wav", "0/x.wav-3.wav", "3/x.wav-2.wav", "3/X.WAV")
    items = listed(*(tmp_path / str(n) for n in range(4))).items
    assert len(items) == 5
    assert_apart(items)


def test_the_output_folder_inside_the_archive_is_left_out(tmp_path):
    touch(tmp_path, "a.wav", "out/a.wav", "deep/b.wav")
    assert [str(i.stem) for i in listed(tmp_path, outside=tmp_path / "out").items] == ["a", "deep/b"]
    assert len(listed(tmp_path, outside=tmp_path / "not yet").items) == 3
    (tmp_path / "alias").symlink_to(tmp_path / "out")
    assert len(listed(tmp_path, outside=tmp_path / "alias").items) == 2


def test_missing_paths_and_folders_without_audio(tmp_path):
    touch(tmp_path, "in/notes.txt")
    with pytest.raises(NoInput, match="Path 2 of 2") as caught:
        listed(tmp_path / "in", tmp_path / "5550142.wav")
    assert "5550142" not in str(caught.value)
    with pytest.raises(NoInput, match=r"No audio found \(1 other files\)") as caught:
        listed(tmp_path / "in")
    assert caught.value.exit_code == 66
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoInput):
        listed(tmp_path / "empty")


def blocked_scandir(monkeypatch, *blocked: Path) -> None:
    real = os.scandir

    def scandir(path="."):
        if Path(path) in blocked:
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_a_folder_that_may_not_be_listed_is_not_lost_silently(tmp_path, monkeypatch):
    touch(tmp_path, "a.wav", "locked/b.wav")
    blocked_scandir(monkeypatch, tmp_path / "locked")
    assert [str(i.relative) for i in listed(tmp_path).items] == ["a.wav", "locked"]


@pytest.mark.parametrize("given", ["in", "."])
def test_nor_is_the_folder_that_was_given(tmp_path, monkeypatch, given):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    blocked_scandir(monkeypatch, Path(given))
    (item,) = listed(Path(given)).items
    assert item.path == Path(given)
    assert item.stem.name not in ("", ".")


def test_what_is_no_file_is_listed_without_being_opened(tmp_path):
    touch(tmp_path, "a.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "dangling.wav").symlink_to("nothing")
    here = os.open(".", os.O_RDONLY)
    os.chdir(tmp_path)  # socket paths are short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket.wav")
            assert stems(Path()) == ["a", "dangling", "pipe", "socket"]
    finally:
        os.fchdir(here)
        os.close(here)


def test_a_dangling_link_named_by_itself_gets_an_outcome(tmp_path):
    (tmp_path / "dangling.wav").symlink_to("nothing")
    assert stems(tmp_path / "dangling.wav") == ["dangling"]


def test_no_names_in_logs(tmp_path):
    touch(tmp_path, "Dana Whitlock 555-0142.wav")
    listing = listed(tmp_path)
    assert repr(listing.items[0]) == "Item(number=1)"
    assert "Whitlock" not in repr(listing)


def test_a_large_archive_is_listed_quickly(tmp_path):
    for folder in range(20):
        (tmp_path / str(folder)).mkdir()
        for n in range(100):
            os.close(os.open(tmp_path / str(folder) / f"{n}.wav", os.O_CREAT))
    began = time.process_time()
    listing = listed(tmp_path)
    spent = time.process_time() - began
    assert len(listing.items) == 2000
    assert listing.items[0].relative == PurePath("0/0.wav")
    assert spent < 2000 * 1e-3  # a tenth of a millisecond each is usual


def test_folders_of_our_own_hold_no_recordings(tmp_path):
    for name in ("a.wav", ".redactor-review/versions/listen.wav", "sub/.redactor-review/b.wav", "sub/c.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    listing = list_inputs([tmp_path], is_audio=lambda _: True)
    assert [str(item.relative) for item in listing.items] == ["a.wav", "sub/c.wav"]
