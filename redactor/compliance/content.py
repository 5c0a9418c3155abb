"""The rules about the content of a message: V01-V13, each a small function of a context."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from redactor.compliance.context import Addressee, EvaluationContext
from redactor.compliance.model import Breach, Evidence, RuleVerdict
from redactor.compliance.name_matching import on_list


def v01(context: EvaluationContext) -> Breach | None:
    return context.unless_consented("V01", context.heard("V01"), why="A condition or symptom is mentioned.")


def v02(context: EvaluationContext) -> Breach | None:
    return context.unless_consented("V02", context.heard("V02"), why="A medication or dose is mentioned.")


def v03(context: EvaluationContext) -> Breach | None:
    if not context.heard("V03"):
        return None
    if context.rules.practice.refill_notice_allowed:
        context.exempt.append(("V03", "policy: refill_notice_allowed"))
        return None
    return context.found(
        "V03",
        context.heard("V03"),
        why="A refill or prescription is mentioned, which the practice's policy does not allow.",
    )


def v04(context: EvaluationContext) -> Breach | None:
    return context.unless_consented("V04", context.heard("V04"), why="A test or its result is mentioned.")


def v05(context: EvaluationContext) -> Breach | None:
    """Each topic needs its own consent; the most severe outcome counts."""
    why = "A topic that needs its own consent is mentioned."
    breaches = [
        b for scope, e in context.topics.items() if (b := context.unless_consented("V05", e, (scope,), why=why))
    ]
    if not breaches:
        return None
    worst = next((b for b in breaches if b.verdict is RuleVerdict.FINDINGS), breaches[0])
    evidence = tuple(e for b in breaches if b.verdict is worst.verdict for e in b.evidence)
    return (
        context.found("V05", evidence, why=worst.why)
        if worst.verdict is RuleVerdict.FINDINGS
        else context.undetermined("V05", worst.missing, evidence, why=worst.why)
    )


def v06(context: EvaluationContext) -> Breach | None:
    """Words about substance-use treatment and, for a patient of such a programme, the programme's name."""
    evidence = context.heard("V06")
    consents = context.consents
    if not evidence and consents is not None and consents.part2 is not False:
        evidence = tuple(e for e in context.parts.of("practice") if not on_list(e.text, context.neutral_names))
        if evidence and consents.part2 is None and context.granted(context.rules.rules["V06"].scopes) is None:
            return context.undetermined(
                "V06",
                ("part 2 flag",),
                evidence,
                why="The practice is named. The register does not say whether a part 2 programme treats the recipient.",
            )
        why = (
            "The practice is named to a patient of a part 2 programme, and the name is not on the list of neutral "
            "names."
        )
        return context.unless_consented("V06", evidence, why=why)
    return context.unless_consented("V06", evidence, why="Substance-use treatment or a facility for it is mentioned.")


def v07(context: EvaluationContext) -> Breach | None:
    """A specialty in the practice's name is allowed if the name is listed as neutral; elsewhere it is not allowed."""
    named = context.parts.of("practice")
    definite: list[Evidence] = []
    in_name: list[Evidence] = []
    neutral = False
    for evidence in context.heard("V07"):
        around = [
            n for n in named if n.channel == evidence.channel and n.first < evidence.last and evidence.first < n.last
        ]
        if any(on_list(n.text, context.neutral_names) for n in around):
            neutral = True
        elif around:
            in_name.append(evidence)
        else:
            definite.append(evidence)
    if definite:
        return context.found("V07", tuple(definite), why="A specialty or department is mentioned.")
    if in_name and context.consents is None:
        return context.undetermined(
            "V07",
            ("neutral names",),
            tuple(in_name),
            why="The practice's name reveals a specialty. It is not known whether the recipient may hear it.",
        )
    if in_name:
        return context.found(
            "V07",
            tuple(in_name),
            why="The practice's name reveals a specialty and is not on the list of neutral names.",
        )
    if neutral:
        context.exempt.append(("V07", "list: neutral names"))
    return None


def v08(context: EvaluationContext) -> Breach | None:
    return context.unless_consented(
        "V08", context.heard("V08"), why="A procedure or the reason for a visit is mentioned."
    )


def v09(context: EvaluationContext) -> Breach | None:
    return context.unless_consented("V09", context.heard("V09"), why="Billing, insurance or collection is mentioned.")


def v10(context: EvaluationContext) -> Breach | None:
    return context.unless_consented("V10", context.heard("V10"), why="Several providers or a referral are mentioned.")


def v11(context: EvaluationContext) -> Breach | None:
    numbers = context.parts.of("callback")
    evidence = tuple(
        e
        for e in context.heard("V11")
        if not any(e.channel == n.channel and n.first <= e.first and e.last <= n.last for n in numbers)
    )
    if not evidence:
        return None
    return context.found("V11", evidence, why="A number or date that identifies the patient is mentioned.")


def v12(context: EvaluationContext) -> Breach | None:
    """The patient's address or e-mail, or a number that is neither a callback number nor the practice's."""
    own = [n for n in context.parts.theirs if not context.approved(n)]
    further = [n for n in context.parts.further if not context.approved(n) and not _is_callback(context, n)]
    evidence = [*context.heard("V12"), *own]
    if context.callback_numbers is not None:
        evidence += further
    if evidence:
        return context.found(
            "V12", tuple(evidence), why="An address, e-mail or number other than the callback number is mentioned."
        )
    if further:
        return context.undetermined(
            "V12",
            ("approved callback numbers",),
            tuple(further),
            why="A second number is mentioned. It is not known whether it is the practice's own.",
        )
    return None


def _is_callback(context: EvaluationContext, number: Evidence) -> bool:
    digits = context.message.digits_of(number.text)
    return any(context.message.digits_of(c.text) == digits for c in context.parts.of("callback"))


def v13(context: EvaluationContext) -> Breach | None:
    """Details addressed to somebody who is not the patient."""
    if not context.details or context.addressee is Addressee.PATIENT:
        return None
    evidence = context.related or context.strangers or context.parts.of("patient")
    if context.consents is None:
        missing = ("authorised persons",) if context.related else ("patient's name", "authorised persons")
        return context.undetermined(
            "V13", missing, evidence, why="Details are mentioned. It is not known whether the listener may hear them."
        )
    grant = context.authorised()
    if grant is not None:
        context.exempt.append(("V13", f"authorised person{f' until {grant.until}' if grant.until else ''}"))
        return None
    if context.perhaps_authorised():
        return context.undetermined(
            "V13",
            ("day of sending",),
            evidence,
            why="Details are mentioned to a person whose authorisation has ended, perhaps before the message was sent.",
        )
    if context.strangers and not context.related:
        return context.undetermined(
            "V13",
            ("who is greeted",),
            evidence,
            why="Details are mentioned. It is not known whether somebody other than the patient is greeted, too.",
        )
    if context.addressee is Addressee.UNKNOWN:
        return context.undetermined(
            "V13",
            ("patient's name",),
            evidence,
            why="Details are mentioned. It is not known whether the person greeted is the patient.",
        )
    return context.found(
        "V13", evidence, why="Details are mentioned to a person who is not on the list of authorised persons."
    )


CONTENT: Mapping[str, Callable[[EvaluationContext], Breach | None]] = {
    "V01": v01,
    "V02": v02,
    "V03": v03,
    "V04": v04,
    "V05": v05,
    "V06": v06,
    "V07": v07,
    "V08": v08,
    "V09": v09,
    "V10": v10,
    "V11": v11,
    "V12": v12,
    "V13": v13,
}
