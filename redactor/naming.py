"""What outputs are called: as their inputs, unless the input's name gives somebody away."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePath
from typing import Protocol

from redactor.keep import Item
from redactor.phi.gazetteers import words
from redactor.types import Finding, Transcript

LONGEST = 230
"""Bytes of a name: file systems take 255, and ".redacted.json" (or a longer suffix) comes behind it."""

_MANY_DIGITS = re.compile(r"\d{5}|\d(?:[^\d]?\d){6}")
_DAY = re.compile(r"(?<!\d)\d{1,2}[^\w]\d{1,2}[^\w]\d{2}(?!\d)|(?<![^\W_])\d{1,2}_\d{1,2}_\d{2}(?!\d)")
_BREAKS = re.compile(r"[\W_]+")
_HUMP = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Detector(Protocol):
    """Text → findings with offsets into it (`phi.build_detector` makes one)."""

    def detect(self, text: str) -> tuple[Finding, ...]: ...

    def search(self, transcripts: Iterable[Transcript]) -> Iterable[tuple[Finding, ...]]:
        """Findings of each transcript, in order, with its channel."""


class OutputNames:
    """Output paths without suffix, below the output folder.

    Args:
        mode: "auto": a file name in which PHI is found becomes the recording's id, a folder name is left out (and the file below
            it goes by its id); "id": file names always become the id; "keep": names stay. A name that is too long, or that holds
            characters no terminal should print, becomes the id in any mode but "keep"; a too long one even there.
    """

    def __init__(self, detector: Detector, *, mode: str, min_score: float) -> None:
        self._detector = detector
        self._mode = mode
        self._min_score = min_score
        self._tells = cache(self._gives_away)

    def stem(self, item: Item, identity: str) -> Path:
        folders, name = item.stem.parts[:-1], item.stem.name
        if item.plain:
            return Path(item.stem)
        if self._mode == "keep":
            return Path(*folders, name if _short(name) else identity)
        kept = [part for part in folders if not self._tells(part)]
        if self._mode == "id" or len(kept) < len(folders) or not _short(name) or self._gives_away(name):
            return Path(*kept, identity)
        return Path(PurePath(*kept, name))

    def _gives_away(self, name: str) -> bool:
        if any(unicodedata.category(c).startswith("C") for c in name):  # control characters, bytes that are no text
            return True
        return (
            bool(_MANY_DIGITS.search(name) or _DAY.search(name))
            or any(_is_full_name(token) for token in _BREAKS.split(name.lower()))
            or any(
                not finding.score < self._min_score
                for reading in readings(name)
                for finding in self._detector.detect(reading)
            )
        )


def readings(name: str) -> tuple[str, ...]:
    """The ways to read a file name as text: as it stands, with blanks for marks, and taken apart ("DanaWhitlock", "MRN88213")."""
    spaced = _BREAKS.sub(" ", name).strip()
    apart = _HUMP.sub(" ", spaced)
    return tuple(dict.fromkeys(r for r in (name, _capital(spaced), _capital(apart)) if r))


def _capital(text: str) -> str:
    return text if any(c.isupper() for c in text) and any(c.islower() for c in text) else text.title()


def _short(name: str) -> bool:
    return len(os.fsencode(name)) <= LONGEST


def _is_full_name(token: str) -> bool:
    """Log-in names: "danawhitlock", "dwhitlock"."""
    if len(token) < 5 or token in words("common_words"):
        return False
    first, last = words("first_names"), words("surnames")
    return (len(token) > 5 and token[1:] in last) or any(
        token[:i] in first and token[i:] in last for i in range(3, len(token) - 3)
    )
