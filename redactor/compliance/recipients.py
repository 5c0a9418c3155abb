"""The recipients file: a CSV file that says who was called, by whom and when.

file         the recording: its path below the given folder, its name with or without suffix, or its SHA-256
recipient    as in the consent register
caller       an id of the member of staff (printed in reports, so no name)
sent         day of sending, YYYY-MM-DD (a time after it is ignored)
prerecorded  yes or no
direction    out (or empty), or in: messages that were left by others are not audited

Each row belongs to one recording. The first message of every mailbox may be called msg0000.wav, so a name that matches
several recordings is an error: one person's consents must not apply to another's message.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from redactor.errors import ConfigurationError, NoInput
from redactor.storage import Item

COLUMNS = ("file", "recipient", "caller", "sent", "prerecorded", "direction")
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": None}


@dataclass(frozen=True, slots=True)
class Sending:
    """What is known about one sending.

    Attributes:
        listed: false if there is a list of recipients that does not contain it.
    """

    recipient: str = field(default="", repr=False)
    caller: str = ""
    sent: date | None = None
    prerecorded: bool | None = None
    direction: str = "out"
    listed: bool = True


class Sendings:
    """Sendings by file.

    Args:
        rows: value of the column `file` → sending.
        numbers: the same → row number in the file.
    """

    def __init__(self, rows: Mapping[str, Sending], numbers: Mapping[str, int] = {}) -> None:
        self._rows = dict(rows)
        self._numbers = dict(numbers)
        self._owners: dict[str, Path] = {}

    def settle(self, items: Iterable[Item]) -> None:
        """Match rows to recordings; call it before `of`.

        Raises:
            ConfigurationError: a row matches several recordings.
        """
        for item in items if self._rows else ():
            key = next((key for key in _names(item) if key in self._rows), None)
            if key is None:
                continue
            if self._owners.setdefault(key, item.path) != item.path:
                raise ConfigurationError(
                    f"Row {self._numbers.get(key, 0)} of the recipients file: column file matches more than one "
                    f"recording.",
                    hint="Write the path below the folder given (101/INBOX/msg0000.wav), or the recording's SHA-256.",
                )

    def of(self, item: Item, identity: str) -> Sending:
        """The row of a recording, searched by path, name, stem and id, in this order."""
        key = next((key for key in _names(item) if self._owners.get(key) == item.path), identity)
        return self._rows.get(key, Sending())

    def named(self, names: Iterable[str]) -> Sending | None:
        """The row for the first of these names that is listed; each name must belong to one recording only."""
        return next((self._rows[name] for name in names if name in self._rows), None)


def _names(item: Item) -> Iterator[str]:
    yield item.relative.as_posix()
    yield item.path.name
    yield item.path.stem


def read_sendings(path: Path) -> Sendings:
    """CSV → sendings.

    Raises:
        NoInput: it cannot be read. ConfigurationError: names the wrong row and column, never a value.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise NoInput("The recipients file cannot be read.", hint="Give a CSV file in UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text), strict=True)
    rows: dict[str, Sending] = {}
    numbers: dict[str, int] = {}
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        if "file" not in names or set(names) - set(COLUMNS) or len(set(names)) < len(names):
            raise ConfigurationError(
                "The recipients file has wrong columns.",
                hint=f"The first line names each column once: {', '.join(COLUMNS)}. All but file are optional.",
            )
        reader.fieldnames = names
        for row in reader:
            cells = {
                key: (value or "").strip()
                for key, value in row.items()
                if key is not None and not isinstance(value, list)
            }
            if not any(cells.values()):
                continue
            number = reader.line_num
            if None in row:
                raise _wrong(number, "the last", "is followed by further cells")
            if None in row.values():
                raise _wrong(number, "the last", "is missing: the row ends before it")
            if not cells["file"] or cells["file"] in rows:
                raise _wrong(number, "file", "is empty or repeats an earlier row")
            rows[cells["file"]] = _sending(number, cells)
            numbers[cells["file"]] = number
    except csv.Error:
        raise ConfigurationError(f"Row {reader.line_num} of the recipients file is not valid CSV.") from None
    return Sendings(rows, numbers)


def _sending(number: int, cells: Mapping[str, str]) -> Sending:
    sent: date | None = None
    if cells.get("sent"):
        try:
            sent = date.fromisoformat(cells["sent"][:10])
        except ValueError:
            raise _wrong(number, "sent", "is not a day (YYYY-MM-DD)") from None
    prerecorded = cells.get("prerecorded", "").lower()
    if prerecorded not in _YES:
        raise _wrong(number, "prerecorded", "is neither yes nor no")
    direction = cells.get("direction", "").lower() or "out"
    if direction not in ("in", "out"):
        raise _wrong(number, "direction", "is neither in nor out")
    return Sending(cells.get("recipient", ""), cells.get("caller", ""), sent, _YES[prerecorded], direction)


def _wrong(number: int, column: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"Row {number} of the recipients file: column {column} {what}.", hint="Correct that row.")
