"""Every word of the clinical lists: unknown words that are not names."""

from __future__ import annotations

import re
from functools import cache

from redactor.phi.lexicons import LISTS, plural, read_terms
from redactor.phi.lexicons.library import disease_names, drug_names

_WORD = re.compile(r"[a-z]{4,}")


@cache
def clinical_words() -> frozenset[str]:
    """Words of four letters and more, lower case, with regular plurals; of the packages' lists too."""
    terms = [term.text.lower() for name in LISTS for term in read_terms(name)]
    found = {word for phrase in (*terms, *drug_names(), *disease_names()) for word in _WORD.findall(phrase)}
    return frozenset(found | {plural(word) for word in found})
