"""Which files a run is about, in order and one at a time: an archive of a million files is never held in memory.

At any time memory holds the names of one folder, and eight to sixteen bytes for each file met so far (its inode number,
by which a second name of it is recognised). Outputs can share a name only within one folder, so that is where names are
settled; for several paths given at once, and for folders that differ in case only, a first walk counts digests of the
names.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from redactor.errors import NoInput
from redactor.storage.stems import Stems, folded


@dataclass(frozen=True, slots=True)
class Item:
    """One input. `repr` shows its number only: names of recordings often hold the caller's number.

    Attributes:
        number: place in the sorted listing, from 1.
        relative: path below the folder that was given (the bare name for a file).
        stem: what outputs are named after (see `Stems`).
        plain: whether the stem is of our own making, so that nobody's name can be in it.
        within: the folder that was given and walked: no link below it may lead out of it. None for a file that was
            named by itself.
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
    """Items in order, and how many entries were passed over: not audio, links to folders, further names of a listed
    file.
    """

    items: tuple[Item, ...]
    passed_over: int


class Inputs:
    """The inputs of a run: each walk over it finds them again, in the same order. `passed_over` counts up with the last
    walk.

    Args:
        paths: files as they are given, folders walked (sorted, links to folders not followed), each file once.
        is_audio: asked for each file of a folder; a file named by itself is always taken.
        outside: a folder to leave out (the output, when it lies inside the archive).

    Raises:
        NoInput: a path does not exist; in a walk, at its end: nothing was found.
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
                # The folder that was given goes by its name.
                below = path.relative_to(batch.given) if path != batch.given else PurePath(batch.given.name or "folder")
                yield Item(number, path, below, below.with_name(f"{below.name}-{number}"))
        self.passed_over = walk.passed_over
        if not number:
            raise NoInput(
                f"No audio found ({self.passed_over} other files).", hint="Name files or folders that hold recordings."
            )

    def count(self, *, stopping: Callable[[], bool] = lambda: False) -> int | None:
        """How many there are: a walk of its own, without names; None if `stopping` became true meanwhile."""
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
    """Files of one folder, sorted; or one file that was given; or folders that may not be listed: they get a (failed)
    outcome.

    walked: the folder that was given, None for a file.
    stems: shared with other folders, where names of several folders could meet.
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
        self._walked: set[str] = set()  # what was given and is done with, without links

    def batches(self) -> Iterator[_Batch]:
        for given in self._paths:
            if os.path.isdir(given):  # noqa: PTH112 - False, not an error, where one may not look
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
            folders.sort()
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
        """The names below folders that some file systems take for one."""
        ahead = _FolderWalk(self._paths, self._is_audio, self._outside)
        ahead._seen.update({device: inodes.copy() for device, inodes in self._seen.items()})
        stems = Stems()
        for folder in folders:
            for batch in ahead._folder(given, folder):
                for relative in batch.relatives():
                    stems.add(relative)
        return stems

    def _is_wanted(self, path: Path) -> bool:
        """Whether a file of a folder is an input; counts it as passed over if not."""
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
        """False for a further name of a file that was met (a link: counts as passed over), and for the same name
        once more.
        """
        if status is None:
            return True  # unreadable: it still gets its outcome
        seen = self._seen[status.st_dev]
        if status.st_ino not in seen:
            seen.add(status.st_ino)
            return True
        place = _place(path)
        walked = any(place == w or place.startswith(os.path.join(w, "")) for w in self._walked)  # noqa: PTH118
        self.passed_over += not walked
        return False


def _place(path: Path) -> str:
    """The name with links in the folders above it resolved; a folder wholly."""
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
    """True also where nobody may look, or for a name that is too long: it then gets its (failed) outcome."""
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
    return ".redacted." in path.name or path.name.startswith(".redactor-")
