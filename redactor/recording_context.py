"""The context of recordings: what is known beforehand about the people in them, and a directory of the site.

A CSV file with these columns, or a JSON array of objects with these keys; all but `role` are optional:

file      the recording: its path below the given folder, its name with or without suffix, or its SHA-256; empty for
          every recording (the directory)
role      caller, recipient, patient, provider, staff or practice
name, phone, id, email, address

Each row is one person or practice; at least one of the last five says something. The file may be sealed under a key
(`redactor context seal`), so that a directory of patients does not lie on the disk in clear. Nothing of it reaches a
log, an error, a metric or the ledger: errors name row and column, and `repr` shows counts.
"""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from redactor.crypto import Sealer
from redactor.errors import ConfigurationError, NoInput
from redactor.hook.known import FIELDS, ROLES
from redactor.phi import KnownParties, KnownParty, spoken_name
from redactor.phi.spoken import WrittenForm
from redactor.storage import Item
from redactor.types import Finding, Word

COLUMNS = ("file", "role", *FIELDS)
MAGIC = b"redactor-context/1\n"
"""The beginning of a sealed file."""
LONGEST_HOTWORDS = 300
"""Characters, of which Whisper makes some hundred tokens; its prompt takes 223, and each slows the search down."""
LARGEST = 1 << 26
"""Bytes of a file that is read."""


class RecordingContext:
    """What is known about one recording: a `KnownSearch`.

    Args:
        own: its own people. directory: those of the site; None: there is none.
        fingerprint: keyed digest of both.
    """

    def __init__(self, own: Sequence[KnownParty], directory: KnownParties | None, fingerprint: str) -> None:
        self.own, self.directory, self.fingerprint = tuple(own), directory, fingerprint

    def __repr__(self) -> str:
        return f"RecordingContext({len(self.own)} parties, directory={self.directory!r})"

    def find(self, words: Sequence[Word], form: WrittenForm) -> Iterator[Finding]:
        """See `KnownSearch`."""
        yield from self._indexed.find(words, form)
        if self.directory is not None:
            yield from self.directory.find(words, form)

    @property
    def hotwords(self) -> str | None:
        """The names of its own people for the recogniser, the first of them if they are many; not the directory's."""
        names, length = [], 0
        for name in dict.fromkeys(spoken_name(party) for party in self.own if party.name):
            length += len(name) + 2
            if length > LONGEST_HOTWORDS:
                break
            names.append(name)
        return ", ".join(names) or None

    @cached_property
    def _indexed(self) -> KnownParties:
        return KnownParties(self.own, own=True)


class SiteDirectory:
    """The parties of every recording, indexed when they are first searched, once for all threads."""

    def __init__(self, parties: tuple[KnownParty, ...]) -> None:
        self.parties = parties
        self._index: KnownParties | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return SiteDirectory, (self.parties,)

    @property
    def index(self) -> KnownParties | None:
        """None if there are no parties."""
        with self._lock:
            if self._index is None and self.parties:
                self._index = KnownParties(self.parties, own=False)
            return self._index


class RecordingContexts:
    """The contexts of a run.

    Args:
        directory: parties of every recording.
        rows: value of the column `file` → parties of that recording.
        numbers: the same → number of its first row.
        key: for fingerprints, without which they could be compared with those of guessed names. The same contexts have
            the same fingerprints under one key only; None: under none, so that every run redoes everything.
    """

    def __init__(
        self,
        directory: Iterable[KnownParty] | SiteDirectory = (),
        rows: Mapping[str, Sequence[KnownParty]] | None = None,
        numbers: Mapping[str, int] | None = None,
        *,
        key: bytes | None = None,
    ) -> None:
        self._directory = directory if isinstance(directory, SiteDirectory) else SiteDirectory(tuple(directory))
        self._rows = dict(rows or {})
        self._numbers = dict(numbers or {})
        self._key = key or secrets.token_bytes(32)
        self._owners: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"RecordingContexts({len(self._directory.parties)} in the directory, {len(self._rows)} recordings)"

    def __getstate__(self) -> dict[str, Any]:
        """Without what is computed where it is used."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_sealer", "_directory_mark")}

    def keyed(self, key: bytes) -> RecordingContexts:
        """The same with fingerprints under this key."""
        made = RecordingContexts(self._directory, self._rows, self._numbers, key=key)
        made._owners = self._owners
        return made

    def prepare(self) -> None:
        """Index the directory now, instead of for the first recording."""
        assert self._directory.index is not None or not self._directory.parties

    def settle(self, items: Iterable[Item]) -> None:
        """Match rows to recordings; call it before `of`.

        Raises:
            ConfigurationError: a row matches several recordings.
        """
        for item in items if self._rows else ():
            key = next((key for key in _names(item) if key in self._rows), None)
            if key is not None and self._owners.setdefault(key, _place(item)) != _place(item):
                raise ConfigurationError(
                    f"Row {self._numbers.get(key, 0)} of the context file: column file matches more than one "
                    "recording.",
                    hint="Write the path below the folder given (101/INBOX/msg0000.wav), or the recording's SHA-256.",
                )

    def of(self, item: Item, identity: str) -> RecordingContext | None:
        """The context of a recording; None if nothing is known about it.

        Args:
            identity: SHA-256 of the recording.
        """
        key = next((key for key in _names(item) if self._owners.get(key) == _place(item)), identity)
        return self.with_parties(self._rows.get(key, ()))

    def named(self, names: Iterable[str], parties: Sequence[KnownParty] = ()) -> RecordingContext | None:
        """The context of a recording with these names and ids, and with further `parties` of its own."""
        listed = next((self._rows[name] for name in names if name in self._rows), ())
        return self.with_parties([*listed, *parties])

    def with_parties(self, own: Sequence[KnownParty]) -> RecordingContext | None:
        """The context of a recording with these people of its own, and the directory."""
        if not own and not self._directory.parties:
            return None
        mark = self._sealer.mark(_canonical(own), self._directory_mark).hex()
        return RecordingContext(own, self._directory.index, mark)

    @cached_property
    def _sealer(self) -> Sealer:
        return Sealer(self._key)

    @cached_property
    def _directory_mark(self) -> bytes:
        return self._sealer.mark(_canonical(self._directory.parties))


def _canonical(parties: Iterable[KnownParty]) -> bytes:
    rows = sorted([party.role, *(getattr(party, name) for name in FIELDS)] for party in parties)
    return json.dumps(rows).encode()


def _place(item: Item) -> str:
    """The path as every machine of a run knows it."""
    return os.path.abspath(item.path)  # noqa: PTH100 - links are not followed


def _names(item: Item) -> Iterator[str]:
    yield item.relative.as_posix()
    yield item.path.name
    yield item.path.stem


def read_contexts(path: Path, key_file: Path | None = None) -> RecordingContexts:
    """Read a context file, sealed or not.

    Raises:
        NoInput: it cannot be read. ConfigurationError: names the wrong row and column, never a value; or the key is
            missing, or another one.
    """
    content = read_content(path)
    if content.startswith(MAGIC):
        if key_file is None:
            raise ConfigurationError("The context file is sealed.", hint="Give its key with --context-key.")
        opened = Sealer(_read_key(key_file)).open(content[len(MAGIC) :])
        if opened is None:
            raise ConfigurationError("The context file was sealed under another key, or is damaged.")
        content = opened
    elif key_file is not None:
        raise ConfigurationError(
            "A key is given, but the context file is not sealed.",
            hint="Seal it with `redactor context seal`, or omit the key.",
        )
    return parse_contexts(content)


def sealed(content: bytes, key: bytes) -> bytes:
    """A sealed context file. `content` must be one that `parse_contexts` accepts."""
    return MAGIC + Sealer(key).seal(content)


def read_content(path: Path) -> bytes:
    """The bytes of a context file.

    Raises:
        NoInput: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError:
        raise NoInput("The context file cannot be read.", hint="Check its path and permissions.") from None
    if len(content) > LARGEST:
        raise NoInput(f"The context file is larger than {LARGEST >> 20} MiB.")
    return content


def _read_key(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError:
        key = b""
    if len(key) != 32:
        raise ConfigurationError(
            "The key of the context file cannot be read.", hint="`redactor context seal` makes one of 32 bytes."
        )
    return key


def parse_contexts(content: bytes) -> RecordingContexts:
    """CSV or JSON → contexts.

    Raises:
        ConfigurationError: names the wrong row and column, never a value.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError("The context file is not valid UTF-8.") from None
    rows: defaultdict[str, list[KnownParty]] = defaultdict(list)
    numbers: dict[str, int] = {}
    for number, cells in _from_json(text) if text.lstrip()[:1] in ("[", "{") else _from_csv(text):
        name = cells.pop("file", "")
        rows[name].append(_party(number, cells))
        numbers.setdefault(name, number)
    return RecordingContexts(rows.pop("", ()), rows, numbers)


def _from_csv(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        if "role" not in names or set(names) - set(COLUMNS) or len(set(names)) < len(names):
            raise ConfigurationError(
                "The context file has wrong columns.",
                hint=f"The first line names each column once: {', '.join(COLUMNS)}. All but role are optional.",
            )
        reader.fieldnames = names
        for row in reader:
            number = reader.line_num
            if None in row:
                raise _wrong(number, "the last", "is followed by further cells")
            if None in row.values():
                raise _wrong(number, "the last", "is missing: the row ends before it")
            cells = {name: value.strip() for name, value in row.items()}
            if any(cells.values()):
                yield number, cells
    except csv.Error:
        raise ConfigurationError(f"Row {reader.reader.line_num} of the context file is not valid CSV.") from None


def _from_json(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigurationError("The context file is not valid JSON.") from None
    if not isinstance(given, list):
        raise ConfigurationError("The context file must be an array of objects, if it is JSON.")
    for number, row in enumerate(given, 1):
        if not isinstance(row, dict) or set(row) - set(COLUMNS):
            raise ConfigurationError(
                f"Row {number} of the context file is not an object, or has an unknown key.",
                hint=f"The keys are {', '.join(COLUMNS)}.",
            )
        for name, value in row.items():
            if not isinstance(value, str):
                raise _wrong(number, name, "is not text")
        yield number, {name: value.strip() for name, value in row.items()}


def _party(number: int, cells: Mapping[str, str]) -> KnownParty:
    role = cells.get("role", "").lower()
    if role not in ROLES:
        raise _wrong(number, "role", f"is none of {', '.join(ROLES)}")
    values = {name: cells.get(name, "") for name in FIELDS}
    if not any(values.values()):
        raise _wrong(number, "name", "is empty, and so are all others")
    too_long = next((name for name, value in values.items() if len(value) > 1000), None)
    if too_long:
        raise _wrong(number, too_long, "is longer than 1,000 characters")
    return KnownParty(role, **values)


def _wrong(number: int, column: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"Row {number} of the context file: column {column} {what}.", hint="Correct that row.")
