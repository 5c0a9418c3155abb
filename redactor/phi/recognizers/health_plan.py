"""Health plan beneficiary numbers (45 CFR 164.514(b)(2)(i)(I)): member, subscriber, group and policy numbers,
Medicare's MBI, by cue.
"""

from __future__ import annotations

from redactor.phi.recognizers.cued import CuedValue


class HealthPlanRecognizer(CuedValue):
    """As in "member id", "group number", "policy", "Medicare number"."""

    label = "HEALTH_PLAN_ID"
    cue = (
        r"(?:member|subscriber|beneficiary|insurance|plan|enrollee|medicare|medicaid|policy|group|coverage|"
        r"benefits?)(?:'s)?(?: (?:holder|plan|card|member|policy|group|id|i d|i\.d\.|identification|number|no|num|"
        r"#))+|member(?:ship)? (?:id|i d|number)|mbi|(?:member|subscriber|policy|group)(?= is| was| #|:|,|"
        r" [a-z]{0,4}\d)"
    )
    cue_words = frozenset(
        "member membership subscriber beneficiary insurance plan enrollee medicare medicaid policy group coverage "
        "benefit benefits mbi".split()
    )
