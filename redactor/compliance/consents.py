"""The consent register: consents, restrictions and requests of recipients, in a CSV file or a database table.

recipient         mailbox, telephone number, or the practice's own id; "*": everybody (lists of the whole
practice)
patient           the patient's name, to recognise messages to others (optional)
scopes            details; medication until 2027-06-30; results …           see `SCOPES`
authorised        people who may hear details: Robert Lopez; Ana Lopez until 2027-01-31
restrictions      no-voicemail; callback-only; other-number-only; no-practice-name        45 CFR 164.522(b)
neutral_names     names of the practice that this recipient may hear
callback_numbers  approved callback numbers
part2             yes, if a programme under 42 CFR part 2 treats this patient

Lists are separated by semicolons. "until" is the last day; expired consents do not count. An empty cell means "none",
a missing column means "not known": without `restrictions`, V17 is undetermined for every message; without `part2`, V06
for every message that names a practice. Only `recipient` is required. An unknown column, scope or restriction, or an
incomplete row, is an error, since a misspelled or truncated restriction must not be ignored. Errors name row and
column, never the content.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from redactor.errors import ConfigurationError, NoInput

SCOPES = frozenset("details medication results billing hiv mental-health reproductive-health part2 prerecorded".split())
"""Scopes of consents. `details` covers medication, results, conditions, procedures and providers; never the topics that
need their own consent (hiv, mental-health, reproductive-health, part2), billing or prerecorded calls."""
RESTRICTIONS = frozenset("no-voicemail callback-only other-number-only no-practice-name".split())
COLUMNS = (
    "recipient",
    "patient",
    "scopes",
    "authorised",
    "restrictions",
    "neutral_names",
    "callback_numbers",
    "part2",
)
TABLE = "consents"
EVERYBODY = "*"
_UNTIL = re.compile(r"(?P<what>.*?)\s+until\s+(?P<day>\S+)", re.IGNORECASE | re.DOTALL)
_SAYS_AN_END = re.compile(
    r"[\d()\[\]{}<>/]|\b(?:until|un?till?|til|thru|through|exp|expir\w*|ends?|ending|valid|not\s+after)\b",
    re.IGNORECASE,
)
"""Text that occurs in neither scopes nor names, but in a date written in another way."""
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


@dataclass(frozen=True, slots=True)
class Grant:
    """A consent to a scope, or for a person, until a day; None: without an end."""

    what: str = field(repr=False)
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Consents:
    """One recipient's entry, combined with the entry for everybody.

    Attributes:
        restrictions, part2: None if the register does not say (unlike "none" or "no").
    """

    patient: str = field(default="", repr=False)
    scopes: tuple[Grant, ...] = ()
    authorised: tuple[Grant, ...] = ()
    restrictions: frozenset[str] | None = None
    neutral_names: tuple[str, ...] = field(default=(), repr=False)
    callback_numbers: tuple[str, ...] = field(default=(), repr=False)
    part2: bool | None = None


class ConsentRegister:
    """Entries by recipient."""

    def __init__(self, entries: Mapping[str, Consents], everybody: Consents | None = None) -> None:
        self._entries = dict(entries)
        self._everybody = everybody

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, recipient: str) -> Consents | None:
        """The recipient's entry; None if nothing is known, which is not the same as "no consent"."""
        return self._entries.get(_key(recipient)) if recipient.strip() else None

    @property
    def everybody(self) -> Consents | None:
        """The practice's own lists (row "*")."""
        return self._everybody


def read_register(given: str) -> ConsentRegister:
    """Read a CSV file, an SQLite file (.sqlite, .sqlite3, .db), or a database named by an address or by a .url file.

    Raises:
        NoInput: the file cannot be read. ConfigurationError: a row is invalid, or a database does not answer.
    """
    if "://" in given:
        return parse_register(_rows_of_database(given))
    path = Path(given)
    if path.suffix.lower() in (".sqlite", ".sqlite3", ".db"):
        if not path.is_file():
            raise NoInput("The consent register cannot be read.")
        return parse_register(_rows_of_database(f"sqlite:///{path}"))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise NoInput("The consent register cannot be read.", hint="Give a CSV file in UTF-8.") from None
    if path.suffix.lower() == ".url":
        return parse_register(_rows_of_database(text.strip()))
    return parse_register(_rows_of_csv(text))


def parse_register(rows: Iterable[tuple[int, Mapping[str, Any]]]) -> ConsentRegister:
    """(row number, columns) → register.

    Raises:
        ConfigurationError: names row and column, never a value.
    """
    entries: dict[str, Consents] = {}
    everybody: Consents | None = None
    for number, row in rows:
        recipient = _cell(row, "recipient")
        if not recipient:
            raise _wrong(number, "recipient", "is empty")
        if recipient != EVERYBODY and not any(c.isalnum() for c in recipient):
            # A placeholder ("-") would match every recipient entered as one.
            raise _wrong(number, "recipient", "has neither letter nor digit")
        entry = _entry(number, row)
        if recipient == EVERYBODY:
            if everybody is not None:
                raise _wrong(number, "recipient", 'is "*" for the second time')
            if entry.scopes or entry.authorised or entry.patient or entry.part2:
                raise _wrong(number, "recipient", 'is "*", but only individual patients can consent')
            everybody = entry
            continue
        if _key(recipient) in entries:
            raise _wrong(number, "recipient", "repeats an earlier row")
        entries[_key(recipient)] = entry
    if everybody is not None:
        entries = {key: _joined(entry, everybody) for key, entry in entries.items()}
    return ConsentRegister(entries, everybody)


def _joined(entry: Consents, everybody: Consents) -> Consents:
    return Consents(
        entry.patient,
        entry.scopes,
        entry.authorised,
        None
        if entry.restrictions is None and everybody.restrictions is None
        else (entry.restrictions or frozenset()) | (everybody.restrictions or frozenset()),
        entry.neutral_names + everybody.neutral_names,
        entry.callback_numbers + everybody.callback_numbers,
        entry.part2,
    )


def _entry(number: int, row: Mapping[str, Any]) -> Consents:
    scopes = _grants(number, row, "scopes")
    if any(grant.what.lower() not in SCOPES for grant in scopes):
        raise _wrong(number, "scopes", f"has a value other than {', '.join(sorted(SCOPES))}")
    restrictions = frozenset(r.lower() for r in _list(row, "restrictions")) if "restrictions" in row else None
    if (restrictions or frozenset()) - RESTRICTIONS:
        raise _wrong(number, "restrictions", f"has a value other than {', '.join(sorted(RESTRICTIONS))}")
    numbers = _list(row, "callback_numbers")
    if any(sum(c.isdigit() for c in n) < 7 for n in numbers):
        raise _wrong(number, "callback_numbers", "has a number with fewer than seven digits")
    part2 = _cell(row, "part2").lower()
    if part2 not in _YES:
        raise _wrong(number, "part2", "is neither yes nor no")
    return Consents(
        patient=_cell(row, "patient"),
        scopes=tuple(Grant(grant.what.lower(), grant.until) for grant in scopes),
        authorised=_grants(number, row, "authorised"),
        restrictions=restrictions,
        neutral_names=_list(row, "neutral_names"),
        callback_numbers=numbers,
        part2=_YES[part2] if "part2" in row else None,
    )


def _grants(number: int, row: Mapping[str, Any], column: str) -> tuple[Grant, ...]:
    out: list[Grant] = []
    for part in _list(row, column):
        match = _UNTIL.fullmatch(part)
        if match is None:
            # "details 2027-01-01" and "Robert Lopez exp 1/1/27" must not be consents without an end.
            if part.lower() not in SCOPES and _SAYS_AN_END.search(part):
                raise _wrong(number, column, 'has a day not written as "until YYYY-MM-DD"')
            out.append(Grant(part))
            continue
        try:
            out.append(Grant(match["what"], date.fromisoformat(match["day"])))
        except ValueError:
            raise _wrong(number, column, 'has a day not written as "until YYYY-MM-DD"') from None
    return tuple(out)


def _rows_of_csv(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        _check_columns(reader.fieldnames or ())
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        for row in reader:
            if None in row:
                raise _wrong(reader.line_num, "the last", "is followed by further cells")
            if any((value or "").strip() for value in row.values()):
                _whole(reader.line_num, row)
                yield reader.line_num, row
    except csv.Error:
        raise ConfigurationError(f"Row {reader.line_num} of the consent register is not valid CSV.") from None


def _whole(number: int, row: Mapping[str, Any]) -> None:
    """Refuse a row that ends early: it was truncated, and its missing cells need not be empty."""
    for column, value in row.items():
        if value is None:
            raise _wrong(number, column, "is missing: the row ends before it")


def _rows_of_database(address: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        import sqlalchemy
    except ImportError:
        raise ConfigurationError(
            "A register in a database needs SQLAlchemy.",
            hint="Install it (pip install 'voicemail-redactor[serve]'), or give the register as CSV.",
        ) from None
    try:
        engine = sqlalchemy.create_engine(address)
        try:
            with engine.connect() as connection:
                result = connection.execute(sqlalchemy.text(f"SELECT * FROM {TABLE}"))  # noqa: S608 - a constant
                names = list(result.keys())
                rows = [dict(zip((n.strip().lower() for n in names), row, strict=True)) for row in result]
        finally:
            engine.dispose()
    except (sqlalchemy.exc.SQLAlchemyError, ImportError, ValueError, OSError) as error:
        # Database errors may quote addresses with passwords.
        raise ConfigurationError(
            f"The consent register's database does not answer ({type(error).__name__}).",
            hint=f"It needs a table {TABLE} with the columns {', '.join(COLUMNS)}.",
        ) from None
    _check_columns(names)
    yield from enumerate(rows, 1)


def _check_columns(names: Iterable[str]) -> None:
    given = [name.strip().lower() for name in names]
    if "recipient" not in given or set(given) - set(COLUMNS) or len(set(given)) < len(given):
        raise ConfigurationError(
            "The consent register has wrong columns.",
            hint=f"The first line names each column once: {', '.join(COLUMNS)}. All but recipient are optional; "
            f"rules that need a missing column are undetermined.",
        )


def _wrong(number: int, column: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"Row {number} of the consent register: column {column} {what}.",
        hint="Correct that row. Nothing was audited.",
    )


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if isinstance(value, bool):  # of a database
        return "yes" if value else "no"
    return "" if value is None else str(value).strip()


def _list(row: Mapping[str, Any], column: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _cell(row, column).split(";") if part.strip())


def _key(recipient: str) -> str:
    """The key of a recipient: telephone numbers by their digits, everything else regardless of case."""
    plain = recipient.strip().casefold()
    if re.fullmatch(r"[\d\s()+.-]+", plain):
        digits = "".join(c for c in plain if c.isdigit())
        return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    return plain
