"""Practices, pharmacies, insurers, employers, schools, churches: by a word for their kind, by cue, by brand.

Organizations are not an identifier in 45 CFR 164.514(b)(2), but employers are, and a practice's name reveals where a
person is treated. In a text with capitals a name is a row of capitalised words; without them it is the words between
a preposition and a word for the kind ("at", "dental"), or what follows words after which only a name can follow ("i
drive for").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from redactor.phi.gazetteers import NOT_NAMES, words
from redactor.phi.lexicons.library import known_drugs
from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.recognizers.name_cues import CALLING, FUNCTION, TITLES
from redactor.phi.recognizers.organization_words import (
    ADVERBS,
    BEFORE_JOB,
    BRAND_WORDS,
    BRANDS,
    BUILDINGS,
    CALLED,
    CAPITAL_INSIDE,
    CARE,
    CHURCH_NAMES,
    CHURCHES,
    CUES,
    DRUG_STORE,
    FIRM,
    FOR,
    GENERIC,
    GOING,
    HAVING,
    INSURERS,
    INTRODUCED,
    JOB,
    KINDS,
    LEADS,
    LINKS,
    LONE_HOSPITALS,
    LOWER_KINDS,
    MANNERS,
    MOST,
    NAME_PARTS,
    NAMED,
    NEVER,
    NO_LONE,
    NO_ROW,
    NUMBER_NAMES,
    OF_PLACE,
    PREPOSITIONS,
    REACH,
    STRONG,
    STRONG_WORDS,
    SURE_CUES,
    TOKEN,
    VAGUE,
    VERBS,
    WARM,
)
from redactor.phi.spoken import WrittenForm
from redactor.phi.spoken.words import NUMBER_STARTS


class _Word(NamedTuple):
    start: int
    end: int
    said: str
    low: str
    joined: bool  # only a blank or a hyphen between it and the word before


class OrganizationRecognizer(SpokenRecognizer):
    """A name before "clinic", "freight", "elementary" …; capitalised words after "from", "at", "with"; brands."""

    label = "ORGANIZATION"

    def __init__(self) -> None:
        super().__init__()
        self._stop = words("function_words") | frozenset(
            "a an the calling called my your our his her their this that another any local nearest doctor doctors "
            "doctor's nurse insurance nearby same different outside main office front pharmacy hospital clinic lab "
            "some every no which what".split()
        )
        self._kinds = frozenset(
            "emergency billing retail mail order specialty compounding health physical occupational speech family "
            "primary urgent general internal medical home walk public regional community memorial sports women's "
            "children's eye heart cancer".split()
        )
        self._function = (words("function_words") | FUNCTION | CALLING) - NAME_PARTS
        self._common = words("common_words")
        self._drugs = known_drugs() - self._common
        self._people = words("first_names") - self._common
        self._places = words("cities") | words("towns")
        self._never = NOT_NAMES | TITLES | NEVER
        self._no_name = FUNCTION | words("function_words") | NOT_NAMES | TITLES | NO_ROW

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        text = form.text
        for match in NAMED.finditer(text):
            start = match.start("value")
            # Skip words that cannot be part of a name ("with the lakeside clinic").
            name = list(re.finditer(r"\S+", match["value"][: match.end("name") - start]))
            kept = None
            for word in reversed(name):
                low = word.group().lower()
                if low in self._kinds:
                    continue
                if (
                    low in self._stop
                    and not (word.start() and word.group()[0].isupper())
                    and low not in {"saint", "st", "st.", "and"}
                ):
                    break
                kept = word.start()
            if kept is not None:
                yield *form.to_original(start + kept, match.end("value")), 0.6, "name of a practice"
        for match in BRANDS.finditer(text) if not BRAND_WORDS.isdisjoint(form.words) else ():
            yield *form.to_original(*match.span()), 0.7, "brand"
        original = form.original
        for match in FIRM.finditer(original) if "law" in form.words or "firm" in form.words else ():
            end = match.end("value")
            for word in TOKEN.finditer(original, match.start("value"), end):
                low = word.group().lower()
                if low in self._function and low not in {"and", "&"}:
                    end = word.start()
                    break
            if end > match.start("value"):
                yield match.start("value"), end, 0.6, "partners"
        for match in CALLED.finditer(original):
            if match["one"].lower() not in self._function and match["two"].lower() not in self._function | {"said"}:
                yield *match.span("value"), 0.5, "partners"
        for match in OF_PLACE.finditer(original) if "of" in form.words else ():
            if match["name"].split()[0].lower() not in self._function:
                yield *match.span("value"), 0.5, "of a place"
        if original.isupper() or not CAPITAL_INSIDE.search(original):
            if not KINDS.isdisjoint(form.words) or not STRONG_WORDS.isdisjoint(form.words):
                yield from self._without_capitals(original, _Said(original))
        else:
            yield from self._rows(original, _Said(original))

    def _where_names_follow(self, text: str) -> frozenset[int]:
        """Where words begin that follow a cue."""
        found = []
        for match in LEADS.finditer(text):
            if match["next"].lower() in self._function and match["next"].lower() not in LONE_HOSPITALS:
                continue
            end = (
                match.start("next") - 4
                if text[match.start("next") - 4 : match.start("next")].lower() == "the "
                else match.start("next")
            )
            begin = max(0, end - REACH)
            before = text[begin:end].rstrip()
            before = before[before.rfind(" ") + 1 :].lower()
            if (
                STRONG.search(text, begin, end)
                or (before in BEFORE_JOB and JOB.search(text, begin, end))
                or (before not in {"of", "for", "in", "by"} and GOING.search(text, begin, end))
            ):
                found.append(match.start("next"))
        return frozenset(found)

    def _rows(self, text: str, said: _Said) -> Iterator[tuple[int, int, float, str]]:
        """Rows of capitalised words, as far as a kind, a preposition or a second word shows what they are."""
        strong = self._where_names_follow(text)
        at = 0
        while at < len(said):
            if not text[said.matches[at].start()].isupper() or not self._capital(text, said, at):
                at += 1
                continue
            last = at
            while last + 1 < len(said) and said[last + 1].joined:
                if self._capital(text, said, last + 1):
                    last += 1
                elif (
                    said[last + 1].low in LINKS
                    and last + 2 < len(said)
                    and said[last + 2].joined
                    and self._capital(text, said, last + 2)
                    and self._links(said, last)
                ):
                    last += 2
                else:
                    break
            end = said[last].end
            kind = said[last].low in KINDS
            if not kind and last + 1 < len(said) and said[last + 1].joined and said[last + 1].low in LOWER_KINDS:
                kind, end = True, said[last + 1].end
            more = DRUG_STORE.match(text, end)
            if more:
                kind, end = True, more.end()
            yield from self._weighed(text, said, at, last, end, kind=kind, strong=said[at].start in strong)
            at = last + 1

    @staticmethod
    def _links(said: _Said, at: int) -> bool:
        """Whether the word after `at` joins two parts of one name: "Center for Hope", "Hand and Spine"."""
        link = said[at + 1].low
        if link == "for":
            return said[at].low in FOR
        return link in {"of", "&"} or said[at].low in KINDS or said[at + 2].low in KINDS

    def _weighed(
        self, text: str, said: _Said, first: int, last: int, end: int, *, kind: bool, strong: bool
    ) -> Iterator[tuple[int, int, float, str]]:
        row = said[first : last + 1]
        own = [word for word in row if word.low not in GENERIC and word.low not in LINKS]
        before = said[first - 1].low if first and said[first].joined else ""
        if before == "the" and first > 1:
            before = said[first - 2].low
        start = said[first].start
        if kind and (own or len(row) > 2) and (len(row) > 1 or end > said[last].end):
            yield start, end, 0.5 if said[last].low in BUILDINGS else 0.6, "kind"
        elif strong and own:
            yield start, end, 0.5, "where a name follows"
        elif len(row) > 1 and own and before in PREPOSITIONS:
            yield start, end, 0.45, "capitals after a preposition"

    def _capital(self, text: str, said: _Said, at: int) -> bool:
        """Whether a word is capitalised and may be part of a name; where a sentence begins, if another follows."""
        word = said[at]
        if not word.said[0].isupper() or (len(word.said) < 2 and word.low != "&"):
            return False
        begins = at == 0 or text[said[at - 1].end : word.start].strip(" \"'\u201c(")[-1:] in {".", "?", "!", ":"}
        if word.low in KINDS and at and said[at].joined and said[at - 1].said[0].isupper():
            return True
        if word.low in self._no_name:
            # "Two Rivers", "First Baptist", "Good Samaritan", "Open Door": a word of the sentence only where it begins.
            return not begins and word.low not in self._never and at + 1 < len(said) and said[at + 1].said[0].isupper()
        if word.low in self._drugs and word.low not in KINDS and not _next_kind(said, at):
            return False
        return not begins or (at + 1 < len(said) and said[at + 1].joined and said[at + 1].said[0].isupper())

    def _without_capitals(self, text: str, said: _Said) -> Iterator[tuple[int, int, float, str]]:
        strong = self._where_names_follow(text)
        for at, match in enumerate(said.matches):
            if at and match.group().lower() in KINDS and said[at].joined:
                yield from self._before_kind(text, said, at)
            if at and said[at - 1].low == "at" and said[at].joined and match.start() not in strong:
                yield from self._bare(said, at)
            if match.start() in strong:
                yield from self._everyday(text, said, at)
                introduced = INTRODUCED.search(text, max(0, match.start() - REACH), match.start()) is not None
                yield from self._after_cue(said, at, introduced=introduced)

    def _before_kind(self, text: str, said: _Said, at: int) -> Iterator[tuple[int, int, float, str]]:
        """As in "at crossroads drug and sundry", "with low country dental group"."""
        if at + 1 < len(said) and said[at + 1].joined and said[at + 1].low in KINDS:
            return
        first, own = at, False
        while first and at - first < MOST and said[first].joined:
            low = said[first - 1].low
            linked = low in {"and", "of"} and first > 1 and said[first - 2].low not in self._function
            if not linked and (
                (
                    low in self._function
                    and not (low in NUMBER_NAMES and said[first - 2 : first - 1] and said[first - 2].low in CUES)
                )
                or low in VERBS
                or (low in self._people and not self._cued(said, first - 1))
            ):
                break
            own = (
                own
                or (said[at].low in CHURCHES and low in CHURCH_NAMES)
                or (low not in GENERIC and low not in CARE and low not in self._drugs)
            )
            first -= 1
        while first < at and said[first].low in {"and", "of"}:
            first += 1
        cue = said[first - 1].low if first else ""
        if cue == "the" and first > 1:
            cue = said[first - 2].low
        if not own or at == first or (first and cue not in CUES):
            return
        row = [w for w in said[first:at] if w.low not in {"and", "of"}]
        unlisted = any(w.low not in self._common or w.low in self._places for w in row)
        insured = said[at].low in INSURERS and cue in HAVING and len(row) > 1
        if (
            not unlisted
            and not insured
            and (
                cue not in SURE_CUES
                or (
                    len(row) < 2
                    and said[at].low in VAGUE
                    and not (said[at].low == "drug" and cue in {"at", "from", "to"})
                )
            )
        ):
            return
        more = DRUG_STORE.match(text, said[at].end)
        yield said[first].start, more.end() if more else said[at].end, 0.5, "kind"

    def _bare(self, said: _Said, at: int) -> Iterator[tuple[int, int, float, str]]:
        """Two or more words without an article after "at", whose last would need one: "filled at market basket"."""
        last = at
        while (
            last < len(said)
            and last - at < 3
            and (last == at or said[last].joined)
            and said[last].low not in self._function
            and said[last].low not in VERBS
            and said[last].low not in NO_LONE
            and said[last].low not in NUMBER_STARTS
            and said[last].said.isalpha()
            and not said[last].low.endswith(("ed", "ing", "ly"))
        ):
            last += 1
        row = said[at:last]
        own = [w for w in row if w.low not in GENERIC and w.low not in CARE and w.low not in self._drugs]
        if len(row) > 1 and own and row[-1] is own[-1] and row[0].low not in MANNERS and not row[-1].low.endswith("s"):
            yield row[0].start, row[-1].end, 0.42, "without an article"

    def _everyday(self, text: str, said: _Said, at: int) -> Iterator[tuple[int, int, float, str]]:
        """Everyday words as a name after words for a job, a ward, a school: "cooks at golden corral", "er at mercy"."""
        last = at
        while (
            last < len(said)
            and last - at < MOST - 1
            and (last == at or said[last].joined)
            and (
                said[last].low not in self._function
                or (last == at and said[last].low in LONE_HOSPITALS)
                or (last - at > 1 and said[last - 1].low == "local")
            )
            and said[last].low not in VERBS
            and said[last].said.isalpha()
            and not (last > at and (said[last].low in NO_LONE or said[last].low.endswith(("ed", "ing"))))
        ):
            last += 1
        row = said[at:last]
        if (
            not row
            or row[0].low in ADVERBS | NUMBER_STARTS
            or (row[0].low.endswith(("ing", "ed", "ly")) and row[0].low not in WARM)
            or (row[0].low in NO_LONE and row[-1].low not in KINDS)
        ):
            return
        article = at > 0 and said[at - 1].low == "the"
        end = row[0].start - 4 if article else row[0].start
        begin = max(0, end - REACH)
        job = JOB.search(text, begin, end) is not None
        if not job and (not GOING.search(text, begin, end) or (article and text[begin:end].endswith(("is ", "'s ")))):
            return
        own = [w for w in row if w.low not in GENERIC and w.low not in CARE and w.low not in self._drugs]
        if len(row) > 1:
            named = bool(own) and not (article and len(own) < 2)
            named = named and (row[-1].low not in {"office", "department", "desk", "floor", "room", "line"})
        else:
            named = not article and (
                (job and bool(own) and row[0].low not in self._people) or row[0].low in LONE_HOSPITALS
            )
        if named:
            yield row[0].start, row[-1].end, 0.45, "everyday words after a job"

    @staticmethod
    def _cued(said: _Said, at: int) -> bool:
        """Whether "at", "from" or the like comes right before a word, perhaps with "the"."""
        if at and said[at - 1].low == "the":
            at -= 1
        return at > 0 and said[at - 1].low in SURE_CUES

    def _after_cue(self, said: _Said, at: int, *, introduced: bool) -> Iterator[tuple[int, int, float, str]]:
        """As in "i drive for redline freight", "the emergency room at mercy point"."""
        last = at
        while (
            last < len(said)
            and last - at < MOST - 1
            and (last == at or said[last].joined)
            and said[last].low not in self._function
            and said[last].low not in VERBS
            and said[last].said.isalpha()
            and (last == at or said[last].low not in NUMBER_STARTS)
        ):
            last += 1
        row = said[at:last]
        if len(row) == 1 and row[0].low in NUMBER_STARTS:
            return
        own = [w for w in row if w.low not in GENERIC and w.low not in CARE and w.low not in self._drugs]
        unlisted = any(w.low not in self._common for w in own)
        if (
            own
            and (unlisted or introduced or (len(row) > 1 and len(own) > 1))
            and not (len(row) == 1 and (row[0].low in self._people or row[0].low in self._places))
        ):
            yield row[0].start, row[-1].end, 0.45, "where a name follows"


def _next_kind(said: _Said, at: int) -> bool:
    return at + 1 < len(said) and said[at + 1].joined and said[at + 1].said[0].isupper()


class _Said(Sequence[_Word]):
    """The words of a text, made when they are looked at."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.matches = list(TOKEN.finditer(text))
        self._made: dict[int, _Word] = {}

    def __len__(self) -> int:
        return len(self.matches)

    @overload
    def __getitem__(self, at: int) -> _Word: ...
    @overload
    def __getitem__(self, at: slice) -> list[_Word]: ...
    def __getitem__(self, at: int | slice) -> _Word | list[_Word]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        word = self._made.get(at)
        if word is None:
            if at >= len(self.matches):
                raise IndexError(at)
            match = self.matches[at]
            before = self.matches[at - 1] if at else None
            gap = self._text[before.end() : match.start()] if before else ""
            joined = before is not None and (gap in {" ", "-"} or (gap == ". " and before.group() == "St"))
            low = match.group().lower().replace("\u2019", "'")
            word = self._made[at] = _Word(match.start(), match.end(), match.group(), low, joined)
        return word
