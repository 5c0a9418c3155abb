"""Find activity without words: the check that keeps speech from being lost silently.

A word covers its time and TOLERANCE on both sides, but never more than a plausible length (`longest_plausible`): when a
model omits a clause, alignment stretches the neighbouring words over it, and an imported transcript may claim any time.
A word without a time was spoken somewhere between its neighbours: it explains the remaining activity there if that is
no longer than the word can be, otherwise none of it. Words in a stretch that is not speech to the voice detector
(ringing, noise) cover it only from SOUND_CONFIDENCE up: models invent text there. The rest is joined over pauses of
JOIN seconds; where it then holds at least SHORTEST seconds of activity it is a gap. So a run of keypad tones counts as
one gap, and a single click or breath does not count. Shorter pieces add up: where they last ADDED seconds within RUN,
the words between them cannot be trusted either.
"""

from __future__ import annotations

from collections.abc import Sequence

from redactor.types import TimedText, Unheard

from .activity import Activity
from .spans import Span, overlapping, subtract, union

TOLERANCE = 0.3  # seconds: word times of Whisper are off by 50 to 300 ms, and the voice detector lingers after a word
JOIN = 0.4  # seconds
SHORTEST = 0.6  # seconds: about two syllables beyond the tolerance
RUN = 10.0  # seconds
ADDED = (
    0.9  # seconds within RUN: base and tiny.en left at most 0.4 s in 20 s on the 45 labelled recordings of sample_audio
)
SOUND_CONFIDENCE = 0.5


def longest_plausible(text: str) -> float:
    """The longest time in seconds that speaking `text` can take: drawn-out speech, digits and capitals one by one with
    pauses.
    """
    digits = sum(character.isdigit() for character in text)
    letters = sum(character.isalpha() for character in text)
    groups = sum(character in "-./@:#" for character in text)
    if letters > 1 and "".join(filter(str.isalpha, text)).isupper():
        digits, letters = digits + letters, 0
    return 0.6 + 0.15 * letters + 0.45 * digits + 0.3 * groups


def covered_time(words: Sequence[TimedText], active: Sequence[Span], *, duration: float) -> list[Span]:
    """The time that `words` explain, seconds, sorted and disjoint.

    Args:
        words: in order, on the channel's clock.
        active: sorted, disjoint stretches of the channel's activity, for words without a time.
        duration: of the channel, seconds.
    """
    spans: list[Span] = []
    untimed: list[tuple[float, float, float]] = []  # from the word before to the word after, and their longest duration
    before = 0.0
    i = 0
    while i < len(words):
        start, end = words[i].start, words[i].end
        length = 0.0
        if start is None or end is None or end <= start:
            while i < len(words) and not _timed(words[i]):
                length += longest_plausible(words[i].text)
                i += 1
            after = words[i].start if i < len(words) else duration
            untimed.append((before, max(before, after or 0.0), length))
            continue
        # Words of one cue share its times: together they may fill it.
        while i < len(words) and words[i].start == start and words[i].end == end:
            length += longest_plausible(words[i].text)
            i += 1
        reach = min(end, start + length)
        spare = min(TOLERANCE, max(0.0, length - (reach - start)) / 2)
        spans.append((start - spare, reach + spare))
        before = max(before, reach)
    spans = union(spans)
    for start, end, length in untimed:
        near = [(max(a, start), min(b, end)) for a, b in overlapping(active, start, end)]
        left = subtract(near, spans)
        # The word's place in the stretch is unknown: it explains all the rest there, or nothing with certainty.
        if _seconds(left) <= length:
            spans += left
    return union(spans)


def _timed(word: TimedText) -> bool:
    return word.start is not None and word.end is not None and word.end > word.start


def _seconds(spans: Sequence[Span]) -> float:
    return sum(end - start for start, end in spans)


def gaps(activity: Activity, words: Sequence[TimedText], *, channel: int) -> tuple[Unheard, ...]:
    """Activity of at least SHORTEST seconds without words, in time order."""
    voices = union((*activity.speech, *activity.faint))
    active = union((*voices, *activity.sound))
    speech = _long(subtract(voices, covered_time(words, active, duration=activity.duration)))
    sure = [word for word in words if word.confidence >= SOUND_CONFIDENCE or _in_speech(voices, word)]
    lone = subtract(activity.sound, voices)
    sound = _long(subtract(union(lone), covered_time(sure, active, duration=activity.duration)), hull=False)
    found = [Unheard(channel, a, b, _kind(activity, a, b)) for a, b in speech]
    found += [Unheard(channel, a, b, "sound") for a, b in sound]
    return tuple(sorted(found, key=lambda gap: gap.start))


def _kind(activity: Activity, start: float, end: float) -> str:
    """Kind of a gap: "speech", or "faint" where most of it is speech only when amplified."""
    loud, faint = (
        sum(min(b, end) - max(a, start) for a, b in overlapping(spans, start, end))
        for spans in (activity.speech, activity.faint)
    )
    return "faint" if faint > loud else "speech"


def _long(spans: Sequence[Span], *, hull: bool = True) -> list[Span]:
    """The sorted, disjoint `spans` that are long enough: in one piece, or in short ones that add up.

    `hull`: the latter including the time between them.
    """
    near = [
        (start, end) for start, end in union(spans, join=JOIN) if _seconds(overlapping(spans, start, end)) >= SHORTEST
    ]
    runs = union(_runs(subtract(spans, near)))
    return union([*near, *(runs if hull else (piece for run in runs for piece in overlapping(spans, *run)))])


def _runs(spans: Sequence[Span]) -> list[Span]:
    """From the first to the last of spans that together last ADDED seconds within RUN."""
    out: list[Span] = []
    first, held = 0, 0.0
    for start, end in spans:
        held += end - start
        while spans[first][1] < end - RUN:
            held -= spans[first][1] - spans[first][0]
            first += 1
        if held >= ADDED:
            out.append((spans[first][0], end))
    return out


def _in_speech(voices: Sequence[Span], word: TimedText) -> bool:
    if word.start is None or word.end is None:
        return False
    near = overlapping(voices, word.start, word.end)
    inside = sum(min(end, word.end) - max(start, word.start) for start, end in near)
    return inside > 0.5 * (word.end - word.start)
