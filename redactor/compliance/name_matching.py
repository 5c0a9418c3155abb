"""Whether a name as it was recognised may be a name on a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from redactor.compliance.annotated import plain

NEAR_ENOUGH = 0.8
"""Similarity (difflib) from which a recognised name counts as the listed one."""
HALF_HEARD = 0.5
"""Similarity of the given name that is enough where the family name is near enough."""
LISTED = 0.88
"""Similarity from which a whole name of a practice or of staff counts as the listed one."""


def same_name(said: str, listed: str) -> bool:
    """Whether a recognised name may be the listed one, spelled or heard differently ("karin" for "Karen").

    A single word may match any part of the listed name. Of several words, the first (the given name) must resemble a
    part of it; less resemblance is enough if another word matches. So "Robert Lopez" is not "Maria Lopez", but "Marta
    Lopez" may be.
    """
    wanted = [w for w in _name_words(listed) if len(w) > 1]
    words = [w for w in _name_words(said) if len(w) > 1]
    alike = [max((SequenceMatcher(None, w, n).ratio() for n in wanted), default=0.0) for w in (*words, "".join(words))]
    # The last ratio is for one name recognised as two words ("car los").
    return max(alike[0], alike[-1]) >= NEAR_ENOUGH or (alike[0] >= HALF_HEARD and max(alike) >= NEAR_ENOUGH)


def _name_words(name: str) -> list[str]:
    out = [re.sub(r"'s?$", "", w) for w in plain(name).split()]
    return [
        w
        for w in out
        if w not in {"mr", "mrs", "ms", "miss", "dr", "doctor", "mister", "and", "the", "um", "uh", "er", "ah", "hm"}
    ]


def on_list(said: str, names: Sequence[str]) -> bool:
    """Whether the name of a practice is one of a list, as a whole: "lakeside" alone is not "Lakeside Cardiology"."""
    heard = _without_article(said)
    return any(SequenceMatcher(None, heard, _without_article(name)).ratio() >= LISTED for name in names)


def _without_article(name: str) -> str:
    return " ".join(w for w in plain(name).split() if w != "the")
