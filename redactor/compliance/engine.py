"""`audit`: one sent message, its circumstances and the rules → evidence, breaches and a verdict.

Definite without a register, since no consent could allow it: V03, V11, V12 (except numbers that may be the practice's),
V14 without any number, V16, V18, and V07 outside the practice's name. What a consent, a list or a restriction could
allow is `undetermined` while the recipient is not in the register; `missing` names the information that is needed. V17
always needs the register, so a message to an unknown recipient never passes. Consents count on the day of sending; if
that day is unknown, a consent that has ended since makes the rule undetermined.

A rule is also undetermined if all its findings are below `limits.sure_score`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from redactor.compliance.content import CONTENT
from redactor.compliance.context import EvaluationContext
from redactor.compliance.form import FORM
from redactor.compliance.model import Audited, Breach, Circumstances, Message, RuleVerdict, Severity
from redactor.compliance.rules import IDS, Rules

TABLE: Mapping[str, Callable[[EvaluationContext], Breach | None]] = {**CONTENT, **FORM}
"""Rule → its function, which returns the breach or None."""


def audit(message: Message, circumstances: Circumstances, rules: Rules) -> Audited:
    """Apply every rule that the practice has not switched off to a message.

    Raises:
        ValueError: the message was left by somebody else (direction "in").
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
