"""From the recognizers' results to findings: the best label where they overlap, joined neighbours, repeated values.

Identifiers and clinical facts are resolved separately, since a policy may redact one and keep the other; within a group
findings never overlap. A character that any recognizer found (above the threshold) stays covered: where two labels
overlap the weaker one keeps what the stronger leaves.
"""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from redactor.phi.gazetteers import NOT_NAMES, words
from redactor.phi.recognizers.fact import SOURCE as FACT_SOURCE
from redactor.phi.recognizers.name_cues import FUNCTION, NEVER_REPEATED, NOT_SURNAMES, PLAIN
from redactor.phi.recognizers.ner import SOURCE, TaggerRecognizer
from redactor.phi.recognizers.person import UNKNOWN_WORD
from redactor.phi.recognizers.runs import JOINT, NUMBER_LABELS, digits
from redactor.phi.spoken import CORRECTION, WrittenForm
from redactor.types import CLINICAL, Finding

_JOINS = re.compile(r"[\s,.\-\u2010-\u2014\u00ac]{0,3}|[\s,]*(?:in|and|at|uh|um)[\s,]{1,2}", re.IGNORECASE)
_DATE_JOINS = re.compile(r"[\s,.\-\u2010-\u2014\u00ac]{0,3}|\s+(?:to|through|thru|till?|until)\s+", re.IGNORECASE)
_JOINABLE = frozenset({"PERSON", "LOCATION", "DATE_TIME", "PHONE_NUMBER"})
_CODES = NUMBER_LABELS - {"PHONE_NUMBER"}
_CODE_PIECE = r"(?:[a-z] as in [a-z]+|[b-hj-z]|dash|hyphen|slash|underscore|double [a-z]+)"
_CODE_BEFORE = re.compile(
    rf"(?<![\w'])(?:(?:{_CODE_PIECE}|[ai](?=[\s,.-]{{1,3}}[b-hj-z][\s,.-]))[\s,.-]{{1,3}})+$", re.IGNORECASE
)
_CODE_AFTER = re.compile(
    rf"(?:[\s,.-]{{1,3}}(?:(?:dash|hyphen|slash)(?=[\s,-]+(?:oh|o|[a-z]|\d+)\b)|(?<=dash )(?:oh|o|[a-z]|\d+)|"
    rf"(?<=slash )(?:oh|o|[a-z]|\d+)|pound(?: sign| key)?|hash(?: sign| key)?|star(?= |$|[.,])|{_CODE_PIECE})\b(?!'))+",
    re.IGNORECASE,
)
_SPELLED_AFTER = re.compile(r"(?:'s)?,?\s+(?:[A-Za-z](?:-[A-Za-z])+(?![\w-])|[A-Za-z][- ]as[- ]in[- ][A-Za-z]+)")
"""Letters that spell a name after it: "Oh, O-H", "T as in Tom"."""
_LETTER, _A_BEFORE = (
    re.compile(r"[b-hj-z][\s,.-]", re.IGNORECASE),
    re.compile(r"(?<![\w'])[ai][\s,.-]{1,3}$", re.IGNORECASE),
)
"""An "a" or "i" before another letter is a letter itself: "a t four four"."""
_A_LAST = re.compile(
    r"[\s,-]{1,2}a(?: as in [a-z]+)?(?=\s*$|\s*[.,;!?]|\s+(?:and|that's|it's|if|for|please|my|the|on|is|so|but|you|"
    r"we|i|thank|call)\b)",
    re.IGNORECASE,
)
"""An "a" after figures that no noun follows is a letter: "six two seven a, and the other one …"."""
_GLUED_AFTER = re.compile(r"(?:-[A-Za-z0-9]{1,4})*-?[A-Za-z]{1,3}(?![\w'-])")
"""Letters of a code without a blank behind its figures: "31-7702-C"."""
_GLUED_BEFORE = re.compile(r"(?<![A-Za-z'])(?:[A-Za-z]{1,4}-?|[A-Za-z]{1,4}-[A-Za-z]{1,4}-)$")
"""Letters of a code without a blank before its figures: "PD-40218", "C607"."""
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_BETWEEN = re.compile(JOINT)
_WHOLE_NAME = 0.5
"""Score from which an organization's name is believed as a whole."""
_SHORTEST_REPEAT, _LONGEST_REPEAT = 4, 24  # digits


def resolve(findings: Iterable[Finding], form: WrittenForm) -> tuple[Finding, ...]:
    """Findings that do not overlap within their group, in order of position, including repeated values."""
    claimed = with_adjoining_pieces(without_weak_candidates(without_names_in_clinical_facts(findings)), form)
    claimed += repeated_values(claimed, form)
    identifiers = [f for f in claimed if f.label not in CLINICAL]
    identifiers = _without_overlap(without_parts_of_organizations(identifiers, form.original), form.original)
    clinical = _without_overlap([f for f in claimed if f.label in CLINICAL], form.original)
    joined = _join(identifiers, form.original)
    return tuple(sorted([*joined, *clinical], key=lambda f: (f.start, f.end, f.label)))


def without_weak_candidates(findings: Iterable[Finding]) -> list[Finding]:
    """Without the model's weak candidates, except those that touch a pattern's finding of the same label."""
    every = list(findings)
    weak = [f for f in every if f.source == SOURCE and f.score <= TaggerRecognizer.CANDIDATE]
    if not weak:
        return every
    strong = [f for f in every if f.source != SOURCE or f.score > TaggerRecognizer.CANDIDATE]
    return strong + [
        f for f in weak if any(f.label == s.label and f.start <= s.end + 1 and s.start <= f.end + 1 for s in strong)
    ]


def without_names_in_clinical_facts(findings: Iterable[Finding]) -> list[Finding]:
    """Without weak names inside a clinical fact: "lisino pril" is on no list, but is not a name. The clinical tagger
    does not count here, since it may take a name for a drug.
    """
    every = list(findings)
    facts = [f for f in every if f.label in CLINICAL and f.source != FACT_SOURCE]
    return [
        f
        for f in every
        if f.label != "PERSON"
        or f.score > UNKNOWN_WORD
        or not any(c.start <= f.start and f.end <= c.end for c in facts)
    ]


def without_parts_of_organizations(findings: Sequence[Finding], text: str) -> list[Finding]:
    """Without places, and names made of no word of the name lists, inside a longer name of an organization: "Live Oak
    Dermatology" is no address, and "Kidney" of "Valley Kidney Group" nobody. What they covered stays covered.
    """
    wholes = [f for f in findings if f.label == "ORGANIZATION" and f.score >= _WHOLE_NAME]
    if not wholes:
        return list(findings)
    return [
        f
        for f in findings
        if not any(o.start <= f.start and f.end <= o.end and o.end - o.start > f.end - f.start for o in wholes)
        or not (
            (f.label == "LOCATION" and not any(map(str.isdigit, text[f.start : f.end])))
            or (f.label == "PERSON" and _names().isdisjoint(_WORD.findall(text[f.start : f.end].lower())))
        )
    ]


@cache
def _names() -> frozenset[str]:
    return words("first_names") | (words("surnames") - words("common_words"))


def _is_capital_inside(text: str, match: re.Match[str]) -> bool:
    """Capitalised where no sentence begins: "Faith" the name, not the word."""
    return match.group()[0].isupper() and text[: match.start()].rstrip()[-1:] not in {"", ".", "?", "!", ":"}


def _without_overlap(findings: Sequence[Finding], text: str) -> list[Finding]:
    """The best findings in full and what they leave of the others, in order of position."""
    kept: list[Finding] = []  # sorted and disjoint, so that neighbours are found by bisection
    for finding in sorted(_merge_same_label(findings), key=lambda f: (-f.score, f.start - f.end, f.start, f.label)):
        at = bisect_right(kept, finding.start, key=lambda f: f.end)
        pieces, begin = [], finding.start
        for other in kept[at:]:
            if other.start >= finding.end:
                break
            pieces.append((begin, other.start))
            begin = other.end
        pieces.append((begin, finding.end))
        for start, end in pieces:
            low, high = _trim(text, start, end)
            if low < high:
                insort(
                    kept,
                    Finding(finding.label, low, high, finding.score, finding.source, finding.channel),
                    key=lambda f: f.start,
                )
    return kept


def _merge_same_label(findings: Sequence[Finding]) -> list[Finding]:
    """Overlapping findings of one label become one, with the best score."""
    out: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.label, f.start, f.end)):
        last = out[-1] if out else None
        if last is not None and last.label == finding.label and finding.start < last.end:
            best = max(last, finding, key=lambda f: f.score)
            out[-1] = Finding(last.label, last.start, max(last.end, finding.end), best.score, best.source, last.channel)
        else:
            out.append(finding)
    return out


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and not text[start].isalnum() and text[start] not in "#+(":
        start += 1
    while start < end and not text[end - 1].isalnum() and text[end - 1] != ")":
        end -= 1
    return start, end


def _join(findings: Sequence[Finding], text: str) -> list[Finding]:
    """Merge neighbours of one label with only a joint between them."""
    out: list[Finding] = []
    for finding in findings:
        last = out[-1] if out else None
        if (
            last is not None
            and last.label == finding.label == "LOCATION"
            and _one_address(text, last.end, finding.start)
        ) or (
            last is not None
            and last.label == finding.label
            and finding.label in _JOINABLE
            and (_JOINS if finding.label != "DATE_TIME" else _DATE_JOINS).fullmatch(text, last.end, finding.start)
            and (finding.label != "PERSON" or "," not in text[last.end : finding.start])
            and not (
                finding.label not in {"LOCATION", "DATE_TIME"}
                and re.search(r"[a-z]", text[last.end : finding.start], re.IGNORECASE)
            )
        ):
            out[-1] = Finding(
                last.label, last.start, finding.end, max(last.score, finding.score), last.source, last.channel
            )
        else:
            out.append(finding)
    return out


def _one_address(text: str, start: int, end: int) -> bool:
    """Whether the text between two parts of an address belongs to it: a town that is on no list."""
    between = text[start:end]
    if len(between) > 30 or any(mark in between for mark in ".?!:;"):
        return False
    said = between.replace(",", " ").lower().split()
    return len(said) <= 2 and not any(word in words("function_words") or word in FUNCTION for word in said)


@cache
def _names_to_repeat() -> frozenset[str]:
    """Given names that are also words, and still count everywhere in a message where they were found as a name."""
    return words("first_names") - words("function_words") - NEVER_REPEATED - NOT_SURNAMES - PLAIN


def repeated_values(findings: Sequence[Finding], form: WrittenForm) -> list[Finding]:
    """Where a value that was found once is repeated in the same message: as a word, spelled, in other groups,
    corrected.
    """
    out: list[Finding] = []
    text, common = form.text, words("common_words")
    weak = _names_to_repeat()
    names: dict[str, Finding] = {}
    numbers: dict[str, Finding] = {}
    for finding in findings:
        if finding.label == "PERSON" and finding.score >= 0.6:
            for word in _WORD.findall(text[slice(*form.to_written(finding.start, finding.end))]):
                low = word.lower().replace("\u2019", "'").removesuffix("'s")
                if len(low) > 2 and low not in NOT_NAMES and (low not in common or word[0].isupper() or low in weak):
                    names.setdefault(low, finding)
        elif finding.label in NUMBER_LABELS:
            for figures in _values(text[slice(*form.to_written(finding.start, finding.end))]):
                if _SHORTEST_REPEAT <= len(figures) <= _LONGEST_REPEAT:
                    numbers.setdefault(figures, finding)
    low_text = text.lower().replace("\u2019", "'")
    # A name that occurs once was found already.
    names = {name: first for name, first in names.items() if low_text.count(name) > 1}
    if names:
        for match in _WORD.finditer(text):
            low = match.group().lower().replace("\u2019", "'").removesuffix("'s")
            first = names.get(low)
            if first is not None and (low not in common or low in weak or _is_capital_inside(text, match)):
                out.append(Finding("PERSON", *form.to_original(*match.span()), first.score - 0.05, "repeated value"))
    number_search = _NumberSearch(text) if numbers else None
    for figures, first in numbers.items():
        out.extend(
            Finding(first.label, *form.to_original(*span), first.score - 0.05, "repeated value")
            for span in (number_search.find(figures) if number_search else ())
        )
    return out


class _NumberSearch:
    """Finds a number in a text, however its figures are joined: it searches the figures alone and then checks what is
    between them.

    (Compiling a pattern for each number took half of the detector's time.)
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._places = [at for at, char in enumerate(text) if char.isdecimal()]
        self._figures = "".join(text[at] for at in self._places)

    def find(self, figures: str) -> Iterator[tuple[int, int]]:
        """Spans of the text with exactly these figures, and no figure beside them."""
        at = self._figures.find(figures)
        while at >= 0:
            places = self._places[at : at + len(figures)]
            joined = all(
                after == before + 1 or _BETWEEN.fullmatch(self._text, before + 1, after)
                for before, after in pairwise(places)
            )
            start, end = places[0], places[-1] + 1
            if joined and not self._text[start - 1 : start].isdecimal() and not self._text[end : end + 1].isdecimal():
                yield start, end
            at = self._figures.find(figures, at + 1)


def _values(said: str) -> Iterator[str]:
    """The figures of a number; of a corrected one also the last part, and the whole with its end replaced by that
    part.
    """
    yield digits(said)
    if CORRECTION in said:
        *before, last = (digits(part) for part in said.split(CORRECTION))
        yield last
        whole = "".join(before)
        yield whole[: max(0, len(whole) - len(last))] + last


def with_adjoining_pieces(findings: Sequence[Finding], form: WrittenForm) -> list[Finding]:
    """Names with the letters that spell them; codes with the letters, signs and figures that touch them, such as "x y
    dash" before or "dash oh" after.
    """
    out = []
    for finding in findings:
        if finding.label == "PERSON" and (spelled := _SPELLED_AFTER.match(form.original, finding.end)):
            finding = replace(finding, end=spelled.end())  # noqa: PLW2901
        if finding.label in _CODES:
            start, end = form.to_written(finding.start, finding.end)
            before, after = _CODE_BEFORE.search(form.text, max(0, start - 40), start), _CODE_AFTER.match(form.text, end)
            if before is None and _LETTER.match(form.text, start):
                before = _A_BEFORE.search(form.text, max(0, start - 5), start)
            if before or after:
                start, end = before.start() if before else start, after.end() if after else end
                low, high = form.to_original(start, end)
                finding = replace(finding, start=min(low, finding.start), end=max(high, finding.end))  # noqa: PLW2901
            glued = _GLUED_BEFORE.search(form.original, max(0, finding.start - 8), finding.start)
            if glued:
                finding = replace(finding, start=glued.start())  # noqa: PLW2901
            glued = _GLUED_AFTER.match(form.original, finding.end) or _A_LAST.match(form.original, finding.end)
            if glued:
                finding = replace(finding, end=glued.end())  # noqa: PLW2901
        out.append(finding)
    return out
