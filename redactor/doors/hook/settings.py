"""The part of the settings file that the hook needs. The service reads the same file, and checks all of it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redactor.errors import ConfigurationError

DEFAULT = Path("/etc/redactor/redactor.toml")
LARGEST_MAIL = 64 << 20
SPOOL_LIMIT = 10_000
SECONDS = 0.9


@dataclass(frozen=True, slots=True)
class HookSettings:
    """Where tickets go, and which recordings may be named.

    Attributes:
        spool: folder.
        roots: folders that recordings lie in, absolute, without a final slash.
        spool_limit: most tickets that may wait.
        seconds: after which a call gives up (mail, which has the only copy of a recording, takes up to 30).
    """

    spool: Path
    roots: tuple[str, ...]
    spool_limit: int = SPOOL_LIMIT
    seconds: float = SECONDS


def read_toml(path: Path) -> dict[str, Any]:
    """The settings file as a dictionary.

    Raises:
        ConfigurationError: missing, unreadable, or not TOML.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with path.open("rb") as file:
            return dict(tomllib.load(file))
    except OSError:
        raise ConfigurationError(
            "The settings file cannot be read.", hint=f"Give --config FILE, or make {DEFAULT}."
        ) from None
    except tomllib.TOMLDecodeError:
        raise ConfigurationError("The settings file is not valid TOML.", hint="Check it with a TOML editor.") from None


def hook_settings(given: dict[str, Any]) -> HookSettings:
    """What the hook needs of the file.

    Raises:
        ConfigurationError: a value is missing or of another kind.
    """
    service = given.get("service", {})
    try:
        spool, roots = service["spool"], service["roots"]
        limit = service.get("spool_limit", SPOOL_LIMIT)
        seconds = service.get("hook_seconds", SECONDS)
        well = isinstance(spool, str) and isinstance(roots, list) and all(isinstance(r, str) for r in roots)
        well = well and all(os.path.isabs(p) for p in [spool, *roots])  # noqa: PTH117 - pathlib is not needed for that
        well = well and isinstance(limit, int) and limit > 0 and isinstance(seconds, (int, float)) and seconds > 0
    except (KeyError, TypeError, AttributeError):
        well = False
    if not well:
        raise ConfigurationError(
            "The settings need [service] with spool (a folder) and roots (a list of folders), absolute paths.",
            hint="See the chapter on the service in the README.",
        )
    return HookSettings(Path(spool), tuple(r.rstrip("/") or "/" for r in roots), limit, float(seconds))
