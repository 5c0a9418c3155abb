"""The audit log: who did what to which message, stored so that later changes are detected.

    event ──▶ line of JSON ──HMAC over (MAC before, line)──▶ segment file, flushed ──▶ anchor: count and last MAC,
    in a second place

`events` the kinds of entries (ids only) · `keys` the key file · `chain` a line and its MAC · `anchor` the second place
· `log` appends, one writer at a time across processes · `verify` reads everything · `checked` the note of the last
check · `newest` reads from the end, for a page · `proven` the last entry about something · `export` a range with its
own proof.

What it detects, and what not: without the key, nobody can change, insert, remove or reorder entries unnoticed, and the
anchor shows a truncated log or an emptied folder. Somebody with the key file and both places (root on this host, for
instance) can rewrite the whole log, and somebody who can roll back log and anchor together needs no key. Only an anchor
that was printed (`redactor log anchor`) and is kept where this host cannot write helps against both; entries after that
anchor depend on the host alone. Rotating the key does not protect old entries: old keys stay in the key file, since old
entries are verified with them.
"""

from redactor.audit_log import events
from redactor.audit_log.anchor import Anchor
from redactor.audit_log.checked import LastCheck
from redactor.audit_log.export import Export, export, verify_export
from redactor.audit_log.keys import KeyRing
from redactor.audit_log.log import Trail
from redactor.audit_log.newest import Newest, newest
from redactor.audit_log.proven import Proven
from redactor.audit_log.verify import LogReport, entries, verify

__all__ = [
    "Anchor",
    "Export",
    "KeyRing",
    "LastCheck",
    "LogReport",
    "Newest",
    "Proven",
    "Trail",
    "entries",
    "events",
    "export",
    "newest",
    "verify",
    "verify_export",
]
