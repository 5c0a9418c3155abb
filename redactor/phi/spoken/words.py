"""The words that speech uses for digits, letters and symbols, and the tokens they are read from."""

from __future__ import annotations

import re
from typing import NamedTuple

TOKEN = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+")  # a word, or a run of digits

DIGITS = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "niner": 9,
    "fower": 4,
    "nought": 0,
    "naught": 0,
}
TEENS = {
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
}
TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
ORDINAL_UNITS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
}
ORDINALS = ORDINAL_UNITS | {
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "thirteenth": 13,
    "fourteenth": 14,
    "fifteenth": 15,
    "sixteenth": 16,
    "seventeenth": 17,
    "eighteenth": 18,
    "nineteenth": 19,
    "twentieth": 20,
    "thirtieth": 30,
    "fortieth": 40,
    "fiftieth": 50,
    "sixtieth": 60,
    "seventieth": 70,
    "eightieth": 80,
    "ninetieth": 90,
    "hundredth": 100,
}
REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
OH = frozenset({"oh", "o", "ow"})
SPELLING_WORDS = {
    word: word[0]
    for word in "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november "
    "oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu".split()
}
"""The NATO alphabet; words of their own too, so they are letters only beside a figure, a letter or each other."""
ALSO_WORDS = frozenset(
    "november mike oscar charlie victor juliet juliett romeo golf hotel india lima quebec echo uniform".split()
)
"""Those that are common beside a figure: a date, a name, a place."""
HOMOPHONES = {
    "to": 2,
    "too": 2,
    "tu": 2,
    "for": 4,
    "fore": 4,
    "won": 1,
    "ate": 8,
    "tree": 3,
    "free": 3,
    "sex": 6,
    "sick": 6,
    "sicks": 6,
    "nein": 9,
    "mine": 9,
    "fine": 5,
    "fife": 5,
    "hive": 5,
    "heaven": 7,
    "eleven's": 11,
    "then": 10,
    "owe": 0,
    "or": 0,
    "hero": 0,
    "nighty": 90,
    "weighty": 80,
}
"""Words that recognition writes for digits; read as digits only between other digits."""
SCALES = {"hundred": 100, "thousand": 1000}

NUMBER_STARTS = DIGITS.keys() | TEENS.keys() | TENS.keys() | ORDINALS.keys() | SCALES.keys()

FILLERS = frozenset("uh um uhm umm uhh erm hmm hm mm mmm ah eh".split())
# Words between a wrong number and the right one; one strong word is needed.
CORRECTION_STRONG = frozenset(
    "no not nope sorry mean correction actually wait rather excuse scratch oops pardon strike hang hold wrong".split()
)
CORRECTION_WEAK = frozenset(
    "i i'm im that that's thats is it's its make me let see say should be it the and oh uh um on a second sec start "
    "over try so okay ok back up lemme was my bad".split()
)
CORRECTION = "\u00ac"
"""Replaces "no, I mean" between two numbers in the written form: both belong to one value."""

TOP_LEVEL = frozenset(
    "com org net edu gov mil info biz io co us uk ca au de fr es health care clinic doctor dental app dev me tv "
    "example".split()
)
PROVIDERS = frozenset(
    "outlook sbcglobal bellsouth earthlink gmail yahoo hotmail aol icloud comcast verizon msn protonmail proton "
    "ymail".split()
)
"""Domains so common that people omit the "dot com"."""
NOT_A_LOCAL_PART = frozenset(
    "us me him her them it online website site page visit look looked available found is are be was go up on in "
    "working work works job portal web appointment meet meeting call called email mail e-mail forms form paperwork "
    "questionnaire survey chart records results documents says address details apply pay bill bills everything "
    "register enroll sign upload uploaded complete completed fill filled download view read started more instructions "
    "directions there "
    "here now today money balance payment".split()
)


class SpokenToken(NamedTuple):
    start: int
    end: int
    lower: str


_PARTS = "|".join(sorted(NUMBER_STARTS | REPEATS.keys() | {"oh", "dash", "dot"}, key=len, reverse=True))
_GROWN = re.compile(
    rf"(?:{_PARTS}){{2,}}|(?:dot|dash)(?:com|org|net)|(?:{'|'.join(sorted(PROVIDERS | {'example'}))})dot"
)
_PART = re.compile(rf"{_PARTS}|com|org|net|\w+?(?=dot$)")
_MAY_GROW = re.compile(r"one|two|three|four|five|six|seven|eight|nine|zero|oh|teen|ty|dot", re.IGNORECASE)
_KNOWN = NUMBER_STARTS | frozenset("someone anyone everyone done gone none money phone often seventeen".split())


def tokens_of(text: str) -> list[SpokenToken]:
    """Words and digit runs with their positions; `lower` is lower case with a straight apostrophe.

    Number words that recognition joined ("fourone", "onetwenty") are split.
    """
    tokens: list[SpokenToken] = []
    for match in TOKEN.finditer(text):
        lower = match.group().lower().replace("\u2019", "'")
        start, end = match.span()
        if end - start > 5 and lower not in _KNOWN and _MAY_GROW.search(lower) and _GROWN.fullmatch(lower):
            tokens.extend(
                SpokenToken(start + part.start(), start + part.end(), part.group()) for part in _PART.finditer(lower)
            )
            continue
        tokens.append(SpokenToken(start, end, lower))
    return tokens
