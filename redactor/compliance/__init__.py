"""Rules for voicemails that staff have left: what a message must not say, with the evidence.

    Transcripts + Findings + Circumstances (consents, lists) ──▶ Audited(kind, parts, breaches, verdict)

No result says that a message is lawful: a breach was found, or none was found, or the rule is undetermined.
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
