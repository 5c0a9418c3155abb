"""A second recogniser's findings, united with the first's in time.

Two checkpoints make different errors: a name that one writes as everyday words, the other often writes as a name. What
only the second heard as PHI is covered where the first was not sure of its own words, or heard none.
"""

from __future__ import annotations

from redactor.types import Plan, Transcript, Unheard, Word

SURE = 0.8
"""Confidence from which a word of the first recogniser is believed against the second. On 200 natural messages, with
base and tiny.en, 0.7, 0.8 and 0.9 left 7.1, 6.7 and 6.4 % of the PHI audible and bleeped 11.1, 11.6 and 12.1 % of other
speech."""
SHARED = 0.3
"""Share of the shorter of two words by which they must overlap to stand for the same sound."""


def unconfirmed(first: Plan, second: Plan) -> tuple[Unheard, ...]:
    """The stretches that `second` covers with words and `first` does not, of kind "doubt", on the recording's channels.

    Both plans are of the same recording. Stretches over words that the first recogniser was sure of are left out.
    """
    found: list[Unheard] = []
    for transcript in first.speech.transcripts:
        covered = {
            i for cover in first.covers if cover.channel == transcript.channel for i in range(cover.first, cover.last)
        }
        for cover in second.covers:
            if cover.channel != transcript.channel or cover.first == cover.last:
                continue
            here = _heard_there(transcript, cover.start, cover.end)
            kept = [word.confidence for i, word in here if i not in covered]
            if (kept and min(kept) < SURE) or not here:
                found.append(Unheard(transcript.channel, cover.start, cover.end, "doubt"))
    return tuple(found)


def _heard_there(transcript: Transcript, start: float, end: float) -> list[tuple[int, Word]]:
    """The words, with their numbers, that stand for the sound of start … end."""
    here = []
    for i, word in enumerate(transcript.words):
        begins, ends = word.start or 0.0, word.end or 0.0
        if min(ends, end) - max(begins, start) > SHARED * min(ends - begins, end - start):
            here.append((i, word))
    return here
