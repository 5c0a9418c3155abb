"""Keyed digits: tones on a channel → decisions, and the covers and bleeps of those that are redacted.

Only the sound counts. Words at the time of the tones are covered with them: a recogniser invented them, or the author
of the transcript wrote the digits down. No word can keep a tone from being bleeped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from redactor.policy.profiles import Policy
from redactor.policy.word_spans import JOIN, covered_words
from redactor.types import (
    BLEEPED,
    KEYED_DIGITS,
    UNTRANSCRIBED,
    Action,
    Cover,
    Decision,
    Finding,
    Interval,
    Speech,
    Transcript,
    Unheard,
    Word,
)

SOURCE = "tones"
NEAR = 0.3
"""Seconds by which the times of words and of unheard sound may differ from the tones'."""
LONGEST_REMNANT = 0.6
"""Seconds; shorter remnants of unheard sound that keyed digits explain are bleeped without withholding the recording
(`speech.coverage` reports nothing shorter).
"""

_KEY_NAMES = frozenset("zero oh one two three four five six seven eight nine star asterisk pound hash".split())


def key_decisions(speech: Speech, transcript: Transcript, policy: Policy, duration: float) -> list[Decision]:
    """What the policy does with the keyed digits of a transcript's channels, one decision for each run of keys.

    Keys with pauses of up to `JOIN` seconds are one run, whatever words there are. Unheard sound at its edges belongs
    to it: line noise of the keypad, and margins of the sound detector.
    """
    mine = [c for c, twin in enumerate(speech.same_as) if twin == transcript.channel]
    tones = _clipped(((t.start, t.end) for t in speech.key_tones if t.channel in mine), duration)
    runs: list[tuple[float, float]] = []
    for start, end in sorted(tones):
        if runs and start <= runs[-1][1] + JOIN:
            runs[-1] = (runs[-1][0], max(runs[-1][1], end))
        else:
            runs.append((start, end))
    unheard = _clipped(((u.start, u.end) for u in speech.unheard if u.channel in mine), duration)
    action = Action(policy.labels.get(KEYED_DIGITS, "redact"))
    out: list[Decision] = []
    for start, end in runs:
        beside = [(max(a, start - NEAR), min(b, end + NEAR)) for a, b in unheard if a < end + NEAR and b > start - NEAR]
        span = _span(transcript, start, end)
        finding = Finding(KEYED_DIGITS, *span, 1.0, SOURCE, transcript.channel)
        low, high = min([start, *(a for a, _ in beside)]), max([end, *(b for _, b in beside)])
        out.append(Decision(finding, action, low, high))
    return out


def without_keys(unheard: Sequence[Unheard], decisions: Sequence[Decision]) -> tuple[list[Unheard], bool]:
    """A channel's unheard sound without what its keyed digits explain, and whether it holds speech longer than a
    remnant.
    """
    out: list[Unheard] = []
    speech = False
    for whole in unheard:
        pieces = [(whole.start, whole.end)]
        for d in decisions:
            pieces = [part for piece in pieces for part in _without(piece, d.start, d.end)]
        untouched = pieces == [(whole.start, whole.end)]
        out.extend(Unheard(whole.channel, a, b, whole.kind) for a, b in pieces)
        speech |= whole.kind not in BLEEPED and (untouched or any(abs(b - a) >= LONGEST_REMNANT for a, b in pieces))
    return out, speech


def cover_keys(
    transcript: Transcript, covers: Iterable[Cover], decisions: Iterable[Decision], policy: Policy, duration: float
) -> tuple[list[Cover], list[Interval]]:
    """The covers with those of keyed digits, and a bleep for each run of keys to redact.

    A cover of words that stand over the tones lasts as long as these; where there is none, one of no word is added.
    """
    out = list(covers)
    placed: list[Interval] = []
    for d in decisions:
        if d.action is not Action.REDACT or d.finding.label != KEYED_DIGITS:
            continue
        placed.append(bleep_for_stretch(transcript, d.start, d.end, policy, duration, (KEYED_DIGITS,)))
        first, last = covered_words(transcript.words, d.finding.start, d.finding.end)
        over = [i for i, c in enumerate(out) if c.first < last and first < c.last]
        for i in over:
            out[i] = replace(out[i], start=min(out[i].start, d.start), end=max(out[i].end, d.end))
        if not over:
            out.append(empty_cover(transcript, d.start, d.end, KEYED_DIGITS))
    return out, placed


def bleep_for_stretch(
    transcript: Transcript,
    start: float,
    end: float,
    policy: Policy,
    duration: float,
    labels: tuple[str, ...] = (UNTRANSCRIBED,),
) -> Interval:
    """A bleep for a stretch of sound, padded up to the neighbouring words but not into them."""
    ends = [w.end or 0.0 for w in transcript.words if (w.start or 0.0) < start]
    begins = [w.start or 0.0 for w in transcript.words if (w.end or 0.0) > end]
    low = max([start - policy.padding, 0.0, *(e for e in ends if e <= start)])
    high = min([end + policy.padding, duration, *(b for b in begins if b >= end)])
    return Interval(transcript.channel, low, high, labels)


def empty_cover(transcript: Transcript, start: float, end: float, label: str = UNTRANSCRIBED) -> Cover:
    """A cover without words, at its place between the words of the transcript."""
    place = _place(transcript, start)
    return Cover(transcript.channel, place, place, start, end, label, (label,))


def _place(transcript: Transcript, start: float) -> int:
    return sum((w.start or 0.0) < start for w in transcript.words)


def _span(transcript: Transcript, start: float, end: float) -> tuple[int, int]:
    """The span of the words over a run of keys; without words, an empty span at its place in the text."""
    words = transcript.words
    over = [i for i, w in enumerate(words) if _is_over(w, start, end)]
    if over:
        return words[over[0]].char_start, words[over[-1]].char_end
    place = _place(transcript, start)
    at = words[place].char_start if place < len(words) else len(transcript.text)
    return at, at


def _is_over(word: Word, start: float, end: float) -> bool:
    """Whether half of a word is in start … end, or a key's name is near: transcripts are often late or early."""
    low, high = word.start or 0.0, word.end or 0.0
    if _names_a_key(word.text) and low < end + NEAR and high > start - NEAR:
        return True
    return min(high, end) - max(low, start) > (high - low) / 2


def _names_a_key(text: str) -> bool:
    return any(c.isdigit() or c in "*#" for c in text) or text.strip(".,?!;:").casefold() in _KEY_NAMES


def _clipped(stretches: Iterable[tuple[float, float]], duration: float) -> list[tuple[float, float]]:
    ordered = (sorted(stretch) for stretch in stretches)
    inside = [(max(0.0, a), min(b, duration)) for a, b in ordered]
    return [(a, b) for a, b in inside if a < b]


def _without(piece: tuple[float, float], start: float, end: float) -> list[tuple[float, float]]:
    a, b = piece
    if not a < b or b <= start or end <= a:
        return [piece]
    return [(x, y) for x, y in ((a, start), (end, b)) if x < y]
