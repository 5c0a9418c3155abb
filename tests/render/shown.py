"""Plans to render, made by hand, so that the tests of this package do not need `policy`."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from redactor.render import OPERATORS, Replacer, document, plain_text, srt, tokens, vtt
from redactor.types import (
    UNTRANSCRIBED,
    Action,
    Cover,
    Decision,
    Finding,
    Interval,
    ModelInfo,
    Plan,
    Speech,
    TimedText,
    Transcript,
)

KEY = b"0123456789abcdef"
REPLACERS = {operator: Replacer(operator, key=KEY) for operator in OPERATORS}


def spoken(text: str, *, channel: int = 0, begin: float = 0.0, pace: float = 0.4, length: float = 0.3) -> Transcript:
    return Transcript.of(
        [TimedText(w, begin + i * pace, begin + i * pace + length, 0.9) for i, w in enumerate(text.split())],
        channel=channel,
    )


def cover(transcript: Transcript, first: int, last: int, label: str = "PERSON") -> Cover:
    if first == last:
        at = transcript.words[first].start if first < len(transcript.words) else 90.0
        return Cover(transcript.channel, first, last, at, at + 1, UNTRANSCRIBED, (UNTRANSCRIBED,))
    words = transcript.words[first:last]
    return Cover(transcript.channel, first, last, words[0].start, words[-1].end, label, (label,))


def plan_of(*transcripts: Transcript, covers: tuple[Cover, ...] = (), synthetic_only: bool = False, **settings) -> Plan:
    decisions = []
    for c in covers:
        if c.first < c.last:
            words = next(t for t in transcripts if t.channel == c.channel).words[c.first : c.last]
            found = Finding(c.label, words[0].char_start, words[-1].char_end, 0.87654, "test recognizer", c.channel)
            decisions.append(Decision(found, Action.REDACT, c.start, c.end))
    model = ModelInfo("fake", "fake-1", synthetic_only=synthetic_only)
    return Plan(
        id="a" * 64,
        policy="deidentify/1",
        duration=100.0,
        sample_rate=8000,
        channels=len(transcripts),
        speech=Speech(transcripts, tuple(range(len(transcripts))), model, skipped=1.23456),
        decisions=tuple(decisions),
        covers=covers,
        intervals=tuple(Interval(c.channel, c.start, c.end, c.labels) for c in covers),
        **settings,
    )


def everything(plan: Plan, operator: str = "label") -> dict[str, str]:
    """All that a reader may see of a plan."""
    shown = tokens(plan, REPLACERS[operator])
    doc = document(plan, shown, verification={})
    return {
        "text": plain_text(shown),
        "json": json.dumps(doc, ensure_ascii=False),
        "escaped json": json.dumps(doc),
        "srt": srt(shown),
        "vtt": vtt(shown),
        "repr": repr(plan) + repr(shown),
    }


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, list[str], list[str]]:
    """A plan of one or two channels whose words are all different; which of them are covered, and which are kept."""
    transcripts, covers, covered, kept = [], [], [], []
    for channel in range(draw(st.integers(1, 2))):
        n = draw(st.integers(0, 7))
        # No word is part of another one, of a label or of a key of the document: "q" begins each, "z" and a mark ends
        # each.
        middles = draw(st.lists(st.text("uvwxy'&<>-é", max_size=4), min_size=n, max_size=n))
        ends = draw(st.lists(st.sampled_from(["", ".", ",", "?!", "-->", ":"]), min_size=n, max_size=n))
        texts = [f"q{channel}{i}{middle}z{end}" for i, (middle, end) in enumerate(zip(middles, ends, strict=True))]
        now, times = 0.0, []
        for _ in texts:
            now += draw(st.sampled_from([-0.2, 0.0, 0.1, 1.0, 5.0]))
            times.append((max(0.0, now), max(0.0, now) + draw(st.sampled_from([0.0001, 0.2, 2.0]))))
            now = times[-1][1]
        transcript = Transcript.of([TimedText(t, *at) for t, at in zip(texts, times, strict=True)], channel=channel)
        transcripts.append(transcript)
        at = 0
        while at < n:
            kind = draw(st.sampled_from(["keep", "keep", "cover", "empty"]))
            if kind == "empty":
                covers.append(cover(transcript, at, at))
                kind = "keep"
            length = draw(st.integers(1, n - at)) if kind == "cover" else 1
            if kind == "cover":
                covers.append(cover(transcript, at, at + length, draw(st.sampled_from(["PERSON", "PHONE_NUMBER"]))))
            (covered if kind == "cover" else kept).extend(f"q{channel}{i}" for i in range(at, at + length))
            at += length
    return plan_of(*transcripts, covers=tuple(covers)), covered, kept
