"""Redacted versions on disk: each a folder that appears whole, and once it counts those before it go. Nothing here
holds what was covered.

SHELF/ab/abcd…/2-9f0c2a7e11/   message.redacted.wav .txt .srt .vtt .json, listen.wav, view.json
SHELF/ab/.lock                 held while a version is saved, made the current one, and the others removed

An older version holds in clear what somebody covered later, because it should never have been readable: so it does not
stay. Taking an edit
back renders from the sealed plan.
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
    """A file that stays readable when its version goes; closed with the last reference to it.

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
        """Write a version; the name of its folder, which nobody knows until it is told: two who save at once do not
        meet.

        Args:
            files: suffix → content, as the pipeline gives them.
            listen: what a browser plays, b"" where the audio artefact does.

        Raises:
            OutputError: nothing is left of it then.
        """
        name = f"{version}-{secrets.token_hex(5)}"
        here = self.place(message, name)
        content = {artefact(here / STEM, suffix): data for suffix, data in files}
        if listen:
            content[here / "listen.wav"] = listen
        content[here / "view.json"] = json.dumps(view, ensure_ascii=False).encode()
        save_set(content)
        # The versions before go soon: this one must survive a power cut by then.
        for above in (here.parent, here.parent.parent, Target(self._folder)):
            with above.opened() as folder:
                flush_folder(folder)
        return name

    @contextmanager
    def alone(self, message: str) -> Iterator[None]:
        """Nobody else, in whatever process, changes versions of this message meanwhile (nor those of its neighbours:
        the lock is of SHELF/ab).

        Raises:
            OutputError
        """
        shard = self.place(message, "0-0000000000").parent.parent
        try:
            self._folder.mkdir(
                mode=0o700, parents=True, exist_ok=True
            )  # whatever the caller's umask: see [review] folder
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
        """Remove all versions but this one, and what a killed process left; to be called while `alone`.

        Nothing goes while this one is not there: a database restored from an old backup must not cost the version that
        there is.
        """
        kept = self.place(message, name)
        if not _exists(kept / "view.json"):
            return
        with kept.parent.opened() as here:
            for other in [entry.name for entry in os.scandir(here)]:
                if other != kept.name:
                    # Away at once, so that nobody reads half of it; then file by file. What cannot be removed is tried
                    # again at the next start.
                    gone = f".gone-{secrets.token_hex(5)}"
                    with suppress(OSError):
                        os.rename(other, gone, src_dir_fd=here, dst_dir_fd=here)
                    remove_tree(gone, here)

    def crowded(self) -> Iterator[str]:
        """Messages that have more than one folder here.

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
                            crowded = sum(1 for _ in os.scandir(here)) > 1
                        if crowded:
                            yield message
        except OSError as error:
            raise as_output_error(error) from None

    def drop(self, message: str, name: str) -> None:
        """Remove a version that did not become the message's."""
        with suppress(OSError), self.place(message, name).parent.opened() as here:
            remove_tree(name, here)

    def place(self, message: str, name: str) -> Target:
        """The folder of a version.

        Raises:
            NoInput: names that are not of our making: no path is ever built of anything else.
        """
        if not _ID.fullmatch(message) or not _FOLDER.fullmatch(name):
            raise NoInput("There is no such version.")
        return Target(self._folder, (message[:2], message, name))

    def view(self, message: str, name: str) -> dict[str, Any]:
        """What the page shows of a version: words, bleeps, peaks, all of the redacted sound.

        Raises:
            NoInput
        """
        return dict(json.loads(self.read(self.place(message, name) / "view.json")))

    def artefact(self, message: str, name: str, kind: str) -> tuple[bytes, str]:
        """Content and suffix of a file; `kind`: an `ArtefactKind`.

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
        """A file's bytes; NoInput instead of an error that names it."""
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
