"""Finds further people who are greeted: "hi robert and susan", "hi maria, ana, this is …".

A detected name after "and" is greeted. A name after a comma may be the caller's or another person's, and a word after
"and" may not be a name ("hi maria and family"): these are doubtful.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from redactor.compliance.annotated import AnnotatedText, plain
from redactor.compliance.model import Evidence, Part

_HELLO = frozenset("hi hello hey dear morning afternoon evening there again".split())
_DOCTOR = frozenset("dr doctor".split())
_TITLES = _DOCTOR | frozenset("mr mrs ms miss mister missus nurse prof professor".split())
_AND = frozenset({"and", "or", "&"})
_GOES_ON = frozenset(
    "this it's it i'm i my we we're your you please our here calling hope just hi hello good and or".split()
)
"""Words that follow a greeting."""
_INTRODUCES = frozenset("i'm it's calling".split())
_ADDS = frozenset({"and", "or", "to"})
"""Words before a further name that is greeted; what remains of a misheard "this is" is not among them."""
_WHOSE = (["his"], ["her"], ["your"])
"""After "and": "and his wife susan"."""
GREETING = 14
"""The greeting is within this many words."""
LONGEST_NAME = 2
"""Words of an undetected name."""


def co_recipients_in(
    reading: AnnotatedText, parts: Sequence[Part], *, stop: Collection[str]
) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
    """Further people greeted in one channel: (certain, doubtful).

    Args:
        parts: known parts of the channel: patient, caller, practice.
        stop: words that are not names.
    """
    return _ContactSearch(reading, parts, stop).run()


class _ContactSearch:
    def __init__(self, reading: AnnotatedText, parts: Sequence[Part], stop: Collection[str]) -> None:
        self._reading = reading
        self._stop = stop
        self._said = ["&" if w.text.strip() == "&" else "".join(plain(w.text).split()) for w in reading.words]
        self._parts = parts
        self._patients = {i for p in parts if p.name == "patient" for i in range(p.evidence.first, p.evidence.last)}
        self._practice = {i for p in parts if p.name == "practice" for i in range(p.evidence.first, p.evidence.last)}
        self._callers = {i for p in parts if p.name == "caller" for i in range(p.evidence.first, p.evidence.last)}
        self._person: dict[int, int] = {}  # index of a word in a name → index after that name
        for found in reading.names:
            evidence = reading.finding(found)
            if evidence is not None:
                self._person.update(dict.fromkeys(range(evidence.first, evidence.last), evidence.last))
        self._greeted: list[Evidence] = []
        self._doubtful: list[Evidence] = []

    def run(self) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
        for part in self._parts:
            if part.name == "patient":
                self._follow(part.evidence.last, hello=self._is_hello(part.evidence.first))
        for at in range(1, len(self._said)):
            if self._said[at] not in _HELLO and self._is_hello(at) and at not in self._patients:
                end = self._unfound(at)
                if end and end < len(self._said) and self._said[end] in _AND and self._follow(end, hello=True):
                    self._add(self._greeted, at, end, "words around a patient's name")
        self._couples()
        self._others()
        return tuple(self._greeted), tuple(self._doubtful)

    def _couples(self) -> None:
        """Two people with one name: "mr and mrs lopez"."""
        for at in range(len(self._said) - 3):
            if (
                self._said[at] in _TITLES
                and self._said[at + 1] in _AND
                and self._said[at + 2] in _TITLES
                and self._is_hello(at)
            ):
                self._add(self._doubtful, at, self._person.get(at + 3, at + 4), "two titles of one name")

    def _others(self) -> None:
        """People named before the caller introduces themselves: "hi, is this susan", "hi robert and his wife susan"."""
        known = {i for e in (*self._greeted, *self._doubtful) for i in range(e.first, e.last)}
        known |= self._patients | self._callers | self._practice
        met = False
        for at in range(min(len(self._said), GREETING)):
            if self._said[at] in _INTRODUCES or self._said[at : at + 2] in (["this", "is"], ["my", "name"]):
                return
            end = self._person.get(at, 0)
            met |= end > 0
            if end and at not in known:
                known |= set(range(at, end))
                if self._adds(at):
                    self._add(self._doubtful, at, end, "name in the greeting")
            if met and self._reading.words[at].text.endswith((".", "!", "?")):
                return

    def _adds(self, at: int) -> bool:
        before = self._said[max(0, at - 3) : at]
        return bool(before) and (
            before[-1] in _ADDS or before[-2:] == ["is", "this"] or (before[0] in _AND and before[1:2] in _WHOSE)
        )

    def _is_hello(self, at: int) -> bool:
        while at and self._said[at - 1] in _TITLES:
            at -= 1
        return not at or self._said[at - 1] in _HELLO

    def _follow(self, at: int, *, hello: bool) -> bool:
        """Collect the names joined to the one that ends at `at`; returns whether there were any."""
        begun = at
        while 0 < at < len(self._said):
            by_and = self._said[at] in _AND
            if not by_and and not self._reading.words[at - 1].text.endswith((",", ";")):
                break
            first = at + by_and
            while first < len(self._said) and self._said[first] in _TITLES:
                first += 1
            doctor = self._said[first - 1] in _DOCTOR
            end = self._person.get(first, 0)
            if first >= len(self._said) or first in self._practice or (doctor and not (by_and and hello)):
                break
            if end and by_and:
                if first not in self._patients:
                    self._add(self._greeted, first, end, "name joined to a patient's")
            elif end and first not in self._callers:
                if first not in self._patients:
                    self._add(self._doubtful, first, end, "name beside a patient's")
            elif not end and by_and and hello:
                end = self._unfound(first)
                if not end or not self._goes_on(end):
                    break
                self._add(self._doubtful, first, end, "words beside a patient's name")
            else:
                break
            at = end
        return at > begun

    def _unfound(self, first: int) -> int:
        """The end of words that may be an undetected name; 0 if there are none."""
        end = first
        while end < min(len(self._said), first + LONGEST_NAME) and self._is_word(end):
            end += 1
            if self._goes_on(end):
                break
        return end if end > first else 0

    def _is_word(self, at: int) -> bool:
        return self._said[at].isalpha() and self._said[at] not in self._stop and at not in self._practice

    def _goes_on(self, at: int) -> bool:
        return (
            at >= len(self._said)
            or self._said[at] in _GOES_ON
            or self._reading.words[at - 1].text.endswith((",", ".", "!", "?", ";"))
        )

    def _add(self, to: list[Evidence], first: int, end: int, matched: str) -> None:
        words = self._reading.words
        evidence = self._reading.evidence(words[first].char_start, words[end - 1].char_end, matched)
        if evidence is not None:
            to.append(evidence)


def each(name: str) -> Iterator[str]:
    """The single names in a name like "robert and susan"."""
    held: list[str] = []
    for word in [*name.split(), "and"]:
        if word.lower() not in _AND:
            held.append(word)
        elif held:
            yield " ".join(held)
            held = []
