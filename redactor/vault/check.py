"""Compares the whole vault with the log: items that are missing, replaced, extra, or rolled back to an older version.

Needs no private key, since the log contains the SHA-256 of every sealed file. It reads every sealed file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from redactor.audit_log.chain import read_line
from redactor.errors import VaultDamaged
from redactor.vault import files
from redactor.vault.holds import matters_of
from redactor.vault.item import ENDINGS, FILE, ID, KIND, Named, SealedItem, named_by, read_record

_MOST_PROBLEMS = 100


class VaultCheck:
    """Pass the log's entries to `take` in order, then ask for `problems`."""

    def __init__(self) -> None:
        self.last = 0
        self._named: dict[str, Named] = {}
        self._sealed: dict[str, list[str]] = {}
        """SHA-256 → items for which the log has ever named it."""
        self._holds: dict[str, set[str]] = {}

    def take(self, number: int, line: bytes) -> None:
        """One line of the log."""
        self.last = number
        naming = named_by(line)
        if naming is not None:
            name, named = naming
            self._named[name] = named
            if not named.purged:
                self._sealed.setdefault(named.sha256, []).append(name)
        elif b'"event":"vault-held"' in line:
            entry = read_line(line)
            self._holds.setdefault(str(entry.get("message")), set()).add(str(entry.get("matter")))
        elif b'"event":"vault-released"' in line:
            entry = read_line(line)
            self._holds.get(str(entry.get("message")), set()).discard(str(entry.get("matter")))

    def problems(self, folder: Path) -> tuple[str, ...]:
        """Discrepancies, each a sentence with ids only; at most a hundred.

        Raises:
            VaultDamaged: the folder cannot be read. RefusedInput: a link in it.
        """
        found: list[str] = []
        try:
            for problem in (*self._known(folder), *self._unknown(folder), *self._held(folder)):
                found.append(problem)
                if len(found) == _MOST_PROBLEMS:
                    break
        except OSError:
            raise VaultDamaged(
                "The vault cannot be read and was not checked.",
                hint="Run the command as the vault's owner, or with --no-vault.",
            ) from None
        return tuple(found)

    @property
    def items(self) -> int:
        """Number of items that the vault must contain."""
        return sum(not named.purged for named in self._named.values())

    def _known(self, folder: Path) -> Iterator[str]:
        """Problems of items that the log names."""
        parts = _parts(folder)
        for name, named in sorted(self._named.items()):
            try:
                item = _record(folder, name)
            except VaultDamaged:
                yield f"{name}: its record cannot be read."
                continue
            if named.purged:
                if name in parts:
                    yield f"{name}: purged by entry {named.entry}, but present."
                continue
            if item is None or item.purged or not named.fits(item):
                # A program killed between the log entry and the record leaves complete parts; opening repairs the
                # record.
                if not _has_part(folder, name, named, parts.get(name, ())):
                    yield f"{name}: {self._what(folder, name, item, named)}."
                continue
            sealed = files.read(folder, *item.content_path)
            if sealed is None or not files.is_there(folder, *item.key_path):
                yield f"{name}: a part is missing."
            elif (digest := sha256(sealed).hexdigest()) != named.sha256:
                yield f"{name}: {self._description(digest, name, named)}."

    def _what(self, folder: Path, name: str, item: SealedItem | None, named: Named) -> str:
        if item is None or item.purged:
            return f"missing (sealed by entry {named.entry})"
        sealed = files.read(folder, *item.content_path)
        return self._description(sha256(sealed or b"").hexdigest(), name, named)

    def _description(self, digest: str, name: str, named: Named) -> str:
        """What is in the place of an item."""
        was = self._sealed.get(digest, ())
        if digest == named.sha256:
            return "its record differs from the log"
        if name in was:
            return f"rolled back to an older version (entry {named.entry} sealed a newer one)"
        return "replaced by another item" if was else "replaced by something that the log does not name"

    def _unknown(self, folder: Path) -> Iterator[str]:
        """Records that the log does not name."""
        newest = 0
        for shard in files.names(folder, "records"):
            for file in files.names(folder, "records", shard):
                id, _, kind = file.removesuffix(".json").partition(".")  # noqa: A001
                name = f"{id}.{kind}"
                if files.is_leftover(file):
                    continue
                if not (file.endswith(".json") and ID.fullmatch(id) and KIND.fullmatch(kind)):
                    yield "The folder of records contains a foreign file."
                    continue
                try:
                    item = read_record(folder, id, kind)
                except VaultDamaged:
                    item = None
                newest = max(newest, item.entry if item else 0)
                if name not in self._named:
                    yield f"{name}: not named by the log."
        if newest > self.last:
            yield (
                f"The vault refers to entry {newest}, but the log ends at entry {self.last}: log and anchor were "
                f"rolled back to an older state."
            )

    def _held(self, folder: Path) -> Iterator[str]:
        """Legal holds that only the log or only the vault has."""
        there = {file.removesuffix(".json") for file in files.names(folder, "holds") if not files.is_leftover(file)}
        for id in sorted(there | set(self._holds)):  # noqa: A001
            said = self._holds.get(id, set())
            if not ID.fullmatch(id):
                yield "The folder of legal holds contains a foreign file."
            elif set(matters_of(folder, id)) != said:
                yield f"{id}: its legal holds differ from the log."


def _record(folder: Path, name: str) -> SealedItem | None:
    id, _, kind = name.partition(".")  # noqa: A001
    return read_record(folder, id, kind)


def _has_part(folder: Path, name: str, named: Named, parts: Iterable[str]) -> bool:
    """Whether one of the parts is complete and what the log names."""
    id, _, kind = name.partition(".")  # noqa: A001
    for part in parts if named.cipher in ENDINGS else ():
        item = SealedItem(id, kind, named.cipher, named.size, 0.0, named.sha256, part)
        sealed = files.read(folder, *item.content_path)
        if sealed is not None and sha256(sealed).hexdigest() == named.sha256:
            return files.is_there(folder, *item.key_path)
    return False


def _parts(folder: Path) -> dict[str, set[str]]:
    """Item → its parts for which there is a content or key file."""
    found: dict[str, set[str]] = {}
    for below in ("sealed", "keys"):
        for shard in files.names(folder, below):
            for file in files.names(folder, below, shard):
                if match := FILE.fullmatch(file):
                    found.setdefault(f"{match[1]}.{match[2]}", set()).add(match[3])
    return found
