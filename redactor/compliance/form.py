"""The rules about how a message is left, and how well it was heard: V14-V20, each a small function of a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher

from redactor.compliance.annotated import AnnotatedText, plain
from redactor.compliance.context import EvaluationContext
from redactor.compliance.model import Breach, Evidence, Kind


def v14(case: EvaluationContext) -> Breach | None:
    """A number to call back, and one that the practice has approved."""
    if not case.words:
        return None  # V20 speaks of messages without words
    given = case.parts.of("callback")
    spoken = [e for e in given if not e.matched.startswith("script ")]
    if not given:
        return case.found("V14", why="There is no number to call back.")
    if not spoken:
        return None
    if case.callback_numbers is None:
        return case.undetermined(
            "V14",
            ("approved callback numbers",),
            tuple(spoken),
            why="A number is given. Whether it is approved is not known.",
        )
    wrong = tuple(e for e in spoken if not case.approved(e))
    if not wrong:
        return None
    if case.message.heard is not None and all(case.nearly_approved(e) for e in wrong):
        return case.undetermined(
            "V14",
            ("a person's ear",),
            wrong,
            why="The number heard is nearly an approved one: it may have been misheard.",
        )
    return case.found("V14", wrong, why="The number given is not on the list of approved ones.")


def v15(case: EvaluationContext) -> Breach | None:
    """Who calls, and for which practice."""
    if not case.words:
        return None
    absent = [n for n in ("practice", "caller") if not case.parts.of(n)]
    if case.circumstances.prerecorded and "caller" in absent:
        absent.remove("caller")  # a recording speaks for the practice
    if not absent:
        return None
    why = f"The {' and the '.join(absent)}'s name {'are' if len(absent) > 1 else 'is'} missing."
    if case.consents is None:
        return case.undetermined(
            "V15", ("restrictions",), why=f"{why} Whether a restriction asks for that is not known."
        )
    asked = case.consents.restrictions
    if absent == ["practice"] and asked is None:
        return case.undetermined(
            "V15", ("restrictions",), why=f"{why} The register does not say whether that was asked for."
        )
    if absent == ["practice"] and "no-practice-name" in (asked or ()):
        case.exempt.append(("V15", "restriction: no-practice-name"))
        return None
    return case.found("V15", why=why)


def v16(case: EvaluationContext) -> Breach | None:
    full = tuple(e for e in case.parts.of("patient") if _is_full(e))
    if not full:
        return None
    if case.rules.practice.full_name_allowed:
        case.exempt.append(("V16", "policy: full_name_allowed"))
        return None
    return case.found("V16", full, why="The patient's full name is told.")


def _is_full(name: Evidence) -> bool:
    words = [w.strip("'") for w in plain(name.text).split()]
    return len([w for w in words if len(w) > 1 and w not in {"mr", "mrs", "ms", "miss", "dr", "doctor", "and"}]) > 1


def v17(case: EvaluationContext) -> Breach | None:
    """What the recipient asked for, and the practice agreed to (45 CFR 164.522(b))."""
    if case.consents is None:
        return case.undetermined(
            "V17", ("restrictions",), why="Whether the recipient asked for a restriction is not known."
        )
    asked = case.consents.restrictions
    if asked is None:
        return case.undetermined(
            "V17", ("restrictions",), why="The register does not say what the recipient asked for."
        )
    whole = tuple(e for r in case.readings if (e := r.whole("restriction on file")))
    if "no-voicemail" in asked:
        return case.found("V17", whole, why="The recipient asked for no voicemail.")
    if "other-number-only" in asked:
        return case.found("V17", whole, why="The recipient asked to be called at another number only.")
    if "no-practice-name" in asked and case.parts.of("practice"):
        return case.found("V17", case.parts.of("practice"), why="The recipient asked that the practice is not named.")
    if "callback-only" in asked:
        more = (*case.details, *case.parts.of("appointment"), *case.parts.of("refill"), *case.heard("V07"))
        if more or case.parts.kind in (Kind.APPOINTMENT, Kind.REFILL):
            return case.found("V17", more, why="The recipient asked for callback requests only, and more is told.")
    return None


def v18(case: EvaluationContext) -> Breach | None:
    """Brief, and in the approved words."""
    limit = case.rules.practice.max_seconds
    if limit and case.seconds > limit:
        estimated = "" if case.message.duration else " (estimated)"
        whole = tuple(e for r in case.readings if (e := r.whole("length")))
        return case.found(
            "V18", whole, why=f"The message lasts {case.seconds:.0f} s{estimated}; the policy allows {limit:.0f} s."
        )
    scripts = case.rules.practice.scripts
    if not scripts or not case.words:
        return None
    off = [e for r in case.readings for e in _off_script(r, scripts, case.rules.practice.script_tolerance)]
    return case.found("V18", tuple(off), why="The message is off the approved scripts.") if off else None


def _off_script(reading: AnnotatedText, scripts: tuple[str, ...], tolerance: float) -> Iterator[Evidence]:
    """Runs of words that the nearest script lacks, if they are too many. Names, numbers and dates may differ."""
    places = [
        (w.char_start, w.char_end)
        for w in reading.words
        if not any(f.start < w.char_end and w.char_start < f.end for f in reading.labelled(_SLOTS))
    ]
    said = ["".join(reading.plain[a:b].split()) for a, b in places]
    best: list[tuple[int, int]] | None = None
    for script in scripts:
        wanted = ["".join(plain(w).split()) for w in script.split() if "{" not in w]
        runs = [
            (a, b)
            for tag, a, b, _, _ in SequenceMatcher(None, said, wanted, autojunk=False).get_opcodes()
            if tag in ("replace", "delete")
        ]
        if best is None or _length(runs) < _length(best):
            best = runs
    if best and _length(best) > tolerance * len(said):
        for first, last in best:
            evidence = reading.evidence(places[first][0], places[last - 1][1], "list: approved scripts")
            if evidence:
                yield evidence


_SLOTS = frozenset({"PERSON", "PHONE_NUMBER", "DATE_TIME", "ORGANIZATION", "LOCATION"})


def _length(runs: list[tuple[int, int]]) -> int:
    return sum(b - a for a, b in runs)


def v19(case: EvaluationContext) -> Breach | None:
    """Prerecorded messages, where they are one: their length, identity and contact, and billing."""
    wrong: list[str] = []
    evidence: tuple[Evidence, ...] = ()
    limit = case.rules.limits.prerecorded_seconds
    if case.seconds > limit:
        wrong.append(f"it lasts over {limit:.0f} s")
    if case.words and not (case.parts.of("practice") and case.parts.of("callback")):
        wrong.append("it lacks the practice's name or number")
    if case.heard("V09"):
        wrong.append("it speaks of billing")
        evidence = case.heard("V09")
    if not wrong or case.circumstances.prerecorded is False:
        return None
    said = f"For a prerecorded message: {', '.join(wrong)}."
    if case.circumstances.prerecorded is None:
        return case.undetermined(
            "V19", ("prerecorded or live",), evidence, why=f"{said} Whether it was prerecorded is not known."
        )
    if case.consents is None:
        return case.undetermined(
            "V19", ("consent",), evidence, why=f"{said} Whether the recipient consented is not known."
        )
    grant = case.granted(("prerecorded",))
    if grant is not None:
        case.exempt.append(("V19", f"consent: prerecorded{f' until {grant.until}' if grant.until else ''}"))
        return None
    return case.found("V19", evidence, why=said)


FOREIGN_WORDS = 8
"""So many words of another language are a sentence of it, however long the message."""


def v20(case: EvaluationContext) -> Breach | None:
    """Doubt about what was heard: a person must listen. A text needs no ears."""
    limits, heard = case.rules.limits, case.message.heard
    doubts: list[str] = []
    evidence: list[Evidence] = []
    if heard is not None:
        if not case.words:
            doubts.append("no words were recognised")
        if case.unsure:
            doubts.append("recognition was not sure of many words")
            unsure = [(r, w) for r in case.readings for w in r.words if w.confidence < limits.unsure_word]
            evidence = [e for r, w in unsure if (e := r.evidence(w.char_start, w.char_end, "low confidence"))]
        if heard.unheard >= limits.unheard_seconds:
            doubts.append("there is speech without words")
        if heard.clipped > limits.clipped_share:
            doubts.append("the sound is clipped")
        if heard.invented:
            doubts.append("a demonstration model, which invents words, was the ear")
    foreign = case.rules.words["foreign"]
    said = [w for r in case.readings for w in r.plain.split()]
    strange = sum(w in foreign for w in said)
    if (
        strange >= FOREIGN_WORDS
        or any(t.language.partition("-")[0].lower() != "en" for t in case.message.transcripts)
        or (strange > 2 and strange > limits.foreign_share * len(said))
    ):
        doubts.append("another language is spoken")
    if not doubts:
        return None
    return case.undetermined(
        "V20", ("a person's ear",), tuple(evidence), why=f"A person must listen: {', '.join(doubts)}."
    )


FORM: Mapping[str, Callable[[EvaluationContext], Breach | None]] = {
    "V14": v14,
    "V15": v15,
    "V16": v16,
    "V17": v17,
    "V18": v18,
    "V19": v19,
    "V20": v20,
}
