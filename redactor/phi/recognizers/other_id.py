"""Any other unique number or code (45 CFR 164.514(b)(2)(i)(R)): prescription, claim, case, order, confirmation,
reference, by cue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.cued import CuedValue
from redactor.phi.spoken import WrittenForm

_PASSWORD = re.compile(
    r"\b(?:user ?name|login|log in|user id|screen ?name|(?:pass|code|safe|secret|security)[ -]?(?:word|phrase|code)|"
    r"code)(?: for \w+)?(?: is|'s|:|,)(?: the word)? (?P<value>[a-z][a-z'-]{2,}(?P<figure>[ -]?\d[\d -]{0,4}\d|"
    r"[ -]?\d)?)",
    re.IGNORECASE,
)
_CODE_WORDS = frozenset(
    "username user login log screenname screen code codeword password passcode passphrase passcode word phrase".split()
)


class OtherIdRecognizer(CuedValue):
    """As in "claim number", "Rx number", "confirmation code", "ID"."""

    label = "OTHER_ID"
    cue = (
        r"(?:claim|check|docket|case|reference|confirmation|order|ticket|tracking|authorization|auth|referral|"
        r"prescription|rx|r x|script|visit|encounter|specimen|accession|employee|badge|student|voucher|file|request|"
        r"incident|transaction|access|pass|user|locker|study|trial|subject|participant|extension|registration|"
        r"booking)(?: (?:number|no\.?|num|#|id|i d|code))+|pass ?(?:code|word)|"
        r"(?<!area )(?<!zip )(?<!post )code(?= is\b|\s+\d)|(?:authorization|tracking|order|ticket|referral)(?= is\b)|"
        r"(?:claim|docket|case|reference|ref|confirmation|prescription|rx|r x)(?= is\b|\s*[#:]|\s+[a-z]{0,4}-?\d)|"
        r"(?:my |the |your |his |her )?(?:i\.? ?d\.?|identification)(?: (?:number|no|code|card))?"
    )
    cue_words = frozenset(
        "claim check docket case reference ref confirmation order ticket tracking authorization auth referral "
        "prescription rx x script visit encounter specimen accession employee badge student voucher file request "
        "incident transaction access pass user locker study trial subject participant extension registration booking "
        "passcode password code id d identification".split()
    )
    score = 0.8
    fewest = 3

    def accepts(self, name: str, match: re.Match[str]) -> bool:
        """Not "I'd"; a bare "id" must be right before its value."""
        cue = match.group().lower()
        return name == "after cue" or not re.match(r"(?:my |the |your |his |her )?i\.? ?d\b", cue)

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        """Also words used as a code: "the code is bluebird 40"."""
        yield from super().spans(form)
        for match in _PASSWORD.finditer(form.text) if not _CODE_WORDS.isdisjoint(form.words) else ():
            low = match["value"].lower()
            sure = match["figure"] is not None or not match.group().lower().startswith("code ")
            if sure and low not in words("function_words") and not low.endswith(("ing", "ed")):
                yield *form.to_original(*match.span("value")), 0.6, "password"
