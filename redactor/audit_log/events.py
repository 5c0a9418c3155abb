"""The kinds of log entries: one frozen class each, with exactly its fields.

No PHI by construction: a message is its SHA-256, a person or token is a number, everything else is a number or one
short word without spaces. Typed reasons may contain PHI, so an entry has only a keyed mark (`Trail.mark`); the text is
stored sealed elsewhere, and the mark shows whether it was changed later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

_WORD = re.compile(r"[A-Za-z0-9:][A-Za-z0-9:._,+-]{0,95}|")
_ID = re.compile(r"[0-9a-f]{64}")
_LABELS = re.compile(r"[A-Za-z0-9_.:,-]{0,600}")
_FORMS = {"message": _ID, "sha256": _ID, "labels": _LABELS}
"""Field → pattern of its text; all other texts: `_WORD`."""
_BIG = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base. `by`: the actor: "person:3", "token:5", "user:1000" (a system user), "service", "trail".

    Raises:
        ValueError: a text is not a short word (it might be speech), a message is not a SHA-256, or a number is too
            large.
    """

    by: str

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, str):
                fits = _FORMS.get(one.name, _WORD).fullmatch(value) is not None
            else:
                fits = isinstance(value, int) and -_BIG < value < _BIG
            if not fits:
                raise ValueError(f"{type(self).__name__}.{one.name} cannot be logged.")


# --- the log itself


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentOpened(Event):
    """First entry of every file. `key`: the key of its MACs; `trail`: random, so that parts of two logs never fit
    together.
    """

    key: str
    trail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChanged(Event):
    """Last entry under a key; `key`: the next one."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted(Event):
    """Bytes that a killed process left before this entry. They stay, and were never acknowledged."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailExported(Event):
    """`first`, `last`: entries."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailRead(Event):
    """Somebody viewed entries on the page /trail."""

    first: int
    last: int


# --- messages and their review


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded(Event):
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOpened(Event):
    message: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedHeard(Event):
    message: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalHeard(Event):
    """The unredacted audio was played. `reason`: mark of the typed reason."""

    message: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsRead(Event):
    """The unredacted words were shown. `reason`: mark of the typed reason."""

    message: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionEdited(Event):
    """`version`: the new one; `uncovered`: number of `StretchUncovered` entries written with it (-1: by an
    earlier version).
    """

    message: str
    version: int
    uncovered: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchUncovered(Event):
    """An interval that is no longer covered in audio or text. `channel` from 0; milliseconds; `labels` of what was
    covered.
    """

    message: str
    version: int
    channel: int
    start_ms: int
    end_ms: int
    labels: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReleased(Event):
    """A person releases a recording that was withheld; written before its artefacts. `reason`: mark of the typed."""

    message: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactsReplaced(Event):
    """The artefacts of a recording in the output folder are replaced by those of an edited version."""

    message: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFailed(Event):
    """What the entry before said did not happen. `why`: the error's reason."""

    message: str
    version: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRefused(Event):
    """A person decided that a recording cannot be released. `reason`: mark of the typed reason."""

    message: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingDeleted(Event):
    """The retention policy deletes a recording that was refused at least `days` ago; written before it is deleted."""

    message: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDone(Event):
    """A person has checked the redaction of a message."""

    message: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTakenOver(Event):
    """A lead goes on with a message that somebody else, `person`, had opened."""

    message: str
    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDecided(Event):
    """`rule`: "V01"; `finding`: its number in the message; `decision`: accept or reject."""

    message: str
    rule: str
    finding: int
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewGiven(Event):
    message: str
    version: int
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjudicated(Event):
    message: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDrawn(Event):
    """`size` messages out of `of`, drawn with `seed`."""

    sample: int
    seed: int
    size: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Event):
    """`what`: decisions, messages or report."""

    what: str
    rows: int


# --- access


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn(Event):
    """`session`: first digits of the session's hash; `address`: the client's."""

    session: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInRefused(Event):
    """`person` 0: no such account; `why`: password, code, disabled, changed (the account, while it logged in)."""

    person: int
    why: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOff(Event):
    """`why`: asked, idle, limit, everywhere, password, codes, replaced (another person logged in with the same
    browser); `sessions`: how many ended.
    """

    person: int
    why: str
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPermitted(Event):
    """A person requested something that their roles do not allow."""

    permission: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMade(Event):
    """`roles`: joined by commas."""

    person: int
    roles: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """`what`: password, password-reset, totp, totp-reset, disabled, enabled, roles, recovery-used."""

    person: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyOpened(Event):
    """Emergency access started. `until`: seconds since 1970; `reason`: mark of the typed reason."""

    person: int
    emergency: int
    until: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyEnded(Event):
    """Emergency access was ended early."""

    person: int
    emergency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyAcknowledged(Event):
    person: int
    emergency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMade(Event):
    token: int
    scopes: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    token: int


# --- vault


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSealed(Event):
    """`item`: original, transcript …; `cipher`: age or aes-256-gcm; `size`: bytes before sealing; `sha256`: of the
    sealed content.
    """

    message: str
    item: str
    cipher: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultBound(Event):
    """A person checked and confirmed an item that the log did not name. Fields as `VaultSealed`."""

    message: str
    item: str
    cipher: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultOpened(Event):
    """Written before the content is returned."""

    message: str
    item: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultMismatch(Event):
    """An item was not opened, since it is not what the log names. `why`: unknown, rolled-back (the log), replaced,
    missing, purged, damaged; record: only its record was wrong, and was repaired.
    """

    message: str
    item: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPurged(Event):
    """The key of this item was destroyed. `why`: age, asked; leftover: only parts left by a killed process were
    destroyed, the item remains.
    """

    message: str
    item: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultHeld(Event):
    """A legal hold started. `matter`: the case number."""

    message: str
    matter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultReleased(Event):
    """A legal hold ended."""

    message: str
    matter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultRotated(Event):
    """The keys of `items` items were wrapped for other recipients (0: it starts); `recipients`:
    mark of the new ones.
    """

    items: int
    recipients: str


def kind_of(event: Event | type[Event]) -> str:
    """The name of a kind: "original-heard" for OriginalHeard."""
    name = event.__name__ if isinstance(event, type) else type(event).__name__
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


KINDS = {
    kind_of(k): k for k in list(vars().values()) if isinstance(k, type) and issubclass(k, Event) and k is not Event
}
"""Name in the log → class."""
NAMES = {kind: name for name, kind in KINDS.items()}


def body_of(event: Event) -> dict[str, Any]:
    """The content of an entry without its number and time."""
    return {"event": NAMES[type(event)], **{one.name: getattr(event, one.name) for one in fields(event)}}
