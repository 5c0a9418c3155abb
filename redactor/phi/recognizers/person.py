"""Names of people (45 CFR 164.514(b)(2)(i)(A)): by cue, by title, by list, spelled out.

Recognised speech is often in lower case, so each word gets a class from the lists (a sure given name, a name that is
also a word, a surname, an unknown word, a common word), and the words around it decide. Titles are not part of the
span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from redactor.phi.gazetteers import NOT_NAMES, SURE_NAMES, words
from redactor.phi.lexicons.library import known_drugs
from redactor.phi.recognizers import name_cues as cues
from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.recognizers.name_words import (
    COMMON,
    FUNCTION,
    INITIAL,
    MARK,
    NAMELIKE,
    SURE,
    SURNAME,
    UNKNOWN,
    WEAK,
    WEAK_SURNAME,
    AmbiguousNames,
    NameWord,
)
from redactor.phi.recognizers.neighbours import alone, beside_name, ends, follows, household, next_is, presents, spells
from redactor.phi.recognizers.unknown_words import UnknownWords
from redactor.phi.spoken import WrittenForm

_D_NAME = re.compile(r"(?:d|j|t|l|k|n|r|sh|la|de|da|ja|ka|ta|ra)'[a-z]{4,}")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019\u2010-][^\W\d_]+)*|\d+|[.?!,;:]")


_NO_CAPITAL = frozenset({FUNCTION, MARK})
_LONGEST_ACRONYM = 5
_CALLS = frozenset("call calls".split())
_NICKNAME = re.compile(
    r"\b(?:every(?:body|one)|they|people|folks|friends|family|all|we|kids|y'all|guys) (?:just |all |always |still |"
    r"used to )?calls? (?:me|him|her|them) (?P<name>[a-z][a-z'-]+(?: [a-z][a-z'-]+)??)(?=[,.!?]|$| (?:the|and|but|so|"
    r"because|i|i'm|my|since|he|she|anyway|it|it's|ask|that|please|on|at|or|though)\b)",
    re.IGNORECASE,
)
"""As in "everybody calls me little bit": any words."""
_OWNER = re.compile(
    r"\b(?:i'm|i am|this is|it's|it is|he's|she's) (?P<name>[a-z]{3,}['\u2019]s)(?: \w+)? (?:mom|mother|mama|dad|"
    r"father|daddy|parent|wife|husband|spouse|daughter|son|sister|brother|aunt|uncle|niece|nephew|cousin|grandma|"
    r"grandmother|grandpa|grandfather|granddaughter|grandson|nurse|caregiver|guardian|partner|fiance|"
    r"fiancee|girlfriend|boyfriend|neighbor|roommate|friend|boy|girl|kid|stepmom|stepdad|case manager)\b",
    re.IGNORECASE,
)
"""As in "i'm river's mom": any word."""
UNKNOWN_WORD = 0.45
"""The score of a word that is on no list and has no cue: fail closed, as with figures (`recognizers/number.py`)."""
_SENTENCE_ENDS, _PAUSES = frozenset(".?!:"), frozenset(",;")


class PersonRecognizer(SpokenRecognizer):
    """Names by the words around them."""

    label = "PERSON"

    def __init__(self) -> None:
        super().__init__()
        self._first, self._last = words("first_names"), words("surnames")
        self._common, self._function = words("common_words"), words("function_words")
        self._drugs = known_drugs()
        self._unknown = UnknownWords()
        self.in_no_list = self._unknown.holds
        self._ambiguous = AmbiguousNames(self._last, self._function)
        self._classes: dict[str, int] = {}

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        tokens = self._words(form)
        at = 0
        while at < len(tokens):
            word = tokens[at]
            if (
                word.kind in {COMMON, FUNCTION, MARK}
                and not word.capital
                and not word.spelled
                and (
                    not at
                    or tokens[at - 1].lower not in cues.BEFORE_WORDS
                    or not (self._ambiguous.titled(tokens, at) or self._ambiguous.misheard(tokens, at))
                )
            ):
                at += 1
                continue
            score, name = self._begins(tokens, at)
            if score <= 0:
                at += 1
                continue
            last = self._extend(tokens, at, sure=name != "cue and unknown word")
            yield *form.to_original(word.start, tokens[last].end), score, name
            at = last + 1
        for match in _OWNER.finditer(form.text) if "'s" in form.text or "\u2019s" in form.text else ():
            low = match["name"].lower()
            if low not in self._function and low not in cues.NOT_OWNERS and not low.endswith(("day", "body", "one")):
                yield *form.to_original(*match.span("name")), 0.6, "whose relative"
        if not _CALLS.isdisjoint(form.words):
            for match in _NICKNAME.finditer(form.text):
                if not any(word in self._function for word in match["name"].lower().split()):
                    yield *form.to_original(*match.span("name")), 0.6, "nickname"

    def classify(self, lower: str) -> int:
        """The class of a lower-case word."""
        kind = self._classes.get(lower)
        if kind is None:
            kind = self._look_up(lower)
            if len(self._classes) < 50_000:
                self._classes[lower] = kind
        return kind

    def _look_up(self, lower: str) -> int:
        for suffix in ("-something", "-ish", "-whatever"):
            lower = lower.removesuffix(suffix)
        bare = lower.removesuffix("'s").removesuffix("\u2019s")
        if not lower[0].isalpha():
            return MARK
        if len(lower) == 1:
            return INITIAL
        if bare in cues.WEAK_ANYWAY:
            return WEAK
        if bare in cues.TITLES:
            return FUNCTION
        if bare in NOT_NAMES or bare in cues.FUNCTION or lower in cues.FUNCTION:
            return FUNCTION
        if bare in self._first and (bare in SURE_NAMES or (bare not in self._common and len(bare) > 2)):
            return SURE
        if bare in self._first and bare not in self._function:
            return WEAK
        if bare in self._function:
            return FUNCTION
        if "'" in lower and not lower.endswith("'s"):
            return UNKNOWN if re.match(r"(?:o|m)['\u2019]", lower) else SURE if _D_NAME.fullmatch(lower) else FUNCTION
        if "-" in lower:
            parts = {self.classify(part) for part in lower.split("-") if part}
            if not parts or parts & {FUNCTION, COMMON, INITIAL, MARK} or bare in self._common:
                return COMMON
            return SURE if SURE in parts else SURNAME if SURNAME in parts else UNKNOWN
        if bare in self._last:
            return WEAK_SURNAME if bare in self._common else SURNAME
        if bare in self._common or lower in self._common:
            return COMMON
        return COMMON if bare in self._drugs else UNKNOWN

    def _words(self, form: WrittenForm) -> list[NameWord]:
        text = form.text
        cased = not text.isupper() and any(c.isupper() for c in text)
        spelled = [
            form.to_written(e.start, e.end)[0] for e in form.edits if e.written.isalpha() and len(e.written) == 1
        ]
        spelled_at = frozenset(spelled)
        out: list[NameWord] = []
        begins = True
        classes, make = self._classes, NameWord._make
        for match in _WORD.finditer(text):
            raw = match.group()
            lower = raw.lower()
            if "\u2019" in lower:
                lower = lower.replace("\u2019", "'")
            start, end = match.span()
            kind = classes.get(lower)
            if kind is None:
                kind = self.classify(lower)
            capital = cased and raw[0].isupper() and not begins and kind not in _NO_CAPITAL and not raw.isupper()
            if cased and kind == UNKNOWN and end - start <= _LONGEST_ACRONYM and raw.isupper():
                kind = COMMON  # "NKDA"
            is_spelled = (
                bool(spelled_at) and end - start > 2 and sum(p in spelled_at for p in range(start, end)) >= len(raw) - 1
            )
            out.append(make((start, end, lower, kind, capital, is_spelled)))
            begins = lower in _SENTENCE_ENDS or (begins and kind == MARK and lower in _PAUSES)
        return out

    def _begins(self, tokens: Sequence[NameWord], at: int) -> tuple[float, str]:
        """Whether a name begins at said[at]: (score, why), score 0 if not."""
        word = tokens[at]
        level = cues.level(tokens, at)
        kind = word.kind
        if word.lower in cues.VERBS and level <= cues.KIN and self._is_verb(tokens, at):
            return 0.0, ""
        if word.spelled:
            return self._spelled(tokens, at, level)
        if kind == INITIAL:
            if level == cues.TITLE and word.lower not in {"a", "i"}:
                return 0.6, "title and initial"
            return (0.6, "initials") if self._initials(tokens, at, level) else (0.0, "")
        if level == cues.TITLE and kind in NAMELIKE and word.lower not in cues.AFTER_TITLE:
            return 0.9, "title"
        if level == cues.TITLE and self._ambiguous.titled(tokens, at):
            return 0.6, "title and common word"
        if kind == COMMON and self._ambiguous.misheard(tokens, at):
            return 0.5, "where a name is said"
        if level == cues.TITLED_ARTICLE and kind in {SURE, SURNAME, UNKNOWN}:
            return 0.6, "title"
        if (
            level == cues.NAME
            and (kind in NAMELIKE or word.capital)
            and (
                word.lower not in cues.NOT_SURNAMES - cues.WEAK_ANYWAY
                or (kind == WEAK and next_is(tokens, at, {SURNAME, SURE, UNKNOWN, WEAK_SURNAME}))
            )
        ):
            return (0.9, "name cue") if kind != UNKNOWN else (0.8, "cue and unknown word")
        if level == cues.MENTION and (
            kind in {SURE, SURNAME, UNKNOWN} or (kind == WEAK and word.lower not in cues.NOT_SURNAMES)
        ):
            return (0.8, "name cue") if kind != UNKNOWN else (0.6, "cue and unknown word")
        if kind == SURE:
            return (0.85 if level else 0.6), "given name"
        if kind in {WEAK, UNKNOWN, SURNAME} and self._ambiguous.asked(tokens, at):
            return 0.6, "asked for"
        if kind == WEAK and word.lower.endswith("'s") and word.lower not in cues.NO_OWNERS:
            return 0.55, "owner"
        if kind == WEAK and at and tokens[at - 1].lower in cues.GREETINGS and presents(tokens, at + 1):
            return 0.55, "greeted"
        if kind in {SURNAME, UNKNOWN} and at and tokens[at - 1].lower in cues.ARTICLES and household(tokens, at + 1):
            return 0.6, "household"
        if (
            kind in {WEAK, SURNAME}
            and tokens[at - 1].lower == "a"
            and at > 1
            and tokens[at - 2].lower in {"for", "named"}
            and next_is(tokens, at, {WEAK_SURNAME, SURNAME})
        ):
            return 0.55, "a stranger"
        if kind in {WEAK, SURNAME, UNKNOWN} and word.lower not in self._function and beside_name(tokens, at):
            return 0.5, "beside a name"
        if (
            kind == UNKNOWN
            and at
            and tokens[at - 1].lower == "the"
            and word.lower.endswith("s")
            and word.lower[:-1] in self._last
        ):
            return 0.5, "family"
        if kind == SURNAME and level == cues.LIGHT and len(word.lower) > 4 and tokens[at - 1].lower in cues.LEADS:
            return 0.45, "light cue"
        if word.capital and kind == SURNAME and word.lower not in cues.NOT_SURNAMES:
            return 0.5, "surname with a capital"
        following = follows(tokens, at)
        if level == cues.INTRO:
            if (
                kind in {WEAK, SURNAME, UNKNOWN}
                and (following or word.capital)
                and not (
                    kind == UNKNOWN
                    and not word.capital
                    and (word.lower.endswith("ing") or (word.lower.endswith("ed") and not self.in_no_list(word.lower)))
                )
            ):
                return 0.75, "introduction"
            if kind in {SURNAME, WEAK} and next_is(tokens, at, {SURNAME, SURE, UNKNOWN}):
                return 0.7, "introduction"
            if kind == WEAK and next_is(tokens, at, {WEAK_SURNAME}) and follows(tokens, at + 1):
                return 0.7, "introduction"
            if (
                kind in {COMMON, WEAK_SURNAME}
                and word.capital
                and following in {"calling", "follow"}
                and tokens[at - 1].lower in cues.SELF
            ):
                # "This is Sera from …": the recogniser wrote another word for the name, but capitalised it.
                return 0.6, "introduction"
        if level == cues.KIN and (
            kind in {SURNAME, UNKNOWN} or (kind == WEAK and (word.lower not in self._function or ends(tokens, at)))
        ):
            return 0.65, "relation"
        if (
            level == cues.DIRECT
            and kind in {WEAK, SURNAME}
            and following in {"end", "stop"}
            and word.lower not in self._function
        ):
            return 0.55, "spoken to"
        if level in {cues.LIGHT, cues.DIRECT}:
            if kind in {WEAK, SURNAME} and (word.capital or next_is(tokens, at, {SURNAME})):
                return 0.6, "light cue"
            if kind == SURNAME and following == "calling":
                return 0.5, "light cue"
        if (
            following == "calling"
            and kind in {WEAK, SURNAME}
            and word.lower not in self._function
            and at
            and tokens[at - 1].kind != COMMON
        ):
            return 0.6, "followed by calling"
        if (
            word.capital
            and kind in {WEAK, SURNAME, UNKNOWN}
            and next_is(tokens, at, {SURNAME, WEAK_SURNAME, SURE}, capital=True)
        ):
            return 0.7, "two capitals"
        if kind == SURNAME and next_is(tokens, at, {SURE}):
            return 0.5, "surname first"
        if kind == WEAK and word.capital and word.lower not in cues.WEAK_ANYWAY and alone(tokens, at):
            return 0.5, "set apart"
        if kind == WEAK and word.lower not in self._function and next_is(tokens, at, {UNKNOWN}):
            surname = tokens[at + 1].lower
            if word.lower not in cues.NOT_SURNAMES and self.in_no_list(surname):
                return 0.5, "before an unknown surname"
        if kind == SURNAME and len(word.lower) > 3 and not self._unknown.is_rare(word.lower):
            return UNKNOWN_WORD, "surname and no other word"
        if kind == UNKNOWN and self.in_no_list(word.lower):
            return UNKNOWN_WORD, "unknown word"
        return 0.0, ""

    def _initials(self, tokens: Sequence[NameWord], at: int, level: int) -> bool:
        """Two letters as a name, at the beginning: "good morning it's r l"."""
        if (
            at + 1 >= len(tokens)
            or tokens[at + 1].kind != INITIAL
            or (at + 2 < len(tokens) and tokens[at + 2].kind == INITIAL)
        ):
            return False
        pair = tokens[at].lower + tokens[at + 1].lower
        return pair not in cues.NOT_SPELLED and (
            level == cues.NAME
            or (level == cues.INTRO and self._ambiguous.greeted(tokens, at) and tokens[at - 1].lower in cues.SELF)
        )

    def _is_verb(self, tokens: Sequence[NameWord], at: int) -> bool:
        """As in "she drew it up", "i'll sue", "to pat it dry", "a jack handle"."""
        before = tokens[at - 1].lower if at else ""
        after = tokens[at + 1].lower if at + 1 < len(tokens) else ""
        named = next_is(tokens, at, {SURE, SURNAME, WEAK_SURNAME, UNKNOWN})
        return not (tokens[at].capital or named) and (before in cues.BEFORE_VERBS or after in cues.AFTER_VERBS)

    def _spelled(self, tokens: Sequence[NameWord], at: int, level: int) -> tuple[float, str]:
        """A spelled word is a name after a cue, beside a word it spells, or when it is on a list."""
        word = tokens[at]
        if word.lower in NOT_NAMES or word.lower in cues.NOT_SPELLED or word.lower[1:] in cues.NOT_SPELLED:
            return 0.0, ""
        near = [*tokens[max(0, at - 8) : at], *tokens[at + 1 : at + 5]]
        if any(spells(word.lower, other.lower) for other in near):
            return 0.85, "spelled again"
        if level >= cues.KIN or any(other.lower in cues.SPELL_WORDS for other in near):
            return 0.75, "spelled after a cue"
        listed = word.lower in self._first or word.lower in self._last
        if len(word.lower) < 4 or (word.lower in self._common and word.lower not in self._last):
            return 0.0, ""
        return (0.6, "spelled name") if listed else (0.45, "spelled word")

    def _extend(self, tokens: Sequence[NameWord], at: int, *, sure: bool) -> int:
        """Index of the last word of the name that begins at `at`."""
        last, limit = at, at + 3
        if tokens[at].kind == INITIAL and at + 1 < len(tokens) and tokens[at + 1].kind == INITIAL:
            last = at + 1
        if tokens[at].lower.endswith(("'s", "\u2019s")) or tokens[at].spelled:
            return at
        while last < limit and last + 1 < len(tokens):
            nxt = tokens[last + 1]
            after = tokens[last + 2] if last + 2 < len(tokens) else None
            if nxt.lower in cues.PARTICLES and after and after.kind in {SURE, SURNAME, UNKNOWN, WEAK_SURNAME}:
                last += 2
            elif (
                (
                    nxt.kind in {SURE, SURNAME}
                    or (nxt.kind == UNKNOWN and sure and tokens[last].kind in {SURE, WEAK, INITIAL})
                    or nxt.lower in cues.GENERATION
                )
                or (
                    nxt.kind == UNKNOWN
                    and last == at
                    and tokens[at].kind == SURNAME
                    and (after is None or after.kind == MARK or after.lower in cues.CLAUSE)
                )
                or (
                    nxt.kind in {UNKNOWN, WEAK_SURNAME, WEAK}
                    and last == at
                    and tokens[at].kind == UNKNOWN
                    and nxt.lower not in cues.NOT_SURNAMES
                    and (
                        nxt.capital
                        or (nxt.kind == UNKNOWN and (after is None or after.kind == MARK or after.lower in cues.FOLLOW))
                    )
                )
                or (
                    nxt.kind == INITIAL
                    and nxt.lower not in {"a", "i"}
                    and after
                    and (after.kind in NAMELIKE or after.lower == ".")
                )
                or (nxt.lower == "." and tokens[last].kind == INITIAL and after and after.kind in NAMELIKE)
                or (
                    nxt.kind in {WEAK, WEAK_SURNAME}
                    and (nxt.capital or nxt.lower not in cues.NOT_SURNAMES)
                    and tokens[last].kind in {SURE, WEAK, INITIAL}
                )
                or (nxt.capital and nxt.kind in {COMMON, WEAK, WEAK_SURNAME} and tokens[at].capital)
                or self._ambiguous.common_surname(tokens, at, last)
            ):
                last += 1
            else:
                break
            if tokens[last].lower.endswith(("'s", "\u2019s")):
                break
        while last > at and tokens[last].kind == MARK:
            last -= 1
        return last


@cache
def person_recognizer() -> PersonRecognizer:
    """The one that everybody shares who asks for the class of a word: its lists are large."""
    return PersonRecognizer()
