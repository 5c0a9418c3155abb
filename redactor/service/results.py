"""Results on the disk, and whether they are unchanged: the telephone system's user can write beside recordings, too.

Before a set of files is saved, its digest goes into the database. A result without that digest is not trusted, served,
or put in an original's place. Files are opened as recordings are: below the configured folders, without following a
link.
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
from redactor.render import TEXT_SUFFIXES
from redactor.safe_open import opened, read_all
from redactor.service.jobs.fingerprints import FileFingerprints
from redactor.storage import Target, artefact

LARGEST = 4 << 30
"""Bytes of one file of a result."""


class Results:
    """See the module's text.

    Args:
        folders: that hold results.
    """

    def __init__(self, fingerprints: FileFingerprints, folders: Sequence[str]) -> None:
        self._fingerprints, self._folders = fingerprints, tuple(folders)

    def note(self, target: Path | Target, files: Mapping[str, bytes]) -> None:
        """Record the digest of files (by suffix) that are saved at a target next."""
        self._fingerprints.note(_place(target), _digest(files))

    def read(self, target: Path | Target, audio: str = "") -> dict[str, bytes] | None:
        """The files of a result by suffix; None unless all of them are there unchanged.

        Args:
            audio: SHA-256 of the recording that they must be of, if it is known.
        """
        noted = self._fingerprints.of(_place(target))
        files = self._files(target) if noted else None
        if files is None or _digest(files) != noted or audio not in ("", document_of(files).get("id")):
            return None
        return files

    def document(self, target: Path | Target, audio: str = "") -> dict[str, Any] | None:
        """The JSON document of a result that `read` accepts; None for another."""
        files = self.read(target, audio)
        return None if files is None else document_of(files)

    def is_of_another(self, audio: str, target: Path | Target) -> bool:
        """Whether a complete result of another recording is at the target."""
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
    """Place of the result with this document; the inverse of `artefact`."""
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
