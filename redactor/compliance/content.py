"""The rules about what is said: V01-V13, each a small function of a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from redactor.compliance.context import Addressee, EvaluationContext
from redactor.compliance.model import Breach, Evidence, RuleVerdict
from redactor.compliance.name_matching import on_list


def v01(case: EvaluationContext) -> Breach | None:
    return case.unless_consented("V01", case.heard("V01"), why="A condition or symptom is told.")


def v02(case: EvaluationContext) -> Breach | None:
    return case.unless_consented("V02", case.heard("V02"), why="A medication or dose is told.")


def v03(case: EvaluationContext) -> Breach | None:
    if not case.heard("V03"):
        return None
    if case.rules.practice.refill_notice_allowed:
        case.exempt.append(("V03", "policy: refill_notice_allowed"))
        return None
    return case.found(
        "V03",
        case.heard("V03"),
        why="A refill or prescription is mentioned, and the practice's policy does not allow it.",
    )


def v04(case: EvaluationContext) -> Breach | None:
    return case.unless_consented("V04", case.heard("V04"), why="A test or its result is told.")


def v05(case: EvaluationContext) -> Breach | None:
    """Each topic needs its own consent; the gravest answer counts."""
    why = "A topic is told that needs a consent of its own."
    breaches = [b for scope, e in case.topics.items() if (b := case.unless_consented("V05", e, (scope,), why=why))]
    if not breaches:
        return None
    worst = next((b for b in breaches if b.verdict is RuleVerdict.FINDINGS), breaches[0])
    evidence = tuple(e for b in breaches if b.verdict is worst.verdict for e in b.evidence)
    return (
        case.found("V05", evidence, why=worst.why)
        if worst.verdict is RuleVerdict.FINDINGS
        else case.undetermined("V05", worst.missing, evidence, why=worst.why)
    )


def v06(case: EvaluationContext) -> Breach | None:
    """Words of substance-use treatment; and for a patient of such a programme, the programme's name itself."""
    evidence = case.heard("V06")
    consents = case.consents
    if not evidence and consents is not None and consents.part2 is not False:
        evidence = tuple(e for e in case.parts.of("practice") if not on_list(e.text, case.neutral_names))
        if evidence and consents.part2 is None and case.granted(case.rules.rules["V06"].scopes) is None:
            return case.undetermined(
                "V06",
                ("part 2 flag",),
                evidence,
                why="The practice is named. The register does not say whether a part 2 programme treats the recipient.",
            )
        why = (
            "The practice is named to a patient of a part 2 programme, and the name is not on the list of neutral "
            "names."
        )
        return case.unless_consented("V06", evidence, why=why)
    return case.unless_consented("V06", evidence, why="Substance-use treatment, or a facility for it, is told.")


def v07(case: EvaluationContext) -> Breach | None:
    """A specialty inside the practice's name is allowed by the list of neutral names; elsewhere nothing allows it."""
    named = case.parts.of("practice")
    definite: list[Evidence] = []
    in_name: list[Evidence] = []
    neutral = False
    for evidence in case.heard("V07"):
        around = [
            n for n in named if n.channel == evidence.channel and n.first < evidence.last and evidence.first < n.last
        ]
        if any(on_list(n.text, case.neutral_names) for n in around):
            neutral = True
        elif around:
            in_name.append(evidence)
        else:
            definite.append(evidence)
    if definite:
        return case.found("V07", tuple(definite), why="A specialty or department is told.")
    if in_name and case.consents is None:
        return case.undetermined(
            "V07",
            ("neutral names",),
            tuple(in_name),
            why="The practice's name tells a specialty. Whether the recipient may hear it is not known.",
        )
    if in_name:
        return case.found(
            "V07", tuple(in_name), why="The practice's name tells a specialty, and is not on the list of neutral names."
        )
    if neutral:
        case.exempt.append(("V07", "list: neutral names"))
    return None


def v08(case: EvaluationContext) -> Breach | None:
    return case.unless_consented("V08", case.heard("V08"), why="A procedure or the reason for a visit is told.")


def v09(case: EvaluationContext) -> Breach | None:
    return case.unless_consented("V09", case.heard("V09"), why="Billing, insurance or collection is told.")


def v10(case: EvaluationContext) -> Breach | None:
    return case.unless_consented("V10", case.heard("V10"), why="Several providers, or a referral, are told.")


def v11(case: EvaluationContext) -> Breach | None:
    numbers = case.parts.of("callback")
    evidence = tuple(
        e
        for e in case.heard("V11")
        if not any(e.channel == n.channel and n.first <= e.first and e.last <= n.last for n in numbers)
    )
    if not evidence:
        return None
    return case.found("V11", evidence, why="A number or date that identifies the patient is told.")


def v12(case: EvaluationContext) -> Breach | None:
    """An address or e-mail of the patient; a number that is neither for calling back nor the practice's."""
    own = [n for n in case.parts.theirs if not case.approved(n)]
    further = [n for n in case.parts.further if not case.approved(n) and not _is_callback(case, n)]
    evidence = [*case.heard("V12"), *own]
    if case.callback_numbers is not None:
        evidence += further
    if evidence:
        return case.found("V12", tuple(evidence), why="An address, e-mail or number other than the callback is told.")
    if further:
        return case.undetermined(
            "V12",
            ("approved callback numbers",),
            tuple(further),
            why="A second number is told. Whether it is the practice's own is not known.",
        )
    return None


def _is_callback(case: EvaluationContext, number: Evidence) -> bool:
    digits = case.message.digits_of(number.text)
    return any(case.message.digits_of(c.text) == digits for c in case.parts.of("callback"))


def v13(case: EvaluationContext) -> Breach | None:
    """Details for the ears of somebody who is not the patient."""
    if not case.details or case.addressee is Addressee.PATIENT:
        return None
    evidence = case.related or case.strangers or case.parts.of("patient")
    if case.consents is None:
        missing = ("authorised persons",) if case.related else ("patient's name", "authorised persons")
        return case.undetermined(
            "V13", missing, evidence, why="Details are told. Whether the listener may hear them is not known."
        )
    grant = case.authorised()
    if grant is not None:
        case.exempt.append(("V13", f"authorised person{f' until {grant.until}' if grant.until else ''}"))
        return None
    if case.perhaps_authorised():
        return case.undetermined(
            "V13",
            ("day of sending",),
            evidence,
            why="Details are told to a person whose authorisation has ended; whether before the message, is not known.",
        )
    if case.strangers and not case.related:
        return case.undetermined(
            "V13",
            ("who is greeted",),
            evidence,
            why="Details are told. Whether somebody else is greeted beside the patient is not known.",
        )
    if case.addressee is Addressee.UNKNOWN:
        return case.undetermined(
            "V13",
            ("patient's name",),
            evidence,
            why="Details are told. Whether the person greeted is the patient is not known.",
        )
    return case.found("V13", evidence, why="Details are told to a person who is not on the list of authorised persons.")


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
