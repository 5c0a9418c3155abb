"""Redacted versions on disk: each is a folder that appears complete or not at all, without anything that is covered.

FOLDER/ab/abcd…/2-9f0c2a7e11/   message.redacted.wav .txt .srt .vtt .json, listen.wav, view.json
FOLDER/ab/.lock                 held while a version is saved, made the current one, and the others are removed

Older versions are removed, because they contain in clear what was covered later. Undoing an edit renders from the
sealed plan.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from redactor.atomic_files import as_output_error, flush_folder
from redactor.errors import NoInput, RefusedInput
from redactor.render import SUFFIXES_BY_KIND
from redactor.safe_open import open_file, read_all, remove_tree
from redactor.storage import Target, artefact, save_set

_ID = re.compile(r"[0-9a-f]{64}")
_FOLDER = re.compile(r"[0-9]{1,9}-[0-9a-f]{10}")
STEM = "message"


class OpenVersion:
    """An open file, which stays readable when its version is removed; closed with the last reference.

    Raises:
        NoInput
    """

    def __init__(self, path: Target) -> None:
        self._held = -1
        try:
            with path.parent.opened() as folder:
                self._held = open_file(path.name, folder)
            self.size = os.fstat(self._held).st_size
        except (OSError, RefusedInput):
            raise _missing() from None

    def read(self, first: int, count: int) -> bytes:
        return os.pread(self._held, count, first)

    def whole(self) -> bytes:
        return read_all(self._held, self.size)

    def __del__(self) -> None:
        if self._held >= 0:
            os.close(self._held)


class VersionStore:
    """The folder of all versions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(
        self,
        message: str,
        version: int,
        files: tuple[tuple[str, bytes], ...],
        *,
        listen: bytes,
        view: Mapping[str, Any],
    ) -> str:
        """Write a version; returns the name of its folder, which is random, so that concurrent saves do not collide.

        Args:
            files: suffix → content, as the pipeline returns them.
            listen: what a browser plays; b"" if it can play the audio artefact.

        Raises:
            OutputError: nothing is left behind.
        """
        name = f"{version}-{secrets.token_hex(5)}"
        here = self.place(message, name)
        content = {artefact(here / STEM, suffix): data for suffix, data in files}
        if listen:
            content[here / "listen.wav"] = listen
        content[here / "view.json"] = json.dumps(view, ensure_ascii=False).encode()
        save_set(content)
        # Older versions are removed next, so this one must survive a power cut.
        for above in (here.parent, here.parent.parent, Target(self._folder)):
            with above.opened() as folder:
                flush_folder(folder)
        return name

    @contextmanager
    def locked(self, message: str) -> Iterator[None]:
        """A lock across processes on the versions of a message (and of its neighbours: the lock is of FOLDER/ab).

        Raises:
            OutputError
        """
        shard = self.place(message, "0-0000000000").parent.parent
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # whatever the umask
            with shard.opened(make=True) as folder:
                held = os.open(".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600, dir_fd=folder)
        except OSError as error:
            raise as_output_error(error) from None
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)

    def keep_only(self, message: str, name: str) -> None:
        """Remove all other versions, and what a killed process left. The caller holds the lock.

        Does nothing if this version is missing: a database restored from an old backup must not cost the version that
        exists.
        """
        kept = self.place(message, name)
        if not _exists(kept / "view.json"):
            return
        with kept.parent.opened() as here:
            for other in [entry.name for entry in os.scandir(here)]:
                if other != kept.name:
                    # Renamed first, so that nobody reads half of it; then removed file by file. Leftovers are removed
                    # at the next start.
                    gone = f".gone-{secrets.token_hex(5)}"
                    with suppress(OSError):
                        os.rename(other, gone, src_dir_fd=here, dst_dir_fd=here)
                    remove_tree(gone, here)

    def with_leftovers(self) -> Iterator[str]:
        """Messages with more than one folder.

        Raises:
            OutputError: the store cannot be read.
        """
        if not self._folder.is_dir():
            return
        top = Target(self._folder)
        try:
            for shard in _folders_in(top):
                for message in _folders_in(top / shard):
                    if _ID.fullmatch(message):
                        with (top / shard / message).opened() as here:
                            several = sum(1 for _ in os.scandir(here)) > 1
                        if several:
                            yield message
        except OSError as error:
            raise as_output_error(error) from None

    def drop(self, message: str, name: str) -> None:
        """Remove a version that did not become current."""
        with suppress(OSError), self.place(message, name).parent.opened() as here:
            remove_tree(name, here)

    def place(self, message: str, name: str) -> Target:
        """The folder of a version.

        Raises:
            NoInput: the names are not of the form that this class creates; no path is built from anything else.
        """
        if not _ID.fullmatch(message) or not _FOLDER.fullmatch(name):
            raise NoInput("There is no such version.")
        return Target(self._folder, (message[:2], message, name))

    def view(self, message: str, name: str) -> dict[str, Any]:
        """What the page shows of a version: words, bleeps and peaks of the redacted audio.

        Raises:
            NoInput
        """
        return dict(json.loads(self.read(self.place(message, name) / "view.json")))

    def artefact(self, message: str, name: str, kind: str) -> tuple[bytes, str]:
        """Content and suffix of an artefact.

        Args:
            kind: an `ArtefactKind`.

        Raises:
            NoInput
        """
        suffix = SUFFIXES_BY_KIND.get(kind) or str(self.view(message, name)["suffix"])
        return self.read(artefact(self.place(message, name) / STEM, suffix)), suffix

    def sound(self, message: str, name: str) -> Target:
        """The file that a browser plays.

        Raises:
            NoInput
        """
        listen = self.place(message, name) / "listen.wav"
        return (
            listen
            if _exists(listen)
            else artefact(self.place(message, name) / STEM, self.view(message, name)["suffix"])
        )

    @staticmethod
    def read(path: Target) -> bytes:
        """The bytes of a file.

        Raises:
            NoInput: without naming the file.
        """
        return OpenVersion(path).whole()


def _exists(path: Target) -> bool:
    try:
        OpenVersion(path)
    except NoInput:
        return False
    return True


def _folders_in(folder: Target) -> list[str]:
    with folder.opened() as here:
        return sorted(e.name for e in os.scandir(here) if e.is_dir(follow_symlinks=False))


def _missing() -> NoInput:
    return NoInput("A file of the version is missing.", hint="Restore the review folder from a backup.")
