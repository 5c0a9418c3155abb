"""`audit`: one sent message, its circumstances and the rules → evidence, breaches and a verdict.

What is definite without a register (it needs nobody's consent to be wrong): V03, V11, V12 (but for numbers that may be
the practice's), V14 without any number, V16, V18, and V07 where no name is meant. Everything that a consent, a list or
a restriction could allow is `undetermined` while the recipient is not in the register: the evidence is given, and
`missing` says what must be looked up. V17 needs the register whatever was said, so a message to an unknown recipient
never passes. A consent counts on the day of sending; where that day is unknown, one that has ended since leaves the
rule undetermined.

Evidence whose findings are all below `limits.sure_score` makes a rule undetermined too: the detector was guessing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from redactor.compliance.content import CONTENT
from redactor.compliance.context import EvaluationContext
from redactor.compliance.form import FORM
from redactor.compliance.model import Audited, Breach, Circumstances, Message, RuleVerdict, Severity
from redactor.compliance.rules import IDS, Rules

TABLE: Mapping[str, Callable[[EvaluationContext], Breach | None]] = {**CONTENT, **FORM}
"""Each rule's own function: the breach, or None where nothing was seen to be wrong."""


def audit(message: Message, circumstances: Circumstances, rules: Rules) -> Audited:
    """Apply every rule that the practice has not switched off to a message.

    Raises:
        ValueError: the message was not sent but left by somebody else (direction "in").
    """
    if circumstances.direction not in ("out", ""):
        raise ValueError("only sent messages are audited")
    case = EvaluationContext(message, circumstances, rules)
    breaches = tuple(
        breach for rule in IDS if rule not in rules.practice.off and (breach := TABLE[rule](case)) is not None
    )
    return Audited(
        id=message.id,
        rules=rules.stamp,
        kind=case.parts.kind,
        verdict=verdict_of(breaches, known_direction=bool(circumstances.direction)),
        breaches=breaches,
        parts=case.parts.found,
        exempt=tuple(case.exempt),
        duration=case.seconds,
    )


def verdict_of(breaches: Sequence[Breach], *, known_direction: bool = True) -> RuleVerdict:
    """Findings if any rule is broken, else undetermined if any rule is undetermined, else pass."""
    if any(b.verdict is RuleVerdict.FINDINGS for b in breaches):
        return RuleVerdict.FINDINGS
    return RuleVerdict.UNDETERMINED if breaches or not known_direction else RuleVerdict.PASS


def gravest(breaches: Sequence[Breach]) -> Severity | None:
    """The highest severity found, for sorting and reports."""
    order = list(Severity)
    return min((b.severity for b in breaches if b.verdict is RuleVerdict.FINDINGS), key=order.index, default=None)
