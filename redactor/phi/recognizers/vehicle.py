"""Vehicle identifiers (45 CFR 164.514(b)(2)(i)(L)): licence plate and vehicle identification number (ISO 3779), by
cue.
"""

from __future__ import annotations

from redactor.phi.recognizers.cued import CuedValue


class VehicleRecognizer(CuedValue):
    """As in "plate", "tag number", "VIN"."""

    label = "VEHICLE_ID"
    cue = (
        r"(?:licen[sc]e )?plates?(?: (?:number|no))?|tags?(?: (?:number|no)|(?=\s+[a-z]{0,3}\s?\d))|"
        r"v\.? ?i\.? ?n\.?(?: (?:number|no))?|vin|vehicle (?:id|i d|identification)(?: number)?"
    )
    cue_words = frozenset("plate plates tag tags vin v n vehicle".split())
    fewest = 2
