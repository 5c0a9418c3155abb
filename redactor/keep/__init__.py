"""What is read and written on disk: `listing` finds the inputs and names the outputs, `save` writes all or nothing, `archive` remembers."""

from redactor.keep.archive import ArchiveJournal
from redactor.keep.artefacts import TEXT_SUFFIXES, artefact, below
from redactor.keep.journal import Claim, Decision, Documents, Journal, Known, Step, in_turn
from redactor.keep.listing import Inputs, Item, Listing, list_inputs
from redactor.keep.outcomes import OutcomeLog
from redactor.keep.outcomes import row as outcome_row
from redactor.keep.save import Partial, remove_leftovers, save_set

__all__ = [
    "TEXT_SUFFIXES",
    "ArchiveJournal",
    "Claim",
    "Decision",
    "Documents",
    "Inputs",
    "Item",
    "Journal",
    "Known",
    "Listing",
    "OutcomeLog",
    "Partial",
    "Step",
    "artefact",
    "below",
    "in_turn",
    "list_inputs",
    "outcome_row",
    "remove_leftovers",
    "save_set",
]
