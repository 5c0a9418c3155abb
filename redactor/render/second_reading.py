"""Compares a second reading of the redacted audio with the words that the plan kept. Pure functions.

    compare     aligns the second reading's words with the plan's, by time and text
    hits        the words that were heard and are PHI that the plan did not keep on purpose

Words that the plan kept were already judged in their full context; if they are heard again, they are known. The others
are of three kinds:

    uncovered   a covered word of the plan is heard, by its text or its sound, at about its time: it was not bleeped
    fresh       something is heard where the plan has other words or none. It replaces them in the full transcript,
                covered words included (with gaps in place of names, every text looks like names). It counts only if it
                is part of a finding in that text which must be redacted
    unclear     the first reading was unsure of its words, and the second is sure of others: nothing has judged what was
                said there
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from redactor.render.likeness import bare, likeness, sound
from redactor.types import UNTRANSCRIBED, Action, Interval, Plan, TimedText, Transcript, Word

NEAR = 1.0
"""Seconds by which two readings' times of one word may differ."""
BAND = 3.0
"""Seconds around a word within which its partner in the other reading is looked for."""
SKIPPED_KEPT, SKIPPED_HEARD, UNLIKE = 0.6, 0.7, 1.1
"""Costs of a kept word that was not heard again, of a heard word without a partner, and of pairing two unlike words."""
SOUNDS_LIKE = 0.75
"""Likeness, 0 … 1, from which a heard word is taken for a covered one."""
UNALIKE = 0.5
"""Likeness below which the two readings differ."""
NO_WORDS = 0.5
"""Confidence of the first reading where it has no words."""
SHORT = 3
"""Fewest letters of a covered word that counts: shorter ones (of, at, the) are heard anywhere."""


@dataclass(frozen=True, slots=True)
class WordRun:
    """Words that were heard where the plan has others or none: transcript.words[first:last] of a `ChannelReading`.

    Attributes:
        seconds: of each of them, outside bleeps.
        confidence: the second reading's mean in them.
        replaced: the first reading's mean in the words that it has there; NO_WORDS for none.
        alike: how alike both sound, 0 … 1.
    """

    first: int
    last: int
    seconds: tuple[float, ...]
    confidence: float
    replaced: float
    alike: float


@dataclass(frozen=True, slots=True)
class ChannelReading:
    """One channel of a second reading.

    Attributes:
        transcript: the plan's words, with those that were heard differently in their places; offsets fit its text.
        fresh: the runs of words that the plan does not have there.
        uncovered: heard words that are covered ones of the plan: the word as heard, and the label of its cover.
    """

    transcript: Transcript = field(repr=False)
    fresh: tuple[WordRun, ...]
    uncovered: tuple[tuple[Word, str], ...] = field(repr=False)

    @property
    def channel(self) -> int:
        return self.transcript.channel


@dataclass(frozen=True, slots=True)
class ResidualHit:
    """Possible PHI that can be heard.

    Attributes:
        kind: "uncovered", "fresh" or "unclear".
        label: of the cover or the finding; UNTRANSCRIBED for what is unclear.
        seconds: of its words, outside bleeps.
        confidence: the second reading's mean in them.
        replaced: the first reading's mean in the words that it has there.
    """

    kind: str
    label: str
    channel: int
    start: float
    end: float
    seconds: float
    confidence: float
    replaced: float = NO_WORDS


def compare(plan: Plan, heard: Iterable[Transcript], bleeps: Sequence[Interval]) -> list[ChannelReading]:
    """Align what was heard with the plan's words, channel by channel.

    Args:
        heard: the second reading's transcripts, by channel; channels that the plan has no transcript of are passed
            over.
        bleeps: where the output is nothing but a bleep. Words heard there were invented.
    """
    out: list[ChannelReading] = []
    theirs = {t.channel: t for t in heard}
    for transcript in plan.speech.transcripts:
        other = theirs.get(transcript.channel)
        if other is None:
            continue
        mine = sorted((i.start, i.end) for i in bleeps if i.channel == transcript.channel)
        words = [w for w in _timed(other.words) if open_seconds(w, mine) > min(0.15, (_end(w) - _start(w)) / 2)]
        labels: dict[int, str] = {}
        for cover in plan.covers:
            if cover.channel == transcript.channel:
                labels |= dict.fromkeys(range(cover.first, cover.last), cover.label)
        out.append(_reading(transcript, words, labels, mine))
    return out


def _reading(
    transcript: Transcript, heard: Sequence[Word], labels: dict[int, str], bleeps: Sequence[tuple[float, float]]
) -> ChannelReading:
    said = transcript.words
    uncovered: list[tuple[Word, str]] = []
    merged: list[Word] = []
    runs: list[WordRun] = []
    old: list[Word] = []
    new: list[Word] = []

    def settle() -> None:
        if not new or _joined(old) == _joined(new):
            merged.extend(old)
        else:
            seconds = tuple(open_seconds(w, bleeps) for w in new)
            runs.append(
                WordRun(
                    len(merged),
                    len(merged) + len(new),
                    seconds,
                    _mean_confidence(new),
                    _mean_confidence(old),
                    _alike(old, new),
                )
            )
            merged.extend(new)
        old.clear()
        new.clear()

    for i, j in align(said, heard, labels):
        if i is not None and i in labels:
            settle()
            merged.append(said[i])
            if j is not None and _is_distinctive(said[i]):
                uncovered.append((heard[j], labels[i]))
        elif i is not None and j is not None and bare(said[i].text) == bare(heard[j].text):
            settle()
            merged.append(said[i])
        elif i is None and j is not None and (whole := _part_of(heard[j], said, labels)) is not None:
            uncovered.append((heard[j], labels[whole]))
        else:
            old.extend([] if i is None else [said[i]])
            new.extend([] if j is None else [heard[j]])
    settle()
    # No word is lost here: each was part of a transcript already.
    text = Transcript.of(
        [TimedText(w.text, w.start, w.end, w.confidence) for w in merged],
        channel=transcript.channel,
        language=transcript.language,
    )
    return ChannelReading(text, tuple(runs), tuple(uncovered))


def align(said: Sequence[Word], heard: Sequence[Word], covered: Iterable[int]) -> list[tuple[int | None, int | None]]:
    """Partners in order: (index said, index heard), one of them None where there is no partner.

    The cheapest alignment: equal words are free, unlike ones cost UNLIKE, words of different times are no partners, and
    a covered word has a partner only in one that sounds like it. Covered words that were not heard cost nothing.
    """
    hidden = set(covered)
    starts = [_start(w) for w in heard]
    n, m = len(said), len(heard)
    low = [0] * (n + 1)
    high = [m] * (n + 1)
    for i in range(1, n):
        low[i] = max(low[i - 1], bisect_left(starts, _start(said[i]) - BAND))
        high[i] = max(high[i - 1] if i > 1 else 0, bisect_right(starts, _start(said[i - 1]) + BAND), low[i])
    high[0] = max(low[min(1, n)], bisect_right(starts, _start(said[0]) + BAND)) if n else m
    for i in range(n - 1, -1, -1):  # neighbouring rows must overlap: a cell of one leads to a cell of the next
        high[i] = max(high[i], low[i + 1])
    low[n] = low[n - 1] if n else 0
    infinite = float("inf")
    costs: list[dict[int, float]] = [{} for _ in range(n + 1)]
    back: list[dict[int, tuple[int, int]]] = [{} for _ in range(n + 1)]
    costs[0][0] = 0.0
    for i in range(n + 1):
        for j in range(low[i], high[i] + 1):
            best, origin = (0.0, (0, 0)) if i == j == 0 else (infinite, (0, 0))
            if i and (before := costs[i - 1].get(j, infinite)) < infinite:
                price = before + (0.0 if i - 1 in hidden else SKIPPED_KEPT)
                if price < best:
                    best, origin = price, (1, 0)
            if j and (before := costs[i].get(j - 1, infinite)) < infinite and before + SKIPPED_HEARD < best:
                best, origin = before + SKIPPED_HEARD, (0, 1)
            if i and j and (before := costs[i - 1].get(j - 1, infinite)) < infinite:
                price = before + _price(said[i - 1], heard[j - 1], covered=i - 1 in hidden)
                if price < best:
                    best, origin = price, (1, 1)
            if best < infinite:
                costs[i][j], back[i][j] = best, origin
    out: list[tuple[int | None, int | None]] = []
    i, j = n, m
    while i or j:
        di, dj = back[i][j]
        out.append((i - 1 if di else None, j - 1 if dj else None))
        i, j = i - di, j - dj
    return out[::-1]


def _price(one: Word, other: Word, *, covered: bool) -> float:
    apart = max(0.0, _start(other) - _end(one), _start(one) - _end(other))
    if apart > NEAR:
        return float("inf")
    like = likeness(one.text, other.text)
    if covered and like < SOUNDS_LIKE:
        return float("inf")
    return UNLIKE * (1.0 - like) + 0.1 * apart


def _part_of(word: Word, said: Sequence[Word], covered: Iterable[int]) -> int | None:
    """The covered number at about this time that `word` is a part of: one number can be several words."""
    if not any(c.isdigit() for c in word.text):
        return None
    return next(
        (
            i
            for i in covered
            if _start(said[i]) - NEAR < _end(word)
            and _start(word) < _end(said[i]) + NEAR
            and likeness(said[i].text, word.text) >= SOUNDS_LIKE
        ),
        None,
    )


def _mean_confidence(words: Sequence[Word]) -> float:
    return sum(w.confidence for w in words) / len(words) if words else NO_WORDS


def _alike(one: Iterable[Word], other: Iterable[Word]) -> float:
    """As `likeness`; 1 if the shorter one is contained in the longer."""
    a, b = _joined(one), _joined(other)
    short, long = sorted((sound(a), sound(b)), key=len)
    return 1.0 if short and short in long else likeness(a, b)


def _joined(words: Iterable[Word]) -> str:
    return "".join(bare(w.text) for w in words)


def _is_distinctive(word: Word) -> bool:
    text = bare(word.text)
    return len(text) >= SHORT or text.isdigit()


def open_seconds(word: Word, bleeps: Iterable[tuple[float, float]]) -> float:
    """Seconds of a word that lie in none of the (disjoint) bleeps."""
    start, end = _start(word), _end(word)
    return end - start - sum(max(0.0, min(end, b) - max(start, a)) for a, b in bleeps)


def _start(word: Word) -> float:
    return word.start or 0.0


def _end(word: Word) -> float:
    return word.end or 0.0


def _timed(words: Iterable[Word]) -> list[Word]:
    return [w for w in words if w.start is not None and w.end is not None]


@dataclass(frozen=True, slots=True)
class ResidualEvidence:
    """Thresholds for withholding a recording: seconds outside bleeps, and the readings' confidence, 0 … 1.

    Attributes:
        uncovered_seconds, uncovered_confidence: minimum for a covered word that is heard.
        fresh_seconds, fresh_confidence: minimum for fresh words that are PHI.
        fresh_replaced: maximum confidence of the first reading in the words that they replace.
        unclear_seconds, unclear_confidence, unclear_replaced: likewise for what is unclear.
    """

    uncovered_seconds: float = 0.15
    uncovered_confidence: float = 0.5
    fresh_seconds: float = 0.28
    fresh_confidence: float = 0.3
    fresh_replaced: float = 0.6
    unclear_seconds: float = 0.35
    unclear_confidence: float = 0.5
    unclear_replaced: float = 0.49

    def enough(self, hit: ResidualHit) -> bool:
        """Whether a hit counts."""
        if hit.kind == "uncovered":
            return hit.seconds >= self.uncovered_seconds and hit.confidence >= self.uncovered_confidence
        if hit.kind == "fresh":
            seconds, confidence, replaced = self.fresh_seconds, self.fresh_confidence, self.fresh_replaced
        else:
            seconds, confidence, replaced = self.unclear_seconds, self.unclear_confidence, self.unclear_replaced
        return hit.seconds >= seconds and hit.confidence >= confidence and hit.replaced <= replaced


def hits(
    readings: Iterable[ChannelReading], again: Plan, *, evidence: ResidualEvidence | None = None
) -> list[ResidualHit]:
    """The words that were heard, and either are PHI that was not kept on purpose or were never judged.

    Args:
        again: the plan that detector and policy make from the readings' transcripts.
        evidence: the thresholds.
    """
    evidence = evidence or ResidualEvidence()
    found: list[ResidualHit | None] = []
    for reading in readings:
        for word, label in reading.uncovered:
            start, end = _start(word), _end(word)
            found.append(ResidualHit("uncovered", label, reading.channel, start, end, end - start, word.confidence))
        whole = (0, len(reading.transcript.text))
        found += [
            _heard(reading, [run], whole, "unclear", UNTRANSCRIBED) for run in reading.fresh if run.alike < UNALIKE
        ]
        for decision in again.decisions:
            finding = decision.finding
            if finding.channel == reading.channel and decision.action is Action.REDACT:
                found.append(_heard(reading, reading.fresh, (finding.start, finding.end), "fresh", finding.label))
    return [hit for hit in found if hit and evidence.enough(hit)]


def _heard(
    reading: ChannelReading, runs: Iterable[WordRun], span: tuple[int, int], kind: str, label: str
) -> ResidualHit | None:
    """The words of `runs` that touch text[span]; None: there are none."""
    words = reading.transcript.words
    found = [
        (words[k], run.seconds[k - run.first], run.replaced)
        for run in runs
        for k in range(run.first, run.last)
        if words[k].char_start < span[1] and words[k].char_end > span[0]
    ]
    if not found:
        return None
    return ResidualHit(
        kind,
        label,
        reading.channel,
        min(_start(word) for word, _, _ in found),
        max(_end(word) for word, _, _ in found),
        sum(seconds for _, seconds, _ in found),
        _mean_confidence([word for word, _, _ in found]),
        sum(replaced for _, _, replaced in found) / len(found),
    )
