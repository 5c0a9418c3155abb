"""Dates more exact than the year (45 CFR 164.514(b)(2)(i)(C)), said or written: month and day in either order, month
and year, a month alone after "in" or "last", figures.

Spoken dates arrive as bare figures ("six twelve eighty", "0412 1951", "917"); those are dates after a birth or visit
cue, or when they cannot well be anything else. The year alone, a bare weekday, "today" and the time of day are no date
elements in the rule's sense and are not reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.gazetteers import words
from redactor.phi.recognizers.base import Candidate, NamedPattern, PatternBase
from redactor.phi.recognizers.runs import GOES_ON, digits
from redactor.phi.spoken import WrittenForm

_MONTH = (
    r"(?:january|jan|february|feb|march|mar|april|apr|may|june|jun|july|jul|august|aug|september|sept|sep|october|oct|"
    r"november|nov|december|dec)\b\.?"
)
_PLAIN_MONTH = _MONTH.replace("|may|", "|").replace("march|mar|", "")
_WEEKDAY = (
    r"(?:(?:(?:ash|good|holy|palm|easter|black|fat|maundy)\s+)?(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|"
    r"sun)(?:day)?\b\.?,?\s+(?:the\s+)?)?"
)
_S = r"(?:[\s,.\-\u2010-\u2014]{1,3})"
_DAY = r"(?:0\s?)?(?:[12]\d|3[01]|[1-9])(?:\s?(?:st|nd|rd|th)\b)?(?!\d|\.\d|:)"
_ORDINAL = r"(?:0\s?)?(?:[12]\d|3[01]|[1-9])\s?(?:st|nd|rd|th)\b"
_YEAR4 = r"(?:(?:19|20)\s?\d\s?\d(?!\d)|1 9 \d \d|2 0 \d \d)"
_YEAR = rf"(?:{_YEAR4}|(?:19 |20 )?['\u2019]?(?:0\s?\d|[1-9]\s?\d)(?!\d|:|\s?(?:a\.?m|p\.?m|o'clock|mg|percent)\b))"
_OF = rf"{_S}(?:of {_S}?)?(?:the year )?(?:in )?"
_MORE = rf"(?:,?\s+(?:and|or|to|through|thru|till?|until)\s+(?:the\s+)?{_ORDINAL})*"
_AGAIN = rf"(?:{_S}?\s?\u00ac\s?(?:{_MONTH}{_S})?\d{{1,4}}(?:st|nd|rd|th)?(?:{_S}{_YEAR4})?)?"
_M, _D = r"(?:0\s?)?(?:1[0-2]|[1-9])", r"(?:[0-2]\s?\d|3[01]|[1-9])"

_FEAST = (
    r"(?:christmas(?: eve| day)?|x-?mas|boxing day|new year'?s(?: eve| day)?|martin luther king(?: jr\.?|"
    r" junior)?'?s?(?: day| birthday)|m\.? ?l\.? ?k\.? day|groundhog(?:'s)? day|valentine'?s(?: day)?|(?:presidents?|"
    r"washington's birthday|lincoln's birthday)'?s?'?(?: day)|mardi gras|fat tuesday|shrove tuesday|ash wednesday|"
    r"(?<=(?:of|or|re|ce|il|ng|gh|ll) )lent|palm sunday|maundy thursday|holy (?:week|thursday|saturday)|"
    r"(?<!\ba )good friday|easter(?: sunday| monday| eve)?|(?:st\.?|saint) (?:patrick|paddy|valentine|nicholas|joseph|"
    r"john|lucy|lucia|michael|stephen|anthony|francis|patty)'?s?(?: day| eve)?(?<=day)|(?:st\.?|saint) pa(?:trick|ddy|"
    r"tty)'?s|passover|rosh hashanah?|yom kippur|sukkot|simchat torah|purim|shavuot|(?:c?hanukk?ah|chanukah)|ramadan|"
    r"eid(?: al[- ](?:fitr|adha))?|diwali|holi|vesak|nowruz|kwanzaa|juneteenth|lunar new year|chinese new year|tet|"
    r"cinco de mayo|d[i\u00ed]a de los muertos|day of the dead|(?:three|3) kings day|epiphany|candlemas|pentecost|"
    r"whit ?sunday|whit monday|ascension(?: day| thursday)?|assumption day|corpus christi(?= sunday)|trinity sunday|"
    r"reformation sunday|advent|michaelmas|martinmas|all (?:saints|souls)'? day|all hallows'?(?: eve)?|(?:mother|"
    r"father|grandparent|veteran|president|patriot|saint|soul)'?s'? day|(?:memorial|decoration|labor|labour|armistice|"
    r"remembrance|independence|columbus|indigenous peoples?'?|flag|earth|arbor|election|inauguration|pearl harbor|d|"
    r"v[- ]?[ej]|victory|canada|australia|anzac|bastille|guy fawkes|may|leap|april fools?'?s?|super bowl|tax|derby|"
    r"opening|pioneer|statehood|emancipation|friendship|boss's) day|april fool'?s|super bowl(?: sunday)?|"
    r"kentucky derby|"
    r"halloween|thanksgiving(?: day| eve| weekend)?|black friday|cyber monday|(?:the )?(?:fourth|4th) of july|"
    r"bonfire night|(?:summer |winter )solstice|(?:spring |fall |autumn(?:al)? |vernal )?equinox|"
    r"midsummer(?:'s)?(?: eve| day)?|orthodox (?:easter|christmas)|(?:the )?feast of [a-z]+(?: [a-z]+day)?|"
    r"9[-/ ]11(?= (?:happened|was|day|attacks))|(?:pearl harbor|kennedy|jfk|the twin towers|hiroshima)(?= (?:got|was|"
    r"were|fell|came down)))"
)
_HOLIDAY = (
    rf"(?:(?:the )?(?:(?:day|night|morning|evening|week|weekend|monday|tuesday|wednesday|thursday|friday|saturday|"
    rf"sunday) |(?:couple|few)(?: of)? days |\w+ days |\w+ weeks? )(?:right |just )?(?:before|after|following|of|past|"
    rf"from|ahead of) (?:the )?)?\b{_FEAST}(?: (?:eve|day|weekend|week|night|morning)\b)?"
)
_RELATIVE = (
    r"(?:the (?:day|night|week|evening|morning|month) before last|the (?:day|night|morning) (?:before|after)(?= (?:he|"
    r"she|they|we|i|the|my|his|her) )|(?:the )?(?:1st|2nd|3rd|4th|last|second|first|third|fourth) (?:mon|tues|wednes|"
    r"thurs|fri|satur|sun)day (?:in|of|after|before) (?:the )?(?:next |this |last )?"
    rf"(?:{_MONTH}|month|{_FEAST}|new year)(?:,? (?:of )?{_YEAR4})?|(?:the )?(?:very )?(?:end|middle|start|beginning|"
    r"1st|first|last)(?: (?:week|weekend|part|half|day))? (?:of|in) "
    rf"{_MONTH}|(?:the )?(?:week|weekend) (?:of|in) {_MONTH}|(?:early|mid|late|middle of|end of|first of|"
    rf"1st of)[ -]{_MONTH}|"
    r"the ides of [a-z]+|the (?:1st|first) of the year|new year'?s)"
)
_SPANISH_MONTH = r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre)\b"
_SPANISH_UNIT = r"(?:un[oa]?|primero|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)"
_SPANISH_NUMBER = (
    r"(?:diez|once|doce|trece|catorce|quince|dieci[a-z\u00e9]+|diez y [a-z]+|veinte|veinti[a-z\u00e9\u00fa\u00f3]+|"
    rf"(?:veinte|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa)(?:\s+y\s+{_SPANISH_UNIT})?|"
    rf"{_SPANISH_UNIT})\b"
)
_SPANISH_DAY = rf"(?:{_SPANISH_NUMBER}|(?:[12]\d|3[01]|[1-9])(?:st|nd|rd|th)?\b)"
_SPANISH_YEAR = (
    rf"(?:a\u00f1o\s+)?(?:(?:mil\s+novecientos|dos\s+mil)(?:\s+{_SPANISH_NUMBER})?|{_SPANISH_NUMBER}|{_YEAR4}|\d\d\b)"
)
_BIRTH = r"birth ?(?:day|date)?|d\.? ?o\.? ?b\.?|dob|born|birthdate"
_VISIT = (
    r"appointment|appt|visit|seen|scheduled|schedule|surgery|admitted|discharged|procedure|due|since|dated?|on|from|"
    r"until|happened|started|booked|had|died|passed|last saw|see you|birthday|expir\w+|filled"
)
_MONTHS = frozenset(_MONTH.split(")", maxsplit=1)[0].removeprefix("(?:").split("|"))
_FIGURE = re.compile(r"\d")
_SPANISH_MONTHS = frozenset(
    "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre".split()
)
_HOLIDAY_WORDS = frozenset(
    "christmas xmas year years valentine valentines halloween thanksgiving fools fool patrick paddy patty mardi fat "
    "shrove ash lent palm maundy holy friday easter passover rosh yom sukkot simchat purim shavuot hanukkah chanukah "
    "hanukah ramadan eid diwali holi vesak nowruz kwanzaa juneteenth tet cinco muertos epiphany candlemas pentecost "
    "whit whitsunday ascension corpus trinity reformation advent michaelmas martinmas hallows bowl derby july bonfire "
    "solstice equinox midsummer orthodox feast mothers mother fathers father grandparents veterans presidents "
    "patriots saints souls memorial decoration labor labour armistice remembrance independence columbus indigenous "
    "flag earth arbor election inauguration pearl victory canada australia anzac bastille fawkes leap tax opening "
    "pioneer statehood emancipation "
    "friendship groundhog groundhogs mlk luther kings dead boxing hiroshima towers kennedy jfk".split()
)
_RELATIVE_WORDS = _MONTHS | frozenset("before ides year month".split())
_WISHED = re.compile(r"\b(?:happy|merry|blessed|joyous)(?: belated)? (?:and (?:happy|merry) )?$", re.IGNORECASE)
_FESTIVE = re.compile(
    r"\s+(?:tree|trees|card|cards|party|present|presents|gift|gifts|shopping|lights|cookies|eggs?|bunny|basket|candy|"
    r"costume|ham|turkey|dinner|leftovers|lily|lilies|seals?|song|carols?|music|spirit|stocking|sweater|hours|"
    r"decorations|"
    r"flowers|cactus|parade|island|bread|pain|contractions)\b",
    re.IGNORECASE,
)
"""Wishes, and things that are only named after a holiday."""
_NAMED_MONTH = re.compile(r"\.?\s+(?:[A-Z][a-z]+\b|fracture|is (?:my|our|the|his|her)|said|told|called|from\b)")
"""After a month that is a person's name, or a verb."""
_AFTER_DAY = re.compile(r"\s*(?:[.,;!?\u2014]|$|-\s)|\s+([a-z']+)", re.IGNORECASE)
_DAY_GOES_ON = frozenset(
    "the at or and if i i'm i'd i'll i've it it's is isn't was wasn't he he's she she's they we we're you your my his "
    "her our because since so but to through thru till until please around would will works work instead for from "
    "when where that that's not no yes with by in on as um uh can can't could should did does didn't has had have are "
    "there then maybe if unless before after "
    "this next last please thanks thank call bye okay ok right now also just only too again same either".split()
)
_ON_A_DAY = frozenset("at or works instead if please around would".split())
"""Words after "the eleventh" that show that it was a day; a noun after it is what is counted."""
_BIRTH_CUE = re.compile(rf"\b(?:{_BIRTH})\b", re.IGNORECASE)
_VISIT_CUE = re.compile(rf"\b(?:{_VISIT})\b[^\d.?]{{0,25}}$", re.IGNORECASE)
_VISIT_NEAR = re.compile(
    r"\b(?:appointment|appt|visit|seen|schedul\w*|surgery|admitted|discharged|procedure|born|came in|saw|shots?|labs?|"
    r"blood|draw|repeat|scan|infusion|tests?|results?|fell|started|ended|due|happened|filled|dated?)\b",
    re.IGNORECASE,
)
_AFTER_FIGURES = re.compile(
    r"\s*(?:[-.,/]?\s?\d|mg|milli|percent|%|dollars|minutes|hours|days|weeks|years|pounds|units|times|a\.?m|"
    r"p\.?m|o'clock|over|degrees)",
    re.IGNORECASE,
)
_COUNTING = re.compile(
    r"(?:\d[-.,/]?\s*|[$]|\b(?:about|than|between|was|every|at|by|until|number|phone|call|code|pressure|of)\s+)$",
    re.IGNORECASE,
)
_NOUN = re.compile(
    r"\s+(?:floor|street|st|avenue|ave|grade|time|times|week|weeks|month|months|day|days|trimester|opinion|degree|"
    r"person|dose|shot|visit|one|option|line|place|party|round|attempt|child|kid|percentile|hand|thing|year|years|"
    r"birthday|page|message|call|of all|toe|finger|rib|vertebra\w*|nerve|cranial|baby|half|quarter|anniversary|"
    r"century|road|cousin|metatarsal|molar|block|ward|choice|priority|step|section|paragraph|item|number|question|"
    r"vaccine|injection|cycle|session|treatment|appointment|letter|digit)\b",
    re.IGNORECASE,
)

_LEADS_TO_DATE = re.compile(
    r"\b(?:on|off|by|until|til|till|since|before|after|through|thru|from|starting|due|dated|\d/\d{1,2} "
    r"(?:or|and|to))\s+$",
    re.IGNORECASE,
)
_AT_A_TIME = re.compile(r"\s+at\s+\d{1,2}(?::\d\d|\s?[ap]\.?m)", re.IGNORECASE)
_OTHER_DATE = re.compile(r"\s*(?:or|and|to|thru|through|-)\s*(?:1[0-2]|[1-9])/\d{1,2}\b", re.IGNORECASE)
_AFTER_FRACTION = re.compile(
    r"\s*(?:of\b|an?\b|-?\s?(?:strength|tablets?|tabs?|pills?|cups?|doses?|teaspoons?|tsp|tablespoons?|inch|miles?|"
    r"full|way|pack|dollars?|hours?|days?|on the|pain|scale))",
    re.IGNORECASE,
)
_ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th"})
_NEEDED = {
    **dict.fromkeys(
        (
            "month of a year",
            "month alone",
            "this month alone",
            "month day year",
            "day month year",
            "day of month",
            "day month",
            "month year",
            "year first",
        ),
        _MONTHS,
    ),
    **dict.fromkeys(
        (
            "day of month number",
            "day of a month",
            "day of a numbered month",
            "month and day by number",
            "weekday and day",
            "the day",
            "the day alone",
        ),
        _ORDINAL_ENDS,
    ),
    "Spanish": _SPANISH_MONTHS,
    "holiday": _HOLIDAY_WORDS,
    "relative": _RELATIVE_WORDS,
    "birth with a misheard word": frozenset("birth birthday birthdate dob born d ob b o".split()),
}
"""Pattern → words of which one must occur; the others need a figure."""
_SIGNED = frozenset({"slashes", "ISO", "month/day", "day/month"})


class DateRecognizer(PatternBase):
    """Dates with a month or a day; bare figures only by cue."""

    label = "DATE_TIME"
    patterns = (
        NamedPattern(
            "month day year",
            rf"\b{_WEEKDAY}{_MONTH}{_S}(?:the )?{_DAY}{_MORE}(?:{_OF}{_YEAR})?{_AGAIN}",
            0.9,
            "written",
        ),
        NamedPattern(
            "day month year", rf"\b{_WEEKDAY}(?:the )?{_DAY}{_OF}{_MONTH}{_OF}{_YEAR}{_AGAIN}", 0.95, "written"
        ),
        NamedPattern(
            "day of month",
            rf"\b{_WEEKDAY}(?:the )?(?:{_ORDINAL}{_MORE}{_S}?(?:of )?|{_DAY}{_S}of ){_MONTH}{_AGAIN}",
            0.9,
            "written",
        ),
        NamedPattern(
            "year first",
            rf"\b{_YEAR4}{_S}(?:the )?(?:{_ORDINAL}{_S}?(?:of )?{_MONTH}|{_MONTH}{_S}(?:the )?{_DAY})",
            0.9,
            "written",
        ),
        NamedPattern(
            "Spanish",
            rf"\b(?:el\s+)?(?:d[i\u00ed]a\s+)?"
            rf"(?:{_SPANISH_DAY},?\s+de\s+{_SPANISH_MONTH}(?:,?\s+del?\s+{_SPANISH_YEAR})?|"
            rf"{_SPANISH_MONTH}\s+(?:el\s+)?{_SPANISH_DAY}(?:,?\s+del?\s+{_SPANISH_YEAR})?)",
            0.9,
            "written",
        ),
        NamedPattern(
            "holiday",
            rf"\b(?P<value>{_HOLIDAY}\b(?:,?\s+(?:of\s+|in\s+)?(?P<year>{_YEAR4}|['\u2019]?[4-9]\d\b))?)",
            0.3,
            "written",
        ),
        NamedPattern("relative", rf"\b(?P<value>{_RELATIVE})(?![\w'])", 0.6, "written"),
        NamedPattern(
            "month alone",
            rf"\b(?:in|since|until|till|til|last|early|late|mid|of|into|during|before|after|around) (?P<value>{_MONTH})"
            r"(?![\w'-]|[ ,]+\d)",
            0.5,
            "written",
        ),
        NamedPattern(
            "this month alone",
            rf"\b(?:next|this|by|through|thru|about|every) (?P<value>{_PLAIN_MONTH})(?![\w'-]|[ ,]+\d)",
            0.5,
            "written",
        ),
        NamedPattern(
            "month and day by number",
            rf"\b(?:the )?{_ORDINAL} month,? (?:and )?(?:the )?{_ORDINAL} day(?:{_OF}{_YEAR})?",
            0.9,
            "written",
        ),
        NamedPattern("day month", rf"\b{_WEEKDAY}{_DAY}[\s-]{_PLAIN_MONTH}{_AGAIN}", 0.8, "written"),
        NamedPattern(
            "month year",
            rf"\b(?:the [a-z]{{3,12}} of )?{_MONTH}(?: of)?,?\s+(?:{_YEAR4}|18\d\d|['\u2019]?(?:3[2-9]|[4-9]\d)\b)",
            0.75,
            "written",
        ),
        NamedPattern(
            "day of month number", rf"\b(?:the )?{_ORDINAL}{_S}?of (?:the )?{_ORDINAL}(?:{_OF}{_YEAR})?", 0.9, "written"
        ),
        NamedPattern(
            "slashes",
            rf"(?<![\d/.-])(?:{_M}([/.-]){_D}|{_D}([/.-]){_M})(?:\1|\2)(?:\d{{4}}|\d\d)(?![\d/]|-\d)",
            0.9,
            "written",
        ),
        NamedPattern(
            "ISO", r"(?<![\d-])(?:19|20)\d\d[-/](?:0?[1-9]|1[0-2])[-/](?:[0-2]?\d|3[01])(?![\d-])", 0.95, "written"
        ),
        NamedPattern("month/day", rf"(?<![\d/.]){_M}/{_D}(?![\d/%]|\.\d)", 0.3, "written"),
        NamedPattern("day/month", r"(?<![\d/.])(?:1[3-9]|2\d|3[01])/(?:0[1-9]|1[0-2])(?![\d/%]|\.\d)", 0.3, "written"),
        NamedPattern("day in the year", rf"(?<![\d/.-]){_M}{_S}(?:1[89]\d\d|20[3-9]\d)(?![\d:]|-\d)", 0.2, "written"),
        NamedPattern("figures with year", rf"(?<![\d/.-]){_M}{_S}{_D}{_S}{_YEAR4}", 0.7, "written"),
        NamedPattern("day figures with year", rf"(?<![\d/.-]){_D}{_S}{_M}{_S}{_YEAR4}", 0.7, "written"),
        NamedPattern(
            "day of a month", rf"\b(?:the )?{_ORDINAL}(?: of)? (?:last|this|next|the|that) month\b", 0.85, "written"
        ),
        NamedPattern("month of a year", rf"\b{_MONTH} (?:of )?(?:last|this|next|that) year\b", 0.6, "written"),
        NamedPattern(
            "day of a numbered month",
            rf"\b(?:the )?{_ORDINAL} (?:day )?of (?:the )?{_ORDINAL} month(?:{_OF}(?P<year>{_YEAR}))?",
            0.9,
            "written",
        ),
        NamedPattern(
            "figures of year",
            rf"(?<![\d/.-]){_M}{_S}{_D}(?:st|nd|rd|th)? of ['\u2019]?(?:{_YEAR4}|[3-9]\d)(?![\d:]|\.\d)",
            0.6,
            "written",
        ),
        NamedPattern("month figure of year", rf"(?<![\d/.-]){_M},? of {_YEAR4}", 0.75, "written"),
        NamedPattern("month figure and year", rf"(?<![\d/.-]){_M}{_S}{_YEAR4}", 0.2, "written"),
        NamedPattern(
            "three figures",
            rf"(?<![\d/.-]){_M}{_S}{_D}{_S}['\u2019]?(?:0\s?\d|[1-9]\s?\d)(?![\d:]|\.\d)",
            0.2,
            "written",
        ),
        NamedPattern(
            "day first figures",
            rf"(?<![\d/.-]){_D}{_S}{_M}{_S}['\u2019]?(?:0\s?\d|[1-9]\s?\d)(?![\d:]|\.\d)",
            0.2,
            "written",
        ),
        NamedPattern(
            "two figures",
            rf"\b(?:on|for)\s+(?P<value>{_M}[\s-]{_D})(?=\s*(?:at|[,.?!]|$|with|for|and|call|if|please|so|you|we|"
            rf"i)(?![a-z]))",
            0.1,
            "written",
        ),
        NamedPattern("run", r"(?<![\d/.-])\d(?:[\s,.\-/]{0,3}\d){3,7}(?!\d|:)", 0.1, "written"),
        NamedPattern(
            "joined",
            rf"(?<![\d/.,-])(?:1[0-2]|[1-9])(?:[0-2]\d|3[01])(?![\d:%]|[.,]\d|\s*(?:mg|{_S}\d|{_MONTH}))",
            0.1,
            "written",
        ),
        NamedPattern(
            "birth with a misheard word",
            rf"\b(?:{_BIRTH})\b[^\d.?!]{{0,16}}?\b(?P<value>(?:[a-z]{{3,10}}\s+{_ORDINAL}|"
            rf"\d[\d\s,./-]*?\s+[a-z']{{2,9}}\s+\d)[\d\s,./-]*)",
            0.6,
            "written",
        ),
        NamedPattern(
            "weekday and day",
            rf"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day(?:,| the|, the)?\s+{_ORDINAL}",
            0.85,
            "written",
        ),
        NamedPattern(
            "the day",
            rf"\b(?:on|until|till|by|for|from|through|to|since|before|after|week of|weekend of|starting|beginning|"
            rf"effective|around|or)\s+(?P<value>(?:the\s+)?{_ORDINAL}{_MORE})",
            0.5,
            "written",
        ),
        NamedPattern(
            "the day alone",
            rf"\b(?P<value>the\s+{_ORDINAL}{_MORE})",
            0.4,
            "written",
        ),
        NamedPattern(  # recognition writes "on the 28." for "on the twenty-eighth."
            "the day as a figure",
            r"\b(?:on|until|till|by|since|before|after|for|but|to)\s+(?P<value>the\s+(?:1[3-9]|2\d|3[01]))"
            r"(?=[,?!]|\.(?!\d)|\s(?:because|and|so|but|at|if|when|i|we|she|he|they)\b|$)",
            0.5,
            "written",
        ),
    )

    def candidates(self, form: WrittenForm) -> Iterator[Candidate]:
        """Only for patterns that can match: most texts have no month, and many no figures."""
        text = form.text
        figure = _FIGURE.search(text) is not None
        signed = figure and ("/" in text or "-" in text or "." in text)
        for pattern, regex in self._compiled:
            needed = _NEEDED.get(pattern.name)
            if (signed if pattern.name in _SIGNED else figure) if needed is None else not needed.isdisjoint(form.words):
                yield from self._matches(pattern, regex, text)

    def score_of(self, candidate: Candidate) -> float:
        name, text, match = candidate.pattern.name, candidate.text, candidate.match
        before = text[max(0, candidate.start - 110) : candidate.start]
        birth = _BIRTH_CUE.search(before) is not None
        if name in {"the day", "the day alone"}:
            return self._the_day(candidate)
        if name in {"month alone", "this month alone"}:
            return 0.0 if _NAMED_MONTH.match(text, candidate.end) else 0.5
        if name == "month day year" and match.group().lower().startswith(("may ", "march ", "mar ")):
            return self._verb_month(candidate)
        if name in {"three figures", "day first figures", "month figure and year", "day in the year"}:
            return (
                0.85
                if birth
                else (0.55 if name != "month figure and year" and self._visit(before) else self._bare(candidate))
            )
        if name == "birth with a misheard word":
            return 0.0 if _other_matter(match["value"].lower()) else 0.6
        if name == "holiday":
            return 0.0 if _WISHED.search(before[-25:]) or _FESTIVE.match(text, candidate.end) else 0.6
        if name == "two figures":
            return 0.6 if _VISIT_NEAR.search(before[-60:]) else 0.0
        if name == "run":
            close = _BIRTH_CUE.search(before[-60:])
            if re.fullmatch(_YEAR4, match.group()):
                return 0.0
            return 0.85 if close and 4 <= len(digits(match.group())) <= 8 and not _other_number(before[-60:]) else 0.0
        if name == "joined":
            return 0.6 if birth and len(before) < 40 else (0.55 if self._visit(before) and _near_on(before) else 0.0)
        if name in {"month/day", "day/month"}:
            return 0.8 if birth or self._visit(before) else self._fraction(candidate)
        return candidate.pattern.score

    @staticmethod
    def _the_day(candidate: Candidate) -> float:
        """As in "on the eleventh", "he missed the eleventh": not before what is counted. "The first" needs more."""
        text, end = candidate.text, candidate.end
        after = _AFTER_DAY.match(text, end)
        ends = after is not None and after[1] is None
        if _NOUN.match(text, end):
            return 0.0
        early = digits(candidate.match["value"]) in {"1", "2", "3"}
        if candidate.pattern.name == "the day":
            follows = after is not None and after[1] is not None and after[1].lower() in _DAY_GOES_ON - {"and", "or"}
            on = text[candidate.start - 3 : candidate.start].lower() == "on "
            return 0.55 if ends or not early or (follows and on) else 0.0
        goes_on = after is not None and after[1] is not None and after[1].lower() in _DAY_GOES_ON
        if early:
            follows = after is not None and after[1] is not None and after[1].lower() in _ON_A_DAY
            return 0.55 if ends or follows else 0.0
        return 0.55 if ends or goes_on else 0.0

    @staticmethod
    def _verb_month(candidate: Candidate) -> float:
        """As in "may 2 people come", "march 3 miles": only with a year, an ordinal, or a date's word before."""
        said = candidate.match.group().lower()
        if re.search(r"\d\s?(?:st|nd|rd|th)\b|\b(?:19|20)\d\d", said) or re.search(_YEAR4, said):
            return 0.9
        before = candidate.text[max(0, candidate.start - 20) : candidate.start]
        return (
            0.7
            if re.search(r"\b(?:on|of|for|is|until|since|by|from|and|to|born|day,?)\s*$", before, re.IGNORECASE)
            else 0.3
        )

    @staticmethod
    def _bare(candidate: Candidate) -> float:
        """Month, day and a year of a life, said one after the other, are hardly anything else: "five eighteen eighty
        four".
        """
        if candidate.pattern.name not in {"three figures", "day in the year"}:
            return 0.0
        *first, year = re.findall(r"\d+", candidate.match.group())
        whole = len(year) == 4 or (
            len(first) == 2 and len(year) == 2 and int(year) > 12
        )  # "5 1884": the eighteenth of May
        apart = not _AFTER_FIGURES.match(candidate.text, candidate.end)
        return 0.45 if whole and apart and not _COUNTING.search(candidate.text, 0, candidate.start) else 0.0

    @staticmethod
    def _visit(before: str) -> bool:
        return _VISIT_CUE.search(before) is not None

    @staticmethod
    def _fraction(candidate: Candidate) -> float:
        """Two figures with a stroke and without a cue: "either 3/5 or 3/8", "since 9/2"; but "1/2 tablet", "pain
        7/10".
        """
        first, second = (int(part) for part in candidate.match.group().split("/"))
        text, start, end = candidate.text, candidate.start, candidate.end
        if second in {2, 3, 4, 5, 6, 8, 10} or first > second:
            dated = (
                _AT_A_TIME.match(text, end)
                or _LEADS_TO_DATE.search(text, max(0, start - 14), start)
                or _OTHER_DATE.match(text, end)
            )
            return 0.5 if dated and not _AFTER_FRACTION.match(text, end) else 0.0
        return 0.45


def _other_matter(said: str) -> bool:
    """Whether what interrupts the figures means something, or they are too many for a date."""
    odd = [word for word in re.findall(r"[a-z']+", said) if word not in {"st", "nd", "rd", "th"}]
    everyday = words("function_words")
    return len(digits(said)) > 8 or any(word in everyday or word in GOES_ON for word in odd)


def _near_on(before: str) -> bool:
    return re.search(r"\b(?:on|dated?|since|from|for)\s+$", before, re.IGNORECASE) is not None


def _other_number(before: str) -> bool:
    """Whether another kind of number was announced after the birth cue."""
    tail = _BIRTH_CUE.split(before)[-1]
    return re.search(r"\b(?:number|social|phone|call|account|member|zip|address|id)\b", tail, re.IGNORECASE) is not None
