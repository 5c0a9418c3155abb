"""What the settings file may contain, apart from the settings themselves: value types, secrets, and error messages
that name a setting and its line but repeat no value.

pydantic-settings merges the sources (command line over file over defaults) and validates them. Two things are ours
because the hook reads the same file with the standard library alone, in milliseconds: the TOML reader is the hook's,
and environment variables are no source of settings, since a variable that only the service saw would let the two
disagree about `spool` and `roots`. A variable can hold a secret, if the file names it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, InstanceOf, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, InitSettingsSource

from redactor.errors import ConfigurationError
from redactor.hook.settings import read_toml
from redactor.toml_positions import Placed, positions_in

LONGEST_SECRET = 4096
LARGEST_NUMBER = 1_000_000_000
"""Of any setting: as seconds more than thirty years, and no clock takes infinity."""
LAST_PORT = 65_535
HINT = "See docs/configuration.md."
MOST_MISTAKES = 5
"""Mistakes that one message lists."""


class Secret(bytes):
    """A secret read from a file or a variable; in the file the setting `x` is `x_file` or `x_env`. `repr` hides it."""

    def __repr__(self) -> str:
        return "Secret(…)" if self else "Secret()"


def refuse(message: str) -> PydanticCustomError:
    """The error of a validator. Of one setting: what its value must be ("must be …"); of several: whole sentences."""
    return PydanticCustomError("refused", message)


def _checked_folder(path: str) -> str:
    if path and not Path(path).is_absolute():
        raise refuse("must be an absolute path.")
    if "//" in path or {".", ".."} & set(path.split("/")):  # paths are compared as they are written
        raise refuse("must be written without '.', '..' and double slashes, as `realpath -s` prints it.")
    return path


def _checked_listen(address: str) -> str:
    if address and not (
        re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}", address) and int(address.rpartition(":")[2]) <= LAST_PORT
    ):
        raise refuse(f"must be ADDRESS:PORT, PORT up to {LAST_PORT}.")
    return address


def _checked_host(host: str) -> str:
    if host and not (re.fullmatch(r"https?://(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d{1,5})?", host) and _names_a_host(host)):
        raise refuse(f"must be https://HOST or https://HOST:PORT, PORT from 1 to {LAST_PORT}.")
    return host


def _checked_address(url: str) -> str:
    if url and not (re.fullmatch(r"https?://[!-~]+", url) and _names_a_host(url)):
        raise refuse("must be an https:// address.")
    return url


def _names_a_host(url: str) -> bool:
    """Whether an address names a host, and a port that can exist if it names one."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


# "" stands for "not set" in all of these; `Field(min_length=1)` takes it away.
Folder = Annotated[str, AfterValidator(_checked_folder)]
ListenAddress = Annotated[str, AfterValidator(_checked_listen)]
HttpsHost = Annotated[str, AfterValidator(_checked_host)]
HttpsAddress = Annotated[str, AfterValidator(_checked_address)]
Count = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
PositiveCount = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
Seconds = Annotated[float, Field(ge=0, le=LARGEST_NUMBER)]
SecretValue = Annotated[Secret, InstanceOf()]
# TOML has lists only; strict mode would ask for a tuple.
_tuple = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
Texts = Annotated[tuple[str, ...], _tuple]
Folders = Annotated[tuple[Folder, ...], _tuple]
HttpsHosts = Annotated[tuple[HttpsHost, ...], _tuple]


class SettingsFile(InitSettingsSource):
    """The TOML file as a source of settings, with each `NAME_file` and `NAME_env` replaced by the secret NAME.

    Raises:
        ConfigurationError: the file or a secret cannot be read; names the setting, never its value.
    """

    def __init__(self, settings: type[BaseSettings], path: Path) -> None:
        given = read_toml(path)
        for name, field in settings.model_fields.items():
            table, model = given.get(name), field.annotation
            if isinstance(table, dict) and isinstance(model, type) and issubclass(model, BaseModel):
                for key in model.model_fields:
                    if isinstance(model.model_fields[key].default, Secret):
                        try:
                            _resolve_secret(table, key, f"{name}.{key}")
                        except ConfigurationError as error:
                            at = placed(positions_in(text_of(path)), (name, key))
                            prefix = f"Line {at.value.line}, column {at.value.column}: " if at else ""
                            raise ConfigurationError(f"{prefix}{error.message}", hint=error.hint) from None
        super().__init__(settings, init_kwargs=given)


def _resolve_secret(table: dict[str, Any], key: str, label: str) -> None:
    file, variable = table.pop(f"{key}_file", None), table.pop(f"{key}_env", None)
    if file is None and variable is None:
        return
    if file is not None and variable is not None:
        raise ConfigurationError(f"The secret {label} is named twice: keep {key}_file or {key}_env.", hint=HINT)
    try:
        if isinstance(variable, str):
            found = os.fsencode(os.environ[variable])
        else:
            with Path(file).open("rb") as opened:
                found = opened.read(LONGEST_SECRET + 1)
    except KeyError:
        raise ConfigurationError(f"The environment variable that {label}_env names is not set.", hint=HINT) from None
    except (OSError, TypeError, ValueError):
        name = f"{label}_file" if variable is None else f"{label}_env"
        raise ConfigurationError(
            f"The secret {name} cannot be read: it is missing or not readable.", hint=HINT
        ) from None
    found = found.strip()
    if not found or len(found) > LONGEST_SECRET:
        raise ConfigurationError(f"The secret {label} is empty or longer than {LONGEST_SECRET} bytes.", hint=HINT)
    table[key] = Secret(found)


def as_configuration_error(problem: ValidationError, settings: type[BaseModel], path: Path) -> ConfigurationError:
    """What pydantic found, as one sentence for each mistake with its line and column in the file."""
    places = positions_in(text_of(path))
    details = problem.errors(include_url=False, include_input=False, include_context=True)
    sentences = [_located(places, detail) + _sentence(detail, settings) for detail in details[:MOST_MISTAKES]]
    if len(details) > MOST_MISTAKES:
        sentences.append(f"There are {len(details) - MOST_MISTAKES} more mistakes.")
    return ConfigurationError("\n".join(sentences), hint=f"The settings are in {path}. {HINT}")


def text_of(path: Path) -> str:
    """The text of a settings file, "" if it cannot be read (any more)."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def placed(places: Mapping[tuple[str | int, ...], Placed], where: tuple[str | int, ...]) -> Placed | None:
    """The place of a setting; of a secret, that of its NAME_file or NAME_env; None if the file does not contain it."""
    if where and isinstance(where[-1], str):
        named = (where, *((*where[:-1], f"{where[-1]}_{kind}") for kind in ("file", "env")))
        return next((places[path] for path in named if path in places), None)
    return places.get(where)


def _located(places: Mapping[tuple[str | int, ...], Placed], detail: ErrorDetails) -> str:
    """The beginning of a sentence: `Line 5, column 8: `, or "" for a setting that is missing."""
    where = tuple(detail["loc"])
    found = placed(places, where)
    while found is None and len(where) > 1 and detail["type"] != "missing":  # a list's member, a list, its table
        where = where[:-1]
        found = placed(places, where)
    if found is None:
        return ""
    at = found.key if detail["type"] == "extra_forbidden" else found.value
    return f"Line {at.line}, column {at.column}: "


def _sentence(detail: ErrorDetails, settings: type[BaseModel]) -> str:
    where, kind = detail["loc"], detail["type"]
    label = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).removeprefix(".")
    if kind == "refused":
        message = detail["msg"]
        return f"The setting {label} {message}" if message.startswith("must ") else message
    if kind == "missing":
        return f"[{label}] is missing." if len(where) == 1 else f"The setting {label} is missing."
    if kind == "extra_forbidden":
        return _unknown(where, settings)
    if kind == "is_instance_of":
        name = where[-1]
        return f"The setting {label} is a secret: name it with {name}_file or {name}_env."
    if kind == "literal_error":
        known = [part for part in re.findall(r"'([^']*)'", detail["ctx"]["expected"]) if part]
        return f"The setting {label} must be one of {', '.join(known)}."
    if len(where) == 1:
        return f"[{label}] must be a table of settings."
    if kind == "string_too_short":
        return f"The setting {label} must not be empty."
    if kind == "too_short":
        return f"The setting {label} names no folder: name those that contain recordings."
    return f"The setting {label} must be {_wanted(kind, _field(where, settings))}."


def _wanted(kind: str, field: FieldInfo | None) -> str:
    if kind == "string_type":
        return "text"
    if kind == "bool_type":
        return "true or false"
    if kind == "tuple_type":
        return "a list of texts"
    bounds: dict[str, Any] = {}
    for part in field.metadata if field else ():
        bounds.update({name: getattr(part, name) for name in ("ge", "gt", "le") if hasattr(part, name)})
    noun = "a whole number" if field and field.annotation is int else "a number"
    low = f"above {bounds['gt']:g} and" if "gt" in bounds else f"from {bounds.get('ge', 0):.0f}"
    return f"{noun} {low} {'up ' if 'gt' in bounds else ''}to {bounds.get('le', LARGEST_NUMBER):.0f}"


def _unknown(where: tuple[int | str, ...], settings: type[BaseModel]) -> str:
    name = str(where[-1])
    shown = name if re.fullmatch(r"[a-z_0-9]{1,40}", name) else "with a name like that"
    if len(where) == 1:
        known: Mapping[str, FieldInfo] = settings.model_fields
        sentence, form = f"There is no table {shown} of settings.", "[{}]"
    else:
        field = settings.model_fields[str(where[0])]
        known = field.annotation.model_fields if field.annotation else {}
        sentence, form = f"There is no setting {shown} in [{where[0]}].", "{}"
    names = [n + ("_file" if isinstance(f.default, Secret) else "") for n, f in known.items()]
    near = difflib.get_close_matches(name, names, n=1)
    return sentence + (f" Did you mean {form.format(near[0])}?" if near else "")


def _field(where: tuple[int | str, ...], settings: type[BaseModel]) -> FieldInfo | None:
    table = settings.model_fields[str(where[0])].annotation
    if isinstance(table, type) and issubclass(table, BaseModel) and len(where) > 1:
        return table.model_fields.get(str(where[1]))
    return None
