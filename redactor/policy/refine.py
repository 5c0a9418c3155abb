"""The rules that keep one use of a label and redact the others, decided by the words around the finding.

Sources: HHS FAQ 198 (a message may be limited to name, number and what is needed to confirm an appointment or ask for a call
back). All fall to "redact" when in doubt.
"""

from __future__ import annotations

import re
from dataclasses import replace

from redactor.types import Action, Finding

_CALLBACK = re.compile(
    r"\b(call(ing)?( \w+){0,3} (back|at|on)|reach( \w+){0,3} (at|on)|call (us|me|our|the)\b|(number|phone|extension|line) (here |again )?is"
    r"|(our|office|callback|call back|my) (phone |direct )?number|give (us|me) a (call|ring)|dial)\b",
    re.IGNORECASE,
)
_NOT_CALLBACK = re.compile(
    r"\b(fax|patient'?s|your (cell|home|mobile|number)|on file|social|account|member|record)\b", re.IGNORECASE
)
_APPOINTMENT = re.compile(
    r"\b(appointment|visit|scheduled|reschedule|see you|reminder|remind you|come in|arrive|check in|be here|opening|slot)\b",
    re.IGNORECASE,
)
_BIRTH = re.compile(r"\b(birth|born|d\.? ?o\.? ?b|birthday)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[.?!]\s")


def refine(rule: str, finding: Finding, text: str) -> list[tuple[Finding, Action]]:
    """Apply one of `profiles.RULES` to one finding of a transcript's text: which parts get which action."""
    if rule in ("redact", "keep", "flag"):
        return [(finding, Action(rule))]
    if rule == "keep-first-name":
        return _first_name(finding, text)
    if rule == "keep-callback":
        before = text[max(0, finding.start - 90) : finding.start]
        keep = _last(_CALLBACK, before) > _last(_NOT_CALLBACK, before)
    else:
        sentence = _sentence_around(text, finding)
        keep = (
            bool(_APPOINTMENT.search(sentence))
            and not _BIRTH.search(sentence)
            and "birth" not in finding.source.lower()
        )
    return [(finding, Action.KEEP if keep else Action.REDACT)]


def _first_name(finding: Finding, text: str) -> list[tuple[Finding, Action]]:
    words = [m.span() for m in re.finditer(r"\S+", text[finding.start : finding.end])]
    first = text[finding.start : finding.start + words[0][1]] if words else ""
    title_before = re.search(r"\b(mr|mrs|ms|miss|dr|doctor)\.?\s*$", text[: finding.start], re.IGNORECASE)
    # After a title stands a family name; a spelled name ("K-I-M") is given so that it can be looked up.
    if not words or title_before or "-" in first or len(first.strip(".,")) < 2:
        return [(finding, Action.REDACT)]
    cut = finding.start + words[0][1]
    parts = [(replace(finding, end=cut), Action.KEEP)]
    if len(words) > 1:
        parts.append((replace(finding, start=finding.start + words[1][0]), Action.REDACT))
    return parts


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((m.end() for m in pattern.finditer(text)), default=-1)


def _sentence_around(text: str, finding: Finding) -> str:
    starts = [m.end() for m in _SENTENCE.finditer(text, 0, finding.start)]
    low = starts[-1] if starts else 0
    stop = _SENTENCE.search(text, finding.end)
    high = stop.start() if stop else len(text)
    # Recognisers that write no full stops make one endless sentence: look at most 20 words each way.
    return " ".join(text[low : finding.start].split()[-20:] + text[finding.start : high].split()[:20])
