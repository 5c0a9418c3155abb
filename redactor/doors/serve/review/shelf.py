"""Redacted versions on disk: each a folder that appears whole, old ones kept. Nothing here holds what was covered.

SHELF/ab/abcd…/1-9f0c2a7e11/   message.redacted.wav .txt .srt .vtt .json, listen.wav, view.json
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redactor.errors import NoInput
from redactor.keep import artefact, save_set

_ID = re.compile(r"[0-9a-f]{64}")
_FOLDER = re.compile(r"[0-9]{1,9}-[0-9a-f]{10}")
STEM = "message"
ARTEFACTS = {"text": ".txt", "srt": ".srt", "vtt": ".vtt", "json": ".json"}


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
        return name

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
            raise NoInput(
                "A file of the version is missing.", hint="Restore the review folder from a backup."
            ) from None
