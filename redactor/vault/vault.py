"""Sealing, opening, rotating, holding and purging items; every opening and purge is an event of the log before it
happens.

An item is what the log's last entry about it says: cipher, size and SHA-256 of the sealed content. Both ciphers seal
for public keys, so whoever can write the folder can seal something else; without the log's key he cannot make the log
name it, nor take back what it names now. So sealing ends with the log's entry (content and key are on the disk by then,
the record follows), and opening begins with it.
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
        recipients: whom to seal for; None: it only opens.
        identities: private keys; None (on a host that takes recordings): it only seals.
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
        """Seal an item; false if the same original was there.

        Args:
            id: SHA-256 of the recording; content of the kind "original" must have it.
            kind: "original", "transcript", "meta" (names and numbers belong there, never into `id` or `kind`) …
            replace: over an item of this kind, or one that was purged.

        Raises:
            InputError: an original of another id. ConfigurationError: no recipients, or an odd id or kind.
            Refused: there is one already, it was purged, or a legal hold keeps the one there is. OutputError.
            VaultDamaged: the same original was there, and it is not the one that the log names, or a part is missing:
                it is not kept.
        """
        name = name_of(id, kind)
        if self._recipients is None:
            raise ConfigurationError("The vault has no recipients to seal for.", hint="Set keeping.recipients.")
        if kind == "original" and sha256(content).hexdigest() != id:
            raise InputError("The original is not the recording that it is to be kept as.")
        with files.locked(self.folder):
            old = self.item(id, kind)
            if old is not None and not replace:
                if old.purged:
                    raise Refused("This item was purged.", hint="Sealing it again must be asked for.")
                if kind == "original":
                    # Believed by what the log says: else a file that was put there in advance would keep the original
                    # out.
                    if self._fitting(name, old) is None:
                        self._mismatch(id, kind, by=by)
                    return False
                raise Refused("There is an item of this kind already.", hint="Replacing it must be asked for.")
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
            # From here on it is what the log names; a record that a kill leaves unwritten is made when the item is
            # asked for.
            write_record(self.folder, with_(item, entry=entry))
            self._destroy(id, kind, keep=item.part)
        return True

    def open(self, id: str, kind: str, *, by: str, reason: str = "") -> bytes:  # noqa: A002
        """The content of an item. The log has it before anything is read, and says what the item must be.

        Args:
            reason: a word, or the trail's mark of a typed reason.

        Raises:
            NoInput: there is none, or it was purged. Refused: not with these keys.
            VaultDamaged: it is not what the log names last, or does not open as it. TrailDamaged: the log itself does
                not fit.
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
            with files.locked(self.folder):  # it may be under way, or was killed between the log's entry and the record
                found = self._fitting(name, self.item(id, kind))
                if found is None and (found := self._completed(id, kind)) is not None:
                    self._trail.append(events.VaultMismatch(by=by, message=id, item=kind, why="record"))
                if found is None:
                    self._mismatch(id, kind, by=by)
        return self._opened(*found, identities)

    def bind(self, id: str, kind: str, *, by: str, reason: str, looked: Callable[[bytes], bool]) -> None:  # noqa: A002
        """Have the log name an item that it does not name, once a person has looked at it: of a vault whose log was
        begun again.

        Args:
            looked: is given the content; whether it is what was sealed.

        Raises:
            NoInput: there is none. Refused: the person says that it is not, or the log names it already.
            VaultDamaged: it does not open, or the log names another or says that it was purged.
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
        if not looked(content):
            raise Refused(
                "The item stays as it is: nobody vouched for it.", hint="Purge it if it is not what was sealed."
            )
        digest = sha256(sealed).hexdigest()
        with files.locked(self.folder):
            if self.item(id, kind) != item or self._parts(item)[0] != sealed:
                raise Refused("The item was changed while it was looked at.", hint="Look at it again.")
            size = len(content)
            event = events.VaultBound(by=by, message=id, item=kind, cipher=item.cipher, size=size, sha256=digest)
            entry = self._trail.append(event)
            write_record(self.folder, with_(item, size=size, sha256=digest, entry=entry))

    def holds(self, id: str, kind: str) -> bool:  # noqa: A002
        """Whether there is such an item (which was not purged)."""
        item = self.item(id, kind)
        return item is not None and not item.purged

    def item(self, id: str, kind: str) -> SealedItem | None:  # noqa: A002
        """What the vault's record says of an item; VaultDamaged if it cannot be read."""
        return read_record(self.folder, id, kind)

    def items(self, *, purged: bool = False) -> Iterator[SealedItem]:
        """All there are, by id; with `purged` also the records of those that are gone."""
        records = self.folder / "records"
        for shard in sorted(records.iterdir()) if records.is_dir() else ():
            for path in sorted(shard.glob("*.json")):
                id, _, kind = path.name.removesuffix(".json").partition(".")  # noqa: A001
                item = self.item(id, kind) if ID.fullmatch(id) and KIND.fullmatch(kind) else None
                if item is not None and (purged or not item.purged):
                    yield item

    # --- the end of items

    def purge(self, item: SealedItem, *, by: str, why: str) -> None:
        """Destroy the key of an item, then its content. Done again after a stop, it ends what was begun; after that it
        does nothing.

        Raises:
            Refused: a legal hold, or the item was sealed again since it was chosen. OutputError: it could not be
                destroyed.
        """
        with files.locked(self.folder):
            self._refuse_held(item.id)
            there = self.item(item.id, item.kind)
            if there is None or there.part != item.part:
                raise Refused("The item was sealed again since it was chosen.", hint="List the items and choose again.")
            if there.purged:
                return
            self._trail.append(events.VaultPurged(by=by, message=item.id, item=item.kind, why=why))
            self._destroy(item.id, item.kind)
            write_record(self.folder, with_(item, purged=self._clock()))

    def sweep(self, *, by: str) -> int:
        """Destroy what killed processes left: temporary files, and parts that no record names, of which nobody was told
        that they are kept.

        Items under a legal hold keep theirs. Returns of how many items parts were destroyed.
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
        """Nothing of this message is purged or replaced until it is released. Several matters may hold one.

        Args:
            matter: the number of the case, without names.
        """
        name_of(id, "original")
        if not MATTER.fullmatch(matter):
            raise ConfigurationError(
                "A matter is a number of up to 64 letters, digits, dots and dashes, without names."
            )
        with files.locked(self.folder):
            holding = matters_of(self.folder, id)
            if matter not in holding:
                self._trail.append(events.VaultHeld(by=by, message=id, matter=matter))
                write_matters(self.folder, id, (*holding, matter))

    def release(self, id: str, *, by: str, matter: str = "") -> None:  # noqa: A002
        """End a legal hold; the message stays held while another matter holds it.

        Args:
            matter: which, if there are several.

        Raises:
            NoInput: there is none. ConfigurationError: there are several, and none is named.
        """
        with files.locked(self.folder):
            holding = matters_of(self.folder, id)
            if not holding or (matter and matter not in holding):
                raise NoInput("There is no such legal hold on this message.", hint="See `redactor vault list`.")
            if len(holding) > 1 and not matter:
                raise ConfigurationError("Several matters hold this message.", hint="Say which one ends: --matter.")
            ended = matter or holding[0]
            self._trail.append(events.VaultReleased(by=by, message=id, matter=ended))
            write_matters(self.folder, id, tuple(m for m in holding if m != ended))

    def held(self, id: str) -> str | None:  # noqa: A002
        """The matters of legal holds on this message, joined by commas. A hold that cannot be read is one."""
        name_of(id, "original")
        return ",".join(matters_of(self.folder, id)) or None

    def rotate(self, recipients: Recipients, *, by: str) -> int:
        """Wrap the keys of all items for other recipients; how many. Content stays as it is. Done again after a stop,
        it goes on.

        Raises:
            Refused: no private key, not the right one, or recipients of the other cipher. VaultDamaged.
        """
        if self._identities is None:
            raise Refused("Rotating needs the private key in force until now.")
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
            raise Refused("A legal hold keeps this message.", hint="Whoever may must release it first.")

    # --- what the log says
    # ----------------------------------------------------------------------------------------------

    def _fitting(self, name: str, item: SealedItem | None) -> tuple[SealedItem, bytes, bytes] | None:
        """Record, sealed content and key of an item that is what the log names; None if it is not."""
        if item is None or item.purged:
            return None
        named = self._log.newest(name)
        sealed, key = files.read(self.folder, *item.content_path), files.read(self.folder, *item.key_path)
        if named is None or not named.fits(item) or sealed is None or key is None:
            return None
        return (item, sealed, key) if sha256(sealed).hexdigest() == named.sha256 else None

    def _completed(self, id: str, kind: str) -> tuple[SealedItem, bytes, bytes] | None:  # noqa: A002
        """An item that the log names and whose record is not the one of it, from its parts, and its record made good;
        None: it is not there.

        To be called under the lock: then no sealing is under way, and one that was killed after its entry is as good as
        ended.
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
        """Say why an item is not what the log names, in the log as well."""
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
            raise Refused("There is no private key here: this host can only seal.", hint="Open it where the key is.")
        return self._identities

    def _opened(self, item: SealedItem, sealed: bytes, key: bytes, identities: Identities) -> bytes:
        if identities.cipher != item.cipher:
            raise Refused(f"The item was sealed with {item.cipher}, which this private key is not for.")
        content: bytes = _CIPHERS[item.cipher].open_sealed(item.name, sealed, key, identities)
        if item.kind == "original" and sha256(content).hexdigest() != item.id:
            raise VaultDamaged("What was sealed as an original is another recording.")
        return content

    def _destroy(self, id: str, kind: str, *, keep: str = "") -> None:  # noqa: A002
        """Keys first, then content: of all parts but `keep`, also those that a killed process left, under whatever
        name.
        """
        for folder in ("keys", "sealed"):
            for name in files.names(self.folder, folder, id[:2]):
                found = FILE.fullmatch(name)
                own = found is not None and (found[1], found[2]) == (id, kind) and found[3] != keep
                # A temporary file says nothing of whose key it is.
                if own or files.is_leftover(name):
                    end = files.shred if folder == "keys" else files.remove
                    end(self.folder, folder, id[:2], name)
