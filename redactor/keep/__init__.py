"""What is read and written on disk: `listing` finds the inputs and names the outputs, `save` writes all or nothing, `archive` remembers."""

from redactor.keep.archive import ArchiveJournal
from redactor.keep.artefacts import TEXT_SUFFIXES, Fingerprint, Fingerprints, artefact, fingerprints, remove_set
from redactor.keep.journal import Claim, Decision, Journal, Known, NullJournal, Step, in_turn
from redactor.keep.listing import Inputs, Item, Listing, list_inputs
from redactor.keep.outcomes import OutcomeLog
from redactor.keep.outcomes import row as outcome_row
from redactor.keep.save import Partial, Target, remove_leftovers, save_set

__all__ = [
    "TEXT_SUFFIXES",
    "ArchiveJournal",
    "Claim",
    "Decision",
    "Fingerprint",
    "Fingerprints",
    "Inputs",
    "Item",
    "Journal",
    "Known",
    "Listing",
    "NullJournal",
    "OutcomeLog",
    "Partial",
    "Step",
    "Target",
    "artefact",
    "fingerprints",
    "in_turn",
    "list_inputs",
    "outcome_row",
    "remove_leftovers",
    "remove_set",
    "save_set",
]
