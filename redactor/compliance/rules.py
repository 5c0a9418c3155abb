"""The rule set: `rules.toml` as validated objects, with a practice's own file on top.

A practice's file (`--rules FILE`) may contain

    name = "lakeside"                  # shown in results
    version = "3"
    [practice]                         # any of the keys of [practice] in rules.toml: limits, approved scripts, names,
    numbers, off = ["V18"]
    refill_notice_allowed = true
    callback_numbers = ["206-555-0142"]
    [limits]                           # any of the keys of [limits]
    [rules.V07]                        # of any rule: severity, better, more = [phrases to add], never = [phrases that
    are not counted]
    never = ["lakeside family dental"]

Authority, citation and exemptions cannot be changed: they reflect the law or the guidance.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from redactor.compliance.model import Severity
from redactor.errors import ConfigurationError
from redactor.types import LABELS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

IDS = tuple(f"V{n:02d}" for n in range(1, 21))
Phrases = tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        authority: "regulation", "guidance" or "policy".
        labels: findings it uses; `phrases`: words it searches for; `never`: words that do not count.
        topics: consent scope → phrases that need it (V05).
        tests: procedures that are tests (V04).
        scopes: consents, any of which exempts.
    """

    id: str
    severity: Severity
    authority: str
    citation: str
    title: str
    exempt: str
    better: str
    labels: frozenset[str] = frozenset()
    phrases: Phrases = ()
    never: Phrases = ()
    topics: Mapping[str, Phrases] = field(default_factory=dict)
    tests: Phrases = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Practice:
    """Decisions of the practice; see [practice] in rules.toml."""

    max_seconds: float = 60.0
    full_name_allowed: bool = False
    refill_notice_allowed: bool = False
    scripts: tuple[str, ...] = ()
    script_tolerance: float = 0.25
    practice_names: tuple[str, ...] = ()
    neutral_names: tuple[str, ...] = ()
    callback_numbers: tuple[str, ...] = ()
    staff_names: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleLimits:
    """Thresholds for the quality of recognition; see [limits] in rules.toml."""

    unsure_word: float = 0.5
    unsure_share: float = 0.2
    unheard_seconds: float = 0.5
    clipped_share: float = 0.002
    foreign_share: float = 0.2
    sure_score: float = 0.5
    prerecorded_seconds: float = 60.0
    words_a_second: float = 2.5


@dataclass(frozen=True, slots=True)
class Rules:
    """A validated rule set. `words`: lists that several rules use; `attestation`: statements for a
    person to confirm.
    """

    name: str
    version: str
    rules: Mapping[str, Rule]
    practice: Practice
    limits: RuleLimits
    words: Mapping[str, frozenset[str]]
    general_practice: re.Pattern[str]
    attestation: tuple[str, ...]

    @property
    def stamp(self) -> str:
        """Name and version, as in results."""
        return f"{self.name}/{self.version}"


def load_rules(own: Path | None = None) -> Rules:
    """The shipped rules, with a practice's own file on top.

    Raises:
        ConfigurationError: the file cannot be read or is not valid.
    """
    shipped = _shipped((resources.files("redactor.compliance") / "rules.toml").read_text(encoding="utf-8"))
    if own is None:
        return shipped
    try:
        text = own.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            "The rules file cannot be read.", hint="Check its path, permissions and encoding (UTF-8)."
        ) from None
    return overlaid(shipped, text)


def overlaid(rules: Rules, text: str) -> Rules:
    """Apply a practice's TOML to a rule set.

    Raises:
        ConfigurationError: invalid TOML, unknown keys, wrong types, or invalid regular expressions.
    """
    data = _toml(text)
    strange = set(data) - {"name", "version", "practice", "limits", "rules"}
    if strange:
        raise ConfigurationError(
            f"The rules file has unknown keys: {', '.join(sorted(strange))}.",
            hint="Allowed: name, version, [practice], [limits] and [rules.V01] … [rules.V20].",
        )
    if not str(data.get("name", "")).strip() or not str(data.get("version", "")).strip():
        raise ConfigurationError(
            "The rules file has no name or no version.", hint='Start it with name = "…" and version = "1".'
        )
    given = _table(data, "rules")
    unknown = sorted(set(given) - set(IDS))
    if unknown:
        raise ConfigurationError(f"Unknown rules: {', '.join(unknown)}.", hint="Rules: V01 … V20.")
    return replace(
        rules,
        name=str(data["name"]),
        version=f"{data['version']} over {rules.stamp}",
        practice=_filled(rules.practice, _table(data, "practice"), "practice"),
        limits=_checked(_filled(rules.limits, _table(data, "limits"), "limits")),
        rules=MappingProxyType({i: _changed(r, _table(given, i)) for i, r in rules.rules.items()}),
    )


_BLANKS = re.compile(r"(\(\?<[!=][^)]*\))|( \??)")
"""Spaces in a phrase; those inside look-behinds stay single, since a look-behind has a fixed length."""


def compiled(phrases: Sequence[str], *, where: str) -> Phrases:
    """Phrases as patterns over normalised text (`AnnotatedText.plain`): whole words, a space matches any gap.

    Raises:
        ConfigurationError: one is not a valid regular expression.
    """
    out: list[re.Pattern[str]] = []
    for number, phrase in enumerate(phrases, 1):
        try:
            spaced = _BLANKS.sub(lambda m: m[1] or (r"\s*" if m[2].endswith("?") else r"\s+"), phrase)
            out.append(re.compile(rf"(?<![\w'])(?:{spaced})(?![\w'])"))
        except re.error:  # noqa: PERF203
            raise ConfigurationError(f"Phrase {number} of {where} is not a valid regular expression.") from None
    return tuple(out)


def _shipped(text: str) -> Rules:
    data = _toml(text)
    rules: dict[str, Rule] = {}
    for row in data["rule"]:
        name = row["id"]
        rules[name] = Rule(
            id=name,
            severity=Severity(row["severity"]),
            authority=row["authority"],
            citation=row["citation"],
            title=row["title"],
            exempt=row["exempt"],
            better=row.get("better", ""),
            labels=frozenset(row.get("labels", ())),
            phrases=compiled(row.get("phrases", ()), where=name),
            topics=MappingProxyType({k: compiled(v, where=name) for k, v in row.get("topics", {}).items()}),
            tests=compiled([row["tests"]], where=name) if "tests" in row else (),
            scopes=tuple(row.get("scopes", ())),
        )
    assert tuple(rules) == IDS
    assert all(r.labels <= LABELS for r in rules.values())
    words = dict(data["words"])
    general = compiled([words.pop("general_practice")], where="words")[0]
    return Rules(
        name=data["name"],
        version=data["version"],
        rules=MappingProxyType(rules),
        practice=_filled(Practice(), data["practice"], "practice"),
        limits=_filled(RuleLimits(), data["limits"], "limits"),
        words=MappingProxyType({k: frozenset(v.split()) for k, v in words.items()}),
        general_practice=general,
        attestation=tuple(row["text"] for row in data["attestation"]),
    )


def _changed(rule: Rule, given: Mapping[str, Any]) -> Rule:
    strange = set(given) - {"severity", "better", "more", "never"}
    if strange:
        raise ConfigurationError(
            f"{rule.id} has keys that cannot be changed: {', '.join(sorted(strange))}.",
            hint="Only severity, better, more and never can be changed.",
        )
    try:
        severity = Severity(given.get("severity", rule.severity))
    except ValueError:
        raise ConfigurationError(f"The severity of {rule.id} must be S1, S2, S3 or note.") from None
    return replace(
        rule,
        severity=severity,
        better=str(given.get("better", rule.better)),
        phrases=rule.phrases + compiled(_strings(given.get("more", []), f"{rule.id}.more"), where=f"{rule.id}.more"),
        never=rule.never + compiled(_strings(given.get("never", []), f"{rule.id}.never"), where=f"{rule.id}.never"),
    )


_BOUNDS = {
    "unsure_word": (0.1, 1.0),
    "unsure_share": (0.0, 0.5),
    "unheard_seconds": (0.0, 5.0),
    "clipped_share": (0.0, 0.1),
    "foreign_share": (0.0, 0.5),
    "sure_score": (0.1, 1.0),
    "prerecorded_seconds": (1.0, 60.0),
    "words_a_second": (1.0, 5.0),
}
"""Allowed ranges. Beyond them a limit would silently disable its rule; `off` does that visibly.
"""


def _checked(limits: RuleLimits) -> RuleLimits:
    for key, (low, high) in _BOUNDS.items():
        if not low <= getattr(limits, key) <= high:
            raise ConfigurationError(
                f"limits.{key} is not between {low:g} and {high:g}.",
                hint='To leave a rule out, name it in practice.off = ["V20"].',
            )
    return limits


def _filled(base: Any, given: Mapping[str, Any], table: str) -> Any:
    """A dataclass with the values of a TOML table, each of the type of its default."""
    known = {f.name for f in fields(base)}
    strange = sorted(set(given) - known)
    if strange:
        raise ConfigurationError(
            f"[{table}] has unknown keys: {', '.join(strange)}.", hint=f"Keys: {', '.join(sorted(known))}."
        )
    values: dict[str, Any] = {}
    for key, value in given.items():
        kind = getattr(base, key)
        if isinstance(kind, tuple):
            values[key] = _strings(value, f"{table}.{key}")
        elif isinstance(kind, bool):
            if not isinstance(value, bool):
                raise ConfigurationError(f"{table}.{key} must be true or false.")
            values[key] = value
        else:
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
                raise ConfigurationError(f"{table}.{key} must be a number of at least 0.")
            values[key] = float(value)
    if set(values.get("off", ())) - set(IDS):
        raise ConfigurationError("practice.off contains an unknown rule.", hint="Rules: V01 … V20.")
    return replace(base, **values)


def _strings(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
        raise ConfigurationError(
            f"{where} must be a list of texts.", hint=f'Write {where.rpartition(".")[2]} = ["…", "…"].'
        )
    return tuple(value)


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise ConfigurationError(f"{key} is not a table.", hint=f"Write a line [{key}], then its keys.")
    return value


def _toml(text: str) -> dict[str, Any]:
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The rules file is not valid TOML: {error}.") from None
    return data
