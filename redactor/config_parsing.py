"""Tables of a settings file into data classes: nothing missing, nothing unknown, each value of its kind; secrets
from where they are named.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from redactor.errors import ConfigurationError

LONGEST_SECRET = 4096
MOST = 1_000_000_000
"""Of any number: as seconds more than thirty years, and no clock takes infinity."""
HINT = "See docs/configuration.md."

Table = TypeVar("Table")


class Secret(bytes):
    """A secret read from a file or a variable; in the file the setting `x` is `x_file` or `x_env`. `repr` hides it."""

    def __repr__(self) -> str:
        return "Secret(…)" if self else "Secret()"


def filled(kind: type[Table], given: Any, where: str = "") -> Table:
    """A data class of settings, and the data classes in it, from what the file says.

    Args:
        where: name of the table, for messages.

    Raises:
        ConfigurationError: names the setting, never its value.
    """
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"[{where}] is no table of settings.", hint=HINT)
    left = dict(given)
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        name, wanted = one.name, hints[one.name]
        label = f"{where}.{name}" if where else name
        if wanted is Secret:
            values[name] = _secret(left, name, label)
        elif name in left:
            value = left.pop(name)
            if isinstance(wanted, type) and hasattr(wanted, "__dataclass_fields__"):
                values[name] = filled(wanted, value, label)
            else:
                values[name] = _typed(value, wanted, label)
        elif one.default is MISSING:
            raise ConfigurationError(f"The setting {label} is missing.", hint=HINT)
    if left:
        names = ", ".join(sorted(n for n in left if re.fullmatch(r"[a-z_0-9]{1,40}", n))) or "of an odd name"
        raise ConfigurationError(f"There is no setting {names} in [{where or 'the file'}].", hint=HINT)
    return kind(**values)


def _typed(value: Any, wanted: Any, label: str) -> Any:
    number = type(value) in (int, float) and 0 <= value <= MOST  # nan is not
    if wanted is float and number:
        return float(value)
    if wanted == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
    elif type(value) is wanted and (number or wanted not in (int, float)):
        return value
    kind = {
        str: "text",
        bool: "true or false",
        int: f"a whole number from 0 to {MOST}",
        float: f"a number from 0 to {MOST}",
    }
    raise ConfigurationError(f"The setting {label} must be {kind.get(wanted, 'a list of texts')}.", hint=HINT)


def _secret(left: dict[str, Any], name: str, label: str) -> Secret:
    if name in left:
        raise ConfigurationError(f"The setting {label} is a secret: name it with {name}_file or {name}_env.", hint=HINT)
    file, variable = left.pop(f"{name}_file", None), left.pop(f"{name}_env", None)
    if file is None and variable is None:
        return Secret()
    try:
        if isinstance(variable, str):
            found = os.environb[os.fsencode(variable)]
        else:
            with Path(file).open("rb") as opened:
                found = opened.read(LONGEST_SECRET + 1)
    except (OSError, KeyError, TypeError, ValueError):
        raise ConfigurationError(f"The secret {label} cannot be read.", hint=HINT) from None
    found = found.strip()
    if not found or len(found) > LONGEST_SECRET:
        raise ConfigurationError(f"The secret {label} is empty or longer than {LONGEST_SECRET} bytes.", hint=HINT)
    return Secret(found)
