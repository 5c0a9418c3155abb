"""Outcomes as they happen: `outcomes.jsonl`, a line for each input of the latest run, without names or speech.

Each run starts the file again (an unchanged input then has a line with `skipped`) and flushes it line by line: after
kill -9 it contains complete lines for what was done, and at most one truncated line at the end.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from redactor.atomic_files import Partial, as_output_error
from redactor.errors import OutputError, RefusedInput
from redactor.safe_open import folder_at, open_file
from redactor.types import Outcome

NAME = "outcomes.jsonl"
SCHEMA = "redactor-outcome/1"


class OutcomeLog:
    """The file of one run, open for appending.

    Raises:
        OutputError: it cannot be created, or a file of that name comes from another program.
    """

    def __init__(self, folder: Path) -> None:
        if not _is_ours(folder):
            raise OutputError(
                f"The --out folder contains an {NAME} from another program.", hint="Choose another --out folder."
            )
        self.trouble: OutputError | None = None
        """The error after which no more lines can be written."""
        try:
            with folder_at(folder) as here:
                partial = Partial(NAME, folder=here)
                try:
                    self._file: TextIO = os.fdopen(partial.open(), "w", encoding="utf-8")
                    # Renamed at once, so that an existing file or link is replaced rather than written to.
                    partial.commit()
                finally:
                    partial.discard()
        except OSError as error:
            raise as_output_error(error) from None

    def add(self, outcome: Outcome) -> None:
        """Append a line; a failure is in `trouble`."""
        if self.trouble is not None:
            return
        try:
            self._file.write(json.dumps(row(outcome)) + "\n")
            self._file.flush()
        except OSError as error:
            self.trouble = as_output_error(error)

    def close(self) -> None:
        """Flush to the device and close."""
        with suppress(OSError):
            os.fsync(self._file.fileno())
        with suppress(OSError):
            self._file.close()


def row(outcome: Outcome) -> dict[str, object]:
    """An outcome as JSON, without empty fields."""
    found: dict[str, object] = {"schema": SCHEMA}
    found.update({k: v for k, v in asdict(outcome).items() if v not in ("", (), 0, 0.0)})
    found["status"] = outcome.status.value
    if outcome.findings:
        found["findings"] = dict(outcome.findings)
    if outcome.seconds:
        found["seconds"] = {k: round(v, 3) for k, v in outcome.seconds}
    if outcome.stretches:
        found["stretches"] = shown_stretches(outcome)
    return found


def shown_stretches(outcome: Outcome) -> list[dict[str, object]]:
    """The stretches because of which a recording was withheld, as JSON; seconds to the millisecond."""
    return [
        {"channel": s.channel, "start": round(s.start, 3), "end": round(s.end, 3), "kind": s.kind}
        for s in outcome.stretches
    ]


def _is_ours(folder: Path) -> bool:
    try:
        with folder_at(folder) as here:
            file = open_file(NAME, here)
    except FileNotFoundError:
        return True
    except (OSError, RefusedInput):
        return False
    try:
        head = os.pread(file, 200, 0)
    finally:
        os.close(file)
    return not head or SCHEMA.partition("/")[0].encode() in head
