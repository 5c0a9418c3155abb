"""What the audit of a sent message gives: evidence, breaches of rules, a verdict. All are frozen; `repr` hides speech."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Verdict(str, Enum):
    """Of a rule or a message. There is no "compliant": `PASS` says that no rule was seen to be broken and none lacked an input."""

    PASS = "pass"  # noqa: S105 - a verdict
    FINDINGS = "findings"
    UNDETERMINED = "undetermined"


class Severity(str, Enum):
    """S1 gravest; `NOTE` for what is no breach (V20: a person must listen)."""

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    NOTE = "note"


class Kind(str, Enum):
    """What a message is for."""

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
        matched: what said so: a recognizer's name with its label ("MedicationRecognizer MEDICATION"), or "list: approved callback numbers".
        text: the words themselves; never in logs, in names or on pages whose reader may not hear the original.
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


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that a message breaks, or (verdict undetermined) that could not be judged for want of an input.

    Attributes:
        rule: "V01" … "V20".
        missing: inputs without which the rule cannot be judged ("consent", "approved callback numbers"), empty for findings.
        why: one sentence without any word of the message.
        better: wording to use instead, "" where there is none.
    """

    rule: str
    severity: Severity
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    why: str = ""
    better: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Where a message says one of its parts: "patient", "caller", "practice", "callback", "request"."""

    name: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Audited:
    """The audit of one message.

    Attributes:
        id: SHA-256 of the recording, or of the text.
        rules: name and version of the rule set ("voicemail/1").
        exempt: rules that would have been broken, and the consent or list that allows it: (rule, "consent: details until 2027-01-01").
    """

    id: str
    rules: str
    kind: Kind
    verdict: Verdict
    breaches: tuple[Breach, ...]
    parts: tuple[Part, ...] = ()
    exempt: tuple[tuple[str, str], ...] = ()
    duration: float = 0.0
