"""Why a recording was withheld, in words for the person who listens to it."""

from redactor.errors import NotUnderstood, UnlocatedFinding, UntranscribedSpeech, VerificationHit

BECAUSE = {
    UntranscribedSpeech.reason: "Speech was heard that was not recognised as words. It is covered until you decide.",
    NotUnderstood.reason: "Most of it was not understood: noise, another language or several voices. All of it is "
    "covered until you decide.",
    "doubtful": "Many of its words may be misheard, so names or drugs may be audible. Listen to what is not covered.",
    UnlocatedFinding.reason: "Something identifying is in the words, but its place in the sound is not certain. "
    "Everything is covered until you decide.",
    VerificationHit.reason: "Something identifying was still heard when the redacted audio was recognised again. It is "
    "covered until you decide.",
}
SHORTLY = {
    UntranscribedSpeech.reason: "speech without words",
    NotUnderstood.reason: "not understood",
    "doubtful": "words may be misheard",
    UnlocatedFinding.reason: "place not certain",
    VerificationHit.reason: "still heard after redaction",
}
"""Reason → a few words for a table."""


def because(reason: str) -> str:
    """A sentence for a reason of `errors.Quarantine`."""
    return BECAUSE.get(reason, "The run could not make sure that nothing identifying stays audible.")


def shortly(reason: str) -> str:
    """The same in a few words; "" for no reason."""
    return SHORTLY.get(reason, reason)
