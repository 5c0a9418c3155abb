"""Plan → tokens: kept words as they were said, and one replacement for each covered run. Nothing else reads a Plan's
transcripts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from redactor.render.replace import Replacer
from redactor.types import Plan, Transcript


@dataclass(frozen=True, slots=True)
class RenderedToken:
    """Text that may be shown for a stretch of time: a kept word, or the replacement of covered words (`label` set).

    It represents words[first:last] of its channel's transcript (none for unheard sound).
    """

    text: str = field(repr=False)
    start: float
    end: float
    channel: int
    confidence: float
    label: str = ""
    first: int = 0
    last: int = 0

    @property
    def redacted(self) -> bool:
        return bool(self.label)


def tokens(plan: Plan, replacer: Replacer) -> tuple[RenderedToken, ...]:
    """All tokens, channel by channel, in the order of speaking. A covered run that the operator drops leaves no
    token.
    """
    out: list[RenderedToken] = []
    for transcript in plan.speech.transcripts:
        covers = [c for c in plan.covers if c.channel == transcript.channel]
        texts = replacer.replacements(transcript, covers)
        upcoming = 0
        for cover, text in zip(covers, texts, strict=True):
            out.extend(_kept(transcript, i) for i in range(upcoming, max(upcoming, cover.first)))
            upcoming = max(upcoming, cover.last)
            if text:
                confidence = min((w.confidence for w in transcript.words[cover.first : cover.last]), default=0.0)
                out.append(
                    RenderedToken(
                        text,
                        cover.start,
                        cover.end,
                        transcript.channel,
                        confidence,
                        cover.label,
                        cover.first,
                        cover.last,
                    )
                )
        out.extend(_kept(transcript, i) for i in range(upcoming, len(transcript.words)))
    return tuple(out)


def _kept(transcript: Transcript, index: int) -> RenderedToken:
    word = transcript.words[index]
    return RenderedToken(
        word.text, word.start or 0.0, word.end or 0.0, transcript.channel, word.confidence, first=index, last=index + 1
    )
