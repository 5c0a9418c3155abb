"""Social security numbers (45 CFR 164.514(b)(2)(i)(G)): nine digits as AAA-GG-SSSS, or the last four by cue.

Format: https://www.ssa.gov/employer/randomization.html. The grouping is free, since it is dictated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.recognizers.cued import CuedValue
from redactor.phi.spoken import WrittenForm

_WRITTEN = re.compile(r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])")


class SsnRecognizer(CuedValue):
    """By "social" and "SSN"; the written grouping needs no cue."""

    label = "US_SSN"
    cue = (
        r"social(?:\s+security)?(?:\s+(?:number|card|digits))?|s\.? ?s\.? ?n\.?|ssn|(?:last|final) (?:4|"
        r"four)(?: digits)?(?: of)?(?: (?:my|the|her|his|your))? (?:social|ssn)(?: security)?"
    )
    cue_words = frozenset("social ssn sn n last final".split())
    score = 0.95
    fewest = 3
    most = 11

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        yield from super().spans(form)
        for match in _WRITTEN.finditer(form.text):
            yield *form.to_original(*match.span()), 0.85, "AAA-GG-SSSS"
