"""Rules for voicemails that staff have sent: what a message says more than it may, with the evidence.

    Transcripts + Findings + Circumstances (consents, lists) ──▶ Audited(kind, parts, breaches, verdict)

Nothing here says that a message is lawful: a rule is broken, or was not seen to be broken, or could not be judged.
"""

from redactor.compliance.consents import SCOPES, ConsentRegister, Consents, Grant, parse_register, read_register
from redactor.compliance.engine import audit, gravest, verdict_of
from redactor.compliance.model import (
    Audited,
    Breach,
    Circumstances,
    Evidence,
    Kind,
    Message,
    Part,
    RuleVerdict,
    Severity,
    SoundFacts,
)
from redactor.compliance.rules import IDS, Rule, Rules, load_rules, overlaid

__all__ = [
    "IDS",
    "SCOPES",
    "Audited",
    "Breach",
    "Circumstances",
    "ConsentRegister",
    "Consents",
    "Evidence",
    "Grant",
    "Kind",
    "Message",
    "Part",
    "Rule",
    "RuleVerdict",
    "Rules",
    "Severity",
    "SoundFacts",
    "audit",
    "gravest",
    "load_rules",
    "overlaid",
    "parse_register",
    "read_register",
    "verdict_of",
]
