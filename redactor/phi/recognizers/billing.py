"""BILLING: balances, payments, collections, insurers, and the amounts of money beside them (RULES V09)."""

from __future__ import annotations

from collections.abc import Iterator

from redactor.phi.recognizers.clinical import SCORES, ClinicalRecognizer, ClinicalText, Mention

CURRENCY = frozenset({"dollar", "dollars", "bucks", "cents", "cent", "usd"})
# "a balance of forty", "copay is thirty", "you owe two hundred"
LINKS = frozenset("of is was for at due about around total totals totaling approximately amount the a".split())
MONEY_WORDS = frozenset("balance copay pay payment owe owes due amount bill deductible charge charged fee".split())


class BillingRecognizer(ClinicalRecognizer):
    label = "BILLING"
    list_name = "billing"

    def patterns(self, parsed: ClinicalText) -> Iterator[Mention]:
        """Amounts: "$240.15", "two hundred and forty dollars", "a balance of forty fifty"."""
        plain, text = parsed.words.plain, parsed.words.text
        index = 0
        while index < len(plain) and True in parsed.numeric:
            if not parsed.number(index) or plain[index] in {"point", "oh"}:
                index += 1
                continue
            first, last = index, parsed.numbers(index)
            index = max(last, index + 1)
            start = parsed.words.starts[first]
            if plain[first] in CURRENCY:
                continue
            if last < len(plain) and plain[last] in CURRENCY:
                last += 1
                cents = parsed.numbers(last + (parsed.word(last) == "and"))
                if parsed.word(cents) in {"cents", "cent"}:
                    last = cents + 1
                yield Mention(first, last, SCORES["pattern"], "amount")
                index = last
            elif start and text[start - 1] in "$£€":
                yield Mention(first, last, SCORES["pattern"], "amount")
            elif self._after_money(parsed, first):
                yield Mention(first, last, SCORES["value"], "amount")

    @staticmethod
    def _after_money(parsed: ClinicalText, first: int) -> bool:
        index = first - 1
        while index >= 0 and first - index <= 3 and parsed.word(index) in LINKS:
            index -= 1
        return first - index > 1 and (parsed.word(index) in MONEY_WORDS)
