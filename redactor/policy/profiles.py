"""Policies: data that say what happens to each label. Four are shipped; operators may write their own TOML files.

name = "front-desk"            # what artefacts are stamped with
version = "1"
extends = "deidentify"         # or a path relative to this file: what this file does not say comes from there
default = "redact"             # for labels the table does not name; KEYED_DIGITS is redacted unless it is named
min_score = 0.35               # findings below it are ignored
padding = 0.25                 # seconds bleeped around covered words
reach = 0.05                   # of these at most so many inside a kept neighbour, and never past its middle
unheard_speech = "quarantine"  # or "bleep": speech without words
unheard_sound = "bleep"        # or "keep": ringing, music and noise without words
max_doubt = 1.0                # recordings that leave more doubt are withheld (`redactor.doubt`)
[labels]
PERSON = "keep-first-name"     # a rule of `RULES`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from redactor.errors import ConfigurationError
from redactor.policy.sources import MergedPolicy, PolicySource, find_policy, merge, policy_names
from redactor.types import CLINICAL, KEYED_DIGITS, LABELS

__all__ = [
    "RULES",
    "Policy",
    "ResolvedPolicy",
    "load_policy",
    "parse_policy",
    "policy_names",
    "resolve_policy",
    "usual_max_doubt",
]

RULES = ("redact", "keep", "flag", "keep-first-name", "keep-callback", "keep-appointment", "keep-in-organization")
"""What a policy may do with a label. redact: replace and bleep; keep: leave; flag: leave and list; the others keep one
use and redact the rest: the first word of a name, a number given for calling back, the date and time of an appointment,
a part of an organization's name.
"""

RULE_LABELS = {
    "keep-first-name": frozenset({"PERSON"}),
    "keep-callback": frozenset({"PHONE_NUMBER"}),
    "keep-appointment": frozenset({"DATE_TIME"}),
    "keep-in-organization": CLINICAL,
}
"""The labels to which each contextual rule applies."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A checked policy. `labels` maps each of `types.LABELS` to one of `RULES`."""

    name: str
    version: str
    description: str
    labels: Mapping[str, str]
    min_score: float = 0.35
    padding: float = 0.25
    reach: float = 0.05
    unheard_speech: str = "quarantine"
    unheard_sound: str = "bleep"
    max_doubt: float = 1.0

    @property
    def stamp(self) -> str:
        """Name and version, as artefacts carry it."""
        return f"{self.name}/{self.version}"

    @property
    def fingerprint_parts(self) -> tuple[Any, ...]:
        """All that shapes artefacts, in a fixed order; without `max_doubt`, which shapes none."""
        rules = sorted(self.labels.items())
        seconds = (self.padding, self.reach)
        return (self.stamp, rules, self.min_score, *seconds, self.unheard_speech, self.unheard_sound)

    def with_changes(self, **changes: Any) -> Policy:
        """A copy with some settings changed (command-line options override the file), checked like a file.

        Raises:
            ConfigurationError: a value is out of range.
        """
        given = {key: value for key, value in changes.items() if value is not None}
        return _check(replace(self, **given))


@dataclass(frozen=True, slots=True)
class ResolvedPolicy:
    """A policy, and where each of its values comes from (`MergedPolicy`)."""

    policy: Policy
    merged: MergedPolicy

    @property
    def default(self) -> str:
        """The rule of labels that no table in the chain names, `KEYED_DIGITS` excepted."""
        return str(self.merged.values.get("default", "redact"))


@cache
def usual_max_doubt(name: str) -> float:
    """The limit of the shipped policy of this name; 1.0 for others."""
    return load_policy(name).max_doubt if name in policy_names() else 1.0


def load_policy(name: str) -> Policy:
    """A shipped policy by name, or an operator's own by the path of its TOML file.

    Raises:
        ConfigurationError: no such policy, unreadable TOML, unknown keys, labels or rules; the same in a policy that it
            extends.
    """
    return resolve_policy(name).policy


def resolve_policy(name: str) -> ResolvedPolicy:
    """The same with the origins of its values."""
    merged = merge(find_policy(name))
    return ResolvedPolicy(_checked(merged), merged)


def parse_policy(text: str) -> Policy:
    """TOML → Policy. A path in `extends` is relative to the working folder.

    Raises:
        ConfigurationError: see `load_policy`.
    """
    return _checked(merge(PolicySource(text, "")))


def _checked(merged: MergedPolicy) -> Policy:
    data = dict(merged.values)
    default = data.pop("default", "redact")
    given = data.pop("labels")
    unknown = sorted(set(given) - LABELS)
    if unknown:
        raise ConfigurationError(
            f"The policy names unknown labels: {', '.join(unknown)}.", hint=f"Labels: {', '.join(sorted(LABELS))}."
        )
    # Any decoder reads the digits from keypad tones: a policy that keeps everything else must name them to keep them.
    rules = {**dict.fromkeys(sorted(LABELS), default), KEYED_DIGITS: "redact"}
    labels = MappingProxyType({label: str(given.get(label, rule)) for label, rule in rules.items()})
    known = {"name", "version", "description", "min_score", "padding", "reach"}
    known |= {"unheard_speech", "unheard_sound", "max_doubt"}
    unknown_keys = sorted(set(data) - known)
    if unknown_keys:
        raise ConfigurationError(
            f"The policy has unknown keys: {', '.join(unknown_keys)}.",
            hint=f"Keys: {', '.join(sorted(known | {'default', 'extends', 'labels'}))}.",
        )
    for key in ("name", "version"):
        if not str(data.get(key, "")).strip():
            raise ConfigurationError(f"The policy has no {key}.", hint='Begin it with name = "…" and version = "1".')
    for key in ("min_score", "padding", "reach", "max_doubt"):
        if isinstance(data.get(key, 0), bool) or not isinstance(data.get(key, 0), int | float):
            raise ConfigurationError(f"{key} must be a number.", hint=f"Write it without quotes: {key} = 0.3")
    return _check(
        Policy(
            name=str(data["name"]),
            version=str(data["version"]),
            description=str(data.get("description", "")),
            labels=labels,
            min_score=float(data.get("min_score", 0.35)),
            padding=float(data.get("padding", 0.25)),
            reach=float(data.get("reach", 0.05)),
            unheard_speech=str(data.get("unheard_speech", "quarantine")),
            unheard_sound=str(data.get("unheard_sound", "bleep")),
            max_doubt=float(data.get("max_doubt", 1.0)),
        )
    )


def _check(policy: Policy) -> Policy:
    wrong = sorted({rule for rule in policy.labels.values() if rule not in RULES})
    if wrong:
        raise ConfigurationError(
            f"The policy uses unknown rules: {', '.join(wrong)}.", hint=f"Rules: {', '.join(RULES)}."
        )
    for label, rule in policy.labels.items():
        if label not in RULE_LABELS.get(rule, LABELS):
            raise ConfigurationError(
                f"The rule {rule} does not apply to {label}.",
                hint=f"{rule} applies to {', '.join(sorted(RULE_LABELS[rule]))} only; use redact, keep or flag.",
            )
    if not 0 <= policy.min_score <= 1:
        raise ConfigurationError("min_score must be between 0 and 1.")
    if not 0 <= policy.max_doubt <= 1:
        raise ConfigurationError("max_doubt must be between 0 and 1.")
    if not 0 <= policy.padding <= 2 or not 0 <= policy.reach <= 2:
        raise ConfigurationError("padding and reach must be between 0 and 2 seconds.")
    if policy.unheard_speech not in ("quarantine", "bleep"):
        raise ConfigurationError('unheard_speech must be "quarantine" or "bleep".')
    if policy.unheard_sound not in ("bleep", "keep"):
        raise ConfigurationError('unheard_sound must be "bleep" or "keep".')
    return policy
