"""Web addresses (45 CFR 164.514(b)(2)(i)(N); RFC 3986), written or dictated ("w w w dot", "my chart dot example dot
org").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.recognizers.email import gather_left
from redactor.phi.spoken import WrittenForm

_TOP = r"(?:com|org|net|edu|gov|mil|info|biz|io|co(?:\.uk)?|health|care|clinic|example|us|uk|ca|app|dev)"
_PATTERNS = (
    ("scheme", re.compile(r"\bhttps?:\s?//\s?[^\s,]+", re.IGNORECASE)),
    ("www", re.compile(r"\bwww\.(?:[\w-]+ ){0,3}[\w-]+(?:\.[\w-]+)+(?:/\S*)?", re.IGNORECASE)),
    ("domain", re.compile(rf"(?<![@\w.-])\w[\w-]*(?:\.[\w-]+)*\.{_TOP}\b(?:/[^\s,]*)?(?![@\w])", re.IGNORECASE)),
)
_PATH = re.compile(rf"\.{_TOP}(?P<value>/\s?[\w-]+(?:/[\w-]+)*)", re.IGNORECASE)
_SPELLED_END = re.compile(
    r"\b(?P<before>(?:[\w'-]+ ){1,5})dot (?:c o m|o r g|n e t|e d u|g o v|u s)\b(?: (?:forward )?slash [\w-]+)*",
    re.IGNORECASE,
)
"""A name whose end is spelled, which `phi.spoken` does not write out: "pine valley dot e d u"."""
_STOP = frozenset(
    "at to is it's visit website site page online portal on in the our your and or go see check through via address "
    "web url from with of for into a an that that's www now log site's website's using use uh um by please was says "
    "shows said reads forms form".split()
)


class UrlRecognizer(SpokenRecognizer):
    """A scheme, www, or a name under a usual top-level domain; dictated names include the words before them."""

    label = "URL"

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        text = form.text
        if "dot" in form.words or " dot " in form.original.lower():
            for match in _SPELLED_END.finditer(form.original):
                start = gather_left(form.original, match.end("before"), _STOP)
                yield start, match.end(), 0.7, "dictated with a spelled end"
        if "." not in text and "//" not in text:
            return
        for match in _PATH.finditer(text):
            yield *form.to_original(*match.span("value")), 0.9, "path"
        for name, regex in _PATTERNS:
            for match in regex.finditer(text):
                start, end = match.span()
                low, high = form.to_original(start, end)
                if name == "domain" and re.search(r"\bdot\b", form.original[low:high], re.IGNORECASE):
                    start = gather_left(text, start, _STOP)
                yield *form.to_original(start, end), 0.9, name
