"""Which files a run is about, and what their outputs are called."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from redactor.errors import NoInput


@dataclass(frozen=True, slots=True)
class Item:
    """One input. `repr` shows its number only: names of recordings often hold the caller's number.

    Attributes:
        number: place in the sorted listing, from 1.
        relative: path below the folder that was given (the bare name for a file).
        stem: `relative` without its suffix, or with it where a sibling has the same stem (Asterisk keeps msg0000.wav,
            msg0000.WAV and msg0000.gsm side by side): what outputs are named after.
    """

    number: int
    path: Path = field(repr=False)
    relative: PurePath = field(repr=False)
    stem: PurePath = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """Items in order, and how many entries were passed over: not audio, links to folders, further names of a listed file."""

    items: tuple[Item, ...]
    passed_over: int


def list_inputs(paths: Sequence[Path], *, is_audio: Callable[[Path], bool], outside: Path | None = None) -> Listing:
    """Files as they are given, folders walked (sorted, links to folders not followed), each file once.

    Args:
        is_audio: asked for each file of a folder; a file named by itself is always taken.
        outside: a folder to leave out (the output, when it lies inside the archive).

    Raises:
        NoInput: a path does not exist, or nothing is left.
    """
    found: list[tuple[Path, PurePath]] = []
    seen: dict[tuple[int, int], set[str]] = {}
    passed_over = 0
    for number, given in enumerate(paths, 1):
        if os.path.isdir(given):  # noqa: PTH112 - False, not an error, where one may not look
            for path in _walk(given, outside):
                if _is_our_output(path) or _is_folder_link(path) or (_is_regular(path) and not is_audio(path)):
                    passed_over += 1
                elif (count := _times_seen(path, seen)) is not None:
                    passed_over += count
                else:
                    # The folder itself, if it may not be listed, goes by its name.
                    found.append((path, path.relative_to(given) if path != given else PurePath(given.name or "folder")))
        elif _is_there(given):
            if (count := _times_seen(given, seen)) is not None:
                passed_over += count
            else:
                found.append((given, PurePath(given.name)))
        else:
            raise NoInput(f"Path {number} of {len(paths)} does not exist.")
    if not found:
        raise NoInput(
            f"No audio found ({passed_over} other files).", hint="Name files or folders that hold recordings."
        )
    stems = Counter(_folded(_without_suffix(relative)) for _, relative in found)
    full = Counter(_folded(relative) for _, relative in found)
    items: list[Item] = []
    used: set[str] = set()
    for number, (path, relative) in enumerate(found, 1):
        short = _without_suffix(relative)
        stem = short if stems[_folded(short)] == 1 else relative
        if full[_folded(relative)] > 1:
            stem = stem.with_name(f"{stem.name}-{number}")
        while _folded(stem) in used:
            stem = stem.with_name(f"{stem.name}-{number}")
        used.add(_folded(stem))
        items.append(Item(number, path, relative, stem))
    return Listing(tuple(items), passed_over)


def _walk(folder: Path, outside: Path | None) -> Iterator[Path]:
    blocked: list[Path] = []  # folders that may not be listed become items, so that they get a (failed) outcome
    for root, folders, files in os.walk(folder, onerror=lambda error: blocked.append(Path(error.filename))):
        folders.sort()
        if outside is not None:
            folders[:] = [name for name in folders if not _same(Path(root, name), outside)]
        yield from (Path(root, name) for name in folders if _is_folder_link(Path(root, name)))
        for name in sorted(files):
            yield Path(root, name)
    yield from blocked


def _is_regular(path: Path) -> bool:
    """False for pipes, sockets and dangling links: they are listed without being opened, and get a failed outcome."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


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


def _times_seen(path: Path, seen: dict[tuple[int, int], set[str]]) -> int | None:
    """None the first time a file is met; then 1 for another name of it (a link), 0 for the same name once more."""
    try:
        status = path.stat()
    except OSError:
        return None  # unreadable: it still gets its outcome
    place = os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118
    names = seen.setdefault((status.st_dev, status.st_ino), set())
    again, known = bool(names), place in names
    names.add(place)
    return int(not known) if again else None


def _is_our_output(path: Path) -> bool:
    return ".redacted." in path.name or path.name.startswith(".redactor-")


def _without_suffix(relative: PurePath) -> PurePath:
    # "..wav" must not become ".", which names a folder.
    return relative.with_suffix("") if relative.stem.strip(".") else relative


def _folded(path: PurePath) -> str:
    # File systems that ignore case or composition (é) would let two names overwrite each other.
    return unicodedata.normalize("NFC", str(path).casefold())
