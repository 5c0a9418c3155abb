"""Tokens → plain text, SubRip and WebVTT.

SubRip has no standard; the de-facto form is followed (comma before milliseconds, blank line between cues). WebVTT: W3C
WebVTT.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from redactor.render.tokens import RenderedToken

PAUSE = 0.8
"""Seconds of silence that end an utterance."""
CUE_SECONDS = 6.0
CUE_CHARACTERS = 84
"""Longest subtitle: two lines of 42 characters, 6 s (the usual broadcast limits)."""


def utterances(tokens: Sequence[RenderedToken]) -> list[list[RenderedToken]]:
    """Tokens grouped by channel and pause, in the order in which the utterances begin, so that a call reads as a
    dialogue.
    """
    out: list[list[RenderedToken]] = []
    for token in tokens:
        last = out[-1][-1] if out else None
        if last and last.channel == token.channel and token.start - last.end < PAUSE:
            out[-1].append(token)
        else:
            out.append([token])
    return sorted(out, key=lambda u: (u[0].start, u[0].channel))


def plain_text(tokens: Sequence[RenderedToken]) -> str:
    """One paragraph for a single speaker; for several channels one line a turn, "[channel 0] …"."""
    if len({t.channel for t in tokens}) <= 1:
        return " ".join(t.text for t in tokens)
    turns: list[list[RenderedToken]] = []
    for utterance in utterances(tokens):
        if turns and turns[-1][-1].channel == utterance[0].channel:
            turns[-1].extend(utterance)
        else:
            turns.append(list(utterance))
    return "\n".join(f"[channel {turn[0].channel}] " + " ".join(t.text for t in turn) for turn in turns)


def srt(tokens: Sequence[RenderedToken]) -> str:
    """SubRip subtitles."""
    return "".join(
        f"{n}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n\n"
        for n, (start, end, text) in enumerate(_cues(tokens), 1)
    )


def vtt(tokens: Sequence[RenderedToken]) -> str:
    """WebVTT subtitles; `&`, `<` and `>` are escaped, as the format requires."""
    body = "".join(
        f"{_clock(start, '.')} --> {_clock(end, '.')}\n{_escaped(text)}\n\n" for start, end, text in _cues(tokens)
    )
    return f"WEBVTT\n\n{body}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cues(tokens: Sequence[RenderedToken]) -> list[tuple[int, int, str]]:
    """Start and end in milliseconds, and text. In WebVTT starts must not decrease, and every cue must last."""
    several = len({t.channel for t in tokens}) > 1
    out: list[tuple[int, int, str]] = []
    for utterance in utterances(tokens):
        cue: list[RenderedToken] = []
        for token in utterance:
            length = sum(len(t.text) + 1 for t in cue) + len(token.text)
            if cue and (length > CUE_CHARACTERS or token.end - cue[0].start > CUE_SECONDS):
                out.append(_cue(cue, several=several))
                cue = []
            cue.append(token)
        out.append(_cue(cue, several=several))
    return sorted(out, key=lambda c: c[0])


def _cue(cue: list[RenderedToken], *, several: bool) -> tuple[int, int, str]:
    # A blank line would end the cue early; recognisers write none, but an imported transcript might.
    text = re.sub("-+>", "->", " ".join(" ".join(t.text for t in cue).split()))
    who = f"[channel {cue[0].channel}] " if several else ""
    start = max(0, round(min(t.start for t in cue) * 1000))
    return start, max(start + 1, round(max(t.end for t in cue) * 1000)), who + text


def _clock(ms: int, mark: str) -> str:
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{mark}{ms % 1000:03d}"
