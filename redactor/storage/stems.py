"""Chooses base names for outputs, so that no two of a run share a name."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable


class Stems:
    """Base names for a set of inputs whose names could collide: add all, then ask for each once, in order.

    A stem is the relative path without its suffix; with the suffix, if a sibling has the same stem (Asterisk stores
    msg0000.wav, msg0000.WAV and msg0000.gsm side by side); followed by the item's number, if that is not enough. Names
    are compared ignoring case and Unicode composition, as some file systems do, so that none overwrites another.
    """

    def __init__(self, relatives: Iterable[str] = ()) -> None:
        self._short, self._full = _Tally(), _Tally()
        self._used: set[int] = set()
        for relative in relatives:
            self.add(relative)

    def add(self, relative: str) -> None:
        """Count one input by its path below the given folder."""
        self._short.add(without_suffix(relative))
        self._full.add(relative)

    def stem(self, relative: str, number: int) -> str:
        """The stem of the input with this number."""
        short = without_suffix(relative)
        stem = relative if self._short.has_alike(short) else short
        if self._full.has_alike(relative):
            stem = f"{stem}-{number}"
        while hash(folded(stem)) in self._used:
            stem = f"{stem}-{number}"
        self._used.add(hash(folded(stem)))
        return stem

    def has_namesake(self, relative: str) -> bool:
        """Whether another input has exactly this relative path (in another given folder)."""
        return self._full.has_same(relative)

    def shares_stem(self, relative: str) -> bool:
        """Whether another input has exactly this relative path up to the suffix."""
        return self._short.has_same(without_suffix(relative))


class _Tally:
    """Which texts were added more than once, exactly or in another case or composition.

    Only 64-bit hashes are stored (70 to 80 bytes each in a set), and most names, which equal their folded form, only in
    one set. If two hashes collide, a name is longer than necessary.
    """

    def __init__(self) -> None:
        self._plain: set[int] = set()  # texts that equal their folded form
        self._other: set[int] = set()  # texts that do not, as they are …
        self._other_folded: set[int] = set()  # … and folded
        self._same: set[str] = set()
        self._alike: set[str] = set()  # folded

    def add(self, text: str) -> None:
        plain = folded(text)
        text_hash, plain_hash = hash(text), hash(plain)
        if plain_hash in self._plain or plain_hash in self._other_folded:
            self._alike.add(plain)
        exact = self._plain if text == plain else self._other
        if text_hash in exact:
            self._same.add(text)
        exact.add(text_hash)
        if text != plain:
            self._other_folded.add(plain_hash)

    def has_same(self, text: str) -> bool:
        return text in self._same

    def has_alike(self, text: str) -> bool:
        return folded(text) in self._alike


def without_suffix(relative: str) -> str:
    """The path without the last suffix of the name; "..wav" and ".wav" stay, since nothing usable would remain."""
    start = relative.rfind(os.sep) + 1
    dot = relative.rfind(".", start)
    return relative[:dot] if start < dot < len(relative) - 1 and relative[start:dot].strip(".") else relative


def folded(name: str) -> str:
    """The same text for all names that some file systems treat as equal."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name.casefold())
