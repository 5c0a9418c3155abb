"""Sealing, opening, rotating, holding and purging items. Openings and purges are logged before they happen.

An item is defined by the log's last entry about it: cipher, size and SHA-256 of the sealed content. Since items are
sealed to public keys, anybody who can write to the folder can seal something else, but cannot change what the log names
without the log's key. So sealing ends with the log entry (content and key are on the disk by then; the record follows),
and opening starts with it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace as with_
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from redactor.audit_log import Proven, Trail, events
from redactor.errors import ConfigurationError, InputError, NoInput, Refused, VaultDamaged
from redactor.vault import age, files, gcm
from redactor.vault.holds import MATTER, matters_of, write_matters
from redactor.vault.item import (
    ENDINGS,
    FILE,
    ID,
    KIND,
    PREFIX,
    WHY,
    Named,
    SealedItem,
    name_of,
    named_by,
    read_record,
    write_record,
)
from redactor.vault.keys import Identities, Recipients

_CIPHERS = {"age": age, "aes-256-gcm": gcm}


class Vault:
    """A vault in a folder.

    Args:
        recipients: public keys to seal for; None: items can only be opened.
        identities: private keys; None (on a host that receives recordings): items can only be sealed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        trail: Trail,
        recipients: Recipients | None = None,
        identities: Identities | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.folder = folder
        self._trail, self._recipients, self._identities, self._clock = trail, recipients, identities, clock
        self._log: Proven[Named] = Proven(trail, named_by)

    def seal(self, id: str, kind: str, content: bytes, *, by: str, replace: bool = False) -> bool:  # noqa: A002
        """Seal an item; false if the same original exists already.

        Args:
            id: SHA-256 of the recording; content of the kind "original" must have this digest.
            kind: "original", "transcript", "meta" (for names and numbers, which never belong in `id` or `kind`) …
            replace: replace an item of this kind, or one that was purged.

        Raises:
            InputError: the original does not have this id. ConfigurationError: no recipients, or an invalid id or kind.
            Refused: there is one already, it was purged, or a legal hold protects it. OutputError.
            VaultDamaged: the existing original is not the one that the log names, or a part is missing.
        """
        name = name_of(id, kind)
        if self._recipients is None:
            raise ConfigurationError("The vault has no recipients.", hint="Set keeping.recipients.")
        if kind == "original" and sha256(content).hexdigest() != id:
            raise InputError("The original does not have the given id.")
        with files.locked(self.folder):
            old = self.item(id, kind)
            if old is not None and not replace:
                if old.purged:
                    raise Refused("This item was purged.", hint="To seal it again, ask for a replacement.")
                if kind == "original":
                    # Checked against the log: a file planted in advance must not keep the original out.
                    if self._fitting(name, old) is None:
                        self._mismatch(id, kind, by=by)
                    return False
                raise Refused("There is already an item of this kind.", hint="To replace it, ask for a replacement.")
            if old is not None and not old.purged:
                self._refuse_held(id)
            cipher = self._recipients.cipher
            sealed, key = _CIPHERS[cipher].seal(name, content, self._recipients)
            digest = sha256(sealed).hexdigest()
            item = SealedItem(id, kind, cipher, len(content), self._clock(), digest, secrets.token_hex(4))
            event = events.VaultSealed(by=by, message=id, item=kind, cipher=cipher, size=len(content), sha256=digest)
            try:
                files.write(self.folder, *item.content_path, content=sealed)
                files.write(self.folder, *item.key_path, content=key)
                entry = self._trail.append(event)
            except Exception:
                files.shred(self.folder, *item.key_path)
                files.remove(self.folder, *item.content_path)
                raise
            # From here on the log names it; if the record is not written, it is repaired when the item is opened.
            write_record(self.folder, with_(item, entry=entry))
            self._destroy(id, kind, keep=item.part)
        return True

    def open(self, id: str, kind: str, *, by: str, reason: str = "") -> bytes:  # noqa: A002
        """The content of an item. It is logged before anything is read, and must be what the log names.

        Args:
            reason: a word, or the log's mark of a typed reason.

        Raises:
            NoInput: there is none, or it was purged. Refused: these keys do not fit.
            VaultDamaged: it is not what the log names last, or does not open. TrailDamaged: the log does not verify.
        """
        name, item = name_of(id, kind), self.item(id, kind)
        identities = self._openers()
        if item is None or item.purged:
            named = self._log.newest(name)
            if named is None or named.purged:
                raise NoInput(
                    "There is no such item in the vault."
                    if item is None and named is None
                    else "This item was purged.",
                    hint="See `redactor vault list`.",
                )
        self._trail.append(events.VaultOpened(by=by, message=id, item=kind, reason=reason))
        found = self._fitting(name, item)
        if found is None:
            with files.locked(self.folder):  # another process is sealing it, or was killed before it wrote the record
                found = self._fitting(name, self.item(id, kind))
                if found is None and (found := self._completed(id, kind)) is not None:
                    self._trail.append(events.VaultMismatch(by=by, message=id, item=kind, why="record"))
                if found is None:
                    self._mismatch(id, kind, by=by)
        return self._opened(*found, identities)

    def bind(self, id: str, kind: str, *, by: str, reason: str, confirm: Callable[[bytes], bool]) -> None:  # noqa: A002
        """Add an item to the log after a person has checked it; for a vault whose log was started again.

        Args:
            confirm: gets the content; returns whether it is what was sealed.

        Raises:
            NoInput: there is none. Refused: it was not confirmed, or the log names it already.
            VaultDamaged: it does not open, or the log names another, or says that it was purged.
        """
        name, item = name_of(id, kind), self.item(id, kind)
        identities = self._openers()
        if item is None or item.purged:
            raise NoInput("There is no such item in the vault.", hint="See `redactor vault list`.")
        if self._log.newest(name) is not None:
            if self._fitting(name, item) is None:
                with files.locked(self.folder):
                    self._mismatch(id, kind, by=by)
            raise Refused("The audit log names this item already.", hint="Open it with `redactor vault open`.")
        self._trail.append(events.VaultOpened(by=by, message=id, item=kind, reason=reason))
        sealed, key = self._parts(item)
        content = self._opened(item, sealed, key, identities)
        if not confirm(content):
            raise Refused(
                "The item was not confirmed and stays as it is.", hint="Purge it if it is not what was sealed."
            )
        digest = sha256(sealed).hexdigest()
        with files.locked(self.folder):
            if self.item(id, kind) != item or self._parts(item)[0] != sealed:
                raise Refused("The item changed while it was being checked.", hint="Check it again.")
            size = len(content)
            event = events.VaultBound(by=by, message=id, item=kind, cipher=item.cipher, size=size, sha256=digest)
            entry = self._trail.append(event)
            write_record(self.folder, with_(item, size=size, sha256=digest, entry=entry))

    def holds(self, id: str, kind: str) -> bool:  # noqa: A002
        """Whether the vault contains this item (purged ones excluded)."""
        item = self.item(id, kind)
        return item is not None and not item.purged

    def full_id(self, digits: str) -> str:
        """The id that begins with these digits; one of 64 digits is returned as it is.

        Raises:
            ConfigurationError: fewer than 8 digits, or several ids begin with them.
            NoInput: none does.
        """
        digits = digits.lower()
        if ID.fullmatch(digits):
            return digits
        if not PREFIX.fullmatch(digits):
            raise ConfigurationError("An id is hexadecimal: give at least its first 8 digits.")
        found = {
            name[:64]
            for folder in ("records", "sealed")
            for name in files.names(self.folder, folder, digits[:2])
            if name.startswith(digits) and ID.fullmatch(name[:64])
        }
        if len(found) > 1:
            raise ConfigurationError("Several ids in the vault begin with these digits.", hint="Give more digits.")
        if not found:
            raise NoInput("No id in the vault begins with these digits.", hint="See `redactor vault list`.")
        return found.pop()

    def has_kind(self, kind: str) -> bool:
        """Whether there may be an item of this kind (purged ones included); reads no record."""
        ending = f".{kind}.json"
        return any(
            name.endswith(ending)
            for shard in files.names(self.folder, "records")
            for name in files.names(self.folder, "records", shard)
        )

    def item(self, id: str, kind: str) -> SealedItem | None:  # noqa: A002
        """The record of an item, None if there is none.

        Raises:
            VaultDamaged: it cannot be read.
        """
        return read_record(self.folder, id, kind)

    def items(self, *, purged: bool = False) -> Iterator[SealedItem]:
        """All items by id; with `purged`, also the records of purged ones."""
        records = self.folder / "records"
        for shard in sorted(records.iterdir()) if records.is_dir() else ():
            for path in sorted(shard.glob("*.json")):
                id, _, kind = path.name.removesuffix(".json").partition(".")  # noqa: A001
                item = self.item(id, kind) if ID.fullmatch(id) and KIND.fullmatch(kind) else None
                if item is not None and (purged or not item.purged):
                    yield item

    # --- purging and holding

    def purge(self, item: SealedItem, *, by: str, why: str) -> None:
        """Destroy the key of an item, then its content. Can be repeated after an interruption.

        Raises:
            Refused: a legal hold, or the item has been sealed again since it was selected.
            OutputError: it could not be destroyed.
        """
        with files.locked(self.folder):
            self._refuse_held(item.id)
            there = self.item(item.id, item.kind)
            if there is None or there.part != item.part:
                raise Refused(
                    "The item has been sealed again since it was selected.", hint="List the items and select again."
                )
            if there.purged:
                return
            self._trail.append(events.VaultPurged(by=by, message=item.id, item=item.kind, why=why))
            self._destroy(item.id, item.kind)
            write_record(self.folder, with_(item, purged=self._clock()))

    def sweep(self, *, by: str) -> int:
        """Destroy what killed processes left: temporary files, and parts whose sealing was never confirmed.

        Items under a legal hold keep theirs. Returns the number of items of which parts were destroyed.
        """
        strays: dict[tuple[str, str], str] = {}
        with files.locked(self.folder):
            for folder in ("keys", "sealed", "records"):
                for shard in files.names(self.folder, folder):
                    for name in files.names(self.folder, folder, shard):
                        found = FILE.fullmatch(name)
                        if files.is_leftover(name):
                            files.shred(self.folder, folder, shard, name)
                        elif found and (found[1], found[2]) not in strays:
                            item = self.item(found[1], found[2])
                            if (item is None or item.part != found[3]) and self._fitting(
                                f"{found[1]}.{found[2]}", item
                            ) is None:
                                ended = self._completed(found[1], found[2])
                                item = ended[0] if ended else item
                            part = item.part if item and not item.purged else ""
                            if found[3] != part and self.held(found[1]) is None:
                                strays[found[1], found[2]] = part
            for (id, kind), part in strays.items():  # noqa: A001
                self._trail.append(events.VaultPurged(by=by, message=id, item=kind, why="leftover"))
                self._destroy(id, kind, keep=part)
        return len(strays)

    def hold(self, id: str, matter: str, *, by: str) -> None:  # noqa: A002
        """Put a message under a legal hold: nothing of it is purged or replaced until release. Several matters may hold
        it.

        Args:
            matter: the case number, without names.
        """
        name_of(id, "original")
        if not MATTER.fullmatch(matter):
            raise ConfigurationError(
                "A matter is a case number of up to 64 letters, digits, dots and dashes, without names."
            )
        with files.locked(self.folder):
            holding = matters_of(self.folder, id)
            if matter not in holding:
                self._trail.append(events.VaultHeld(by=by, message=id, matter=matter))
                write_matters(self.folder, id, (*holding, matter))

    def release(self, id: str, *, by: str, matter: str = "") -> None:  # noqa: A002
        """End a legal hold; the message stays held while another matter holds it.

        Args:
            matter: required if there are several.

        Raises:
            NoInput: there is none. ConfigurationError: there are several and `matter` is missing.
        """
        with files.locked(self.folder):
            holding = matters_of(self.folder, id)
            if not holding or (matter and matter not in holding):
                raise NoInput("There is no such legal hold on this message.", hint="See `redactor vault list`.")
            if len(holding) > 1 and not matter:
                raise ConfigurationError(
                    "Several matters hold this message.", hint="Name the one to release with --matter."
                )
            ended = matter or holding[0]
            self._trail.append(events.VaultReleased(by=by, message=id, matter=ended))
            write_matters(self.folder, id, tuple(m for m in holding if m != ended))

    def held(self, id: str) -> str | None:  # noqa: A002
        """The matters that hold this message, joined by commas; None if none does. An unreadable hold counts."""
        name_of(id, "original")
        return ",".join(matters_of(self.folder, id)) or None

    def rotate(self, recipients: Recipients, *, by: str) -> int:
        """Wrap the keys of all items for other recipients; returns how many. The content stays unchanged. Can be
        repeated after an interruption.

        Raises:
            Refused: no private key, the wrong one, or recipients of the other cipher. VaultDamaged.
        """
        if self._identities is None:
            raise Refused("Rotation needs the current private key.")
        count = 0
        with files.locked(self.folder):
            self._trail.append(events.VaultRotated(by=by, items=0, recipients=recipients.fingerprint))
            for item in self.items():
                self._rewrap(item, recipients, self._identities)
                count += 1
            self._trail.append(events.VaultRotated(by=by, items=count, recipients=recipients.fingerprint))
        self._recipients = recipients
        return count

    def _rewrap(self, item: SealedItem, recipients: Recipients, identities: Identities) -> None:
        if not item.cipher == recipients.cipher == identities.cipher:
            raise Refused(
                "Items of one cipher cannot be wrapped for recipients of the other.", hint="Open and seal them again."
            )
        key = files.read(self.folder, *item.key_path)
        if key is None:
            raise VaultDamaged("A part of a sealed item is missing.")
        files.rewrite(self.folder, *item.key_path, content=_CIPHERS[item.cipher].rewrap(key, identities, recipients))

    def _refuse_held(self, id: str) -> None:  # noqa: A002
        if self.held(id) is not None:
            raise Refused("This message is under a legal hold.", hint="The hold must be released first.")

    # --- checking against the log

    def _fitting(self, name: str, item: SealedItem | None) -> tuple[SealedItem, bytes, bytes] | None:
        """Record, sealed content and key of an item, if it is what the log names."""
        if item is None or item.purged:
            return None
        named = self._log.newest(name)
        sealed, key = files.read(self.folder, *item.content_path), files.read(self.folder, *item.key_path)
        if named is None or not named.fits(item) or sealed is None or key is None:
            return None
        return (item, sealed, key) if sha256(sealed).hexdigest() == named.sha256 else None

    def _completed(self, id: str, kind: str) -> tuple[SealedItem, bytes, bytes] | None:  # noqa: A002
        """Find the parts of an item that the log names but whose record is wrong, and repair the record; None if they
        are missing.

        Called under the lock, so that no sealing is in progress; one that was killed after its log entry counts as
        done.
        """
        named = self._log.newest(name_of(id, kind))
        if named is None or named.purged or named.cipher not in ENDINGS:
            return None
        for file in files.names(self.folder, "sealed", id[:2]):
            found = FILE.fullmatch(file)
            if found is None or (found[1], found[2]) != (id, kind):
                continue
            item = SealedItem(id, kind, named.cipher, named.size, named.at, named.sha256, found[3], entry=named.entry)
            whole = self._fitting(item.name, item)
            if whole is not None:
                write_record(self.folder, item)
                return whole
        return None

    def _mismatch(self, id: str, kind: str, *, by: str) -> NoReturn:  # noqa: A002
        """Log and raise why an item is not what the log names."""
        named, item = self._log.newest(name_of(id, kind)), self.item(id, kind)
        if item is not None and item.entry > self._log.end().count:
            why = "rolled-back"
        elif named is None:
            why = "unknown"
        elif named.purged:
            why = "purged"
        elif item is None or item.purged:
            why = "missing"
        elif named.fits(item) and None in (
            files.read(self.folder, *item.content_path),
            files.read(self.folder, *item.key_path),
        ):
            why = "damaged"
        else:
            why = "replaced"
        self._trail.append(events.VaultMismatch(by=by, message=id, item=kind, why=why))
        message, hint = WHY[why]
        raise VaultDamaged(message, hint=hint)

    def _parts(self, item: SealedItem) -> tuple[bytes, bytes]:
        sealed, key = files.read(self.folder, *item.content_path), files.read(self.folder, *item.key_path)
        if sealed is None or key is None:
            raise VaultDamaged(*WHY["damaged"][:1], hint=WHY["damaged"][1])
        return sealed, key

    def _openers(self) -> Identities:
        if self._identities is None:
            raise Refused("No private key is configured, so this host can only seal.", hint="Open it where the key is.")
        return self._identities

    def _opened(self, item: SealedItem, sealed: bytes, key: bytes, identities: Identities) -> bytes:
        if identities.cipher != item.cipher:
            raise Refused(f"The item was sealed with {item.cipher}; the private key is of another kind.")
        content: bytes = _CIPHERS[item.cipher].open_sealed(item.name, sealed, key, identities)
        if item.kind == "original" and sha256(content).hexdigest() != item.id:
            raise VaultDamaged("The sealed original is another recording.")
        return content

    def _destroy(self, id: str, kind: str, *, keep: str = "") -> None:  # noqa: A002
        """Remove keys, then content, of all parts but `keep`, including leftovers of killed processes."""
        for folder in ("keys", "sealed"):
            for name in files.names(self.folder, folder, id[:2]):
                found = FILE.fullmatch(name)
                own = found is not None and (found[1], found[2]) == (id, kind) and found[3] != keep
                # The name of a temporary file does not say to which item it belongs.
                if own or files.is_leftover(name):
                    end = files.shred if folder == "keys" else files.remove
                    end(self.folder, folder, id[:2], name)
