"""Certificate and licence numbers (45 CFR 164.514(b)(2)(i)(K)): driver's licence, state ID, passport, NPI, DEA, by
cue.
"""

from __future__ import annotations

from redactor.phi.recognizers.cued import CuedValue


class LicenseRecognizer(CuedValue):
    """As in "driver's license", "passport", "NPI", "DEA number"."""

    label = "LICENSE_NUMBER"
    cue = (
        r"(?:driver'?s?'? |medical |state |nursing |pharmacy )?licen[sc]e(?! plate)(?: (?:number|no|id))?|state id|"
        r"passport(?: number)?|n\.? ?p\.? ?i\.?|d\.? ?e\.? ?a\.? (?:number|no)|certificate(?: (?:number|no))|"
        r"permit (?:number|no)|visa number|green card(?: number)?"
    )
    cue_words = frozenset("license licence state passport npi n np dea d de certificate permit visa green".split())
    fewest = 3
