"""The options of a run of `redactor redact`, stored in its ledger so that `redactor review` means the same run."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from redactor.cli.options import ContextGroup, DecodingGroup, PrivacyGroup, RecognitionGroup
from redactor.cli.redact import OutputGroup, VerificationGroup
from redactor.errors import ConfigurationError

_SCHEMA = "redactor-run-options/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What shapes the artefacts of a run, as it was given, and the folder to which relative paths refer."""

    output: OutputGroup
    transcript: Path | None
    decoding: DecodingGroup
    recognition: RecognitionGroup
    privacy: PrivacyGroup
    context: ContextGroup
    verification: VerificationGroup

    def packed(self) -> bytes:
        """As JSON."""
        return json.dumps({"schema": _SCHEMA, "folder": os.getcwd(), **asdict(self)}, default=os.fspath).encode()  # noqa: PTH109

    @classmethod
    def of(cls, data: bytes | None) -> tuple[RunOptions, Path]:
        """Options that `packed` stored, and their folder.

        Raises:
            ConfigurationError: there are none, or of another version.
        """
        try:
            given: dict[str, Any] = json.loads(data or b"{}")
            assert given.pop("schema", None) == _SCHEMA
            folder = Path(given.pop("folder"))
            hints = get_type_hints(cls)
            parts: dict[str, Any] = {
                name: _group(hints[name], value) if isinstance(value, dict) else value and Path(value)
                for name, value in given.items()
            }
            return cls(**parts), folder
        except (AssertionError, ValueError, TypeError, KeyError):
            raise ConfigurationError(
                "The ledger in the --out folder does not say with which options the run was made.",
                hint="Run `redactor redact` again with the same options: what is done is skipped.",
            ) from None


def _group(kind: Any, values: dict[str, Any]) -> Any:
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}
    return kind(
        **{
            name: Path(value) if value is not None and "Path" in str(hints[name]) else value
            for name, value in values.items()
            if name in known
        }
    )
