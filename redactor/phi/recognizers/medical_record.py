"""Medical record and chart numbers (45 CFR 164.514(b)(2)(i)(H)): no common format, so by cue."""

from __future__ import annotations

import re

from redactor.phi.recognizers.cued import CuedValue


class MedicalRecordRecognizer(CuedValue):
    """As in "MRN", "chart number", "patient ID"."""

    label = "MEDICAL_RECORD_NUMBER"
    cue = (
        r"m\.? ?r\.? ?n\.?|medical record(?:s)?|record (?:number|no)|chart (?:number|no|id)|chart|patient (?:id|i d|"
        r"number|identifier)|hospital number"
    )
    cue_words = frozenset("mrn rn n record records chart patient hospital".split())
    fewest = 2

    def accepts(self, name: str, match: re.Match[str]) -> bool:
        """As in "the chart … 4 pages": far from a bare "chart" is no number."""
        return name == "after cue" or not match.group().lower().startswith("chart ")
