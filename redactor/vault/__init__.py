"""The vault: originals and unredacted transcripts, sealed for keys that the sealing host does not have.

    item (message's SHA-256, kind) ──▶ sealed/ab/ID.KIND.PART.age   the content, under a key of its own
                                   ──▶ keys/ab/ID.KIND.PART.age     that key, for the organisation and for an offline
                                   recovery key
                                   ──▶ records/ab/ID.KIND.json     when, how large, which cipher; no names

Every item has its own key: destroying a few hundred bytes (crypto-shredding) makes all copies of the content
unreadable, and new recipients need only new key files. This does not help against somebody who kept a copy of a key
file and has a private key of that time. Therefore `keys/` does not belong in long-lived backups, and disks that move
blocks (SSD, snapshots, copy-on-write) may keep what was overwritten. Whoever stole an organisation's key together with
`keys/` can still read the items after a rotation.

age (https://age-encryption.org/v1) is the default: `age -d -i organisation.key keys/…` gives an identity file, and `age
-d -i` with that the content. The alternative, AES-256-GCM in chunks with RSA-OAEP (`gcm`), uses only algorithms
approved by NIST (SP 800-38D, SP 800-56B, FIPS 180-4). It is not "FIPS validated": validation is a property of the
cryptographic module, and the OpenSSL in common builds of the package `cryptography` has no certificate.

Encryption to public keys does not prove who sealed: anybody who can write to the folder can seal something else. So the
audit log, which only the holder of its key can write, contains the SHA-256 of every sealed content. An item is opened
only if it is what the log names last (`vault`); `log verify` compares the whole folder with the log (`check`).
"""

from redactor.vault import files
from redactor.vault.check import VaultCheck
from redactor.vault.item import SealedItem
from redactor.vault.keys import Identities, Recipients, make_keys
from redactor.vault.vault import Vault

__all__ = ["Identities", "Recipients", "SealedItem", "Vault", "VaultCheck", "files", "make_keys"]
