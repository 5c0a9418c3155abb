"""The hook's part of the settings file. The service reads the same file and checks all of it."""

from __future__ import annotations

import json
import os
import sys

from redactor.errors import ConfigurationError

TYPE_CHECKING = False  # importing typing takes as long as importing this package
if TYPE_CHECKING:
    from typing import Any

DEFAULT = "/etc/redactor/redactor.toml"
LARGEST_MAIL = 64 << 20
SPOOL_LIMIT = 10_000
SECONDS = 0.9


class HookSettings:
    """Where tickets go, and which recordings they may name.

    Attributes:
        spool: folder of the tickets.
        roots: folders of recordings: absolute paths without a final slash.
        spool_limit: most tickets that may wait.
        seconds: time limit of a call (30 for mail, which has the only copy of its recording).
    """

    __slots__ = ("roots", "seconds", "spool", "spool_limit")

    def __init__(self, spool: str, roots: tuple[str, ...], spool_limit: int, seconds: float) -> None:
        self.spool, self.roots, self.spool_limit, self.seconds = spool, roots, spool_limit, seconds


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The settings file as a dictionary.

    Raises:
        ConfigurationError: missing, unreadable, or not TOML.
    """
    try:
        with open(path, "rb") as file:
            text = file.read().decode()
    except FileNotFoundError:
        raise ConfigurationError(
            "The settings file does not exist.", hint=f"Create {DEFAULT}, or give another file with --config FILE."
        ) from None
    except OSError:
        raise ConfigurationError("The settings file cannot be read.", hint="Check its permissions.") from None
    except UnicodeDecodeError:
        raise ConfigurationError("The settings file is not UTF-8.", hint="Save it as UTF-8 text.") from None
    if (plain := plain_tables(text)) is not None:
        return plain
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return dict(tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        place = str(error).rpartition("(at ")[2].rstrip(")") if str(error).endswith(")") else ""
        raise ConfigurationError(
            f"The settings file is not valid TOML{f', at {place}' if place else ''}.",
            hint="Texts need quotes, lists need brackets, and tables are written [name].",
        ) from None


def plain_tables(text: str) -> dict[str, Any] | None:
    """The content of a TOML file that consists of plain tables, with one JSON value per line; None for any other file,
    which `tomllib` reads.

    Why not tomllib alone: importing it, with `typing` and `datetime`, takes a call from 20 to 26 ms of processor time
    (median of 40 calls on Python 3.11). Only what means the same in JSON and TOML is read here; a property test
    compares the two.
    """
    tables: dict[str, Any] = {}
    table: dict[str, Any] | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        content = _without_comment(line)
        if content is None:
            return None
        if content.startswith("["):
            name = content[1:-1]
            if not content.endswith("]") or not _is_bare(name) or name in tables:
                return None
            table = tables[name] = {}
        elif content:
            key, _, value = content.partition("=")
            key = key.rstrip(" ")
            if table is None or not _is_bare(key) or key in table or "null" in value or "{" in value:
                return None
            try:
                table[key] = json.loads(value, parse_constant=_refuse)
            except (ValueError, RecursionError):
                return None
    return tables


def _without_comment(line: str) -> str | None:
    """A line of TOML without its comment and outer spaces; None if it holds anything but printable text and plain
    quotes.
    """
    if not line.isprintable():
        return None
    start = line.find("#")
    while start >= 0 and line.count('"', 0, start) % 2:
        start = line.find("#", start + 1)
    content = (line if start < 0 else line[:start]).strip(" ")
    return None if "\\" in content or "'" in content else content


def _is_bare(key: str) -> bool:
    return key.isascii() and key.replace("-", "").replace("_", "").isalnum()


def _refuse(_: str) -> Any:
    raise ValueError


def hook_settings(given: dict[str, Any]) -> HookSettings:
    """The hook's settings in the file's content.

    Raises:
        ConfigurationError: a value is missing or has another type.
    """
    service = given.get("service", {})
    try:
        spool, roots = service["spool"], service["roots"]
        limit = service.get("spool_limit", SPOOL_LIMIT)
        seconds = service.get("hook_seconds", SECONDS)
        valid = isinstance(spool, str) and isinstance(roots, list) and all(isinstance(r, str) for r in roots)
        valid = valid and all(os.path.isabs(p) for p in [spool, *roots])
        valid = valid and isinstance(limit, int) and limit > 0 and isinstance(seconds, (int, float)) and seconds > 0
    except (KeyError, TypeError, AttributeError):
        valid = False
    if not valid:
        raise ConfigurationError(
            "The settings need a table [service] with absolute paths: spool (a folder) and roots (a list of folders).",
            hint="See docs/configuration.md.",
        )
    return HookSettings(spool, tuple(r.rstrip("/") or "/" for r in roots), limit, float(seconds))
