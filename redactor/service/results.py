"""Results as they lie there, and whether they are ours: beside recordings, the telephone system's user may write, too.

Before a set is saved its digest goes into the database; nothing is believed, given away or put in an original's place
that is not of that digest. Files are opened as recordings are: below the configured folders, without following a link.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from redactor.audio import AUDIO_SUFFIXES
from redactor.errors import RedactorError
from redactor.safe_open import opened, read_all
from redactor.service.jobs.fingerprints import FileFingerprints
from redactor.storage import TEXT_SUFFIXES, Target, artefact

LARGEST = 4 << 30
"""Bytes of one file of a result."""


class Results:
    """See the module's text.

    Args:
        folders: that results lie below.
    """

    def __init__(self, stamps: FileFingerprints, folders: Sequence[str]) -> None:
        self._stamps, self._folders = stamps, tuple(folders)

    def note(self, target: Path | Target, files: Mapping[str, bytes]) -> None:
        """What is about to be saved there, by suffix."""
        self._stamps.note(_place(target), _digest(files))

    def read(self, target: Path | Target, audio: str = "") -> dict[str, bytes] | None:
        """The files of a result by suffix, None unless they are all there as we made them.

        Args:
            audio: SHA-256 of the recording that they must be of, where it is known.
        """
        noted = self._stamps.of(_place(target))
        files = self._files(target) if noted else None
        if files is None or _digest(files) != noted or audio not in ("", document_of(files).get("id")):
            return None
        return files

    def document(self, target: Path | Target, audio: str = "") -> dict[str, Any] | None:
        """The document of a result that `read` gives."""
        files = self.read(target, audio)
        return None if files is None else document_of(files)

    def is_of_another(self, audio: str, target: Path | Target) -> bool:
        """Whether a whole result of another recording lies there."""
        files = self._files(target)
        return files is not None and document_of(files).get("id") != audio

    def _files(self, target: Path | Target) -> dict[str, bytes] | None:
        target = Target.of(target)
        try:
            files = {".json": self._content(artefact(target, ".json"))}
            sound = document_of(files).get("audio")
            if not isinstance(sound, str) or sound.lower() not in AUDIO_SUFFIXES:
                return None
            for suffix in (sound, *TEXT_SUFFIXES[:-1]):
                files[suffix] = self._content(artefact(target, suffix))
        except (RedactorError, ValueError, RecursionError):
            return None
        return files

    def _content(self, path: Target) -> bytes:
        with opened(os.fspath(path), self._folders) as descriptor:
            return read_all(descriptor, LARGEST)


def target_of(document: Path) -> Path:
    """Place of the result with this document; the other way is `artefact`."""
    return document.with_name(document.name.removesuffix(".redacted.json"))


def document_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The JSON document of a result; empty if it is none."""
    doc = json.loads(files[".json"])
    return doc if isinstance(doc, dict) else {}


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for suffix, content in sorted(files.items()):
        whole.update(f"{suffix}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()


def _place(target: Path | Target) -> str:
    return f"made\0{os.fspath(target)}"
