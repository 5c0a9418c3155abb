"""The recordings of an archive run for preparation and releases; later runs take what is released for done.

    ledger: claimed ─▶ artefacts, document last ─▶ ledger: digests

A program that is killed in between leaves no artefact that counts: their digests are not in the ledger, and a run does
the recording again (and withholds it again).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from redactor.audio import Source
from redactor.errors import Busy, Quarantine, RedactorError
from redactor.pipeline import Artefacts
from redactor.review.archive.files import ArchiveFiles
from redactor.review.archive.run import ArchiveRun
from redactor.review.recordings import FoundRecording
from redactor.review.schema import WITHHELD
from redactor.storage import ArchiveJournal, Claim, Fingerprints, Item, Step, fingerprints
from redactor.types import Outcome, Status

if TYPE_CHECKING:
    from redactor.pipeline import Pipeline


class ArchiveRecordings:
    """A `ReviewedRecordings`; each write holds the run's ledger.

    Args:
        pipeline: returns the pipeline, or None while the model is loading.
        items: the files with a recording's bytes, by its SHA-256.
    """

    def __init__(
        self,
        run: ArchiveRun,
        archive_files: ArchiveFiles,
        *,
        pipeline: Callable[[], Pipeline | None],
        items: Callable[[str], Sequence[Item]],
    ) -> None:
        self._run, self._files, self._pipeline, self._items = run, archive_files, pipeline, items

    def find(self, row: dict[str, Any]) -> FoundRecording:
        item, _ = self._files.source(row["id"])
        return FoundRecording(item, self._ready().transcriber_for(item), self._run.context_for(item, row["id"]))

    def source(self, row: dict[str, Any], found: FoundRecording) -> Source:
        return self._files.source(row["id"])[1]

    def is_written(self, found: FoundRecording, files: Fingerprints) -> bool:
        with suppress(RedactorError), self._run.journal() as journal:
            (record,) = journal.records([found.item])
            return record is not None and _compared(record.files) == _compared(files)
        return False

    def publish(
        self, row: dict[str, Any], found: FoundRecording, made: Artefacts, settings: str, *, what: str, again: bool
    ) -> None:
        """Write the artefacts at the place of each of the recording's files.

        Raises:
            OutputError: nothing, or nothing that counts, was written.
        """
        others = [item for item in self._items(row["id"]) if item.path != found.item.path]
        with self._run.journal() as journal:
            for item in (found.item, *others):
                self._publish_one(journal, item, row, made, settings)
            trouble = journal.trouble
        if trouble is not None:
            raise trouble

    def settled(self, row: dict[str, Any], what: str) -> None:
        """The ledger says what the run did."""

    def _publish_one(
        self, journal: ArchiveJournal, item: Item, row: dict[str, Any], made: Artefacts, settings: str
    ) -> None:
        pipeline, message = self._ready(), row["id"]
        place = pipeline.target(item, message, self._run.out)
        place.check()
        journal.known(item)  # its size and times, by which later runs know it
        claim = Claim(item, message, Source.of(b"", item.path.suffix).suffix, settings, place)
        decision = journal.begin(claim)
        if decision.step is Step.WAIT and any(journal.released(idle=True)):  # it was in progress when a run was killed
            decision = journal.begin(claim)
        if decision.step is Step.SETTLED:  # a copy of the one before
            return
        if decision.step is not Step.PROCEED:
            raise Busy("The recording is in use.")
        try:
            pipeline.save(place, made)
        except RedactorError:
            if row["outcome"] in WITHHELD:
                journal.finish(item, _withheld(item, message, row), {})
            raise
        counts: dict[str, int] = {}
        for decision_made in made.plan.decisions:
            if decision_made.action.value == "redact":
                counts[decision_made.finding.label] = counts.get(decision_made.finding.label, 0) + 1
        outcome = Outcome(item.number, message, Status.REDACTED, findings=tuple(sorted(counts.items())))
        journal.finish(item, outcome, fingerprints(made.files))

    def _ready(self) -> Pipeline:
        pipeline = self._pipeline()
        if pipeline is None:
            raise Busy("The model is still loading.")
        return pipeline


def _withheld(item: Item, message: str, row: dict[str, Any]) -> Outcome:
    """The outcome that the recording had before, for the ledger."""
    return Outcome(
        item.number,
        message,
        Status.QUARANTINED,
        reason=row["reason"],
        message=row["detail"],
        hint=Quarantine.default_hint,
        exit_code=Quarantine.exit_code,
    )


def _compared(files: Fingerprints) -> Fingerprints:
    return {suffix: noted for suffix, noted in files.items() if suffix != ".json"}
