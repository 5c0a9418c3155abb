"""Electronic mail addresses (45 CFR 164.514(b)(2)(i)(F); RFC 5322 addr-spec), written or dictated.

`phi.spoken` writes "at", "dot" and the domain; here the local part is collected to the left, since people say it in
pieces: "j smith seventy four at gmail dot com".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.spoken import WrittenForm

_ADDRESS = re.compile(r"[\w.+-]*\w@\.?\w[\w-]*(?:\.[\w-]+)*", re.ASCII)
_LEFT = re.compile(r"([\w'+.-]+)([ ,-]{1,3})$")
_STOP = frozenset(
    "is at to it it's its address email mail e that's thats that be me uh um as was use try and or the a my his her "
    "our your their send sent write reach contact in on of for i'm i so name with you can please me us by from still "
    "has have through yes yeah yep okay ok sure no well says shows forms form says".split()
)
_PIECES = 6
_CUE = re.compile(
    r"\be-?\s?mail(?: address)?(?: me| us| it| that| her| him| them)*(?: is| at| to|:|,|'s| it's| uh|"
    r" um)*\s+(?P<value>[\w' ,.+-]{2,45})$",
    re.IGNORECASE,
)
"""Everything between it and the @ is the address, whatever the words ("email me the great 42@…")."""


_DICTATED = re.compile(
    r"\b(?P<at>at) (?:[\w'-]+ ){1,4}?dot (?:com|org|net|edu|gov|mil|us|biz|info|health|c o m|o r g|n e t|e d u|g o v|"
    r"u s)\b",
    re.IGNORECASE,
)
"""A domain of several words or with a spelled end, which `phi.spoken` does not write out: "at pine valley dot o r g".
"""
_EMAIL_WORD = re.compile(r"\be-?\s?mail\b", re.IGNORECASE)


def gather_left(text: str, start: int, stop: frozenset[str]) -> int:
    """Where the pieces before `start` begin: up to five words, letters or figures, back to one that cannot be part of
    an address.
    """
    for _ in range(_PIECES):
        match = _LEFT.search(text, max(0, start - 40), start)
        if match is None:
            break
        piece = match[1].lower().strip(".'")
        if not piece or piece in stop or (match[1].endswith(".") and len(piece) > 1):
            break
        if len(piece) > 1 and not piece.isdigit() and "," in match[2]:
            break
        start = match.start()
    return start


class EmailRecognizer(SpokenRecognizer):
    """An @ with a domain, and the local part from the words before it."""

    label = "EMAIL_ADDRESS"

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        yield from self._word_by_word(form)
        text = form.text
        if "@" not in text:
            return
        for match in _ADDRESS.finditer(text):
            # A dictated address was "X at Y dot com" in the original; a written one has its @ and is complete.
            start, end = match.span()
            original_start, original_end = form.to_original(start, end)
            dictated = "@" not in form.original[original_start:original_end]
            if dictated:
                start = gather_left(text, start, _STOP)
                cued = _CUE.search(text, max(0, start - 80), start)
                before = cued["value"].lower().split() if cued else []
                if (
                    cued
                    and len(before) <= 3
                    and not _STOP.issuperset(before)
                    and not re.search(r"[.?!]\s", cued["value"])
                ):
                    start = cued.start("value")
            yield *form.to_original(start, end), 0.95, "dictated" if dictated else "written"

    @staticmethod
    def _word_by_word(form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        """In the original words, where "e-mail" comes shortly before them."""
        if "dot" not in form.original.lower():
            return
        for match in _DICTATED.finditer(form.original):
            cue = list(_EMAIL_WORD.finditer(form.original, max(0, match.start() - 80), match.start()))
            if cue:
                start = max(cue[-1].end(), gather_left(form.original, match.start("at"), _STOP))
                if start < match.start("at"):
                    yield start, match.end(), 0.8, "dictated word by word"
