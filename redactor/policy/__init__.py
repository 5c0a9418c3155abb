"""Findings → Plan. `profiles` reads policies, `refine` decides by context, `cover` turns spans into seconds, `plan` puts it together."""

from redactor.policy.plan import make_plan, with_echoes
from redactor.policy.profiles import Policy, load_policy, parse_policy, policy_names

__all__ = ["Policy", "load_policy", "make_plan", "parse_policy", "policy_names", "with_echoes"]
