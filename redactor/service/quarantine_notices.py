"""What stands in a result's place while a recording is withheld: `NAME.quarantined.json`, a JSON without any words.

It is written under the name that the result would have, by the same rules (`output_names`, no links, atomically), and
removed as soon as the job has a result. Its digest is in the database, as that of every result.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from redactor.config import Settings
from redactor.errors import RedactorError
from redactor.hook.settings import DEFAULT
from redactor.safe_open import opened, read_all
from redactor.service.jobs.fingerprints import FileFingerprints
from redactor.service.jobs.queue import Job
from redactor.storage import Target, save_set, shown_stretches, withheld_notice
from redactor.storage.save import remove
from redactor.types import Outcome

SCHEMA = "redactor-quarantine/1"
LARGEST = 1 << 22
"""Bytes: a notice holds times only."""


class QuarantineNotices:
    """See the module's text. Safe for many threads.

    Args:
        folders: that hold results.
    """

    def __init__(self, settings: Settings, fingerprints: FileFingerprints, folders: Sequence[str]) -> None:
        self._settings, self._fingerprints, self._folders = settings, fingerprints, tuple(folders)

    def write(self, job: Job, target: Target, outcome: Outcome) -> str:
        """Write the notice of a withheld recording; returns its path.

        Args:
            target: place of the result that it does not have.

        Raises:
            OutputError
        """
        place = withheld_notice(target)
        content = (json.dumps(self.document(job, outcome), indent=1) + "\n").encode()
        self._fingerprints.note(_mark(place), hashlib.sha256(content).hexdigest())
        save_set({place: content})
        return os.fspath(place)

    def document(self, job: Job, outcome: Outcome) -> dict[str, Any]:
        """The notice as plain data: ids, times, fixed sentences; no words, names or paths of recordings."""
        return {
            "schema": SCHEMA,
            "id": outcome.id or job.audio,
            "job": job.id,
            "source": job.source,
            "direction": job.direction,
            "outcome": outcome.status.value,
            "reason": outcome.reason,
            "message": outcome.message,
            "hint": outcome.hint,
            "duration": round(outcome.duration, 3),
            "stretches": shown_stretches(outcome),
            "since": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "act": actions(self._settings, job.id),
        }

    def read(self, document: str, audio: str) -> bytes | None:
        """The notice at a path, if it is unchanged and of this recording (SHA-256); None otherwise."""
        place = Target.of(Path(document))
        noted = self._fingerprints.of(_mark(place))
        try:
            with opened(document, self._folders) as descriptor:
                content = read_all(descriptor, LARGEST)
            if not noted or hashlib.sha256(content).hexdigest() != noted or json.loads(content).get("id") != audio:
                return None
        except (RedactorError, OSError, ValueError):
            return None
        return content

    def remove(self, target: Target) -> None:
        """Remove the notice of an earlier end of a job, if there is one."""
        place = withheld_notice(target)
        with suppress(OSError), place.parent.opened() as here:
            remove([place.name], here)


def actions(settings: Settings, number: int, *, withheld: bool = True) -> dict[str, str]:
    """What a person can do about a withheld recording (or a dead letter): commands on this host, the address of the job
    if the service has one, and the page on which it is corrected and released.
    """
    config = "" if str(settings.file) == DEFAULT else f" --config {settings.file}"
    found = {
        "where": f"redactor queue where {number}{config}",
        "retry": f"redactor queue retry {number}{config}",
    }
    if settings.http.public_url:
        found["job"] = f"{settings.http.public_url.rstrip('/')}/jobs/{number}"
    if withheld and settings.reviews_jobs:
        found["review"] = f"{settings.review.public_url.rstrip('/')}/withheld/{number}"
    return found


def actions_for(settings: Settings, row: Mapping[str, Any]) -> dict[str, str]:
    """The same for a job as the queue lists it."""
    return actions(settings, row["id"], withheld=row["state"] == "quarantined")


def _mark(place: Target) -> str:
    return f"withheld\0{os.fspath(place)}"
