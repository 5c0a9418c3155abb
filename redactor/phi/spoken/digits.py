"""Digits of other kinds: superscript, circled, full-width, Arabic-Indic, a keycap and so on, are read as ASCII ones."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from redactor.phi.spoken.form import TextEdit


@lru_cache(maxsize=4096)
def ascii_digits(character: str) -> str:
    """The value of a character that is a whole number, in ASCII digits; "" for any other, and for ASCII itself."""
    if character.isascii():
        return ""
    value = unicodedata.numeric(character, -1.0)
    return str(int(value)) if value >= 0 and value == int(value) else ""


def plain_digits(text: str) -> str:
    """The text with ASCII digits for all others; its length may change. Marks around or above a digit are left out."""
    written, position = [], 0
    for start, end, digits in digit_edits(text):
        written += [text[position:start], digits]
        position = end
    return "".join([*written, text[position:]])


def digit_edits(text: str) -> list[TextEdit]:
    """Each digit that is not plain ASCII, with the marks that follow it (U+20E3, a keycap), and how it is written."""
    if text.isascii():
        return []
    edits: list[TextEdit] = []
    index = 0
    while index < len(text):
        character = text[index]
        digits = ascii_digits(character) or (character if character.isascii() and character.isdigit() else "")
        end = index + 1
        if digits:
            while end < len(text) and unicodedata.category(text[end]) in ("Mn", "Me", "Cf"):
                end += 1
            if text[index:end] != digits:
                edits.append(TextEdit(index, end, digits))
        index = end
    return edits


def same_length(text: str, edits: list[TextEdit]) -> str:
    """The text with the first ASCII digit in place of each other digit, so that offsets stay."""
    characters = list(text)
    for start, _, digits in edits:
        characters[start] = digits[0]
    return "".join(characters)
