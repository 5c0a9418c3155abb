"""The vault: originals and unredacted transcripts, sealed for keys that the sealing host does not have.

    item (message's SHA-256, kind) ──▶ sealed/ab/ID.KIND.PART.age   the content, under a key of its own
                                   ──▶ keys/ab/ID.KIND.PART.age     that key, for the organisation and for an offline
                                   recovery key
                                   ──▶ records/ab/ID.KIND.json     when, how large, which cipher; no names

Every item has its own key, so that destroying a few hundred bytes (crypto-shredding) makes the content unreadable
wherever copies of it lie, and new
recipients mean new key files only. What that promises ends where somebody kept a copy of the key file and a private key
of then: so `keys/` belongs in no long-lived
backup, and a disk that moves blocks (SSD, snapshots, copy-on-write) may keep what was overwritten. Whoever stole an
organisation's key together with `keys/` reads
on after a rotation.

age (https://age-encryption.org/v1) is the default: `age -d -i organisation.key keys/…` gives an identity file, `age -d
-i` with it the content. The alternative,
AES-256-GCM in chunks with RSA-OAEP (`gcm`), is FIPS-minded: it uses only algorithms that NIST approves (SP 800-38D, SP
800-56B, FIPS 180-4). It is not "FIPS validated": that is a
property of the module that computes, and the OpenSSL inside the package `cryptography` as it is commonly installed has
no certificate.

Encrypting to public keys proves no sender: whoever can write here can seal something else. So the audit log, which only
the holder of its key can write,
has the SHA-256 of everything that is sealed, and nothing opens that is not what its last entry about the item names
(`vault`); `log verify` holds the whole
folder against the log (`check`).
"""

from redactor.vault import files
from redactor.vault.check import VaultCheck
from redactor.vault.item import SealedItem
from redactor.vault.keys import Identities, Recipients, make_keys
from redactor.vault.vault import Vault

__all__ = ["Identities", "Recipients", "SealedItem", "Vault", "VaultCheck", "files", "make_keys"]
