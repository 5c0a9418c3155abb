"""Files on disk: `inputs` finds recordings and names outputs, `save` writes sets of files atomically, and `run_journal`
remembers what is done.
"""

from redactor.storage.artefacts import (
    Fingerprint,
    Fingerprints,
    artefact,
    fingerprints,
    has_twin,
    remove_set,
    withheld_notice,
)
from redactor.storage.inputs import Inputs, Item, Listing, list_inputs
from redactor.storage.journal import Claim, Journal, JournalDecision, Known, NullJournal, Step, in_turn
from redactor.storage.outcomes import OutcomeLog, shown_stretches
from redactor.storage.outcomes import row as outcome_row
from redactor.storage.run_journal import ArchiveJournal, RecordedOutcome
from redactor.storage.save import Partial, Target, remove_leftovers, save_set

__all__ = [
    "ArchiveJournal",
    "Claim",
    "Fingerprint",
    "Fingerprints",
    "Inputs",
    "Item",
    "Journal",
    "JournalDecision",
    "Known",
    "Listing",
    "NullJournal",
    "OutcomeLog",
    "Partial",
    "RecordedOutcome",
    "Step",
    "Target",
    "artefact",
    "fingerprints",
    "has_twin",
    "in_turn",
    "list_inputs",
    "outcome_row",
    "remove_leftovers",
    "remove_set",
    "save_set",
    "shown_stretches",
    "withheld_notice",
]
