"""Any other unique number or code (45 CFR 164.514(b)(2)(i)(R)): prescription, claim, case, order, confirmation, reference, by cue."""

from __future__ import annotations

import re

from redactor.phi.recognizers.cued import CuedValue


class OtherIdRecognizer(CuedValue):
    """As in "claim number", "Rx number", "confirmation code", "ID"."""

    label = "OTHER_ID"
    cue = (
        r"(?:claim|check|docket|case|reference|confirmation|order|ticket|tracking|authorization|auth|referral|prescription|rx|r x|script|visit|encounter|"
        r"specimen|accession|employee|badge|student|voucher|file|request|incident|transaction|access|pass|user|locker|study|trial|"
        r"subject|participant|extension|registration|booking)(?: (?:number|no\.?|num|#|id|i d|code))+|"
        r"pass ?(?:code|word)|(?<!area )(?<!zip )(?<!post )code(?= is\b|\s+\d)|(?:authorization|tracking|order|ticket|referral)(?= is\b)|(?:claim|docket|case|reference|ref|confirmation|prescription|rx|r x)(?= is\b|\s*[#:]|\s+[a-z]{0,4}-?\d)|(?:my |the |your |his |her )?(?:i\.? ?d\.?|identification)(?: (?:number|no|code|card))?"
    )
    cue_words = frozenset(
        "claim check docket case reference ref confirmation order ticket tracking authorization auth referral prescription rx x script visit encounter specimen "
        "accession employee badge student voucher file request incident transaction access pass user locker study trial subject participant extension "
        "registration booking passcode password code id d identification".split()
    )
    score = 0.8
    fewest = 3

    def accepts(self, name: str, match: re.Match[str]) -> bool:
        """As in "I'd" is no ID, and a bare "id" does not reach far."""
        cue = match.group().lower()
        return name == "after cue" or not re.match(r"(?:my |the |your |his |her )?i\.? ?d\b", cue)
