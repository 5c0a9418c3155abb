"""The results of auditing a sent message: evidence, breaches of rules, a verdict. `repr` hides speech."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from redactor.compliance.consents import Consents
from redactor.types import Finding, Transcript


class RuleVerdict(str, Enum):
    """The verdict on a rule or a message. There is no "compliant": `PASS` means that no breach was found and no rule
    lacked information.
    """

    PASS = "pass"  # noqa: S105 - a verdict
    FINDINGS = "findings"
    UNDETERMINED = "undetermined"


class Severity(str, Enum):
    """S1 is the most severe; `NOTE` is not a breach (V20: a person must listen)."""

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    NOTE = "note"


class Kind(str, Enum):
    """The purpose of a message."""

    CALLBACK = "callback"
    APPOINTMENT = "appointment"
    REFILL = "refill"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of one channel on which a breach rests: words[first:last] of its transcript.

    Attributes:
        start, end: seconds, unpadded.
        confidence: the lowest of its words' (0 … 1).
        score: of the finding that matched, 1.0 for a list or a rule of form.
        matched: what matched: a recognizer's name with its label ("MedicationRecognizer MEDICATION"), or "list:
            approved callback numbers".
        text: the words; never in logs, names, or on pages for people who may not hear the original.
    """

    channel: int
    first: int
    last: int
    start: float
    end: float
    confidence: float
    score: float
    matched: str
    text: str = field(default="", repr=False)

    def overlaps(self, other: Evidence) -> bool:
        return self.first < other.last and other.first < self.last


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a message breaks, or (verdict undetermined) that lacks information.

    Attributes:
        rule: "V01" … "V20".
        missing: information that the rule lacks ("consent", "approved callback numbers"), empty for
            findings.
        why: the reason, without any word of the message.
        better: wording to use instead, "" if there is none.
    """

    rule: str
    severity: Severity
    verdict: RuleVerdict
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    why: str = ""
    better: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Where a message contains one of its parts: "patient", "caller", "practice", "callback", "request", "appointment",
    "refill".
    """

    name: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Audited:
    """The audit of one message.

    Attributes:
        id: SHA-256 of the recording, or of the text.
        rules: name and version of the rule set ("voicemail/1").
        exempt: rules that would have been broken, with the consent or list that allows it: (rule, "consent: details
            until 2027-01-01").
    """

    id: str
    rules: str
    kind: Kind
    verdict: RuleVerdict
    breaches: tuple[Breach, ...]
    parts: tuple[Part, ...] = ()
    exempt: tuple[tuple[str, str], ...] = ()
    duration: float = 0.0


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """Properties of the recording other than its words; a text has none.

    Attributes:
        unheard: seconds of speech without recognised words.
        clipped: share of samples at full scale, 0 … 1.
        invented: the checkpoint does not understand human speech (`ModelInfo.synthetic_only`).
    """

    unheard: float = 0.0
    clipped: float = 0.0
    invented: bool = False


def only_digits(text: str) -> str:
    """The digits of a text; callers that understand spoken numbers pass a better function to `audit`."""
    return "".join(c for c in text if c.isdigit())


@dataclass(frozen=True, slots=True)
class Message:
    """One sent message as the rules see it.

    Attributes:
        id: SHA-256 of the recording, or of the text.
        transcripts: of all its channels; `findings` hold offsets into them.
        duration: seconds; 0 for a text: its length is estimated.
        heard: None for a text.
        digits_of: text of a number as it was said → its digits.
    """

    id: str
    transcripts: tuple[Transcript, ...]
    findings: tuple[Finding, ...] = ()
    duration: float = 0.0
    heard: SoundFacts | None = None
    digits_of: Callable[[str], str] = only_digits


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Facts about a message that its words do not contain. None means unknown; rules that need it are undetermined.

    Attributes:
        consents: the recipient's entry in the register.
        sent: day of sending, for which consents are checked.
        today: day of the audit, for messages whose day is unknown.
        direction: "out", or "" if unknown. Messages left by others are not audited.
        prerecorded: a recording played to the recipient, rather than a person speaking.
        to_patient: the person greeted is the patient (for scripts, which greet nobody yet).
    """

    consents: Consents | None = field(default=None, repr=False)
    sent: date | None = None
    today: date | None = None
    direction: str = "out"
    prerecorded: bool | None = None
    to_patient: bool = False
