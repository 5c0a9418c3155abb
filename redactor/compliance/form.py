"""The rules about the form of a message and the quality of recognition: V14-V20, each a small function of a context."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher

from redactor.compliance.annotated import AnnotatedText, plain
from redactor.compliance.context import EvaluationContext
from redactor.compliance.model import Breach, Evidence, Kind


def v14(context: EvaluationContext) -> Breach | None:
    """A callback number that the practice has approved."""
    if not context.words:
        return None  # V20 covers messages without words
    given = context.parts.of("callback")
    spoken = [e for e in given if not e.matched.startswith("script ")]
    if not given:
        return context.found("V14", why="No callback number is given.")
    if not spoken:
        return None
    if context.callback_numbers is None:
        return context.undetermined(
            "V14",
            ("approved callback numbers",),
            tuple(spoken),
            why="A number is given. It is not known whether it is approved.",
        )
    wrong = tuple(e for e in spoken if not context.approved(e))
    if not wrong:
        return None
    if context.message.heard is not None and all(context.nearly_approved(e) for e in wrong):
        return context.undetermined(
            "V14",
            ("a human listener",),
            wrong,
            why="The recognised number is nearly an approved one and may have been misheard.",
        )
    return context.found("V14", wrong, why="The number given is not on the list of approved numbers.")


def v15(context: EvaluationContext) -> Breach | None:
    """The names of caller and practice."""
    if not context.words:
        return None
    absent = [n for n in ("practice", "caller") if not context.parts.of(n)]
    if context.circumstances.prerecorded and "caller" in absent:
        absent.remove("caller")  # a recording speaks for the practice
    if not absent:
        return None
    why = f"The {' and the '.join(absent)}'s name {'are' if len(absent) > 1 else 'is'} missing."
    if context.consents is None:
        return context.undetermined(
            "V15", ("restrictions",), why=f"{why} It is not known whether a restriction requires this."
        )
    asked = context.consents.restrictions
    if absent == ["practice"] and asked is None:
        return context.undetermined(
            "V15", ("restrictions",), why=f"{why} The register does not say whether a restriction requires this."
        )
    if absent == ["practice"] and "no-practice-name" in (asked or ()):
        context.exempt.append(("V15", "restriction: no-practice-name"))
        return None
    return context.found("V15", why=why)


def v16(context: EvaluationContext) -> Breach | None:
    full = tuple(e for e in context.parts.of("patient") if _is_full(e))
    if not full:
        return None
    if context.rules.practice.full_name_allowed:
        context.exempt.append(("V16", "policy: full_name_allowed"))
        return None
    return context.found("V16", full, why="The patient's full name is mentioned.")


def _is_full(name: Evidence) -> bool:
    words = [w.strip("'") for w in plain(name.text).split()]
    return len([w for w in words if len(w) > 1 and w not in {"mr", "mrs", "ms", "miss", "dr", "doctor", "and"}]) > 1


def v17(context: EvaluationContext) -> Breach | None:
    """Restrictions that the recipient requested and the practice accepted (45 CFR 164.522(b))."""
    if context.consents is None:
        return context.undetermined(
            "V17", ("restrictions",), why="It is not known whether the recipient requested a restriction."
        )
    asked = context.consents.restrictions
    if asked is None:
        return context.undetermined(
            "V17", ("restrictions",), why="The register does not say whether the recipient requested a restriction."
        )
    whole = tuple(e for r in context.readings if (e := r.whole("restriction on file")))
    if "no-voicemail" in asked:
        return context.found("V17", whole, why="The recipient asked not to receive voicemail.")
    if "other-number-only" in asked:
        return context.found("V17", whole, why="The recipient asked to be called at another number only.")
    if "no-practice-name" in asked and context.parts.of("practice"):
        return context.found(
            "V17", context.parts.of("practice"), why="The recipient asked that the practice not be named."
        )
    if "callback-only" in asked:
        more = (*context.details, *context.parts.of("appointment"), *context.parts.of("refill"), *context.heard("V07"))
        if more or context.parts.kind in (Kind.APPOINTMENT, Kind.REFILL):
            return context.found(
                "V17", more, why="The recipient asked for callback requests only, but the message says more."
            )
    return None


def v18(context: EvaluationContext) -> Breach | None:
    """A brief message, in approved words."""
    limit = context.rules.practice.max_seconds
    if limit and context.seconds > limit:
        estimated = "" if context.message.duration else " (estimated)"
        whole = tuple(e for r in context.readings if (e := r.whole("length")))
        return context.found(
            "V18", whole, why=f"The message lasts {context.seconds:.0f} s{estimated}; the policy allows {limit:.0f} s."
        )
    scripts = context.rules.practice.scripts
    if not scripts or not context.words:
        return None
    off = [e for r in context.readings for e in _off_script(r, scripts, context.rules.practice.script_tolerance)]
    return context.found("V18", tuple(off), why="The message departs from the approved scripts.") if off else None


def _off_script(reading: AnnotatedText, scripts: tuple[str, ...], tolerance: float) -> Iterator[Evidence]:
    """Runs of words that the closest script lacks, if there are too many. Names, numbers and dates may differ."""
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


def v19(context: EvaluationContext) -> Breach | None:
    """Prerecorded messages: length, identity and contact, billing."""
    wrong: list[str] = []
    evidence: tuple[Evidence, ...] = ()
    limit = context.rules.limits.prerecorded_seconds
    if context.seconds > limit:
        wrong.append(f"it lasts over {limit:.0f} s")
    if context.words and not (context.parts.of("practice") and context.parts.of("callback")):
        wrong.append("it lacks the practice's name or number")
    if context.heard("V09"):
        wrong.append("it mentions billing")
        evidence = context.heard("V09")
    if not wrong or context.circumstances.prerecorded is False:
        return None
    said = f"For a prerecorded message: {', '.join(wrong)}."
    if context.circumstances.prerecorded is None:
        return context.undetermined(
            "V19", ("prerecorded or live",), evidence, why=f"{said} It is not known whether it was prerecorded."
        )
    if context.consents is None:
        return context.undetermined(
            "V19", ("consent",), evidence, why=f"{said} It is not known whether the recipient consented."
        )
    grant = context.granted(("prerecorded",))
    if grant is not None:
        context.exempt.append(("V19", f"consent: prerecorded{f' until {grant.until}' if grant.until else ''}"))
        return None
    return context.found("V19", evidence, why=said)


FOREIGN_WORDS = 8
"""This many words of another language are a sentence, however long the message is."""


def v20(context: EvaluationContext) -> Breach | None:
    """Recognition is doubtful, so a person must listen. Does not apply to texts."""
    limits, heard = context.rules.limits, context.message.heard
    doubts: list[str] = []
    evidence: list[Evidence] = []
    if heard is not None:
        if not context.words:
            doubts.append("no words were recognised")
        if context.unsure:
            doubts.append("many words were recognised with low confidence")
            unsure = [(r, w) for r in context.readings for w in r.words if w.confidence < limits.unsure_word]
            evidence = [e for r, w in unsure if (e := r.evidence(w.char_start, w.char_end, "low confidence"))]
        if heard.unheard >= limits.unheard_seconds:
            doubts.append("some speech was not recognised")
        if heard.clipped > limits.clipped_share:
            doubts.append("the audio is clipped")
        if heard.invented:
            doubts.append("a demonstration model, which invents words, was used")
    foreign = context.rules.words["foreign"]
    said = [w for r in context.readings for w in r.plain.split()]
    strange = sum(w in foreign for w in said)
    if (
        strange >= FOREIGN_WORDS
        or any(t.language.partition("-")[0].lower() != "en" for t in context.message.transcripts)
        or (strange > 2 and strange > limits.foreign_share * len(said))
    ):
        doubts.append("another language is spoken")
    if not doubts:
        return None
    return context.undetermined(
        "V20", ("a human listener",), tuple(evidence), why=f"A person must listen: {', '.join(doubts)}."
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
