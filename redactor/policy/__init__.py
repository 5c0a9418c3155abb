"""Findings → Plan. `profiles` reads policies, `refine` decides by context, `cover` turns spans into seconds, `keyed`
covers the tones of a keypad, `plan` puts it together, `edits` changes it by hand.
"""

from redactor.policy.edits import EDIT_KINDS, MANUAL, Edit, edited, uncovered
from redactor.policy.plan import make_plan, with_echoes
from redactor.policy.profiles import Policy, load_policy, parse_policy, policy_names

__all__ = [
    "EDIT_KINDS",
    "MANUAL",
    "Edit",
    "Policy",
    "edited",
    "load_policy",
    "make_plan",
    "parse_policy",
    "policy_names",
    "uncovered",
    "with_echoes",
]
