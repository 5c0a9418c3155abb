"""Redacted versions on disk: each a folder that appears whole, and once it counts those before it go. Nothing here holds what was covered.

SHELF/ab/abcd…/2-9f0c2a7e11/   message.redacted.wav .txt .srt .vtt .json, listen.wav, view.json
SHELF/ab/.lock                 held while a version is saved, made the current one, and the others removed

An older version holds in clear what somebody covered later, because it should never have been readable: so it does not stay. Taking an edit
back renders from the sealed plan.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from redactor.durable import as_output_error, flush_folder
from redactor.errors import NoInput
from redactor.keep import artefact, save_set

_ID = re.compile(r"[0-9a-f]{64}")
_FOLDER = re.compile(r"[0-9]{1,9}-[0-9a-f]{10}")
STEM = "message"
ARTEFACTS = {"text": ".txt", "srt": ".srt", "vtt": ".vtt", "json": ".json"}


class Opened:
    """A file that stays readable when its version goes; closed with the last reference to it.

    Raises:
        NoInput
    """

    def __init__(self, path: Path) -> None:
        self._held = -1
        try:
            self._held = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self.size = os.fstat(self._held).st_size
        except OSError:
            raise _missing() from None

    def read(self, first: int, count: int) -> bytes:
        return os.pread(self._held, count, first)

    def __del__(self) -> None:
        if self._held >= 0:
            os.close(self._held)


class Shelf:
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
        """Write a version; the name of its folder, which nobody knows until it is told: two who save at once do not meet.

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
        for folder in (here.parent, here.parent.parent, self._folder):
            flush_folder(folder)
        return name

    @contextmanager
    def alone(self, message: str) -> Iterator[None]:
        """Nobody else, in whatever process, changes versions of this message meanwhile (nor those of its neighbours: the lock is of SHELF/ab).

        Raises:
            OutputError
        """
        shard = self.place(message, "0-0000000000").parent.parent
        try:
            self._folder.mkdir(
                mode=0o700, parents=True, exist_ok=True
            )  # whatever the caller's umask: see [review] folder
            shard.mkdir(exist_ok=True)
            held = os.open(shard / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise as_output_error(error) from None
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)

    def keep_only(self, message: str, name: str) -> None:
        """Remove all versions but this one, and what a killed process left; to be called while `alone`.

        Nothing goes while this one is not there: a database restored from an old backup must not cost the version that there is.
        """
        kept = self.place(message, name)
        if not (kept / "view.json").exists():
            return
        for other in list(kept.parent.iterdir()):
            if other != kept:
                # Away at once, so that nobody reads half of it; then file by file. What cannot be removed is tried again at the next start.
                gone = other.with_name(f".gone-{secrets.token_hex(5)}")
                with suppress(OSError):
                    other.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)

    def crowded(self) -> Iterator[str]:
        """Messages that have more than one folder here.

        Raises:
            OutputError: the shelf cannot be read.
        """
        try:
            for shard in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
                for here in sorted(shard.iterdir()) if shard.is_dir() else ():
                    if _ID.fullmatch(here.name) and sum(1 for _ in here.iterdir()) > 1:
                        yield here.name
        except OSError as error:
            raise as_output_error(error) from None

    def drop(self, message: str, name: str) -> None:
        """Remove a version that did not become the message's."""
        shutil.rmtree(self.place(message, name), ignore_errors=True)

    def place(self, message: str, name: str) -> Path:
        """The folder of a version.

        Raises:
            NoInput: names that are not of our making: no path is ever built of anything else.
        """
        if not _ID.fullmatch(message) or not _FOLDER.fullmatch(name):
            raise NoInput("There is no such version.")
        return self._folder / message[:2] / message / name

    def view(self, message: str, name: str) -> dict[str, Any]:
        """What the page shows of a version: words, bleeps, peaks, all of the redacted sound.

        Raises:
            NoInput
        """
        return dict(json.loads(self.read(self.place(message, name) / "view.json")))

    def artefact(self, message: str, name: str, kind: str) -> tuple[bytes, str]:
        """Content and suffix of "text", "srt", "vtt", "json" or "audio".

        Raises:
            NoInput
        """
        suffix = ARTEFACTS.get(kind) or str(self.view(message, name)["suffix"])
        return self.read(artefact(self.place(message, name) / STEM, suffix)), suffix

    def sound(self, message: str, name: str) -> Path:
        """The file that a browser plays.

        Raises:
            NoInput
        """
        listen = self.place(message, name) / "listen.wav"
        return (
            listen
            if listen.exists()
            else artefact(self.place(message, name) / STEM, self.view(message, name)["suffix"])
        )

    @staticmethod
    def read(path: Path) -> bytes:
        """A file's bytes; NoInput instead of an error that names it."""
        try:
            return path.read_bytes()
        except OSError:
            raise _missing() from None


def _missing() -> NoInput:
    return NoInput("A file of the version is missing.", hint="Restore the review folder from a backup.")
