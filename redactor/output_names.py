"""Names of outputs: the input's name, unless it could identify somebody."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePath
from typing import Protocol

from redactor.phi import KnownSearch
from redactor.phi.gazetteers import words
from redactor.phi.spoken import plain_digits
from redactor.storage import Item
from redactor.types import Finding, Transcript

LONGEST = 230
"""Most bytes of a name: file systems allow 255, and ".redacted.json" or a longer suffix is appended."""

_MANY_DIGITS = re.compile(r"\d{5}|\d(?:[^\d]?\d){6}")
_DAY = re.compile(r"(?<!\d)\d{1,2}[^\w]\d{1,2}[^\w]\d{2}(?!\d)|(?<![^\W_])\d{1,2}_\d{1,2}_\d{2}(?!\d)")
_MONTH = re.compile(r"(?<!\d)(?:19|20)\d\d[^\w]?_?(?:0[1-9]|1[0-2])(?!\d)")
_SEQUENCE = re.compile(
    r"(?:(?:audio|calls?|clip|file|in|inbound|incoming|memo|messages?|msgs?|note|out|outbound|outgoing|part|rec|"
    r"recordings?|samples?|tests?|track|vm|voice|voicemails?|wav)[ ._-]{0,2})*"
    r"(?:[a-z][ ._-]?)?\d{1,4}(?:[ ._-](?:in|out|left|right))?",
    re.IGNORECASE | re.ASCII,
)
"""A telephone system's own name for a recording: words for recordings, at most one other letter, one number of up to
four digits, which counts them, and perhaps the side of the call (E001, msg0004, rec-17-in). Nothing in it is about a
person. A date is: the day of a message is the day of a contact with the patient, and 45 CFR 164.514(b)(2)(i)(C) lists
all elements of such dates but the year."""
_BREAKS = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

NEUTRAL = frozenset(
    "a an and archive audio bad box busy by call callback caller calls channel clip conf copy cust demo down draft "
    "ext extension family fax file folder for friends from good greet greeting hard hold in inbound inbox "
    "incoming keypad left line link mail mailbox message messages mono msg msgs music new no noise note "
    "nothing number of old on out outbound outgoing part parties pbx phone queue raw rec record recorded "
    "recording recordings redacted right said sample self side sound spanish english stereo take tape temp "
    "test tests the to toy track unavail unheard unread urgent user vm vmail voice voicemail voicemails wav "
    "wave work alaw amr flac gsm mp mpeg ogg opus pcm ulaw".split()
)
"""Words that telephone systems and their administrators use in names. Some are also names of people ("Good", "Old")."""


class NameDetector(Protocol):
    """Text → findings with offsets into it (`phi.build_detector` makes one)."""

    def detect(self, text: str) -> tuple[Finding, ...]: ...

    def search(
        self, transcripts: Iterable[Transcript], *, known: Iterable[KnownSearch | None] | None = None
    ) -> Iterable[tuple[Finding, ...]]:
        """Findings of each transcript, in order, with its channel; `known`: beforehand, for each transcript."""


class OutputNames:
    """Output paths without suffix, below the output folder.

    Args:
        mode: "auto": a file name that contains PHI, or a word that may be a name, becomes the recording's id; such a
            folder name is omitted (and the files below it get their ids). "id": file names always become the id.
            "keep": names stay. A name with control characters becomes the id in any mode but "keep", a name that is
            too long in every mode.
    """

    def __init__(self, detector: NameDetector, *, mode: str, min_score: float) -> None:
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
        if any(unicodedata.category(c).startswith("C") for c in name):  # control characters, bytes that are not text
            return True
        name = plain_digits(name)
        if _SEQUENCE.fullmatch(name):
            return False  # as speech, "E001" would be a log-in
        return (
            bool(_MANY_DIGITS.search(name) or _DAY.search(name) or _MONTH.search(name))
            or not all(_is_neutral(word) for word in _LETTERS.findall(_HUMP.sub(" ", name)))
            or any(
                not finding.score < self._min_score
                for reading in readings(name)
                for finding in self._detector.detect(reading)
            )
        )


def readings(name: str) -> tuple[str, ...]:
    """The readings of a file name as text: unchanged, with blanks for punctuation, and split ("DanaWhitlock",
    "MRN88213").
    """
    spaced = _BREAKS.sub(" ", name).strip()
    apart = _HUMP.sub(" ", spaced)
    return tuple(dict.fromkeys(r for r in (name, _capital(spaced), _capital(apart)) if r))


def _capital(text: str) -> str:
    return text if any(c.isupper() for c in text) and any(c.islower() for c in text) else text.title()


def _short(name: str) -> bool:
    return len(os.fsencode(name)) <= LONGEST


def _is_neutral(word: str) -> bool:
    """Whether a word is known to identify nobody; a word that no list contains may be a name."""
    low = "".join(c for c in unicodedata.normalize("NFKD", word).casefold() if not unicodedata.combining(c))
    if low in NEUTRAL or len(low) < 2:
        return True
    if any(low in words(names) for names in ("first_names", "surnames", "cities", "towns")):
        return False
    # Two letters that are not a name are an abbreviation or initials.
    return len(low) == 2 or low in words("common_words") or low in words("function_words")
