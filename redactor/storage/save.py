"""Saves sets of files atomically: each file appears complete or not at all (`atomic_files`), and never outside the
folder that the operator named.

The last file of a set is its marker: an old one is removed before anything changes, and the new one appears after all
others are in place and flushed. The folder is opened once, without following links (`safe_open`), so nobody can
redirect the files into another folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from redactor.atomic_files import Partial, as_output_error, flush_folder, remove_leftovers
from redactor.safe_open import folder_at

__all__ = ["Partial", "Target", "as_output_error", "remove_leftovers", "save_set"]


@dataclass(frozen=True, slots=True)
class Target:
    """The path of an output. `repr` shows nothing, since names of outputs may contain names of people.

    Attributes:
        root: folder that the operator named; links in its path are allowed.
        names: components below it; links among them are never followed.
    """

    root: Path = field(repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, place: Path | Target) -> Target:
        """A file directly in a folder that the operator named."""
        return place if isinstance(place, cls) else cls(Path(place).parent, (Path(place).name,))

    @property
    def name(self) -> str:
        return self.names[-1]

    @property
    def parent(self) -> Target:
        return Target(self.root, self.names[:-1])

    def with_name(self, name: str) -> Target:
        return Target(self.root, (*self.names[:-1], name))

    def __truediv__(self, below: str | PurePath) -> Target:
        return Target(self.root, (*self.names, *PurePath(below).parts))

    def __fspath__(self) -> str:
        return os.path.join(self.root, *self.names)  # noqa: PTH118 - for people and as a key; never opened

    def opened(self, *, make: bool = False) -> AbstractContextManager[int]:
        """A descriptor of the folder with this name.

        Raises:
            OSError: ENOTDIR or ELOOP if there is a link or a file in the path.
        """
        return folder_at(self.root, self.names, make=make)

    def check(self) -> None:
        """Report a link in the place of the output folder now, rather than after minutes of recognition.

        Raises:
            OutputError
        """
        try:
            with self.parent.opened():
                pass
        except FileNotFoundError:  # it will be created
            pass
        except OSError as error:
            raise as_output_error(error) from None


def save_set(files: Mapping[Path, bytes] | Mapping[Target, bytes]) -> None:
    """Write several files of one folder so that the last one, the marker, appears only after all others.

    Raises:
        OutOfSpace: the disk is full or failing; nothing of the set is left.
        OutputError: the folder cannot be created or written to, or there is a link in its path; nothing of the set is
            left.

    In both cases, an older set under the same names is untouched if writing failed, and removed if renaming failed.
    """
    content = {Target.of(place): data for place, data in files.items()}
    (folder,) = {target.parent for target in content}
    try:
        with folder.opened(make=True) as here:
            _save({target.name: data for target, data in content.items()}, here)
    except OSError as error:
        raise as_output_error(error) from None


def _save(files: Mapping[str, bytes], here: int) -> None:
    partials = {name: Partial(name, folder=here) for name in files}
    *others, marker = partials
    changing = done = False
    try:
        for name, content in files.items():
            partials[name].write(content)
        changing = True
        with suppress(FileNotFoundError):
            os.unlink(marker, dir_fd=here)
        for name in others:
            partials[name].commit()
        if others:
            flush_folder(here)
        partials[marker].commit()
        flush_folder(here)
        done = True
    finally:
        for partial in partials.values():
            partial.discard()
        if changing and not done:
            remove(reversed(list(files)), here)


def remove(names: Iterable[str], here: int) -> None:
    """Remove the files of an open folder that exist."""
    for name in names:
        with suppress(OSError):
            os.unlink(name, dir_fd=here)
