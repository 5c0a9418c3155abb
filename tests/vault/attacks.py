"""Attacks by somebody who can write to the vault's folder, without any private key and without the log's key."""

import json
import secrets
import shutil
from dataclasses import asdict
from hashlib import sha256

from places import CIPHERS

from redactor.vault import SealedItem


class Attacker:
    """Holds the public keys and the vault's folder, and may read everything else."""

    def __init__(self, place):
        self.place, self.vault = place, place.folder / "vault"

    def put(self, id, kind, content, *, keep_part=False):  # noqa: A002
        """The attacker's own item, complete with its record, in the place of another."""
        item = self.place.host.item(id, kind)
        part = item.part if keep_part and item else secrets.token_hex(4)
        for below in ("sealed", "keys", "records"):
            for path in (self.vault / below).rglob(f"{id}.{kind}.*"):
                path.unlink()
        sealed, key = CIPHERS[self.place.cipher].seal(f"{id}.{kind}", content, self.place.recipients)
        known = {"sealed": self.place.now, "sha256": sha256(sealed).hexdigest(), "part": part}
        made = SealedItem(id=id, kind=kind, cipher=self.place.cipher, size=len(content), **known)
        ending = {"age": ("age", "age"), "aes-256-gcm": ("gcm", "json")}[self.place.cipher]
        self.write("sealed", id, f"{id}.{kind}.{part}.{ending[0]}", sealed)
        self.write("keys", id, f"{id}.{kind}.{part}.{ending[1]}", key)
        self.record(asdict(made))

    def record(self, told):
        content = json.dumps({"schema": "redactor-vault/1", **told}).encode()
        self.write("records", told["id"], f"{told['id']}.{told['kind']}.json", content)

    def write(self, below, id, name, content):  # noqa: A002
        path = self.vault / below / id[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def copy(self, name="copy"):
        """A copy of the whole vault, to be put back later."""
        shutil.copytree(self.vault, self.place.folder / name)

    def put_back(self, name="copy", *, only="*"):
        """Put back the whole copy, or one item's files."""
        for below in ("sealed", "keys", "records"):
            for path in (self.vault / below).rglob(only):
                if path.is_file():
                    path.unlink()
            for path in (self.place.folder / name / below).rglob(only):
                if path.is_file():
                    target = self.vault / below / path.parent.name / path.name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)

    def swap(self, one, other):
        """The content of one item in the place of another, with a matching record."""
        for below in ("sealed", "keys"):
            mine, theirs = self.place.one(below, one), self.place.one(below, other)
            theirs.write_bytes(mine.read_bytes())
        path = self.place.one("records", other)
        mine = json.loads(self.place.one("records", one).read_bytes())
        told = {**json.loads(path.read_bytes()), "sha256": mine["sha256"], "size": mine["size"]}
        path.write_text(json.dumps(told))
