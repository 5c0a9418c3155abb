"""The whole vault held against the log: what is missing, replaced, extra, or put back to an older version.

Needs no private key: the log has the SHA-256 of every sealed file. Every sealed file is read, so it takes as long as
reading the folder does.
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
    """Give it the log's entries with `take`, in order; then ask for `problems`."""

    def __init__(self) -> None:
        self.last = 0
        self._named: dict[str, Named] = {}
        self._sealed: dict[str, list[str]] = {}
        """Of every SHA-256 that the log ever named: which items it was of."""
        self._holds: dict[str, set[str]] = {}

    def take(self, number: int, line: bytes) -> None:
        """One entry, as it stands in the log."""
        self.last = number
        told = named_by(line)
        if told is not None:
            name, named = told
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
        """What does not fit, each a sentence with ids only; the first hundred.

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
                "The vault cannot be read, so it was not checked.",
                hint="Run it as the vault's owner, or with --no-vault.",
            ) from None
        return tuple(found)

    @property
    def items(self) -> int:
        """How many the vault must hold."""
        return sum(not named.purged for named in self._named.values())

    def _known(self, folder: Path) -> Iterator[str]:
        """Of all items that the log names."""
        parts = _parts(folder)
        for name, named in sorted(self._named.items()):
            try:
                item = _record(folder, name)
            except VaultDamaged:
                yield f"{name}: its record cannot be read."
                continue
            if named.purged:
                if name in parts:
                    yield f"{name}: it was purged (entry {named.entry}), and is there again."
                continue
            if item is None or item.purged or not named.fits(item):
                # A kill between the log's entry and the record leaves whole parts, which opening makes good.
                if not _has_part(folder, name, named, parts.get(name, ())):
                    yield f"{name}: {self._what(folder, name, item, named)}."
                continue
            sealed = files.read(folder, *item.content_path)
            if sealed is None or not files.is_there(folder, *item.key_path):
                yield f"{name}: a part of it is missing."
            elif (digest := sha256(sealed).hexdigest()) != named.sha256:
                yield f"{name}: {self._story(digest, name, named)}."

    def _what(self, folder: Path, name: str, item: SealedItem | None, named: Named) -> str:
        if item is None or item.purged:
            return f"it is missing (sealed by entry {named.entry})"
        sealed = files.read(folder, *item.content_path)
        return self._story(sha256(sealed or b"").hexdigest(), name, named)

    def _story(self, digest: str, name: str, named: Named) -> str:
        """What stands in the place of an item."""
        was = self._sealed.get(digest, ())
        if digest == named.sha256:
            return "its record is not what the log says"
        if name in was:
            return f"it was put back to an older version (entry {named.entry} sealed a newer one)"
        return "another item was put in its place" if was else "it was replaced by something that the log does not name"

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
                    yield "A file among the records is none of the vault's."
                    continue
                try:
                    item = read_record(folder, id, kind)
                except VaultDamaged:
                    item = None
                newest = max(newest, item.entry if item else 0)
                if name not in self._named:
                    yield f"{name}: the log does not name it."
        if newest > self.last:
            yield (
                f"The vault tells of entry {newest}, and the log ends at entry {self.last}: log and anchor "
                f"were put back to an older state."
            )

    def _held(self, folder: Path) -> Iterator[str]:
        """Legal holds that the log tells of and the vault does not, or the other way round."""
        there = {file.removesuffix(".json") for file in files.names(folder, "holds") if not files.is_leftover(file)}
        for id in sorted(there | set(self._holds)):  # noqa: A001
            said = self._holds.get(id, set())
            if not ID.fullmatch(id):
                yield "A file among the legal holds is none of the vault's."
            elif set(matters_of(folder, id)) != said:
                yield f"{id}: its legal holds are not those that the log tells of."


def _record(folder: Path, name: str) -> SealedItem | None:
    id, _, kind = name.partition(".")  # noqa: A001
    return read_record(folder, id, kind)


def _has_part(folder: Path, name: str, named: Named, parts: Iterable[str]) -> bool:
    """Whether one of them is whole and what the log names."""
    id, _, kind = name.partition(".")  # noqa: A001
    for part in parts if named.cipher in ENDINGS else ():
        item = SealedItem(id, kind, named.cipher, named.size, 0.0, named.sha256, part)
        sealed = files.read(folder, *item.content_path)
        if sealed is not None and sha256(sealed).hexdigest() == named.sha256:
            return files.is_there(folder, *item.key_path)
    return False


def _parts(folder: Path) -> dict[str, set[str]]:
    """Parts of every item of which there is a file of content or key, by the item's name."""
    found: dict[str, set[str]] = {}
    for below in ("sealed", "keys"):
        for shard in files.names(folder, below):
            for file in files.names(folder, below, shard):
                if told := FILE.fullmatch(file):
                    found.setdefault(f"{told[1]}.{told[2]}", set()).add(told[3])
    return found
