"""Sealing, opening, rotating, holding and purging items; every opening and purge is an event of the trail before it happens."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from dataclasses import replace as with_
from hashlib import sha256
from pathlib import Path

from redactor.errors import ConfigurationError, InputError, NoInput, Refused, VaultDamaged
from redactor.keep.trail import Trail, events
from redactor.keep.vault import age, files, gcm
from redactor.keep.vault.keys import Identities, Recipients

SCHEMA = "redactor-vault/1"
_ID = re.compile(r"[0-9a-f]{64}")
_KIND = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?")
_MATTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FILE = re.compile(r"([0-9a-f]{64})\.([a-z0-9.-]+)\.([0-9a-f]{8})\.(?:age|gcm|json)")
_CIPHERS = {"age": age, "aes-256-gcm": gcm}
_ENDINGS = {"age": ("age", "age"), "aes-256-gcm": ("gcm", "json")}
"""Of content and key."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of an item without any key.

    Attributes:
        size: bytes before sealing; `sha256`: of the sealed content.
        sealed, purged: seconds since 1970; `purged` 0.0: it is there.
        part: random, in the names of its files, so that replacing never mixes new content with an old key.
    """

    id: str
    kind: str
    cipher: str
    size: int
    sealed: float
    sha256: str
    part: str
    purged: float = 0.0


class Vault:
    """A vault in a folder.

    Args:
        recipients: whom to seal for; None: it only opens.
        identities: private keys; None (on a host that takes recordings): it only seals.
    """

    def __init__(
        self, folder: Path, *, trail: Trail, recipients: Recipients | None = None, identities: Identities | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.folder = folder
        self._trail, self._recipients, self._identities, self._clock = trail, recipients, identities, clock

    def seal(self, id: str, kind: str, content: bytes, *, by: str, replace: bool = False) -> bool:  # noqa: A002
        """Seal an item; false if the same original was there.

        Args:
            id: SHA-256 of the recording; content of the kind "original" must have it.
            kind: "original", "transcript", "meta" (names and numbers belong there, never into `id` or `kind`) …
            replace: over an item of this kind, or one that was purged.

        Raises:
            InputError: an original of another id. ConfigurationError: no recipients, or an odd id or kind.
            Refused: there is one already, it was purged, or a legal hold keeps the one there is. OutputError.
            VaultDamaged: the same original was there, and a part of it is missing: it is not kept.
        """
        name = _checked(id, kind)
        if self._recipients is None:
            raise ConfigurationError("The vault has no recipients to seal for.", hint="Set keeping.recipients.")
        if kind == "original" and sha256(content).hexdigest() != id:
            raise InputError("The original is not the recording that it is to be kept as.")
        with files.locked(self.folder):
            old = self.item(id, kind)
            if old is not None and not replace:
                if old.purged:
                    raise Refused("This item was purged.", hint="Sealing it anew must be asked for.")
                if kind == "original":
                    self._refuse_parts(old)
                    return False
                raise Refused("There is an item of this kind already.", hint="Replacing it must be asked for.")
            if old is not None and not old.purged:
                self._refuse_held(id)
            cipher = self._recipients.cipher
            sealed, key = _CIPHERS[cipher].seal(name, content, self._recipients)
            digest = sha256(sealed).hexdigest()
            item = Item(id, kind, cipher, len(content), self._clock(), digest, secrets.token_hex(4))
            self._trail.append(
                events.VaultSealed(by=by, message=id, item=kind, cipher=cipher, size=len(content), sha256=digest)
            )
            # The record last: it says which files are the item's. What was there before stays whole until then.
            files.write(self.folder, *_content(item), content=sealed)
            files.write(self.folder, *_key(item), content=key)
            self._record(item)
            self._destroy(id, kind, keep=item.part)
        return True

    def open(self, id: str, kind: str, *, by: str, reason: str = "") -> bytes:  # noqa: A002
        """The content of an item. The trail has it before anything is read.

        Args:
            reason: a word, or the trail's mark of a typed reason.

        Raises:
            NoInput: there is none, or it was purged. Refused: not with these keys. VaultDamaged: it is not what was sealed.
        """
        name, item = _checked(id, kind), self.item(id, kind)
        if self._identities is None:
            raise Refused("There is no private key here: this host can only seal.", hint="Open it where the key is.")
        if item is None or item.purged:
            raise NoInput(
                "There is no such item in the vault." if item is None else "This item was purged.",
                hint="See `redactor vault list`.",
            )
        self._trail.append(events.VaultOpened(by=by, message=id, item=kind, reason=reason))
        if self._identities.cipher != item.cipher:
            raise Refused(f"The item was sealed with {item.cipher}, which this private key is not for.")
        sealed, key = files.read(self.folder, *_content(item)), files.read(self.folder, *_key(item))
        if sealed is None or key is None:
            raise VaultDamaged("A part of a sealed item is missing.")
        content: bytes = _CIPHERS[item.cipher].open_sealed(name, sealed, key, self._identities)
        if kind == "original" and sha256(content).hexdigest() != id:
            raise VaultDamaged("What was sealed as an original is another recording.")
        return content

    def holds(self, id: str, kind: str) -> bool:  # noqa: A002
        """Whether there is such an item (which was not purged)."""
        item = self.item(id, kind)
        return item is not None and not item.purged

    def item(self, id: str, kind: str) -> Item | None:  # noqa: A002
        """What is known of an item.

        Raises:
            VaultDamaged: its record cannot be read.
        """
        _checked(id, kind)
        content = files.read(self.folder, "records", id[:2], f"{id}.{kind}.json")
        if content is None:
            return None
        try:
            found = json.loads(content)
            item = Item(**{name: value for name, value in found.items() if name != "schema"})
            fits = found["schema"] == SCHEMA and (item.id, item.kind) == (id, kind) and item.cipher in _CIPHERS
            fits = fits and re.fullmatch(r"[0-9a-f]{8}", item.part) is not None
        except (ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            raise VaultDamaged("The record of a sealed item cannot be read.")
        return item

    def items(self, *, purged: bool = False) -> Iterator[Item]:
        """All there are, by id; with `purged` also the records of those that are gone."""
        records = self.folder / "records"
        for shard in sorted(records.iterdir()) if records.is_dir() else ():
            for path in sorted(shard.glob("*.json")):
                id, _, kind = path.name.removesuffix(".json").partition(".")  # noqa: A001
                item = self.item(id, kind) if _ID.fullmatch(id) and _KIND.fullmatch(kind) else None
                if item is not None and (purged or not item.purged):
                    yield item

    # --- the end of items

    def purge(self, item: Item, *, by: str, why: str) -> None:
        """Destroy the key of an item, then its content. Done again after a stop, it ends what was begun; after that it does nothing.

        Raises:
            Refused: a legal hold, or the item was sealed anew since it was chosen. OutputError: it could not be destroyed.
        """
        with files.locked(self.folder):
            self._refuse_held(item.id)
            there = self.item(item.id, item.kind)
            if there is None or there.part != item.part:
                raise Refused("The item was sealed anew since it was chosen.", hint="List the items and choose again.")
            if there.purged:
                return
            self._trail.append(events.VaultPurged(by=by, message=item.id, item=item.kind, why=why))
            self._destroy(item.id, item.kind)
            self._record(with_(item, purged=self._clock()))

    def sweep(self, *, by: str) -> int:
        """Destroy what killed processes left: temporary files, and parts that no record names, of which nobody was told that they are kept.

        Items under a legal hold keep theirs. Returns of how many items parts were destroyed.
        """
        strays: dict[tuple[str, str], str] = {}
        with files.locked(self.folder):
            for folder in ("keys", "sealed", "records"):
                for shard in files.names(self.folder, folder):
                    for name in files.names(self.folder, folder, shard):
                        found = _FILE.fullmatch(name)
                        if files.is_leftover(name):
                            files.shred(self.folder, folder, shard, name)
                        elif found and (found[1], found[2]) not in strays:
                            item = self.item(found[1], found[2])
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
        _checked(id, "original")
        if not _MATTER.fullmatch(matter):
            raise ConfigurationError(
                "A matter is a number of up to 64 letters, digits, dots and dashes, without names."
            )
        with files.locked(self.folder):
            holding = self._matters(id)
            if matter not in holding:
                self._trail.append(events.VaultHeld(by=by, message=id, matter=matter))
                self._hold(id, (*holding, matter))

    def release(self, id: str, *, by: str, matter: str = "") -> None:  # noqa: A002
        """End a legal hold; the message stays held while another matter holds it.

        Args:
            matter: which, if there are several.

        Raises:
            NoInput: there is none. ConfigurationError: there are several, and none is named.
        """
        with files.locked(self.folder):
            holding = self._matters(id)
            if not holding or (matter and matter not in holding):
                raise NoInput("There is no such legal hold on this message.", hint="See `redactor vault list`.")
            if len(holding) > 1 and not matter:
                raise ConfigurationError("Several matters hold this message.", hint="Say which one ends: --matter.")
            ended = matter or holding[0]
            self._trail.append(events.VaultReleased(by=by, message=id, matter=ended))
            self._hold(id, tuple(m for m in holding if m != ended))

    def held(self, id: str) -> str | None:  # noqa: A002
        """The matters of legal holds on this message, joined by commas. A hold that cannot be read is one."""
        return ",".join(self._matters(id)) or None

    def _matters(self, id: str) -> tuple[str, ...]:  # noqa: A002
        _checked(id, "original")
        content = files.read(self.folder, "holds", f"{id}.json")
        if content is None:
            return ()
        try:
            found = json.loads(content)
            matters = tuple(str(m) for m in found["matters"]) if "matters" in found else (str(found["matter"]),)
        except (ValueError, KeyError, TypeError):
            matters = ()
        return matters if matters and all(map(_MATTER.fullmatch, matters)) else ("unreadable",)

    def _hold(self, id: str, matters: tuple[str, ...]) -> None:  # noqa: A002
        if matters:
            files.write(self.folder, "holds", f"{id}.json", content=json.dumps({"matters": matters}).encode())
        else:
            files.remove(self.folder, "holds", f"{id}.json")

    def rotate(self, recipients: Recipients, *, by: str) -> int:
        """Wrap the keys of all items for other recipients; how many. Content stays as it is. Done again after a stop, it goes on.

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

    def _rewrap(self, item: Item, recipients: Recipients, identities: Identities) -> None:
        if not item.cipher == recipients.cipher == identities.cipher:
            raise Refused(
                "Items of one cipher cannot be wrapped for recipients of the other.", hint="Open and seal them anew."
            )
        key = files.read(self.folder, *_key(item))
        if key is None:
            raise VaultDamaged("A part of a sealed item is missing.")
        files.rewrite(self.folder, *_key(item), content=_CIPHERS[item.cipher].rewrap(key, identities, recipients))

    def _refuse_held(self, id: str) -> None:  # noqa: A002
        if self.held(id) is not None:
            raise Refused("A legal hold keeps this message.", hint="Whoever may must release it first.")

    def _refuse_parts(self, item: Item) -> None:
        if not (files.is_there(self.folder, *_content(item)) and files.is_there(self.folder, *_key(item))):
            raise VaultDamaged(
                "A part of a sealed item is missing.",
                hint="If its purge was stopped, purge it again; else seal it anew.",
            )

    def _destroy(self, id: str, kind: str, *, keep: str = "") -> None:  # noqa: A002
        """Keys first, then content: of all parts but `keep`, also those that a killed process left, under whatever name."""
        for folder in ("keys", "sealed"):
            for name in files.names(self.folder, folder, id[:2]):
                found = _FILE.fullmatch(name)
                own = found is not None and (found[1], found[2]) == (id, kind) and found[3] != keep
                # A temporary file says nothing of whose key it is.
                if own or files.is_leftover(name):
                    end = files.shred if folder == "keys" else files.remove
                    end(self.folder, folder, id[:2], name)

    def _record(self, item: Item) -> None:
        record = {"schema": SCHEMA, **asdict(item)}
        files.write(
            self.folder, "records", item.id[:2], f"{item.id}.{item.kind}.json", content=json.dumps(record).encode()
        )


def _checked(id: str, kind: str) -> str:  # noqa: A002
    """The name of an item; nothing that could leave the vault's folder."""
    if not _ID.fullmatch(id) or not _KIND.fullmatch(kind) or ".." in kind:
        raise ConfigurationError("An item has a SHA-256 and a kind of small letters, digits, dots and dashes.")
    return f"{id}.{kind}"


def _content(item: Item) -> tuple[str, ...]:
    return "sealed", item.id[:2], f"{item.id}.{item.kind}.{item.part}.{_ENDINGS[item.cipher][0]}"


def _key(item: Item) -> tuple[str, ...]:
    return "keys", item.id[:2], f"{item.id}.{item.kind}.{item.part}.{_ENDINGS[item.cipher][1]}"
