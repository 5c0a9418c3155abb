"""The protocol between the pipeline and the journal, which remembers the outcome of every input.

For every item the pipeline calls, in this order and from any thread:

    known(item)         before the file is read: was it finished earlier, judging by name, times, size and the digests
                        of its outputs?
    begin(claim)        after it was read and hashed, before it is decoded: proceed, wait, or the outcome
    holds(item)         after it failed: is its place still reserved for it, or may it belong to another item by now?
    finish(item, outcome, files)   after the artefacts were saved, or the recording failed (also before `begin`)
    released(idle=…)    after each finish, and when nothing is left to do: waiting items to process again, from `known`

Many items may be in progress at once. Only `begin` raises (an `OutputError`, if the journal cannot be written). The
pipeline forgets an item that must WAIT; it comes back from `released`. With `idle`, the caller promises that nothing
else is in progress in its process, so that a crash affects one item only; `released` then returns suspect items, one at
a time, and an empty result is the end.
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
    """An item whose bytes are known and which is about to be processed.

    Attributes:
        source_id: SHA-256 of the bytes, 64 hex digits.
        suffix: the input's suffix if it affects the result ("" if unknown): the same bytes may decode differently as
            ".ulaw" and ".alaw", and the output has the input's suffix.
        settings: fingerprint of everything else that affects the artefacts; also in the document.
        target: place of the outputs, without ".redacted" and suffix.
    """

    item: Item
    source_id: str
    suffix: str
    settings: str
    target: Target = field(repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """The result of an earlier run for an unchanged file whose outputs still exist. Valid only for
    the same settings.
    """

    source_id: str
    settings: str


class Step(Enum):
    """What to do with an item after `begin`."""

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
    """A decision with an outcome."""
    return JournalDecision(Step.SETTLED, outcome)


class Journal(Protocol):
    """See the module's docstring. `tests/storage/test_journal_contract.py` is the contract for every journal."""

    def known(self, item: Item) -> Known | None:
        """None if the file must be read."""
        ...

    def begin(self, claim: Claim) -> JournalDecision:
        """Claim the work, unless it is done, in progress or given up."""
        ...

    def holds(self, item: Item) -> bool:
        """Whether the claim is still valid; only then may old outputs in its place be removed."""
        ...

    def finish(self, item: Item, outcome: Outcome, files: Fingerprints) -> None:
        """Record the outcome of a claim; `files` is empty if nothing was saved."""
        ...

    def released(self, *, idle: bool) -> tuple[Item, ...]:
        """Items to process again."""
        ...


class NullJournal:
    """A journal that remembers nothing, so everything is done again."""

    def known(self, item: Item) -> Known | None:
        """Nothing is known."""
        return None

    def begin(self, claim: Claim) -> JournalDecision:
        """Proceed, whatever outputs exist."""
        return PROCEED

    def holds(self, item: Item) -> bool:
        """Always."""
        return True

    def finish(self, item: Item, outcome: Outcome, files: Fingerprints) -> None:
        """Ignored."""

    def released(self, *, idle: bool) -> tuple[Item, ...]:
        """Nothing ever waits."""
        return ()


def in_turn(items: Iterable[Item], journal: Journal) -> Iterator[Item]:
    """The items, with waiting ones inserted when they are released; for processing one at a time."""
    for item in items:
        yield item
        yield from journal.released(idle=False)
    while waiting := journal.released(idle=True):
        yield from waiting
