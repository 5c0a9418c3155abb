"""Who was called, by whom and when: a CSV file beside the recordings.

file         the recording: its path below the folder given, its name, its name without the ending, or its SHA-256
recipient    as in the consent register
caller       an id of the member of staff (it is printed in reports: no name)
sent         day of sending, YYYY-MM-DD (a time behind it is passed over)
prerecorded  yes or no
direction    out (or empty), or in: messages that were left by others are not audited

Each row is of one recording. Servers call the first message of every mailbox msg0000.wav, so a name that fits several
recordings is an
error: one person's consents must not answer for another's message.
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
    """What is known of one sending.

    Attributes:
        listed: false: there is a list of sendings, and this one is not on it.
    """

    recipient: str = field(default="", repr=False)
    caller: str = ""
    sent: date | None = None
    prerecorded: bool | None = None
    direction: str = "out"
    listed: bool = True


class Sendings:
    """By file. What is in no row is unknown.

    Args:
        rows: by what stands in the column `file`.
        numbers: of the same rows, in their file.
    """

    def __init__(self, rows: Mapping[str, Sending], numbers: Mapping[str, int] = {}) -> None:
        self._rows = dict(rows)
        self._numbers = dict(numbers)
        self._owners: dict[str, Path] = {}

    def settle(self, items: Iterable[Item]) -> None:
        """Find the recording that each row is of; to be called before `of`.

        Raises:
            ConfigurationError: a row fits several.
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
        """The row of a recording, looked for by path, name, stem and id, in this order."""
        key = next((key for key in _names(item) if self._owners.get(key) == item.path), identity)
        return self._rows.get(key, Sending())

    def named(self, names: Iterable[str]) -> Sending | None:
        """The row that is called by the first of these names that there is: names that fit one recording alone,
        since none is settled.
        """
        return next((self._rows[name] for name in names if name in self._rows), None)


def _names(item: Item) -> Iterator[str]:
    yield item.relative.as_posix()
    yield item.path.name
    yield item.path.stem


def read_sendings(path: Path) -> Sendings:
    """CSV → sendings.

    Raises:
        NoInput: it cannot be read. ConfigurationError: names row and column of what is wrong, never a value.
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
