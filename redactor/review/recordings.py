"""What the review of recordings needs to know about where they come from: an archive run, or the service's jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from redactor.storage import Fingerprints, Item

if TYPE_CHECKING:
    from redactor.audio import Source
    from redactor.pipeline import Artefacts
    from redactor.policy import Policy
    from redactor.recording_context import RecordingContext
    from redactor.speech import Transcriber


@dataclass(frozen=True, slots=True)
class FoundRecording:
    """A recording under review, with what its redaction depends on.

    Attributes:
        item: as the run or the service processes it.
        policy: None: the pipeline's own.
    """

    item: Item = field(repr=False)
    transcriber: Transcriber
    context: RecordingContext | None = None
    policy: Policy | None = None


class ReviewedRecordings(Protocol):
    """The recordings that `Preparation` recognises and `Releases` writes; `row` is one of the table of messages."""

    def find(self, row: dict[str, Any]) -> FoundRecording:
        """The recording of a message.

        Raises:
            RedactorError: it is not there (any more).
        """
        ...

    def source(self, row: dict[str, Any], found: FoundRecording) -> Source:
        """Its bytes, whose SHA-256 is the row's `audio`.

        Raises:
            RedactorError: they are not there (any more).
        """
        ...

    def is_written(self, found: FoundRecording, files: Fingerprints) -> bool:
        """Whether its artefacts have this sound and these texts; documents also say how they were checked."""
        ...

    def publish(
        self, row: dict[str, Any], found: FoundRecording, made: Artefacts, settings: str, *, what: str, again: bool
    ) -> None:
        """Write artefacts where the run or the service would have put them.

        Args:
            settings: that the artefacts carry.
            what: "released", or "replaced": older artefacts are there.
            again: an earlier process may have begun this, and may have done it.

        Raises:
            ReleaseInProgress: another process is doing it. RedactorError: nothing that counts was written.
        """
        ...

    def settled(self, row: dict[str, Any], what: str) -> None:
        """A person has decided that it cannot be released ("refused"), or "reopened" it."""
        ...
