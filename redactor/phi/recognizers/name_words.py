"""Words as the name recognizer sees them, and the doubtful ones: common words that are names by what stands around
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from redactor.phi.recognizers import name_cues as cues

SURE, SURNAME, WEAK, WEAK_SURNAME, UNKNOWN, INITIAL, COMMON, FUNCTION, MARK = range(9)
NAMELIKE = frozenset({SURE, SURNAME, WEAK, WEAK_SURNAME, UNKNOWN})


class NameWord(NamedTuple):
    start: int
    end: int
    low: str
    kind: int
    capital: bool
    """Capitalised inside a sentence of a text that has lower case too: a speech recogniser's hint that this is a
    name.
    """
    spelled: bool


class DoubtfulNames:
    """Decides by the words around it whether a word that is no sure name is one.

    Args:
        last: surnames. function: function words.
    """

    def __init__(self, last: frozenset[str], function: frozenset[str]) -> None:
        self._last, self._function = last, function

    def titled(self, said: Sequence[NameWord], at: int) -> bool:
        """A surname that is also a word, after a title: "Dr. Short,", "doctor price is out", "doctor love it's …"."""
        word = said[at]
        if not at or word.low in cues.FUNCTION - cues.SURNAMES_TOO or not self.is_title(said, at - 1):
            return False
        if word.capital and len(word.low) > 2:
            return True
        if word.low.removesuffix("'s") not in self._last or word.low in {
            "will",
            "may",
            "can",
            "so",
            "in",
            "call",
            "said",
        }:
            return False
        if said[at - 1].low in cues.ABBREVIATED and word.low not in cues.AFTER_TITLE:
            return True
        after = said[at + 1].low if at + 1 < len(said) else ","
        return (
            word.low.endswith("'s")
            or after in {",", ".", "?", "!"}
            or (after in cues.CLAUSE and after not in {"to", "the", "of"})
        )

    @staticmethod
    def is_title(said: Sequence[NameWord], at: int) -> bool:
        if said[at].low == ".":
            at -= 1
        if at < 0 or said[at].low not in cues.TITLES or said[at].low in {"nurse", "professor", "officer"}:
            return False
        return not at or said[at - 1].low not in cues.ARTICLES

    def misheard(self, said: Sequence[NameWord], at: int) -> bool:
        """A common word where only a name can stand, so that recognition must have misheard one.

        As in "mister sustain, this is …", "this is newer calling from …", "hi this is relented delaney", "my name is
        gloss and …".
        """
        word = said[at]
        if (
            word.kind != COMMON
            or at < 1
            or word.low in cues.NOT_SURNAMES
            or word.low in self._function
            or len(word.low) < 3
        ):
            return False
        one, two = said[at - 1].low, f"{said[at - 2].low} {said[at - 1].low}" if at > 1 else ""
        after, later = (said[at + step] if at + step < len(said) else None for step in (1, 2))
        if one in {"mister", "missus", "mr", "mrs", "ms"} or (
            one == "." and two.split(maxsplit=1)[0] in {"mr", "mrs", "ms"}
        ):
            return after is None or after.kind in {MARK, SURNAME} or after.low in cues.CLAUSE
        if two == "name is" or one == "name's":
            return after is None or after.kind in {SURNAME, SURE, MARK, UNKNOWN} or after.low in cues.CLAUSE
        if one in {"hello", "hi", "hey"} and after is not None and later is not None:
            if after.low == ",":
                presents = f"{later.low} {said[at + 3].low}" if at + 3 < len(said) else ""
                return word.low not in cues.NOT_GREETED and (later.low in {"it's", "i'm"} or presents == "this is")
            return after.kind == SURNAME and later.low in {"here", "calling", "speaking", "again"}
        if one in {"it's", "its"}:
            return (
                after is not None
                and after.low in {"from", "calling", "here"}
                and self.greeted(said, at)
                and word.low not in cues.PLAIN
                and not word.low.endswith(("ing", "ed", "ly"))
            )
        if two == "this is" and after is not None:
            if after.low == "calling" or (
                after.low in {"from", "with", "at"} and later is not None and later.kind != FUNCTION
            ):
                return self.greeted(said, at)
            return after.kind in {SURNAME, SURE} and self.greeted(said, at)
        return False

    def asked(self, said: Sequence[NameWord], at: int) -> bool:
        """A doubtful word right after "message for", "ask for", or after the greeting at the start ("hey it's
        drew").
        """
        word = said[at]
        if at < 2:
            return False
        one, two = said[at - 1].low, f"{said[at - 2].low} {said[at - 1].low}"
        after = said[at + 1] if at + 1 < len(said) else None
        ends = after is None or after.kind == MARK or after.low in cues.CLAUSE or after.low == "when"
        later = said[at + 2] if at + 2 < len(said) else None
        another = (
            after is not None
            and after.low not in cues.HARD
            and (
                after.kind in {SURNAME, SURE, WEAK_SURNAME}
                or (
                    after.low in self._last
                    and after.low not in cues.FUNCTION - cues.SURNAMES_TOO
                    and (later is None or later.kind == MARK or later.spelled or later.low in cues.CLAUSE)
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
                or (ends and (two != "this is" or self.greeted(said, at)) and word.low not in cues.PLAIN)
            )
        if one in {"hello", "hi", "hey"}:
            return another or (unknown and later is not None and later.low in cues.CALLING)
        if one in {"it's", "its", "i'm", "for"} or two == "it is":
            opening = self.greeted(said, at)
            return (
                opening
                and word.low not in cues.PLAIN
                and (another or unknown or ends)
                and (word.kind == WEAK or len(word.low) > 4)
            )
        if one == "let" and after is not None and after.low == "know":
            return True
        return one in {"let", "tell"} and ends and word.kind != WEAK

    @staticmethod
    def greeted(said: Sequence[NameWord], at: int) -> bool:
        """Whether only a greeting, and perhaps who is greeted, stands before."""
        return at <= 7 and any(
            word.low in {"hi", "hello", "hey", "hiya", "morning", "afternoon", "evening"} for word in said[: at - 1]
        )

    def common_surname(self, said: Sequence[NameWord], at: int, last: int) -> bool:
        """As in "edwin love date of birth", "amaka stone my …": a surname that is a word, where the sentence goes on or
        ends after it.
        """
        nxt, after = said[last + 1], said[last + 2] if last + 2 < len(said) else None
        return (
            last == at
            and nxt.low not in cues.FUNCTION - cues.SURNAMES_TOO
            and nxt.low not in cues.HARD
            and said[at].kind in {SURE, WEAK, SURNAME, UNKNOWN, COMMON}
            and (
                (
                    nxt.low in self._last
                    and (after is None or after.kind == MARK or after.low in cues.CLAUSE or after.spelled)
                )
                or (
                    nxt.kind == COMMON
                    and nxt.low not in self._function
                    and not nxt.low.endswith(("ing", "ed", "ly"))
                    and cues.level(said, at) in {cues.NAME, cues.INTRO}
                    and (
                        after is None
                        or after.spelled
                        or after.low in {"i", "my", "here", "calling", "this", "her", "his"}
                    )
                )
            )
        )
