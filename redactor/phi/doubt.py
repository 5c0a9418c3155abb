"""Words that recognition was not sure of, where something identifying is said: covered, since they may be the rest of it.

    my name is [garbled]            after a name's cue or a title
    call me at 4 1 0 [garbled] 5    inside a run of figures, or at its edge
    dana [garbled]                  beside anything that was found to identify
    my date of birth is [garbled]   after the words that announce a value

Everywhere else an unsure word is left alone. `BELOW` is on the scale of Whisper's word probabilities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from redactor.phi import gazetteers
from redactor.phi.recognizers import name_cues
from redactor.phi.spoken import WrittenForm
from redactor.phi.spoken.words import NUMBER_STARTS, OH
from redactor.types import CLINICAL, Finding, Word

BELOW = 0.5
SCORE = 0.45
SOURCE = "unsure word"
NEAR, LONGEST = 2, 4
"""Unsure words in a row that are covered beside a finding, and after a cue."""
_PLAIN = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_VALUE_CUE = re.compile(
    r"\b(?:(?P<date>date of birth|birth ?(?:day|date)|d ?o ?b|born)|(?P<place>address|zip(?: code)?|street|live at)|(?P<mail>e-?mail(?: address)?)|"
    r"(?P<id>(?:id|number|social|policy|account|record|claim|member|chart|plate|license)(?: number| id)?)|(?P<phone>phone|cell|fax|call me(?: back)? at|reach me at))"
    r"(?: is| was| are| it's| its|'s| on| at| um| uh)*$",
    re.IGNORECASE,
)
_LABELS = {"date": "DATE_TIME", "place": "LOCATION", "mail": "EMAIL_ADDRESS", "id": "OTHER_ID", "phone": "PHONE_NUMBER"}
_NAME_LEVELS = frozenset({name_cues.TITLE, name_cues.NAME})
_SELF = frozenset({"this is", "i am", "name is"})
_ENDS = frozenset(".?!")


class _Said:
    """The words of a transcript as the rules see them."""

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        self.text, self.words = text, words
        self.low = [(m.group().lower() if (m := _PLAIN.search(w.text)) else "") for w in words]
        self.unsure = [w.confidence < BELOW and bool(low) for w, low in zip(words, self.low, strict=True)]
        self.number = [low.isdigit() or low in NUMBER_STARTS or low in OH for low in self.low]

    def run(self, at: int, step: int, most: int) -> list[int]:
        """Unsure words from `at` on, in one direction, up to the end of the sentence."""
        out: list[int] = []
        while 0 <= at < len(self.words) and self.unsure[at] and len(out) < most:
            before = at - 1 if step > 0 else at
            if before >= 0 and (out or step < 0) and self.words[before].text[-1:] in _ENDS:
                break
            out.append(at)
            at += step
        return out

    def finding(self, label: str, first: int, last: int) -> Finding:
        return Finding(label, self.words[first].char_start, self.words[last].char_end, SCORE, SOURCE)


class _Low:
    __slots__ = ("low",)

    def __init__(self, low: str) -> None:
        self.low = low


def unsure(form: WrittenForm, words: Sequence[Word], findings: Sequence[Finding]) -> Iterator[Finding]:
    """Findings for the unsure words among `words`, which lie on `form.original`; nothing where all are sure."""
    said = _Said(form.original, words)
    if True not in said.unsure:
        return
    yield from _beside(said, findings)
    yield from _after_cues(said)
    yield from _in_figures(said)


def _beside(said: _Said, findings: Sequence[Finding]) -> Iterator[Finding]:
    for found in findings:
        if found.label in CLINICAL or found.label == "ORGANIZATION":
            continue
        inside = [n for n, w in enumerate(said.words) if w.char_start < found.end and w.char_end > found.start]
        if inside:
            for at, step in ((inside[0] - 1, -1), (inside[-1] + 1, 1)):
                for near in said.run(at, step, NEAR):
                    if said.low[near] in name_cues.FUNCTION or said.low[near] in gazetteers.words("function_words"):
                        break  # what goes on with the sentence was heard badly too, and is nobody's name
                    yield said.finding(found.label, near, near)


def _after_cues(said: _Said) -> Iterator[Finding]:
    lows = [_Low(low) for low in said.low]
    for at, unsure_here in enumerate(said.unsure):
        if not unsure_here or (at and said.unsure[at - 1]):
            continue
        label = ""
        if at and (name_cues.level(lows, at) in _NAME_LEVELS or " ".join(said.low[max(0, at - 2) : at]) in _SELF):
            label = "PERSON"
        else:
            cue = _VALUE_CUE.search(" ".join(said.low[max(0, at - 6) : at]))
            label = _LABELS[str(cue.lastgroup)] if cue else ""
        if label:
            run = said.run(at, 1, LONGEST)
            yield said.finding(label, run[0], run[-1])


def _in_figures(said: _Said) -> Iterator[Finding]:
    """Runs of number words and unsure words: four number words or more make the whole run count."""
    at, count = 0, len(said.words)
    while at < count:
        last = at
        while last < count and (said.number[last] or said.unsure[last]):
            last += 1
        if sum(said.number[at:last]) >= 4 and True in said.unsure[at:last]:
            yield said.finding("OTHER_ID", at, last - 1)
        at = max(last, at + 1)
