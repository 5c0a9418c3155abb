"""What outputs are called after, so that no two of a run share a name."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable

from redactor.storage.number_set import RepeatedTexts


class Stems:
    """The names of one set of inputs that could meet: all are added, then each is asked for once, in order.

    A stem is the relative path without its suffix; with it, where a sibling has the same stem (Asterisk keeps
    msg0000.wav, msg0000.WAV and msg0000.gsm side by side); with the item's number behind it where even that is not
    enough. Names are compared as file systems do that ignore case or composition (é), which would let two of them
    overwrite each other.

    Tallies of digests: where two happen to be alike, a name is longer than it need be, and that is all.
    """

    def __init__(self, relatives: Iterable[str] = ()) -> None:
        self._short, self._full = RepeatedTexts(), RepeatedTexts()  # folded
        self._exact_short, self._exact_full = RepeatedTexts(), RepeatedTexts()
        self._used = RepeatedTexts()
        for relative in relatives:
            self.add(relative)

    def add(self, relative: str) -> None:
        """Count one input, by its path below the folder that was given."""
        short = without_suffix(relative)
        self._short.add(folded(short))
        self._full.add(folded(relative))
        self._exact_short.add(short)
        self._exact_full.add(relative)

    def stem(self, relative: str, number: int) -> str:
        """The stem of the input with this number."""
        short = without_suffix(relative)
        stem = relative if self._short.repeated(folded(short)) else short
        if self._full.repeated(folded(relative)):
            stem = f"{stem}-{number}"
        while not self._used.add(folded(stem)):
            stem = f"{stem}-{number}"
        return stem

    def has_namesake(self, relative: str) -> bool:
        """Whether another input has exactly this relative path (in another folder that was given)."""
        return self._exact_full.repeated(relative)

    def shares_stem(self, relative: str) -> bool:
        """Whether another input has exactly this relative path up to the suffix."""
        return self._exact_short.repeated(without_suffix(relative))


def without_suffix(relative: str) -> str:
    """The path up to the name's last suffix; "..wav" and ".wav" stay: "." names a folder, and nothing names nothing."""
    start = relative.rfind(os.sep) + 1
    dot = relative.rfind(".", start)
    return relative[:dot] if start < dot < len(relative) - 1 and relative[start:dot].strip(".") else relative


def folded(name: str) -> str:
    """One text for all names that some file system takes for the same."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name.casefold())
