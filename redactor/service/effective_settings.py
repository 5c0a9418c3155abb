"""The settings that are in effect, as a settings file: every value with where it comes from, and no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from redactor.config import Settings
from redactor.config_parsing import Secret, placed, text_of
from redactor.hook.settings import read_toml
from redactor.log_and_vault import places_in
from redactor.toml_positions import positions_in


def effective_settings(settings: Settings, *, overridden: frozenset[tuple[str, str]] = frozenset()) -> str:
    """A TOML text that gives the same settings. A secret is shown by the file or variable that holds it.

    Args:
        overridden: (table, key) of the settings that the command line gives.

    Raises:
        ConfigurationError: the file cannot be read any more.
    """
    given, positions = read_toml(settings.file), positions_in(text_of(settings.file))
    derived = _derived(settings)
    lines = [f"# Settings of {settings.file}, as they are in effect."]
    for name in type(settings).model_fields:
        table: BaseModel = getattr(settings, name)
        written: Mapping[str, Any] = given.get(name, {})
        lines += ["", f"[{name}]"]
        for key in type(table).model_fields:
            at = placed(positions, (name, key))
            origin = f"line {at.key.line}" if at else "in the file" if key in written else "default"
            if (name, key) in overridden:
                origin = "command line"
            value = getattr(table, key)
            if isinstance(value, Secret):
                lines += _secret(key, written, origin)
            else:
                used = f"; {derived[name, key]} is used" if (name, key) in derived and not value else ""
                lines.append(f"{key} = {_toml(value)}    # {origin}{used}")
    return "\n".join(lines) + "\n"


def _secret(key: str, written: Mapping[str, Any], origin: str) -> Iterator[str]:
    for name in (f"{key}_file", f"{key}_env"):
        if name in written:
            yield f"{name} = {_toml(written[name])}    # {origin}; the secret is not shown"
            return
    yield f"# {key}_file: not set"


def _derived(settings: Settings) -> dict[tuple[str, str], str]:
    """What stands for a setting that is empty."""
    places = places_in(settings)
    return {
        ("service", "results"): str(settings.results),
        ("redaction", "sent_policy"): settings.redaction.policy,
        ("redaction", "language"): "en",
        ("keeping", "trail"): str(places.trail),
        ("keeping", "trail_keys"): str(places.keys),
        ("keeping", "anchor"): str(places.anchor),
        ("keeping", "vault"): str(places.vault),
    }


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's texts, numbers and booleans are TOML's, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
