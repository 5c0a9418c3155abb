"""From characters to words to seconds: pure functions, whose tests prove the properties that keep PHI from leaking.

Every word that a span touches is covered, whatever the span. (A span is never matched by its text: that is how other
tools lose half a date.) Every word has a time: a word without one gets the stretch between its neighbours.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from redactor.types import Interval, Transcript, Word

SECONDS_PER_DIGIT = 0.11
SECONDS_PER_LETTER = 0.025
"""Nobody speaks faster: the quickest readings of phone numbers take about 0.12 s a digit, quick speech about 0.03 s a
letter. A covered word that is shorter has a wrong time and is widened to this.
"""

SHORTEST_STRETCH = 1.0
"""Seconds given at least to a word without a time: aligners that lose a word close the gap between its neighbours."""

JOIN = 1.0
"""Bleeps with no kept word between them are merged over pauses of up to this many seconds: a pause holds breath, or a
syllable that the alignment misplaced.
"""


LONGEST_STRETCH = 2.0
"""Seconds by which a bleep is extended at most into a kept word that lasts too long."""
UNSURE = 0.65
"""Confidence below which a word's time is uncertain as well."""
UNSURE_REACH = 0.1
"""Seconds that padding reaches further into a kept word whose time is uncertain."""
SLOW = 0.9
"""A kept word beside a number that lasts longer than this share of its `longest_duration` may include a part of it."""
EDGE = 0.75
"""Seconds between a covered word and its neighbour, or the recording's edge, that are covered completely: they may hold
the rest of a number that was cut off, or letters of a spelled name that recognition left out.
"""

TAIL = 2.0
"""A longer pause after a word is covered for so many times the padding: the last word before a pause is drawn out and
fades, and recognition ends it early (95 % within 0.48 s; within 0.15 s where a word follows without a pause)."""


def covered_words(words: Sequence[Word], start: int, end: int) -> tuple[int, int]:
    """The run first … last (exclusive) of words that share at least one character with text[start:end].

    An empty span, or one in the blank between two words, covers nothing: first == last.
    """
    if start >= end:
        return 0, 0
    first = bisect_right([w.char_end for w in words], start)
    last = bisect_left([w.char_start for w in words], end)
    return (first, last) if first < last else (0, 0)


def with_times(transcript: Transcript, duration: float) -> tuple[Transcript, int]:
    """The transcript with a time for every word, inside 0 … duration, and the number of words that had none.

    A word without a time, or with a time after the recording's end, gets the stretch from the end of the last word with
    a time to the start of the next one (or the recording's edge), at least `SHORTEST_STRETCH` seconds.
    """
    words = transcript.words
    usable = [w.start is not None and w.end is not None and 0 <= w.start < min(w.end, duration) for w in words]
    after: list[float] = [duration] * len(words)
    upcoming = duration
    for i in range(len(words) - 1, -1, -1):
        after[i] = upcoming
        if usable[i]:
            upcoming = min(upcoming, words[i].start or 0.0)
    out: list[Word] = []
    before = 0.0
    for word, good, nxt in zip(words, usable, after, strict=True):
        if good:
            assert word.start is not None
            assert word.end is not None
            end = min(word.end, duration)
            out.append(replace(word, end=end))
            before = max(before, end)
        else:
            # Neighbours may touch or overlap (imported transcripts): then the word was spoken within their time.
            low, high = min(before, nxt), max(before, nxt)
            slack = max(0.0, SHORTEST_STRETCH - max(0.0, nxt - before)) / 2
            out.append(replace(word, start=max(0.0, low - slack), end=min(duration, high + slack)))
    return replace(transcript, words=tuple(out)), usable.count(False)


def time_span(words: Sequence[Word], first: int, last: int) -> tuple[float, float]:
    """Seconds from the earliest start to the latest end of words[first:last] (all have times)."""
    return min(w.start or 0.0 for w in words[first:last]), max(w.end or 0.0 for w in words[first:last])


def shortest_duration(text: str) -> float:
    """The shortest time, in seconds, in which a written word can be spoken."""
    # "10:00" and "$2,000" are spoken with fewer words than they have zeros.
    digits = sum(c.isdigit() for c in re.sub("0[0,:.]*0", "0", text))
    letters = sum(c.isalpha() for c in text)
    return digits * SECONDS_PER_DIGIT + letters * SECONDS_PER_LETTER


def padded(
    words: Sequence[Word],
    first: int,
    last: int,
    *,
    padding: float,
    reach: float,
    duration: float,
    kept: Sequence[bool],
) -> tuple[float, float]:
    """The stretch to bleep for words[first:last]: their time, at least as long as a voice needs, plus `padding` seconds
    on each side.

    Pauses do not limit padding. Into the nearest kept word on a side it reaches at most `reach` seconds (`UNSURE_REACH`
    more where its time is uncertain) and never past the word's middle, so that the word stays understandable; covered
    words do not limit it. A kept word that lasts longer than unhurried speech was stretched over a pause or over part
    of its neighbour: only the far part of its time counts as its own, the rest is bleeped. The result always holds the
    words' own time and, where that is too short for speech, the time that they need: such a time is wrong, and the
    words were spoken within their neighbours' time.
    """
    start, end = time_span(words, first, last)
    short = max(0.0, sum(shortest_duration(w.text) for w in words[first:last]) - (end - start)) / 2
    start, end = start - short, end + short
    # At the recording's edges there is room on one side only.
    start, end = start - max(0.0, end - duration), end + max(0.0, -start)
    low, high = start - padding, end + padding
    before = next((words[i] for i in range(first - 1, -1, -1) if kept[i]), None)
    after = next((words[i] for i in range(last, len(words)) if kept[i]), None)
    if before:
        ends = _ends(before)
        if ends < (before.end or 0.0):
            low = min(low, max(ends, start - LONGEST_STRETCH))
        elif padding and start - ends <= EDGE:
            low = min(low, ends)
        low = max(low, ((before.start or 0.0) + ends) / 2, min(ends, start) - _reach(reach, before, words[first]))
    elif padding and start <= EDGE:
        low = 0.0
    if after:
        begins = _begins(after)
        if begins > (after.start or 0.0):
            high = max(high, min(begins, end + LONGEST_STRETCH))
        elif padding:
            high = max(high, begins if begins - end <= EDGE else end + TAIL * padding)
        high = min(high, (begins + (after.end or 0.0)) / 2, max(begins, end) + _reach(reach, after, words[last - 1]))
    elif padding:
        high = max(high, duration if duration - end <= EDGE else end + TAIL * padding)
    return max(0.0, min(low, start)), min(duration, max(high, end))


def _reach(reach: float, kept: Word, covered: Word) -> float:
    lasts = (kept.end or 0.0) - (kept.start or 0.0)
    slow = lasts > SLOW * longest_duration(kept.text) and any(map(str.isdigit, covered.text))
    return reach + (UNSURE_REACH if kept.confidence < UNSURE or slow else 0.0)


def longest_duration(text: str) -> float:
    """The time, in seconds, that unhurried speech takes for a written word; 6 % of the labelled words took longer."""
    digits = sum(c.isdigit() for c in text)
    letters = sum(c.isalpha() for c in text)
    signs = sum(c in "-./@:" for c in text)
    if letters > 1 and "".join(filter(str.isalpha, text)).isupper():
        digits, letters = digits + letters, 0
    return 0.1 + 0.07 * letters + 0.5 * digits + 0.3 * signs


def _ends(word: Word) -> float:
    """When a kept word before a bleep ends at the latest."""
    return min(word.end or 0.0, (word.start or 0.0) + longest_duration(word.text))


def _begins(word: Word) -> float:
    """When a kept word after a bleep begins at the earliest."""
    return max(word.start or 0.0, (word.end or 0.0) - longest_duration(word.text))


def merge_intervals(
    intervals: Sequence[Interval], kept_words: Sequence[Word], *, join: float = JOIN
) -> tuple[Interval, ...]:
    """One channel's intervals, sorted and disjoint, merged over pauses of up to `join` seconds without a kept word."""
    out: list[Interval] = []
    for interval in sorted(intervals, key=lambda i: (i.start, i.end)):
        if out:
            previous = out[-1]
            gap = interval.start - previous.end
            if gap <= 0 or (gap <= join and not _word_between(kept_words, previous.end, interval.start)):
                labels = tuple(dict.fromkeys(previous.labels + interval.labels))
                out[-1] = replace(previous, end=max(previous.end, interval.end), labels=labels)
                continue
        out.append(interval)
    return tuple(out)


def _word_between(words: Sequence[Word], start: float, end: float) -> bool:
    return any((w.start or 0.0) < end and (w.end or 0.0) > start for w in words)
