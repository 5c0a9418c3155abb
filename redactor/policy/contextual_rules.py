"""Rules that keep one use of a label and redact the others, depending on the words around the finding.

Sources: HHS FAQ 198 (a message may be limited to name, number and what is needed to confirm an appointment or ask for a
call back). When in doubt they redact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from redactor.types import Action, Finding

_CALLBACK = re.compile(
    r"\b(call(ing)?( \w+){0,3} (back|at|on)|reach( \w+){0,3} (at|on)|call (us|me|our|the)\b|(number|phone|extension|"
    r"line) (here |again )?is|(our|office|callback|call back|my) (phone |direct )?number|give (us|me) a (call|ring)|"
    r"dial)\b",
    re.IGNORECASE,
)
# "Please call 206-555-0142"; not "we tried to call 206-555-0142".
_CALL = re.compile(
    r"(^|[.,!?;]\s*|\b(please|can|may|should|and|or|reschedule|cancel|confirm|questions)\s+)call[\s:,]*$", re.IGNORECASE
)
# Another person's telephone, or no telephone at all, with the "number is" or "at" that follows and would look like a
# callback cue.
_NOT_CALLBACK = re.compile(
    r"\b((his|her|their|your|patient|(?!(office|clinic|practice|doctor|hospital)'s)[a-z]+'s) ([\w']+ ){0,2}?(cell|"
    r"mobile|home|phone|number|line)|(call|calling|reach)( \w+)? (him|her|them|you)\b( [\w']+){0,2}?( (back|at|on))*|"
    r"(?<!my )(cell|mobile|home)|fax|on file|social|account|member|record|(chart|policy|claim|case|reference|"
    r"confirmation|group|i\.?d\.?)(?= (number|is)\b))( phone| security)?( number| line)?( here| again)?( is)?\b",
    re.IGNORECASE,
)
_APPOINTMENT = re.compile(
    r"\b(appointment|visit|scheduled|reschedule|see you|reminder|remind you|come in|arrive|check in|be here|opening|"
    r"slot)\b",
    re.IGNORECASE,
)
_BIRTH = re.compile(r"\b(birth|born|d\.? ?o\.? ?b|birthday|birthdate)\b", re.IGNORECASE)
_LONG_AGO = re.compile(r"\b(19\d\d|nineteen (hundred|\w+ty))\b", re.IGNORECASE)
_TITLE = re.compile(r"\b(mr|mrs|ms|miss|mister|missus|misses|dr|doctor|prof|professor)\.?\s*$", re.IGNORECASE)
# Two letters before the mark: "Dr.", "p.m." and "D.O.B." do not end a sentence.
_SENTENCE = re.compile(r"(?<=[a-z0-9]{2})(?<!\bdr)(?<!\bmr)(?<!Mrs)[.?!]\s")


def apply_rule(rule: str, finding: Finding, text: str, others: Sequence[Finding] = ()) -> list[tuple[Finding, Action]]:
    """Apply one of `profiles.RULES` to one finding of a transcript's text: its parts, each with an action.

    `others` are all findings of the recording: a name may be found in two pieces, of which the second is no first name.
    """
    if rule in ("redact", "keep", "flag"):
        return [(finding, Action(rule))]
    if rule == "keep-first-name":
        return [(finding, Action.REDACT)] if _continues_name(finding, text, others) else _first_name(finding, text)
    if rule == "keep-in-organization":
        return [(finding, Action.KEEP if _in_organization(finding, others) else Action.REDACT)]
    if rule == "keep-callback":
        before = text[max(0, finding.start - 90) : finding.start]
        keep = bool(_CALL.search(before)) or _last_match(_CALLBACK, before) > _last_match(_NOT_CALLBACK, before)
    else:
        sentence = _sentence_around(text, finding)
        # Recognisers write full stops after pauses: "date of birth. March 4." is one statement.
        asked = " ".join(text[: finding.start].split()[-8:])
        keep = (
            bool(_APPOINTMENT.search(sentence))
            and not _BIRTH.search(f"{asked} {sentence}")
            and not _LONG_AGO.search(text[finding.start : finding.end])
            and "birth" not in finding.source.lower()
        )
    return [(finding, Action.KEEP if keep else Action.REDACT)]


def _continues_name(finding: Finding, text: str, others: Sequence[Finding]) -> bool:
    return any(
        o.channel == finding.channel
        and o.label == finding.label
        and o.start < finding.start
        and not text[o.end : finding.start].strip()
        for o in others
    )


def _in_organization(finding: Finding, others: Sequence[Finding]) -> bool:
    """Whether an organization's name holds the finding and more: "Oak Street Pediatrics", not a lone "pediatrics"."""
    return any(
        o.channel == finding.channel
        and o.label == "ORGANIZATION"
        and o.start <= finding.start
        and finding.end <= o.end
        and o.end - o.start > finding.end - finding.start
        for o in others
    )


def _first_name(finding: Finding, text: str) -> list[tuple[Finding, Action]]:
    words = [m.span() for m in re.finditer(r"\S+", text[finding.start : finding.end])]
    first = text[finding.start : finding.start + words[0][1]] if words else ""
    # A family name follows a title or precedes a comma ("Lopez, Maria"); a spelled name ("K-I-M") is meant to be looked
    # up.
    family_first = _TITLE.search(text[: finding.start]) or (len(words) > 1 and first.endswith(","))
    if not words or family_first or "-" in first or len(first.strip(".,")) < 2:
        return [(finding, Action.REDACT)]
    cut = finding.start + words[0][1]
    parts = [(replace(finding, end=cut), Action.KEEP)]
    if len(words) > 1:
        parts.append((replace(finding, start=finding.start + words[1][0]), Action.REDACT))
    return parts


def _last_match(pattern: re.Pattern[str], text: str) -> int:
    return max((m.end() for m in pattern.finditer(text)), default=-1)


def _sentence_around(text: str, finding: Finding) -> str:
    starts = [m.end() for m in _SENTENCE.finditer(text, 0, finding.start)]
    low = starts[-1] if starts else 0
    stop = _SENTENCE.search(text, finding.end)
    high = stop.start() if stop else len(text)
    # Without full stops the text is one endless sentence: look at 20 words on each side at most.
    return " ".join(text[low : finding.start].split()[-20:] + text[finding.start : high].split()[:20])
