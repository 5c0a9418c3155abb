"""Findings → Plan. `sources` and `profiles` read policies, `contextual_rules` decides by context, `word_spans` turns
spans into seconds, `keyed` covers keypad tones, `plan` puts it together, `drafts` plans what a run withholds, and
`edits` applies a reviewer's changes.
"""

from redactor.policy.drafts import draft_plan
from redactor.policy.edits import EDIT_KINDS, MANUAL, Edit, edited, uncovered
from redactor.policy.plan import make_plan, with_echoes
from redactor.policy.profiles import (
    Policy,
    ResolvedPolicy,
    load_policy,
    parse_policy,
    policy_names,
    resolve_policy,
    usual_max_doubt,
)

__all__ = [
    "EDIT_KINDS",
    "MANUAL",
    "Edit",
    "Policy",
    "ResolvedPolicy",
    "draft_plan",
    "edited",
    "load_policy",
    "make_plan",
    "parse_policy",
    "policy_names",
    "resolve_policy",
    "uncovered",
    "usual_max_doubt",
    "with_echoes",
]
