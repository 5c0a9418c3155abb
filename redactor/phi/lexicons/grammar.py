"""Small grammars of how people say clinical facts: grammar/*.txt become regular expressions over the words of a text.

A list cannot hold "my ankles are all puffed up": lay people name a part of the body and what is wrong with it, in any
order, with words between. A file holds definitions and rules, one a line; a line that begins with blanks continues
the one before, `#` starts a comment line:

    BE = is | are | feels like          a name for alternatives; a later file may use it too
    [CONDITION]                         the label of the rules that follow; [CONDITION near]: only beside a cue
    BODY BE ADV* WRONG                  a rule: words and names in order

    X?  X*       optional; up to four times
    ( X Y | Z )  alternatives
    !X           not followed by X
    { … }        what is found, if not the whole match
    <body>       a word class of patterns.toml
    NUM          a number in digits or words
    BP           a blood pressure in digits: 140/90
    ANY          any word of the same sentence; ING one that ends in "-ing", ED one that ends like a participle

Words are lower case and without "'s" ("sugar's up" is "sugar up"); "um" and "uh" are left out before. A rule is only
tried at words that it can begin with, so that a text costs one look-up a word; its first part must not be optional.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from redactor.phi.lexicons import word_class

FILES = ("common", "condition", "lab_result", "procedure", "specialty", "billing")
HESITATIONS = frozenset("um uh er erm ah uhm hmm mm".split())
NUMBER_WORDS = (
    "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand half point"
).split()
_NUMBER = rf"(?:\d[\d.,/:]*|{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))}) "
NUMBER = rf"(?:{_NUMBER}(?:and (?={_NUMBER}))?)+"
ANY_NUMBER = "0"
"""The first word of a rule that begins with a number."""
ENDINGS = {"ANY": "", "ING": "[^ .]ing", "ED": "(?:[^ .]ed|en|[lr]t)"}
_TOKEN = re.compile(r"[A-Z]+|<[\w.]+>|[a-z0-9'-]+|[()|{}!?*]")
_MOST = 4


class GrammarRule(NamedTuple):
    """`pattern` matches the words of a text, each followed by a blank; group 1 is what is found."""

    label: str
    pattern: str
    name: str
    near: bool


compiled = cache(re.compile)
"""Each pattern on its first use: all of them take a second, and a short text needs few."""


class _Part(NamedTuple):
    """A piece of a rule: its regular expression, the words that it can begin with, and whether it can be empty."""

    regex: str
    first: frozenset[str]
    empty: bool = False


class _Parser:
    """Reads one right-hand side."""

    def __init__(self, source: str, names: dict[str, _Part]) -> None:
        self._tokens = _TOKEN.findall(source)
        if "".join(self._tokens) != re.sub(r"\s+", "", source):
            raise ValueError(f"grammar: cannot read {source!r}")
        self._names = names
        self._at = 0

    def parse(self) -> _Part:
        part = self._alternatives()
        if self._at < len(self._tokens):
            raise ValueError(f"grammar: unexpected {self._tokens[self._at]!r}")
        return part

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _alternatives(self) -> _Part:
        parts = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        # Longer wordings first: an alternation takes the first that fits.
        texts = sorted((p.regex for p in parts), key=lambda regex: (-regex.count(" "), -len(regex)))
        return _Part(
            f"(?:{'|'.join(texts)})", frozenset().union(*(p.first for p in parts)), any(p.empty for p in parts)
        )

    def _sequence(self) -> _Part:
        regex, first, empty = "", frozenset[str](), True
        while self._peek() not in {"", "|", ")"}:
            part = self._element()
            regex += part.regex
            if empty:
                first |= part.first
            empty = empty and part.empty
        return _Part(regex, first, empty)

    def _element(self) -> _Part:
        piece = self._peek()
        self._at += 1
        if piece == "{":
            return _Part("(", frozenset(), empty=True)
        if piece == "}":
            return _Part(")", frozenset(), empty=True)
        if piece == "!":
            return _Part(f"(?!{self._element().regex})", frozenset(), empty=True)
        if piece == "(":
            part = self._alternatives()
            if self._peek() != ")":
                raise ValueError("grammar: ) is missing")
            self._at += 1
            part = part._replace(regex=f"(?:{part.regex})")
        else:
            part = self._word(piece)
        if self._peek() in {"?", "*"}:
            count = "?" if self._peek() == "?" else f"{{0,{_MOST}}}"
            self._at += 1
            part = _Part(f"(?:{part.regex}){count}", part.first, empty=True)
        return part

    def _word(self, piece: str) -> _Part:
        if piece.startswith("<"):
            words = word_class(piece[1:-1])
            return _Part(f"(?:{'|'.join(sorted(words, key=len, reverse=True))}) ", words)
        if piece == "BP":
            return _Part(r"\d{2,3}/\d{2,3} ", frozenset({ANY_NUMBER}))
        if piece == "NUM":
            return _Part(NUMBER, frozenset({ANY_NUMBER}))
        if piece in ENDINGS:
            return _Part(rf"[^ .]+{ENDINGS[piece]} ", frozenset())
        if piece.isupper():
            return self._names[piece]
        parts = piece.removesuffix("'s").split("-")  # as `trie.pieceize` does
        return _Part(re.escape(" ".join(parts) + " "), frozenset({parts[0]}))


def _lines(name: str) -> Iterator[str]:
    """The lines of a file, continued ones joined."""
    text = files(__package__).joinpath(f"grammar/{name}.txt").read_text(encoding="utf-8")
    lines: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] == " " and lines:
            lines[-1] += line
        else:
            lines.append(line)
    return iter(lines)


@cache
def grammar() -> dict[str, tuple[GrammarRule, ...]]:
    """First word → the rules that can begin with it. Raises ValueError for a file that cannot be read."""
    names: dict[str, _Part] = {}
    rules: defaultdict[str, list[GrammarRule]] = defaultdict(list)
    for file in FILES:
        label, number, near = "", 0, False
        for line in _lines(file):
            if line.startswith("["):
                label, _, option = line.strip("[]").partition(" ")
                near = option == "near"
                continue
            name, equals, right = line.partition(" = ")
            if equals:
                names[name] = _Parser(right, names).parse()
                continue
            number += 1
            part = _Parser(line, names).parse()
            if part.empty or not part.first:
                raise ValueError(f"grammar: {line!r} has no first word")
            regex = part.regex if "{" in line else f"({part.regex})"
            rule = GrammarRule(label, regex, f"{file}:{number}", near)
            for word in part.first:
                rules[word].append(rule)
    return {word: tuple(found) for word, found in rules.items()}


class Phrase(NamedTuple):
    """words[first:last] match a rule."""

    first: int
    last: int
    label: str
    rule: str
    near: bool


def find(plain: list[str], numeric: list[bool]) -> list[Phrase]:
    """The longest phrase of each label that begins at each word."""
    rules = grammar()
    numbers = rules.get(ANY_NUMBER, ())
    starts: list[int] = []
    kept: list[int] = []  # the words that are no hesitations
    candidates: list[tuple[int, tuple[GrammarRule, ...]]] = []
    at = 0
    for index, word in enumerate(plain):
        if word in HESITATIONS:
            continue
        if numeric[index] and not (index and numeric[index - 1]):
            candidates.append((len(starts), numbers + rules.get(word, ())))
        elif word in rules:
            candidates.append((len(starts), rules[word]))
        starts.append(at)
        kept.append(index)
        at += len(word) + 1
    if not candidates:
        return []
    text = " ".join([plain[index] for index in kept]) + " "
    places = {start: number for number, start in enumerate(starts)}
    places[at] = len(starts)
    phrases: list[Phrase] = []
    for number, several in candidates:
        best: dict[tuple[str, bool], Phrase] = {}
        for rule in several:
            match = compiled(rule.pattern).match(text, starts[number])
            if match is None:
                continue
            first, last = match.span(1)
            if first == last:
                continue
            phrase = Phrase(kept[places[first]], kept[places[last] - 1] + 1, rule.label, rule.name, rule.near)
            known = best.get((rule.label, rule.near))
            if known is None or phrase.last - phrase.first > known.last - known.first:
                best[rule.label, rule.near] = phrase
        phrases.extend(best.values())
    return phrases
