"""Which activity no word stands for: the check that keeps speech from being lost silently.

A word covers its time and TOLERANCE on both sides, but never more than a plausible length (`plausible`): when a model leaves a
clause out, alignment stretches the neighbouring words over it. A word without a time covers from the word before to the word
after. Words heard in a stretch that is not speech to the voice detector (ringing, noise) cover it only from
SOUND_CONFIDENCE up: models invent text there. What is left is joined over pauses of JOIN seconds; where it then holds at least
SHORTEST seconds of activity it is a gap. So a run of keypad tones counts as one, and a single click or breath does not count.
"""

from __future__ import annotations

from collections.abc import Sequence

from redactor.types import TimedText, Unheard

from .activity import Activity, Span, overlapping, subtract, union

TOLERANCE = 0.3  # seconds: word times of Whisper are off by 50 to 300 ms, and the voice detector lingers after a word
JOIN = 0.4  # seconds
SHORTEST = 0.6  # seconds: about two syllables beyond the tolerance
SOUND_CONFIDENCE = 0.5


def plausible(text: str) -> float:
    """The longest time that saying `text` can take, seconds: drawn-out speech, digits and capitals one by one with pauses."""
    digits = sum(character.isdigit() for character in text)
    letters = sum(character.isalpha() for character in text)
    groups = sum(character in "-./@:#" for character in text)
    if letters > 1 and "".join(filter(str.isalpha, text)).isupper():
        digits, letters = digits + letters, 0
    return 0.6 + 0.15 * letters + 0.45 * digits + 0.3 * groups


def covered(words: Sequence[TimedText], *, duration: float) -> list[Span]:
    """The time that `words` (in order, on the channel's clock) stand for."""
    spans: list[Span] = []
    before = 0.0
    i = 0
    while i < len(words):
        _, start, end, _ = words[i]
        if start is None or end is None or end <= start:
            after = next((w.start for w in words[i + 1 :] if w.start is not None), duration)
            spans.append((before, max(before, after)))
            i += 1
            continue
        # Words of one cue share its times: together they may fill it.
        length = 0.0
        while i < len(words) and words[i].start == start and words[i].end == end:
            length += plausible(words[i].text)
            i += 1
        reach = min(end, start + length)
        spans.append((start - TOLERANCE, reach + TOLERANCE))
        before = max(before, reach)
    return union(spans)


def gaps(activity: Activity, words: Sequence[TimedText], *, channel: int) -> tuple[Unheard, ...]:
    """Activity of at least SHORTEST seconds that no word stands for, in time order."""
    voices = union((*activity.speech, *activity.faint))
    speech = _long(subtract(voices, covered(words, duration=activity.duration)))
    sure = [word for word in words if word.confidence >= SOUND_CONFIDENCE or _in_speech(voices, word)]
    lone = subtract(activity.sound, voices)
    sound = _long(subtract(union(lone), covered(sure, duration=activity.duration)))
    found = [Unheard(channel, a, b, _kind(activity, a, b)) for a, b in speech]
    found += [Unheard(channel, a, b, "sound") for a, b in sound]
    return tuple(sorted(found, key=lambda gap: gap.start))


def _kind(activity: Activity, start: float, end: float) -> str:
    """Whether what speaks there does so loudly, or mostly so faintly that it has to be amplified."""
    loud, faint = (
        sum(min(b, end) - max(a, start) for a, b in overlapping(spans, start, end))
        for spans in (activity.speech, activity.faint)
    )
    return "faint" if faint > loud else "speech"


def _long(spans: list[Span]) -> list[Span]:
    return [
        (start, end)
        for start, end in union(spans, join=JOIN)
        if sum(b - a for a, b in overlapping(spans, start, end)) >= SHORTEST
    ]


def _in_speech(voices: Sequence[Span], word: TimedText) -> bool:
    if word.start is None or word.end is None:
        return False
    near = overlapping(voices, word.start, word.end)
    inside = sum(min(end, word.end) - max(start, word.start) for start, end in near)
    return inside > 0.5 * (word.end - word.start)
