"""Word lists of the clinical recognizers, and how they are read.

A list is a text file in this package: terms are separated by commas and line ends, `#` starts a comment line, and a
line `[section]` gives the strength of the terms below it (`STRENGTHS`). In a term

    metformin        is matched in any case, with plural and possessive ("pain pill", "pain pills", "crohn's", "crohns")
    x-ray            also as "x ray" and "xray"
    PSA              letters that are also said one by one: "psa", "p s a"; digits too: A1C, "a one c", "a 1 c"
    P.S.A.           the same, but written together only in capitals, since the letters also make a word (M.S., P.T.,
    E.R.)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LISTS = {
    "medication": "MEDICATION",
    "condition": "CONDITION",
    "lab_result": "LAB_RESULT",
    "procedure": "PROCEDURE",
    "specialty": "SPECIALTY",
    "billing": "BILLING",
}
STRENGTHS = ("strong", "likely", "weak", "generic", "not")
"""strong: clinical on its own. likely: usually clinical. weak: only near a cue word. generic: a hint, never enough.
not: a phrase that looks clinical but is not.
"""


class Term(NamedTuple):
    """One entry of a list. `by_sound`: frequent enough to be matched by its sound (option "repair" of its section)."""

    text: str
    strength: str
    by_sound: bool = False


def read_terms(name: str) -> Iterator[Term]:
    """Read `name`.txt. Raises ValueError for an unknown section."""
    strength, by_sound = "strong", False
    for line in files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8").splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("["):
            strength, _, option = stripped.strip("[]").partition(" ")
            by_sound = option == "repair"
            if strength not in STRENGTHS:
                raise ValueError(f"{name}.txt: unknown section {stripped}")
            continue
        for term in stripped.split(","):
            if text := term.strip():
                yield Term(text, strength, by_sound)


@cache
def patterns() -> dict[str, Any]:
    """The tables of patterns.toml."""
    tables: dict[str, Any] = tomllib.loads(files(__name__).joinpath("patterns.toml").read_text(encoding="utf-8"))
    return tables


@cache
def word_class(name: str) -> frozenset[str]:
    """A word class of patterns.toml with regular plurals; names with a dot look into a table ("cue.billing")."""
    value: Any = patterns()
    for part in name.split("."):
        value = value[part]
    words = set(value.split())
    return frozenset(words | {plural(word) for word in words})


def plural(word: str) -> str:
    """The regular plural of an English word, the word itself where it already ends like one."""
    if word.endswith(("s", "x", "ch", "sh", "z")):
        return word + "es" if word.endswith(("x", "ch", "sh", "ss")) else word
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return word[:-1] + "ies"
    return word + "s"
