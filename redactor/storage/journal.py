"""The seam between the pipeline and whatever remembers what became of the inputs.

For every item the pipeline calls, in this order and from any thread:

    known(item)              before the file is read: finished earlier, by the look of its name, times and size, and the
    digests of the outputs?
    begin(claim)             after it was read and hashed, before it is decoded: proceed, wait, or here is the outcome
    holds(item)              after it failed: is it still ours, or may what lies in its place be another's by now?
    finish(item, outcome, files)   after the artefacts were saved, or after the recording failed (also before `begin`)
    released(idle=…)         after each finish, and when nothing is left to do: items that waited and must be taken
    again, from `known` on

Many items may be under way at once. Only `begin` raises (an `OutputError`, if the memory of the run cannot be kept).
An item that is told to WAIT is forgotten by the pipeline: it comes back from `released`. With `idle` true the caller
promises that
nothing is under way beside what it takes (in its process: one that crashes must take nothing with it); `released` then
gives what
waits for quiet, one item at a time, and an empty answer is the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from redactor.storage.artefacts import Fingerprints
from redactor.storage.inputs import Item
from redactor.storage.save import Target
from redactor.types import Outcome


@dataclass(frozen=True, slots=True)
class Claim:
    """An item whose bytes are known and which is about to be worked on.

    Attributes:
        source_id: SHA-256 of the bytes, 64 hex digits.
        suffix: the input's ending as far as it shapes the result ("" for one that nobody knows): the same bytes may
            decode differently as ".ulaw" and as ".alaw", and the output has the input's ending.
        settings: fingerprint of all else that shapes the artefacts; the document carries it too.
        target: place of the outputs, without ".redacted" and suffix.
    """

    item: Item
    source_id: str
    suffix: str
    settings: str
    target: Target = field(repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier run made of an unchanged file; its outputs are still in place. It counts only if the settings
    are the same.
    """

    source_id: str
    settings: str


class Step(Enum):
    """What the pipeline does with an item after `begin`."""

    PROCEED = "proceed"
    SETTLED = "settled"
    """Nothing is to be done: `JournalDecision.outcome` is the item's outcome."""
    WAIT = "wait"
    """Not now: the item comes back from `released`."""


@dataclass(frozen=True, slots=True)
class JournalDecision:
    step: Step
    outcome: Outcome | None = None


PROCEED = JournalDecision(Step.PROCEED)
WAIT = JournalDecision(Step.WAIT)


def settled(outcome: Outcome) -> JournalDecision:
    """The decision that carries an outcome."""
    return JournalDecision(Step.SETTLED, outcome)


class Journal(Protocol):
    """See the module's text; `tests/storage/test_journal_contract.py` holds what every journal must do."""

    def known(self, item: Item) -> Known | None:
        """None if the file must be read."""
        ...

    def begin(self, claim: Claim) -> JournalDecision:
        """Claim the work, unless it is done, under way or given up."""
        ...

    def holds(self, item: Item) -> bool:
        """Whether nobody else has taken over what `begin` let proceed: only then what an earlier run left in its
        place may be removed.
        """
        ...

    def finish(self, item: Item, outcome: Outcome, files: Fingerprints) -> None:
        """The end of what `begin` let proceed: what was saved, empty if nothing was."""
        ...

    def released(self, *, idle: bool) -> tuple[Item, ...]:
        """Items to take again."""
        ...


class NullJournal:
    """The journal that keeps nothing: everything is done again."""

    def known(self, item: Item) -> Known | None:
        """Nothing is known."""
        return None

    def begin(self, claim: Claim) -> JournalDecision:
        """Whatever lies there: nobody noted what it should be."""
        return PROCEED

    def holds(self, item: Item) -> bool:
        """Nobody takes over."""
        return True

    def finish(self, item: Item, outcome: Outcome, files: Fingerprints) -> None:
        """Nobody asks later."""

    def released(self, *, idle: bool) -> tuple[Item, ...]:
        """Nothing ever waits."""
        return ()


def in_turn(items: Iterable[Item], journal: Journal) -> Iterator[Item]:
    """The items, those that waited put in as they are released: the way to walk them one at a time."""
    for item in items:
        yield item
        yield from journal.released(idle=False)
    while waiting := journal.released(idle=True):
        yield from waiting
