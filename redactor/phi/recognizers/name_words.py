"""The name recognizer's tokens, and ambiguous names: common words that the words around them make names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from redactor.phi.recognizers import name_cues as cues

SURE, SURNAME, WEAK, WEAK_SURNAME, UNKNOWN, INITIAL, COMMON, FUNCTION, MARK = range(9)
NAMELIKE = frozenset({SURE, SURNAME, WEAK, WEAK_SURNAME, UNKNOWN})


class NameWord(NamedTuple):
    start: int
    end: int
    lower: str
    kind: int
    capital: bool
    """Capitalised inside a sentence of a text that also has lower case: a hint of the recogniser that this is a name.
    """
    spelled: bool


class AmbiguousNames:
    """Decides from the words around it whether an ambiguous word is a name.

    Args:
        last: surnames. function: function words.
    """

    def __init__(self, last: frozenset[str], function: frozenset[str]) -> None:
        self._last, self._function = last, function

    def titled(self, tokens: Sequence[NameWord], at: int) -> bool:
        """A surname that is also a word, after a title: "Dr. Short,", "doctor price is out", "doctor love it's …"."""
        word = tokens[at]
        if not at or word.lower in cues.FUNCTION - cues.SURNAMES_TOO or not self.is_title(tokens, at - 1):
            return False
        if word.capital and len(word.lower) > 2:
            return True
        if word.lower.removesuffix("'s") not in self._last or word.lower in {
            "will",
            "may",
            "can",
            "so",
            "in",
            "call",
            "said",
        }:
            return False
        if tokens[at - 1].lower in cues.ABBREVIATED and word.lower not in cues.AFTER_TITLE:
            return True
        after = tokens[at + 1].lower if at + 1 < len(tokens) else ","
        return (
            word.lower.endswith("'s")
            or after in {",", ".", "?", "!"}
            or (after in cues.CLAUSE and after not in {"to", "the", "of"})
        )

    @staticmethod
    def is_title(tokens: Sequence[NameWord], at: int) -> bool:
        if tokens[at].lower == ".":
            at -= 1
        if at < 0 or tokens[at].lower not in cues.TITLES or tokens[at].lower in {"nurse", "professor", "officer"}:
            return False
        return not at or tokens[at - 1].lower not in cues.ARTICLES

    def misheard(self, tokens: Sequence[NameWord], at: int) -> bool:
        """A common word where only a name can be, so that recognition must have misheard it.

        As in "mister sustain, this is …", "this is newer calling from …", "hi this is relented delaney", "my name is
        gloss and …".
        """
        word = tokens[at]
        if (
            word.kind != COMMON
            or at < 1
            or word.lower in cues.NOT_SURNAMES
            or word.lower in self._function
            or len(word.lower) < 3
        ):
            return False
        one, two = tokens[at - 1].lower, f"{tokens[at - 2].lower} {tokens[at - 1].lower}" if at > 1 else ""
        after, later = (tokens[at + step] if at + step < len(tokens) else None for step in (1, 2))
        if one in {"mister", "missus", "mr", "mrs", "ms"} or (
            one == "." and two.split(maxsplit=1)[0] in {"mr", "mrs", "ms"}
        ):
            return after is None or after.kind in {MARK, SURNAME} or after.lower in cues.CLAUSE
        if two == "name is" or one == "name's":
            return after is None or after.kind in {SURNAME, SURE, MARK, UNKNOWN} or after.lower in cues.CLAUSE
        if one in {"hello", "hi", "hey"} and after is not None and later is not None:
            if after.lower == ",":
                presents = f"{later.lower} {tokens[at + 3].lower}" if at + 3 < len(tokens) else ""
                return word.lower not in cues.NOT_GREETED and (later.lower in {"it's", "i'm"} or presents == "this is")
            return after.kind == SURNAME and later.lower in {"here", "calling", "speaking", "again"}
        if one in {"it's", "its"}:
            return (
                after is not None
                and after.lower in {"from", "calling", "here"}
                and self.greeted(tokens, at)
                and word.lower not in cues.PLAIN
                and not word.lower.endswith(("ing", "ed", "ly"))
            )
        if two == "this is" and after is not None:
            if after.lower == "calling" or (
                after.lower in {"from", "with", "at"} and later is not None and later.kind != FUNCTION
            ):
                return self.greeted(tokens, at)
            return after.kind in {SURNAME, SURE} and self.greeted(tokens, at)
        return False

    def asked(self, tokens: Sequence[NameWord], at: int) -> bool:
        """An ambiguous word after "message for", "ask for", or after the greeting at the start ("hey it's drew")."""
        word = tokens[at]
        if at < 2:
            return False
        one, two = tokens[at - 1].lower, f"{tokens[at - 2].lower} {tokens[at - 1].lower}"
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        ends = after is None or after.kind == MARK or after.lower in cues.CLAUSE or after.lower == "when"
        later = tokens[at + 2] if at + 2 < len(tokens) else None
        another = (
            after is not None
            and after.lower not in cues.HARD
            and (
                after.kind in {SURNAME, SURE, WEAK_SURNAME}
                or (
                    after.lower in self._last
                    and after.lower not in cues.FUNCTION - cues.SURNAMES_TOO
                    and (later is None or later.kind == MARK or later.spelled or later.lower in cues.CLAUSE)
                )
            )
        )
        unknown = after is not None and after.kind == UNKNOWN
        if two in cues.ASKED:
            if word.kind == UNKNOWN:
                return another or unknown or (ends and two != "this is")
            return (
                another
                or unknown
                or (ends and (two != "this is" or self.greeted(tokens, at)) and word.lower not in cues.PLAIN)
            )
        if one in {"hello", "hi", "hey"}:
            return another or (unknown and later is not None and later.lower in cues.CALLING)
        if one in {"it's", "its", "i'm", "for"} or two == "it is":
            opening = self.greeted(tokens, at)
            return (
                opening
                and word.lower not in cues.PLAIN
                and (another or unknown or ends)
                and (word.kind == WEAK or len(word.lower) > 4)
            )
        if one == "let" and after is not None and after.lower == "know":
            return True
        return one in {"let", "tell"} and ends and word.kind != WEAK

    @staticmethod
    def greeted(tokens: Sequence[NameWord], at: int) -> bool:
        """Whether there is only a greeting, perhaps with a name, before it."""
        return at <= 7 and any(
            word.lower in {"hi", "hello", "hey", "hiya", "morning", "afternoon", "evening"} for word in tokens[: at - 1]
        )

    def common_surname(self, tokens: Sequence[NameWord], at: int, last: int) -> bool:
        """As in "edwin love date of birth", "amaka stone my …": a surname that is a word, where the sentence goes on or
        ends after it.
        """
        nxt, after = tokens[last + 1], tokens[last + 2] if last + 2 < len(tokens) else None
        return (
            last == at
            and nxt.lower not in cues.FUNCTION - cues.SURNAMES_TOO
            and nxt.lower not in cues.HARD
            and tokens[at].kind in {SURE, WEAK, SURNAME, UNKNOWN, COMMON}
            and (
                (
                    nxt.lower in self._last
                    and (after is None or after.kind == MARK or after.lower in cues.CLAUSE or after.spelled)
                )
                or (
                    nxt.kind == COMMON
                    and nxt.lower not in self._function
                    and not nxt.lower.endswith(("ing", "ed", "ly"))
                    and (
                        cues.level(tokens, at) in {cues.NAME, cues.INTRO} or (at > 0 and tokens[at - 1].lower == "for")
                    )
                    and (
                        after is None
                        or after.spelled
                        or after.lower
                        in {
                            "i",
                            "i'm",
                            "my",
                            "here",
                            "calling",
                            "this",
                            "her",
                            "his",
                            "the",
                            "please",
                            "your",
                            "we",
                            "date",
                        }
                    )
                )
            )
        )
