"""Account and card numbers (45 CFR 164.514(b)(2)(i)(J)): bank, card, security code, invoice, "last four", by cue,
without the Luhn checksum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.recognizers.cued import CuedValue
from redactor.phi.spoken import WrittenForm

_CARD = re.compile(r"(?<![\d-])(?:\d{4}[- ]){3}\d{4}(?![\d-])|(?<![\d-])3[47]\d{2}[- ]\d{6}[- ]\d{5}(?![\d-])")


class AccountRecognizer(CuedValue):
    """As in "account", "card number", "routing", "cvv", "ending in", "last four"."""

    label = "ACCOUNT_NUMBER"
    cue = (
        r"(?:bank |checking |savings |billing |patient )?acc(?:oun)?t\.?(?: (?:number|no|num|#|id))?|"
        r"routing(?: number)?|(?:credit |debit |bank |visa |amex |discover |gift )?card(?: (?:number|no|ending))+|"
        r"card(?= is)|exp|(?:credit|debit) card|visa|mastercard|amex|iban|on the back(?: of (?:it|the card|my card))?|"
        r"c\.? ?v\.? ?[vc]2?|security code|invoice(?: (?:number|no|id))?|statement (?:number|id)|ending in|ends in|"
        r"(?:last|final) (?:4|four)(?: digits)?(?: of)?|pin(?: (?:number|code)|(?= is\b| was\b|'s\b|,|:|\s+\d))|"
        r"expir\w+(?: date)?"
    )
    cue_words = frozenset(
        "account acct routing card cards back exp expire expires expired expiry expiring expiration visa mastercard "
        "amex iban cvv cvc cv v c security invoice statement ending ends last final pin".split()
    )
    fewest = 3

    def accepts(self, name: str, match: re.Match[str]) -> bool:
        """Not an amount of money."""
        after = match.string[match.end() : match.end() + 12]
        return not re.match(r"\s*(?:dollars|bucks|percent|%|cents)", after, re.IGNORECASE)

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        yield from super().spans(form)
        for match in _CARD.finditer(form.text):
            yield *form.to_original(*match.span()), 0.85, "card grouping"
