"""Finds the inputs of a run in order, one at a time, without holding the list of an archive in memory.

Memory holds the names of one folder, and about 70 bytes for each file found so far (its inode number, to recognise
further names of it). Outputs can share a name only within one folder, so names are decided there; if several paths are
given, or folders differ only in case, a first walk counts the names.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from redactor.atomic_files import PREFIX
from redactor.errors import NoInput
from redactor.storage.stems import Stems, folded


@dataclass(frozen=True, slots=True)
class Item:
    """One input. `repr` shows only its number, since file names often contain the caller's number.

    Attributes:
        number: position in the sorted listing, from 1.
        relative: path below the given folder (the name, for a file).
        stem: base name of the outputs (see `Stems`).
        plain: whether the stem was generated, so that it cannot contain anybody's name.
        within: the given folder, which links below it must not leave. None for a file given by itself.
        has_namesake, shares_stem: whether another input of the run has the same relative path, or the same up to the
            suffix.
    """

    number: int
    path: Path = field(repr=False)
    relative: PurePath = field(repr=False)
    stem: PurePath = field(repr=False)
    has_namesake: bool = field(default=False, repr=False)
    shares_stem: bool = field(default=False, repr=False)
    plain: bool = field(default=False, repr=False)
    within: Path | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """Items in order, and the number of skipped entries: not audio, links to folders, further names of a file."""

    items: tuple[Item, ...]
    passed_over: int


class Inputs:
    """The inputs of a run. Every iteration walks the folders again, in the same order, and sets `passed_over`.

    Args:
        paths: files, and folders to walk (sorted, without following links to folders); each file counts once.
        is_audio: called for each file of a folder; a file given by itself is always included.
        outside: a folder to exclude (the output folder, if it is inside the archive).

    Raises:
        NoInput: a path does not exist or, at the end of an iteration, nothing was found.
    """

    def __init__(self, paths: Sequence[Path], *, is_audio: Callable[[Path], bool], outside: Path | None = None) -> None:
        for number, given in enumerate(paths, 1):
            if not _is_there(given):
                raise NoInput(f"Path {number} of {len(paths)} does not exist.")
        self._paths = paths
        self._is_audio = is_audio
        self._outside = outside
        self.passed_over = 0

    def __iter__(self) -> Iterator[Item]:
        stems = None
        if len(self._paths) > 1:
            stems = Stems()
            for batch in self._walk().batches():
                for relative in batch.relatives():
                    stems.add(relative)
        number = 0
        walk = self._walk()
        for batch in walk.batches():
            self.passed_over = walk.passed_over
            here = stems or batch.stems or Stems(batch.relatives())
            for name in batch.names:
                number += 1
                relative = batch.prefix + name
                stem = here.stem(relative, number)
                yield Item(
                    number,
                    batch.folder / name,
                    PurePath(relative),
                    PurePath(stem),
                    here.has_namesake(relative),
                    here.shares_stem(relative),
                    within=batch.walked,
                )
            for path in batch.blocked:
                number += 1
                # The given folder is represented by its name.
                below = path.relative_to(batch.given) if path != batch.given else PurePath(batch.given.name or "folder")
                yield Item(number, path, below, below.with_name(f"{below.name}-{number}"))
        self.passed_over = walk.passed_over
        if not number:
            raise NoInput(
                f"No audio found ({self.passed_over} other files).", hint="Give files or folders with recordings."
            )

    def count(self, *, stopping: Callable[[], bool] = lambda: False) -> int | None:
        """The number of inputs, by a separate walk; None if `stopping` became true meanwhile."""
        total = 0
        for batch in self._walk().batches():
            total += len(batch.names) + len(batch.blocked)
            if stopping():
                return None
        return total

    def _walk(self) -> _FolderWalk:
        return _FolderWalk(self._paths, self._is_audio, self._outside)


def list_inputs(paths: Sequence[Path], *, is_audio: Callable[[Path], bool], outside: Path | None = None) -> Listing:
    """All inputs at once, for short lists; see `Inputs`."""
    inputs = Inputs(paths, is_audio=is_audio, outside=outside)
    items = tuple(inputs)
    return Listing(items, inputs.passed_over)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Sorted files of one folder, or one given file, or unreadable folders, which get a failed outcome.

    Attributes:
        walked: the given folder, None for a file.
        stems: shared between folders whose names could collide.
    """

    given: Path
    folder: Path
    prefix: str
    names: list[str]
    walked: Path | None = None
    stems: Stems | None = None
    blocked: tuple[Path, ...] = ()

    def relatives(self) -> Iterator[str]:
        return (self.prefix + name for name in self.names)


class _FolderWalk:
    """One walk over the paths of a run."""

    def __init__(self, paths: Sequence[Path], is_audio: Callable[[Path], bool], outside: Path | None) -> None:
        self.passed_over = 0
        self._paths = paths
        self._is_audio = is_audio
        self._outside = outside
        self._seen: defaultdict[int, set[int]] = defaultdict(set)  # device → inodes
        self._walked: set[str] = set()  # given paths that are done, links resolved

    def batches(self) -> Iterator[_Batch]:
        for given in self._paths:
            if os.path.isdir(given):  # noqa: PTH112 - False instead of an error without permission
                yield from self._folder(given, given)
            elif self._is_first(given, _status(given)):
                yield _Batch(given, given.parent, "", [given.name])
            self._walked.add(_place(given))

    def _folder(self, given: Path, start: Path) -> Iterator[_Batch]:
        blocked: list[Path] = []
        shared: dict[str, Stems] = {}
        for root, folders, files in os.walk(start, onerror=lambda error: blocked.append(Path(error.filename))):
            here = Path(root)
            stems = shared.pop(root, None)
            # Our own folders of earlier outputs (what reviews keep) hold no recordings.
            folders[:] = sorted(name for name in folders if not name.startswith(PREFIX))
            if self._outside is not None:
                folders[:] = [name for name in folders if not _same(here / name, self._outside)]
            self.passed_over += sum(_is_folder_link(here / name) for name in folders)
            names = [name for name in sorted(files) if self._is_wanted(here / name)]
            if stems is not None:
                shared.update((os.path.join(root, name), stems) for name in folders)  # noqa: PTH118 - as os.walk does
            else:
                for alike in _alike(folders):
                    together = self._counted(given, [here / name for name in alike])
                    shared.update((os.path.join(root, name), together) for name in alike)  # noqa: PTH118
            if names:
                below = here.relative_to(given)
                prefix = os.path.join(below, "") if below.parts else ""  # noqa: PTH118
                yield _Batch(given, here, prefix, names, given, stems)
        kept = tuple(path for path in blocked if self._is_wanted(path))
        if kept:
            yield _Batch(given, given, "", [], given, None, kept)

    def _counted(self, given: Path, folders: list[Path]) -> Stems:
        """Stems of all names below folders that some file systems treat as one."""
        ahead = _FolderWalk(self._paths, self._is_audio, self._outside)
        ahead._seen.update({device: inodes.copy() for device, inodes in self._seen.items()})
        stems = Stems()
        for folder in folders:
            for batch in ahead._folder(given, folder):
                for relative in batch.relatives():
                    stems.add(relative)
        return stems

    def _is_wanted(self, path: Path) -> bool:
        """Whether a file of a folder is an input; otherwise it counts as skipped."""
        status = _status(path)
        if (
            _is_our_output(path)
            or (status is not None and stat.S_ISDIR(status.st_mode) and path.is_symlink())
            # Pipes, sockets and dangling links are listed without being opened, and get a failed outcome.
            or (status is not None and stat.S_ISREG(status.st_mode) and not self._is_audio(path))
        ):
            self.passed_over += 1
            return False
        return self._is_first(path, status)

    def _is_first(self, path: Path, status: os.stat_result | None) -> bool:
        """False for a further name of a known file (a link, counted as skipped), and for the same name again."""
        if status is None:
            return True  # unreadable files still get an outcome
        seen = self._seen[status.st_dev]
        if status.st_ino not in seen:
            seen.add(status.st_ino)
            return True
        place = _place(path)
        walked = any(place == w or place.startswith(os.path.join(w, "")) for w in self._walked)  # noqa: PTH118
        self.passed_over += not walked
        return False


def _place(path: Path) -> str:
    """The path with links in its parent folders resolved; for a folder, all links."""
    if os.path.isdir(path):  # noqa: PTH112
        return os.path.realpath(path)
    return os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118


def _alike(folders: list[str]) -> list[list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in folders:
        groups[folded(name)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def _same(a: Path, b: Path) -> bool:
    try:
        return a.samefile(b)
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    """Whether a path exists. True if that cannot be determined; it then gets a failed outcome."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _is_folder_link(path: Path) -> bool:
    try:
        return path.is_symlink() and path.is_dir()
    except OSError:
        return False


def _is_our_output(path: Path) -> bool:
    return ".redacted." in path.name or path.name.startswith(PREFIX)
