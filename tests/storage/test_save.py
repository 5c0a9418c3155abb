"""All of a set or nothing: injected errors, a really full disk, and processes killed at any moment."""

import errno
import os
import random
import shutil
import stat
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from redactor import atomic_files as durable
from redactor.errors import OutOfSpace, OutputError
from redactor.storage import Target, artefact, fingerprints, remove_leftovers, remove_set, save_set
from redactor.storage.artefacts import copy_set, intact

ROOT = Path(__file__).parents[2]


def a_set(folder: Path, mark: bytes = b"1") -> dict[Path, bytes]:
    return {folder / "deep" / f"a.redacted{suffix}": mark * 5000 for suffix in (".wav", ".txt", ".json")}


def files_below(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if not p.is_dir())


def test_a_set_is_written_whole_and_for_owner_and_group_only(tmp_path):
    old = os.umask(0)
    try:
        save_set(a_set(tmp_path))
    finally:
        os.umask(old)
    assert files_below(tmp_path) == ["a.redacted.json", "a.redacted.txt", "a.redacted.wav"]
    for path, content in a_set(tmp_path).items():
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o640


class Breaker:
    """Makes the n-th system call of a save fail. Cleaning up is not counted: once broken, everything works again."""

    def __init__(self, monkeypatch, fail_at: int, number: int) -> None:
        self.calls: list[str] = []
        self.fail_at = fail_at
        self.number = number
        for name in ("mkdir", "open", "fsync", "replace", "unlink", "fdopen"):
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name, real):
        def call(*arguments, **options):
            if name == "unlink" and arguments[0].endswith(durable.SUFFIX):
                return real(*arguments, **options)
            self.calls.append(name)
            if len(self.calls) - 1 == self.fail_at:
                if name == "fdopen":  # stands for the write that follows: half of it arrives
                    os.write(arguments[0], b"half")
                    os.close(arguments[0])
                raise OSError(self.number, os.strerror(self.number), "/a/path/that/tells")
            return real(*arguments, **options)

        return call


def steps_of_a_save(out: Path) -> list[tuple[int, str]]:
    """The system calls of a save into `out` by number."""
    with pytest.MonkeyPatch.context() as patch:
        breaker = Breaker(patch, -1, 0)
        save_set(a_set(out))
    return list(enumerate(breaker.calls))


def test_an_error_at_any_step_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "count").mkdir()
    steps = steps_of_a_save(tmp_path / "count")
    assert {step for _, step in steps} == {"mkdir", "open", "fdopen", "fsync", "replace", "unlink"}
    assert len([step for _, step in steps if step == "replace"]) == 3
    for number, expected in ((errno.ENOSPC, OutOfSpace), (errno.EIO, OutOfSpace), (errno.EROFS, OutputError)):
        for at, step in steps:
            out = tmp_path / f"{number}-{at}"
            out.mkdir()
            with monkeypatch.context() as patch:
                Breaker(patch, at, number)
                with pytest.raises(expected) as caught:
                    save_set(a_set(out))
            assert type(caught.value) is expected, step
            assert files_below(out) == [], step
            assert "/" not in caught.value.message + caught.value.hint.replace("--", "")
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__


def test_an_error_never_leaves_a_mixture_with_an_older_set(tmp_path, monkeypatch):
    save_set(a_set(tmp_path / "count"))
    for at, step in steps_of_a_save(tmp_path / "count"):
        out = tmp_path / str(at)
        save_set(a_set(out, b"0"))
        with monkeypatch.context() as patch:
            breaker = Breaker(patch, at, errno.ENOSPC)
            with pytest.raises(OutOfSpace):
                save_set(a_set(out, b"1"))
        contents = {p.read_bytes()[:1] for p in out.rglob("*") if p.is_file()}
        if "replace" in breaker.calls or step == "unlink":
            assert contents == set(), step
        else:
            assert contents == {b"0"}, step
            assert len(files_below(out)) == 3


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EACCES])
def test_a_file_system_that_cannot_flush_folders_is_no_error(tmp_path, monkeypatch, number):
    real = os.fsync

    def no_folders(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, "no")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", no_folders)
    save_set(a_set(tmp_path))
    assert len(files_below(tmp_path)) == 3


def test_a_folder_that_may_not_be_written_to_is_an_output_error(tmp_path, monkeypatch):
    def refused(*arguments, **options):
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(OutputError, match="EACCES") as caught:
        save_set(a_set(tmp_path))
    assert caught.value.exit_code == 73


def test_a_file_in_the_place_of_a_folder_is_an_output_error(tmp_path):
    (tmp_path / "deep").write_text("in the way")
    with pytest.raises(OutputError) as caught:
        save_set(a_set(tmp_path))
    assert caught.value.exit_code == 73
    assert files_below(tmp_path) == ["deep"]


def test_a_folder_in_the_place_of_a_file_is_an_output_error(tmp_path):
    (tmp_path / "deep" / "a.redacted.txt").mkdir(parents=True)
    with pytest.raises(OutputError):
        save_set(a_set(tmp_path))
    assert files_below(tmp_path) == []


def test_an_interrupt_leaves_no_marker_and_no_temporary_files(tmp_path, monkeypatch):
    done = []
    real = os.replace

    def interrupted(source, target, **folders):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(target)
        real(source, target, **folders)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_set(a_set(tmp_path))
    assert files_below(tmp_path) == []


def python(code: str, *arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), *arguments], cwd=ROOT, **options)


def test_a_file_larger_than_the_system_allows_is_out_of_space(tmp_path):
    resource = pytest.importorskip("resource", reason="needs resource limits (POSIX)")
    assert resource
    code = """
        import resource, sys
        from pathlib import Path
        from redactor.errors import OutOfSpace
        from redactor.storage import save_set
        out = Path(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        try:
            save_set({out / "a.wav": b"1" * 1000, out / "a.json": b"1" * 50_000})
        except OutOfSpace:
            print("out of space")
    """
    process = python(code, str(tmp_path), stdout=subprocess.PIPE)
    assert process.communicate(timeout=30)[0] == b"out of space\n"
    assert files_below(tmp_path) == []


def test_a_really_full_disk(tmp_path):
    mount = shutil.which("unshare"), shutil.which("mount")
    if not all(mount):
        pytest.skip("needs the commands unshare and mount")
    # In a mount namespace of its own: the small disk is gone with the process.
    code = """
        import sys
        from pathlib import Path
        from redactor.errors import OutOfSpace
        from redactor.storage import save_set
        out = Path(sys.argv[1])
        save_set({out / "a.wav": b"1" * 20_000, out / "a.json": b"1"})
        try:
            save_set({out / "b.wav": b"1" * 20_000, out / "b.txt": b"1" * 60_000, out / "b.json": b"1"})
        except OutOfSpace as error:
            print(error.exit_code, sorted(p.name for p in out.iterdir()))
    """
    script = 'mount -t tmpfs -o size=64k tmpfs "$1" || exit 77; exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path), sys.executable, textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("needs the right to mount a small disk (root with CAP_SYS_ADMIN)")
    assert done.stderr == ""
    assert done.stdout == "74 ['a.json', 'a.wav']\n"


KILLED = """
    import itertools, sys
    from pathlib import Path
    from redactor.storage import save_set
    out = Path(sys.argv[1])
    print("ready", flush=True)
    for n in itertools.count():
        mark = b"%04d" % n
        save_set({out / str(n % 3) / f"a.redacted{s}": mark * 50_000 for s in (".wav", ".txt", ".srt", ".json")})
"""


def test_a_process_killed_at_any_moment_leaves_whole_files_and_a_true_marker(tmp_path):
    chance = random.Random(3)
    leftovers = 0
    for turn in range(20):
        process = python(KILLED, str(tmp_path), stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.06))
        process.kill()
        process.wait()
        process.stdout.close()
        for folder in (p for p in tmp_path.iterdir() if p.is_dir()):
            contents = {p.suffix: p.read_bytes() for p in folder.iterdir() if not p.name.startswith(".redactor-")}
            # Never half a file …
            assert all(len(c) == 200_000 and c == c[:4] * 50_000 for c in contents.values())
            # … and where the marker is, the set is whole and of one run.
            if ".json" in contents:
                assert set(contents) == {".wav", ".txt", ".srt", ".json"}, turn
                assert len(set(contents.values())) == 1, turn
        leftovers += remove_leftovers(tmp_path)
        assert not list(tmp_path.rglob(".redactor-*"))
    assert leftovers  # some were killed in the middle, or this test shows nothing


def test_only_what_dead_processes_left_is_removed(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    token = "0123456789abcdef"

    def leave(pid: int | str, process: str = "01234567") -> Path:
        path = deep / f".redactor-{pid}-{process}-{token}.part"
        path.write_bytes(b"x")
        return path

    gone = [leave(dead.pid), leave(os.getpid()), leave(10**30)]  # same id as ours, but not ours: containers do that
    stays = [
        leave(os.getpid(), durable._PROCESS),
        leave(os.getppid()),
        leave("²"),
        leave(""),
        deep / ".redactor-notes.part",
        deep / "x.part",
    ]
    for path in stays[-2:]:
        path.write_bytes(b"x")
    (deep / f".redactor-{dead.pid}-01234567-{token[::-1]}.part").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "a" / "link").symlink_to(outside)
    (outside / gone[0].name).write_bytes(b"x")
    assert remove_leftovers(tmp_path / "a") == 3
    assert not any(p.exists() for p in gone)
    assert all(p.exists() for p in stays)
    assert (outside / gone[0].name).exists()
    assert remove_leftovers(tmp_path / "nowhere") == 0


def test_no_file_ever_lands_behind_a_link_that_comes_and_goes(tmp_path):
    """A thread swaps the folder for a link as fast as it can, while sets are saved, read, copied and removed below
    it.
    """
    root, outside, ended = tmp_path / "out", tmp_path / "outside", threading.Event()
    folder, moved = root / "calls", root / "calls-moved"
    folder.mkdir(parents=True)
    outside.mkdir()
    files = [(suffix, os.urandom(64)) for suffix in (".wav", ".txt", ".json")]
    for suffix, _ in files:
        (outside / f"a.redacted{suffix}").write_bytes(b"precious")
    swaps = []

    def swap():
        while not ended.is_set():
            folder.rename(moved)
            while not folder.is_symlink():
                try:
                    folder.symlink_to(outside)
                except FileExistsError:  # noqa: PERF203 - a save has made the folder, which was not there for a moment
                    shutil.rmtree(folder, ignore_errors=True)
            ended.wait(0.0002)
            folder.unlink()
            while moved.exists():
                try:
                    moved.rename(folder)
                except OSError:  # noqa: PERF203 - a save has made the folder, which was not there for a moment
                    shutil.rmtree(folder, ignore_errors=True)
            swaps.append(1)
            ended.wait(0.0002)

    thread = threading.Thread(target=swap)
    thread.start()
    target, ends = Target(root) / "calls/a", []
    try:
        until = time.monotonic() + 20
        while (len(ends) < 400 or len(set(ends)) < 2) and time.monotonic() < until:
            try:
                save_set({artefact(target, suffix): content for suffix, content in files})
                ends.append("saved")
            except OutputError:
                ends.append("refused")
            intact(target, fingerprints(files))
            with suppress(OutputError):
                copy_set(target, target.with_name("b"), fingerprints(files))
            remove_set(target, (".wav", ".txt", ".json"))
    finally:
        ended.set()
        thread.join()
    assert swaps
    assert set(ends) == {"saved", "refused"}
    assert {p.name: p.read_bytes() for p in outside.iterdir()} == {
        f"a.redacted{suffix}": b"precious" for suffix, _ in files
    }
