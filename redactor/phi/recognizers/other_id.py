"""Any other unique number or code (45 CFR 164.514(b)(2)(i)(R)): prescription, claim, case, order, confirmation,
reference, by cue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.cued import CuedValue
from redactor.phi.recognizers.number import UNIT
from redactor.phi.recognizers.runs import VALUE, digits
from redactor.phi.spoken import WrittenForm

_CODE_FOR = (
    r"(?:door|gate|garage|lock ?box|key ?pad|key ?box|entry|alarm|building|buzzer|call ?box|safe|elevator|parking|"
    r"wi-?fi|unlock|pick ?up|verification|security|invite|meeting|conference|bridge|promo|activation|lobby|front door|"
    r"side door|house|suite|key|lock)"
)
_STOP = (
    r"(?!(?:and|the|my|is|it|its|it's|not|to|in|on|with|but|so|that|you|i|i'm|for|an|of|or|was|be|no|at|by|before|"
    r"after)\b)"
)
_LOGIN = re.compile(
    r"\b(?:user ?name|login(?: name)?|log ?in(?: name)?|user id|screen ?name|pass ?(?:word|phrase)|"
    r"handle)(?: for [\w ]{1,20}?)?(?: (?:i|you|we|they) (?:set|set up|chose|picked|use|used|made|gave me|"
    r"have))?(?:'s|,|:| is| was| should be| that's| it's| i have| on file| i think| still| now)+ (?:all (?:one word|"
    r"lower ?case|caps|together)[, ]+|"
    rf"lower ?case |capital |the word |just |it's |"
    rf"with a )*(?P<value>(?:{_STOP}[a-z][\w.-]*[ ,]{{1,2}}){{0,3}}{_STOP}[a-z][\w.-]*"
    r"(?:[ ._-]{0,2}\d){1,8}(?:[ ,]+(?:exclamation (?:point|mark)|bang|hash ?tag|dollar sign|star|pound(?: sign)?|"
    r"at sign|asterisk))*)",
    re.IGNORECASE,
)
_USER = re.compile(r"\buser ?name (?P<value>[a-z][\w.-]*\d[\w.-]*|[a-z]+(?: ?\d){2,6})(?![\w-])", re.IGNORECASE)
_ENDS = re.compile(
    rf"\b(?:end(?:s|ed|ing)?|finish(?:es|ing)?) (?:in|with|on)(?: the (?:numbers?|digits))?[,:]?\s+(?P<value>{VALUE})|"
    rf"\b(?:claim|account|card|number|fax|phone|social|mrn|policy|member|file|record|case|"
    rf"id) ending[,:]?\s+(?P<too>{VALUE})|\blast (?:two|2|three|3|four|4|five|5) (?:digits|numbers|"
    rf"letters)(?: of \w+ \w+)?(?: are| is|,|"
    rf":)+\s+(?P<last>{VALUE}(?:,? not {VALUE})?)",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"\b(?:suffix|person code|dependent (?:code|number)|check digits?|locker|sub ?group)(?: is| was| number| of|,|"
    r":)*\s+"
    r"(?P<value>\d(?:[\s-]?\d){0,4})(?!\d)",
    re.IGNORECASE,
)
_HYPHENED = re.compile(
    r"(?<![\w-])(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])(?![CTLS]\d{1,2}-)[A-Z0-9]{2,8}(?:-[A-Z0-9]{2,10})+(?![\w-])"
)
_END_WORDS = frozenset("end ends ended ending finish finishes finishing last".split())
_SUFFIX_WORDS = frozenset("suffix code dependent check locker subgroup group sub".split())
_YEAR = re.compile(r"(?:19|20)\d\d")
_PASSWORD = re.compile(
    r"\b(?:user ?name|login|log in|user id|screen ?name|(?:pass|code|safe|secret|security)[ -]?(?:word|phrase|"
    r"code)(?: hint)?|code)(?: for \w+)?(?: is|'s|:|"
    r",)(?: the word)? (?P<value>[a-z][a-z'-]{2,}(?P<figure>[ -]?\d[\d -]{0,4}\d|"
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
        rf"{_CODE_FOR} (?:access )?(?:codes?|pin|combo|combination)(?: number)?|combo|combination|punch in|key in|"
        rf"buzz(?: us| me)?(?: at)?|"
        r"(?<!area )(?<!zip )(?<!post )code(?= is\b| was\b|'s\b|,|\s+\d)|(?:authorization|tracking|order|ticket|"
        r"referral)(?= is\b)|(?:claim|docket|case|reference|ref|confirmation|prescription|rx|r x)(?= is\b| on (?:the|"
        r"my) \w+ is\b|\s*[#:]|\s+[a-z]{0,4}-?\d)|(?:my |the |your |his |her )?(?:i\.? ?d\.?|"
        r"identification)(?: (?:number|no|code|card))?"
    )
    cue_words = frozenset(
        "claim check docket case reference ref confirmation order ticket tracking authorization auth referral "
        "prescription rx x script visit encounter specimen accession employee badge student voucher file request "
        "incident transaction access pass user locker study trial subject participant extension registration booking "
        "passcode password code codes id d identification pin combo combination punch key buzz".split()
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
        text = form.text
        for match in _ENDS.finditer(text) if not _END_WORDS.isdisjoint(form.words) else ():
            group = next(name for name in ("value", "too", "last") if match[name])
            count = len(digits(match[group]))
            if count >= 2 and not (UNIT.match(text, match.end(group)) or _YEAR.fullmatch(match[group])):
                yield *form.to_original(*match.span(group)), 0.5, "end of a number"
        for match in _SUFFIX.finditer(text) if not _SUFFIX_WORDS.isdisjoint(form.words) else ():
            yield *form.to_original(*match.span("value")), 0.5, "suffix"
        for match in _HYPHENED.finditer(text) if "-" in text else ():
            if len(digits(match.group())) >= 3:
                yield *form.to_original(*match.span()), 0.5, "letters and figures with hyphens"
        for match in _USER.finditer(text) if "username" in form.words or "user" in form.words else ():
            yield *form.to_original(*match.span("value")), 0.6, "login"
        for match in _LOGIN.finditer(text) if not _CODE_WORDS.isdisjoint(form.words) else ():
            yield *form.to_original(*match.span("value")), 0.65, "login"
        for match in _PASSWORD.finditer(form.text) if not _CODE_WORDS.isdisjoint(form.words) else ():
            low = match["value"].lower()
            sure = match["figure"] is not None or not match.group().lower().startswith("code ")
            if sure and low not in words("function_words") and not low.endswith(("ing", "ed")):
                yield *form.to_original(*match.span("value")), 0.6, "password"
