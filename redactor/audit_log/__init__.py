"""The audit trail: who did what to which message, in a form in which no later change goes unseen.

    event ──▶ line of JSON ──HMAC over (MAC before, line)──▶ segment file, flushed ──▶ anchor: how many, and the last
    MAC, in a second place

`events` what can be told (ids only) · `keys` the key file · `chain` a line and its MAC · `anchor` the second place ·
`trail` appends, one writer at a time, several processes · `verify` reads everything · `checked` when that was ·
`newest` from the end, for a page · `export` a stretch with its own proof.

What it shows and what not. Without the key nobody can change, insert, remove or reorder an entry unseen, and the anchor
shows a tail that was cut
or a folder that was emptied. Whoever has the key file and both places (root on this host, for instance) can write the
whole trail again, and whoever
can put back an older copy of trail and anchor together needs no key: against both helps only an anchor that was printed
(`redactor log anchor`) and kept
where this host cannot write. What lies after the last such anchor rests on the host alone. Rotating the key limits
nothing backwards: the old keys stay
in the key file, since the old entries are checked with them.
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
