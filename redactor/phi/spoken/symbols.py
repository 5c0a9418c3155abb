"""Spoken signs: "dot com", "at gmail dot com", "underscore", "w w w dot", "colon slash slash", "10 dot 24"."""

from __future__ import annotations

from collections.abc import Sequence

from redactor.phi.spoken.form import TextEdit
from redactor.phi.spoken.words import NOT_A_LOCAL_PART, NUMBER_STARTS, PROVIDERS, REPEATS, TOP_LEVEL, SpokenToken

SIGNS = {
    "dot": ".",
    "point": ".",
    "period": ".",
    "dash": "-",
    "hyphen": "-",
    "minus": "-",
    "slash": "/",
    "underscore": "_",
    "colon": ":",
}
_ALWAYS = frozenset({"underscore"})
_DOMAIN_WORDS = 7


def read_sign(text: str, tokens: Sequence[SpokenToken], index: int) -> tuple[int, TextEdit] | None:
    """A sign said between two parts of an address or number: (next index, edit that includes the spaces around it)."""
    if not 0 < index < len(tokens) - 1:
        return None
    lower, before, after = tokens[index].lower, tokens[index - 1], tokens[index + 1]
    if lower == "under" and after.lower == "score" and index + 2 < len(tokens):
        return index + 2, _edit_with_spaces(tokens, index, index + 1, "_")
    sign = SIGNS[lower]
    if not _blank(text, before, tokens[index]) or not _blank(text, tokens[index], after):
        return None
    numbers = _numeric(before) and (_numeric(after) or after.lower in REPEATS)
    if lower in {"point", "period"}:
        allowed = numbers or (
            lower == "period" and (after.lower in TOP_LEVEL or _dotted_ahead(text, tokens, index + 1))
        )
    elif lower == "dot":
        allowed = (
            numbers or after.lower in TOP_LEVEL or _dotted_ahead(text, tokens, index + 1) or _after_www(tokens, index)
        )
    elif lower in {"dash", "hyphen", "minus"}:
        allowed = (
            numbers
            or len(before.lower) == 1
            or len(after.lower) == 1
            or (lower != "minus" and _dotted_ahead(text, tokens, index))
        )
    elif lower == "slash":
        allowed = numbers or before.lower in TOP_LEVEL or before.lower in SIGNS or after.lower in SIGNS
    elif lower == "colon":
        allowed = numbers or after.lower == "slash"
    else:
        allowed = lower in _ALWAYS
    return (index + 1, _edit_with_spaces(tokens, index, index, sign)) if allowed else None


def read_at(text: str, tokens: Sequence[SpokenToken], index: int) -> tuple[int, list[TextEdit]] | None:
    """As in "at" that is an @: what follows is a domain. Joins the words of the domain: "at a o l dot com" →
    "@aol.com".
    """
    if not 0 < index < len(tokens) - 1 or tokens[index - 1].lower in NOT_A_LOCAL_PART:
        return None
    if tokens[index + 1].lower in {"http", "https", "www", "w"}:
        return None
    first = index + 1 + (tokens[index + 1].lower in {"sign", "symbol"})
    end = _domain_end(text, tokens, first) if first < len(tokens) else None
    if end is None:
        return None
    edits = [_edit_with_spaces(tokens, index, first - 1, "@")]
    for at in range(first, end):
        lower, nxt = tokens[at].lower, tokens[at + 1] if at + 1 < end else None
        if lower in SIGNS:
            edits.append(_edit_with_spaces(tokens, at, at, SIGNS[lower]))
        elif nxt is not None and nxt.lower not in SIGNS and text[tokens[at].end : nxt.start] != ".":
            word = text[tokens[at].start : tokens[at].end]
            edits.append(TextEdit(tokens[at].start, nxt.start, word))
    return end, edits


def _domain_end(text: str, tokens: Sequence[SpokenToken], start: int) -> int | None:
    """Index after the domain that starts at `start`: up to seven words, then a dot and a top-level name, repeated."""
    end = None
    at = start
    stop = min(len(tokens), start + _DOMAIN_WORDS + 3)
    while at < stop:
        lower = tokens[at].lower
        gap = text[tokens[at - 1].end : tokens[at].start]
        if lower == "com" and at == start + 1 and end == at and gap == " ":  # "at gmail com"
            return at + 1
        if at > start and gap not in {" ", ".", "-"}:
            break
        dotted = gap == "." and at > start
        if (dotted and lower in TOP_LEVEL) or (at == start and lower in PROVIDERS):
            end = at + 1
        elif lower in {"dot", "period"} and at + 1 < len(tokens) and tokens[at + 1].lower in TOP_LEVEL:
            if text[tokens[at].end : tokens[at + 1].start] != " ":
                break
            at += 1
            end = at + 1
        elif end is not None and lower not in {"dot", "period"} and not dotted:
            break
        at += 1
    return end


def _dotted_ahead(text: str, tokens: Sequence[SpokenToken], index: int) -> bool:
    """Whether "dot com" or the like follows within a few words without a pause: then this sign is part of an
    address.
    """
    for at in range(index, min(len(tokens) - 1, index + 6)):
        if at > index and text[tokens[at - 1].end : tokens[at].start] not in {" ", "."}:
            return False
        if tokens[at].lower in {"dot", "at", "period"} and at > index and _leads_to_domain(tokens, at):
            return True
    return False


def _after_www(tokens: Sequence[SpokenToken], index: int) -> bool:
    """Whether "www" or "w w w" was said within the last seven words: then every dot belongs to that address."""
    said = [token.lower for token in tokens[max(0, index - 7) : index]]
    return "www" in said or said.count("w") >= 3


def _leads_to_domain(tokens: Sequence[SpokenToken], at: int) -> bool:
    if tokens[at].lower in {"dot", "period"}:
        return tokens[at + 1].lower in TOP_LEVEL
    return any(t.lower in TOP_LEVEL for t in tokens[at + 2 : at + 6])


def _edit_with_spaces(tokens: Sequence[SpokenToken], first: int, last: int, written: str) -> TextEdit:
    return TextEdit(tokens[first - 1].end, tokens[last + 1].start, written)


def _blank(text: str, left: SpokenToken, right: SpokenToken) -> bool:
    return text[left.end : right.start].strip() == ""


def _numeric(token: SpokenToken) -> bool:
    return token.lower.isdigit() or token.lower in NUMBER_STARTS or token.lower in {"oh", "o"}
