"""Internet addresses (45 CFR 164.514(b)(2)(i)(O)): IPv4, IPv6 and hardware addresses, written or dictated ("10 dot 24
dot …").
"""

from __future__ import annotations

from redactor.phi.recognizers.base import Candidate, NamedPattern, PatternBase


class IpAddressRecognizer(PatternBase):
    """Four groups of figures, each at most 255; six or eight groups of hexadecimal figures."""

    label = "IP_ADDRESS"
    patterns = (
        NamedPattern("IPv4", r"(?<![\d.])(?:\d(?:\s?\d){0,2}\s?\.\s?){3}\d(?:\s?\d){0,2}(?!\d|\.\d)", 0.9),
        NamedPattern("IPv6", r"(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:])", 0.8),
        NamedPattern("MAC", r"(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])", 0.8),
    )
    needs = r"\d\s?\.\s?\d|[0-9a-f][:-][0-9a-f]"

    def score_of(self, candidate: Candidate) -> float:
        if candidate.pattern.name == "IPv4":
            groups = candidate.match.group().split(".")
            if any(int("".join(group.split())) > 255 for group in groups):
                return 0.0
        return candidate.pattern.score
