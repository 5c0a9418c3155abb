"""The script notation of scripts.toml (its head explains it) → written text, labelled spans, and the words to speak."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ABBREVIATIONS = {"Dr.": "doctor", "Mrs.": "missus", "Mr.": "mister", "Ms.": "miz"}
SPOKEN_PUNCTUATION = ",.?!"

_PIECE = re.compile(
    r"<(?P<pause>[\d.]+)>|\[(?P<label>[A-Z_]+)(?P<may>\??)\||(?P<close>\])|\{(?P<written>[^=}]+)(=(?P<spoken>[^}]+))?\}"
)


class Span(NamedTuple):
    """A labelled stretch of the text, offsets in characters; tier "must" or "may"."""

    start: int
    end: int
    label: str
    tier: str


@dataclass(frozen=True, slots=True)
class ScriptWord:
    """One written word (offsets in the text), the tokens to speak for it, and the pause after it in seconds."""

    text: str
    start: int
    end: int
    spoken: tuple[str, ...]
    pause: float = 0.0

    @property
    def ends_sentence(self) -> bool:
        return self.spoken[-1][-1] in ".?!"


@dataclass(frozen=True, slots=True)
class Script:
    """One channel of a message."""

    text: str
    words: tuple[ScriptWord, ...]
    spans: tuple[Span, ...]

    def sentences(self) -> list[list[ScriptWord]]:
        """Words grouped for one call of the engine: up to a full stop or a pause."""
        groups: list[list[ScriptWord]] = [[]]
        for word in self.words:
            groups[-1].append(word)
            if word.ends_sentence or word.pause:
                groups.append([])
        return [group for group in groups if group]


def calls(sentences: Sequence[list[ScriptWord]], *, shortest: int = 8, longest: int = 34) -> list[list[ScriptWord]]:
    """Sentences as a natural voice speaks them: short neighbours in one call of the engine, a very long one in several.

    shortest, longest: spoken tokens of a call. A sentence is cut only after a comma or a stop inside a reading, and a
        pause is never
    spoken over, so a call may be shorter or longer where there is no such place.
    """
    parts = [part for sentence in sentences for part in _cut(sentence, longest)]
    groups: list[list[ScriptWord]] = []
    for part in parts:
        joins = groups and not groups[-1][-1].pause and (_tokens(groups[-1]) < shortest or _tokens(part) < shortest)
        if joins and _tokens(groups[-1]) + _tokens(part) <= longest:
            groups[-1] = groups[-1] + part
        else:
            groups.append(part)
    return groups


def _tokens(words: list[ScriptWord]) -> int:
    return sum(len(word.spoken) for word in words)


def _cut(sentence: list[ScriptWord], longest: int) -> list[list[ScriptWord]]:
    """The sentence, halved at the comma nearest its middle as long as it is too long and has one."""
    size = _tokens(sentence)
    if size <= longest:
        return [sentence]
    places = [k for k in range(1, len(sentence)) if sentence[k - 1].spoken[-1][-1] == ","]
    if not places:
        return [sentence]
    middle = min(places, key=lambda k: abs(_tokens(sentence[:k]) - size / 2))
    return _cut(sentence[:middle], longest) + _cut(sentence[middle:], longest)


@dataclass(slots=True)
class _Draft:
    text: str = ""
    spans: list[Span] = field(default_factory=list)
    readings: dict[tuple[int, int], str] = field(default_factory=dict)
    pauses: dict[int, float] = field(default_factory=dict)

    def add(self, plain: str) -> None:
        """Append, one blank for any run of white space, none before punctuation."""
        for part in re.findall(r"\s+|\S+", plain):
            if not part.isspace():
                self.text += part
            elif self.text and not self.text.endswith(" "):
                self.text += " "


def parse(source: str, *, zero: str = "oh") -> Script:
    """Read one script. `zero` is how a 0 is spoken in {…} without a reading. Raises ValueError on broken notation."""
    draft, opened, place = _Draft(), None, 0
    for piece in _PIECE.finditer(source):
        draft.add(source[place : piece.start()])
        place = piece.end()
        if piece["pause"]:
            draft.pauses[len(draft.text.rstrip())] = float(piece["pause"])
        elif piece["label"]:
            if opened:
                raise ValueError(f"nested span: {piece[0]}")
            opened = (len(draft.text), piece["label"], "may" if piece["may"] else "must")
        elif piece["close"]:
            if not opened:
                raise ValueError("] without [")
            draft.spans.append(Span(opened[0], len(draft.text), *opened[1:]))
            opened = None
        else:
            start = len(draft.text)
            draft.text += piece["written"]
            draft.readings[start, len(draft.text)] = piece["spoken"] or read_out(piece["written"], zero=zero)
    draft.add(source[place:])
    text = draft.text.rstrip()
    if opened or re.search(r"[\[\]{}<>|]", text):
        raise ValueError(f"unbalanced notation in: {text}")
    words = tuple(_word(match, draft) for match in re.finditer(r"\S+", text))
    return Script(text, words, tuple(draft.spans))


def _word(match: re.Match[str], draft: _Draft) -> ScriptWord:
    start, end, written = match.start(), match.end(), match[0]
    inside = [(span, spoken) for span, spoken in draft.readings.items() if span[0] < end and start < span[1]]
    if len(inside) > 1 or any(a < start or b > end for (a, b), _ in inside):
        raise ValueError(f"a reading must lie in one written word: {written}")
    if inside:
        (a, b), reading = inside[0]
        spoken = written[: a - start] + reading + written[b - start :]
    else:
        spoken = ABBREVIATIONS.get(written, written)
        if any(character.isdigit() for character in spoken):
            raise ValueError(f"{written!r} needs a reading: {{{written}=…}}")
    tail = re.search(rf"[{SPOKEN_PUNCTUATION}]*$", spoken)
    mark = tail[0] if tail else ""
    core = re.sub(r"[^\w' ,]+|[\d_]+", " ", spoken[: len(spoken) - len(mark)])
    return ScriptWord(written, start, end, tuple((core.strip() + mark[:1]).split()), draft.pauses.get(end, 0.0))


def read_out(written: str, *, zero: str = "oh") -> str:
    """Digit by digit and letter by letter; a hyphen between longer groups becomes a short stop.

    >>> read_out("206-555-0142")
    'two oh six, five five five, oh one four two'
    >>> read_out("K-I-M")
    'K I M'
    """
    groups = [[_name(character, zero) for character in group] for group in written.split("-")]
    spoken = " ".join(groups[0])
    for before, after in pairwise(groups):
        spoken += (", " if len(before) > 1 or len(after) > 1 else " ") + " ".join(after)
    return spoken


def _name(character: str, zero: str) -> str:
    if character.isdigit():
        return zero if character == "0" else DIGITS[int(character)]
    if character.isalpha():
        return character.upper()
    raise ValueError(f"cannot read out {character!r}")
