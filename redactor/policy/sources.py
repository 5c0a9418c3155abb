"""The texts of policies: shipped ones by name, operators' own by path, and the policies that they extend.

A policy that says `extends = "deidentify"` (a shipped name, or a path relative to its own file) needs only its
differences. Tables of labels are united, other values replaced; the nearest policy in the chain wins. `name`, `version`
and `description` are never inherited: artefacts are stamped with them, and the policies differ.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from redactor.errors import ConfigurationError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OWN = ("name", "version", "description")
"""Keys that are not inherited."""


@dataclass(frozen=True, slots=True)
class PolicySource:
    """The text of one policy. `shown`: its shipped name, or the name of its file; `path`: None for a shipped one."""

    text: str
    shown: str
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class MergedPolicy:
    """The values of a policy and of those that it extends.

    Attributes:
        values: as in TOML, without `extends`.
        origins: key, or "labels.LABEL" → `PolicySource.shown` of the policy that says it.
        chain: `shown` of the policy, of the one that it extends, and so on.
    """

    values: Mapping[str, Any]
    origins: Mapping[str, str]
    chain: tuple[str, ...]


def policy_names() -> tuple[str, ...]:
    """The shipped policies, `deidentify` (the default) first."""
    found = sorted(p.name[:-5] for p in _shipped().iterdir() if p.name.endswith(".toml"))
    return ("deidentify", *(name for name in found if name != "deidentify"))


def find_policy(name: str, *, folder: Path | None = None) -> PolicySource:
    """A shipped policy by name, or an operator's own by the path of its TOML file, relative to `folder`.

    Raises:
        ConfigurationError: no such policy, or it cannot be read.
    """
    if name in policy_names():
        return PolicySource((_shipped() / f"{name}.toml").read_text(encoding="utf-8"), name)
    path = (folder or Path()) / name
    if path.suffix != ".toml" and not os.path.isfile(path):  # noqa: PTH113 - False, not an error, for any name
        known = ", ".join(policy_names())
        raise ConfigurationError(
            "There is no policy with that name.", hint=f"Use one of {known}, or the path of a .toml file."
        )
    try:
        return PolicySource(path.read_text(encoding="utf-8-sig"), path.name, path)
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a name that no file can have
        raise ConfigurationError(
            "The policy file cannot be read.", hint="Check its path, permissions and encoding (UTF-8)."
        ) from error


def merge(source: PolicySource) -> MergedPolicy:
    """A policy with everything that it inherits. Values are not checked here, only the form.

    Raises:
        ConfigurationError: unreadable TOML, no table of labels, a policy that extends itself.
    """
    layers = [(source, _parsed(source))]
    seen = {_identity(source)}
    while "extends" in layers[-1][1]:
        extending, data = layers[-1]
        base = _extended(data.pop("extends"), extending)
        if _identity(base) in seen:
            raise ConfigurationError(
                "The policy extends itself, directly or through others.", hint="Remove one of the lines extends = …."
            )
        seen.add(_identity(base))
        try:
            layers.append((base, _parsed(base)))
        except ConfigurationError as error:
            raise ConfigurationError(f"In a policy that it extends: {error.message}", hint=error.hint) from error
    values: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer, data in reversed(layers):
        own = layer is source
        for label, rule in data.pop("labels", {}).items():
            labels[label] = rule
            origins[f"labels.{label}"] = layer.shown
        for key, value in data.items():
            if own or key not in OWN:
                values[key] = value
                origins[key] = layer.shown
    return MergedPolicy({**values, "labels": labels}, origins, tuple(layer.shown for layer, _ in layers))


def _parsed(source: PolicySource) -> dict[str, Any]:
    try:
        data: dict[str, Any] = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The policy is not valid TOML: {error}.") from error
    if not isinstance(data.get("labels", {}), dict):
        raise ConfigurationError(
            "labels is not a table.", hint='Write a line [labels], then lines like PERSON = "redact".'
        )
    return data


def _extended(name: Any, source: PolicySource) -> PolicySource:
    if not isinstance(name, str) or not name.strip():
        raise ConfigurationError(
            "extends does not name a policy.", hint='Write a shipped name or a path: extends = "deidentify".'
        )
    try:
        return find_policy(name, folder=source.path and source.path.parent)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"The policy that it extends is not there. {error.message}",
            hint=f"{error.hint} A path in extends is relative to the file that says it.",
        ) from error


def _identity(source: PolicySource) -> str:
    return source.shown if source.path is None else os.path.realpath(source.path)


def _shipped() -> Any:
    return resources.files("redactor.policy") / "profiles"
