"""Where in a TOML file each table, key and value stands, so that an error can name the line and column.

The standard library's reader keeps no positions. This one reads positions and nothing else, of a text that the
standard library has accepted; where it loses its way, it says less instead of something wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, TypeAlias

Path: TypeAlias = "tuple[str | int, ...]"
"""Keys and, in lists, indices from 0: ("service", "roots", 1)."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'''
    """ (?: [^\\] | \\. )*? "{3,5}       # several lines; up to two quotes may precede the end
    | \'{3} .*? \'{3,5}                  # the same without escapes
    | " (?: [^"\\\n] | \\. )* "
    | \' [^\'\n]* \'
    ''',
    re.DOTALL | re.VERBOSE,
)
_OTHER = re.compile(r"[^,\]}#\n]*")


class Position(NamedTuple):
    """`line` and `column` from 1; columns count characters."""

    line: int
    column: int


class Placed(NamedTuple):
    """Where a key and its value begin; of a table, both are its name's position."""

    key: Position
    value: Position


def positions_in(text: str) -> dict[Path, Placed]:
    """The positions in a valid TOML text; as many as could be found in any other."""
    reader = _PositionReader(text)
    with suppress(IndexError, ValueError, RecursionError):
        reader.read()
    return reader.found


class _PositionReader:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self.found: dict[Path, Placed] = {}

    def read(self) -> None:
        table: Path = ()
        counts: dict[Path, int] = {}
        while self._skip(_BLANK) < len(self._text):
            if not self._text.startswith("[", self._at):
                self._pair(table)
                continue
            brackets = 2 if self._text.startswith("[[", self._at) else 1
            self._at += brackets
            self._skip(_SPACE)
            begin = self._position()
            table = tuple(self._key())
            if brackets == 2:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            self.found.setdefault(table, Placed(begin, begin))
            self._skip(_SPACE)
            self._expect("]" * brackets)

    def _pair(self, table: Path) -> None:
        key = self._position()
        path = (*table, *self._key())
        self._skip(_SPACE)
        self._expect("=")
        self._skip(_SPACE)
        self.found.setdefault(path, Placed(key, self._position()))
        self._value(path)

    def _value(self, path: Path) -> None:
        begin = self._at
        if self._text.startswith("[", self._at):
            self._at += 1
            number = 0
            while not self._closes("]"):
                here = self._position()
                self.found.setdefault((*path, number), Placed(here, here))
                self._value((*path, number))
                number += 1
                self._comma()
        elif self._text.startswith("{", self._at):
            self._at += 1
            while not self._closes("}"):
                self._pair(path)
                self._comma()
        elif string := _STRING.match(self._text, self._at):
            self._at = string.end()
        elif self._skip(_OTHER) == begin:
            raise ValueError  # not going on would be going round for ever

    def _key(self) -> Iterator[str]:
        """The parts of a dotted key."""
        while True:
            part = _BARE.match(self._text, self._at) or _STRING.match(self._text, self._at)
            if part is None:
                raise ValueError
            self._at = part.end()
            yield part[0].strip("\"'")
            end = self._skip(_SPACE)
            if not self._text.startswith(".", end):
                return
            self._at += 1
            self._skip(_SPACE)

    def _closes(self, bracket: str) -> bool:
        if self._text[self._skip(_BLANK)] != bracket:
            return False
        self._at += 1
        return True

    def _comma(self) -> None:
        if self._text[self._skip(_BLANK)] == ",":
            self._at += 1

    def _expect(self, token: str) -> None:
        if not self._text.startswith(token, self._at):
            raise ValueError
        self._at += len(token)

    def _skip(self, what: re.Pattern[str]) -> int:
        found = what.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        return self._at

    def _position(self) -> Position:
        begin = self._text.rfind("\n", 0, self._at)
        return Position(self._text.count("\n", 0, self._at) + 1, self._at - begin)
