"""Ages over 89 that a listener works out: years, decades, wars and events, marriages, what others are older than.

"I was eighteen when Pearl Harbor got hit", "he's ten years older than me and I'm eighty-three", "class of forty-six",
"in her tenth decade", "we've been married seventy-four years": no number over 89 is said, and yet the age is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

YOUNGEST = 90
_SCORE = 0.6
_GROWN = 18
_SCHOOL_AGE = 6
_REACH = 70

_HAPPENINGS: tuple[tuple[str, int], ...] = (
    (
        (
            r"the stock market crash|the crash of (?:19)?'?29|black tuesday|prohibition|(?:the )?great depression|"
            r"(?:(?<=during )|(?<=through ))the depression|depression[- ](?:era|baby|child)|(?:the )?dust bowl"
        ),
        1935,
    ),
    (r"(?:the )?hindenburg|amelia earhart", 1937),
    (r"pearl harbor", 1941),
    (r"guadalcanal|battle of midway|war rationing|ration (?:books?|stamps?)|rosie the riveter", 1943),
    (r"normandy|d[- ]day|omaha beach|(?:battle of )?the bulge|anzio|monte cassino|bastogne", 1944),
    (
        (
            r"iwo jima|okinawa|hiroshima|nagasaki|v[- ]?[ej][- ]day|roosevelt died|fdr died|"
            r"(?:the )?end of (?:the war|world war)|the war ended|"
            r"(?:the )?(?:2nd|second) world war|world war (?:2|two|ii)|ww ?(?:2|ii)|dachau|auschwitz"
        ),
        1945,
    ),
    (r"the berlin airlift|truman (?:was|got)", 1948),
    (r"(?:the )?korean (?:war|conflict)|inchon|chosin(?: reservoir)?", 1951),
    (r"sputnik", 1957),
    (r"kennedy (?:was|got) (?:shot|killed|elected)|jfk (?:was|got) (?:shot|killed)|the cuban missile crisis", 1963),
    (r"(?:the )?(?:moon landing|man on the moon)|(?:we|they|man) (?:landed|walked) on the moon|woodstock", 1969),
)
"""What happened, and the year by which it was over."""
_HAPPENED = tuple((re.compile(rf"\b(?P<value>{what})\b", re.IGNORECASE), year) for what, year in _HAPPENINGS)
_HINTS = (
    "crash tuesday prohibition depression bowl",
    "hindenburg earhart",
    "harbor",
    "guadalcanal midway rationing ration rosie",
    "normandy d d-day dday omaha bulge anzio cassino bastogne",
    "iwo okinawa hiroshima nagasaki v v-e v-j ve vj roosevelt fdr war ww ww2 wwii dachau auschwitz",
    "airlift truman",
    "korean inchon chosin",
    "sputnik",
    "kennedy jfk missile",
    "moon woodstock",
)
"""Words of which one must occur, for each of what happened."""
_EVENTS = tuple((*event, frozenset(hints.split())) for event, hints in zip(_HAPPENED, _HINTS, strict=True))
HAPPENING_WORDS = frozenset().union(*(hints for *_, hints in _EVENTS))
_STAGE = re.compile(
    r"\b(?P<grown>grown|grown up|(?:a )?grown (?:man|woman)|old enough to (?:fight|enlist|serve|work|drive)|veterans?|"
    r"vets?|served|serving|fought|fighting|enlisted|drafted|joined up|shipped (?:out|over)|landed|stormed|flew|marched|"
    r"was a (?:nurse|medic|marine|gunner|pilot|soldier|sailor|riveter|welder|sergeant|corporal|private|seabee)|"
    r"survivor|"
    r"survived|liberated|wounded|in the (?:navy|army|marines|air corps|service)|worked (?:at|in)|gi)\b|"
    r"\b(?P<young>remembers?|remembered|lived through|grew up|raised|schoolgirl|schoolboy|in (?:grade |grammar |high )?"
    r"school|(?:\w+ )?grader|a (?:boy|girl|kid|child|teenager|youngster|newborn|toddler|young (?:man|woman|lady|"
    r"fella))|already (?:here|"
    r"around|walking|in school)|newlyweds?|married|teenager|went through|knew)\b|"
    r"\b(?:was|were|am|be|turned|only|just|about|at|aged?|i'd|of|sweet) (?P<years>[5-9]|[1-5]\d)(?! ?(?:months?|days?|"
    r"weeks?|hours?|minutes?|\d|percent|degrees|o'clock|am\b|pm\b))",
    re.IGNORECASE,
)
_KOREA = re.compile(
    r"\b(?:fought|drafted|wounded|combat|prisoner|shot|shipped (?:out|over)|foxholes?|frostbite|war|purple heart)"
    r"(?: \w+){0,3}? (?P<value>korea)\b",
    re.IGNORECASE,
)
"""Soldiers are stationed there still; those who fought are over ninety."""
_TEENS = re.compile(r"\b[78]0[ -]1\d\b")
_OLDER = re.compile(
    r"\b(?P<value>(?P<more>\d{1,2}|a|couple(?: of)?|few) years? (?:and (?:a half|change) )?(?:older|my senior|"
    r"his senior|her senior|ahead of "
    r"(?:me|him|her)|on me|up on me|elder)(?: than (?:me|i am|him|her|us|my \w+))?)\b",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\b(?:i'm|i am|he's|she's|he is|she is|i turned|i just turned|i'll be|me,?|age|turns|turning|turned|who's|who is|"
    r"and|is|at|at age) (?P<value>[6-9]\d)(?! ?(?:percent|pounds|degrees|minutes|days|milligrams|mg|dollars|\d|over))",
    re.IGNORECASE,
)
_SUM = re.compile(
    r"\b(?:'s|is|i'm|i am|are|be|turned|turning|at|age|makes? (?:me|him|her)|was) (?:about )?(?P<value>"
    r"(?P<one>[678]\d) (?:plus|and|and then|with) (?P<two>\d{1,2})(?: (?:more|on top|years?))*|"
    r"(?P<past>\d{1,2}) (?:years? )?(?:past|over|beyond|north of|on top of|more than|the other side of) "
    r"(?P<base>[789]\d|1[01]\d)|"
    r"(?P<tens>[78]0)[ -](?P<teens>1\d))\b(?! ?(?:percent|pounds|degrees|minutes|days|dollars|mg|milligrams))",
    re.IGNORECASE,
)
_DECADE = re.compile(
    r"\b(?:his|her|their|my|your|our) (?P<value>(?:10th|11th|tenth|eleventh) decade)(?: of life)?\b|"
    r"\b(?:through|seen|lived|behind (?:me|him|her)|after|for|in|almost|over|nearly|past|got|had|around|last|has|"
    r"have|of) "
    r"(?:about |all of |my |his |her |their |all )*(?P<decades>(?:9|10|nine|ten)(?: and a half| and some)? decades)\b|"
    r"\b(?P<century>(?:(?:just |well )?(?:over|past|about|almost|nearly|close to|half a year short of|more than) )?"
    r"(?:a|one|1) (?:full |whole )?century)(?=(?: and \w+)? (?:old|young|of age|of living|on this earth)\b)|"
    r"\b(?:been (?:around|here|alive|living)|lived|seen|survived|on this earth)(?: for)? (?P<lived>(?:(?:just |well )?"
    r"(?:over|past|about|almost|nearly|close to) )?(?:a|one|1) (?:full |whole )?century)\b|"
    r"\b(?:hit|hits|hitting|turns?|turned|nearing|reached|reaching|pushing|approaching|made|near|shy of|short of) "
    r"(?P<mark>(?:the |a )?century(?: mark)?)\b",
    re.IGNORECASE,
)
_MARRIED = re.compile(
    r"\b(?:(?:married|together|husband and wife|wed|hitched|marriage of)(?:,? (?:for|now|over|almost|nearly|"
    r"about|going on|to \w+|to the same "
    r"\w+|these|like|all of|some))* (?P<value>(?P<years>[78]\d)(?: (?:some )?years?)?)(?! ?(?:percent|pounds|\d|in\b))|"
    r"(?P<nth>(?:7|8)\d(?:st|nd|rd|th) (?:wedding )?anniversary)\b|"
    r"(?P<after>(?P<wed>7\d|8\d) years) (?:of (?:marriage|wedded)|married|together as))",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"\b(?:born|baby|babies|child|children|kid|kids|girl|boy|product|generation|grew up|raised|model|vintage|from)"
    r"(?: \w+){0,3}? (?:of|in|during|from|back in) (?P<value>the (?:(?:early|late|mid|middle|roaring|dirty|end "
    r"of the)[ -]+(?:the )?)?"
    r"(?:nineteen |19)?(?:(?:twenties|20'?s)|(?:thirties|30'?s)|'?20s|'?30s))\b",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"\b(?P<value>(?:19)?['\u2019]?(?:2\d|3[0-6])) (?:model|vintage|baby)\b(?! (?:car|truck|ford|chevy|wheelchair))",
    re.IGNORECASE,
)
_CLASS = re.compile(r"\bclass of (?P<value>(?:19)?['\u2019]?(?P<year>[2-5]\d))(?!\d|[.:]\d)", re.IGNORECASE)
_THEN = re.compile(
    r"\b(?:(?:had|delivered|birthed) (?:me|him|her) (?:back )?in|(?:crash|flood|hurricane|dust storm|blizzard|"
    r"earthquake|winter|summer|strike|fire) of) (?P<value>(?:19)?['\u2019]?"
    r"(?:2\d|3[0-6]))(?![\d:]|[.]\d)",
    re.IGNORECASE,
)
_ELDER = frozenset("older senior ahead elder on".split())
_ADDING = frozenset("plus past over beyond north top more side".split())
_WEDDED = frozenset("married together wife wed hitched marriage anniversary".split())
_OTHERS = (
    (_DECADE, frozenset("decade decades century".split())),
    (_TIMES, frozenset("twenties thirties 20s 30s".split())),
    (_MODEL, frozenset("model vintage baby".split())),
    (
        _THEN,
        frozenset(
            "had delivered birthed crash flood hurricane storm blizzard earthquake winter summer strike fire".split()
        ),
    ),
)
"""Patterns, and words of which one must occur."""
_WORDS = _ELDER | _ADDING | _WEDDED | {"class"} | frozenset().union(*(hints for _, hints in _OTHERS))


def _sum(match: re.Match[str]) -> int:
    if match["tens"] is not None:
        return int(match["tens"]) + int(match["teens"])
    if match["one"] is not None:
        return int(match["one"]) + int(match["two"])
    return int(match["past"]) + int(match["base"])


def reckoned(text: str, said: frozenset[str], now: int) -> Iterator[tuple[int, int, float, str]]:
    """(start, end, score, name) of what tells an age over 89 without saying it."""
    if not HAPPENING_WORDS.isdisjoint(said):
        yield from _at_an_event(text, said, now)
    if "korea" in said:
        for match in _KOREA.finditer(text):
            yield *match.span("value"), _SCORE, "at an event"
    if _WORDS.isdisjoint(said) and not _TEENS.search(text):
        return
    for match in _OLDER.finditer(text) if not _ELDER.isdisjoint(said) else ():
        more = int(match["more"]) if match["more"].isdigit() else (1 if match["more"].lower() == "a" else 2)
        begin = max(0, match.start() - _REACH)
        for other in _AGE.finditer(text, begin, min(len(text), match.end() + _REACH)):
            if int(other["value"]) + more >= YOUNGEST:
                yield *match.span("value"), _SCORE, "older than somebody"
                yield *other.span("value"), _SCORE, "older than somebody"
    for match in _SUM.finditer(text) if not _ADDING.isdisjoint(said) or _TEENS.search(text) else ():
        if YOUNGEST <= _sum(match) < YOUNGEST + 30:
            yield *match.span("value"), _SCORE, "sum"
    for regex, hints in _OTHERS:
        for match in regex.finditer(text) if not hints.isdisjoint(said) else ():
            group = next(name for name, got in match.groupdict().items() if got is not None)
            yield *match.span(group), _SCORE, "decades"
    for match in _MARRIED.finditer(text) if not _WEDDED.isdisjoint(said) else ():
        group = next(name for name in ("value", "nth", "after") if match[name])
        yield *match.span(group), _SCORE, "long married"
    for match in _CLASS.finditer(text) if "class" in said else ():
        if 1900 + int(match["year"]) <= now - YOUNGEST + _GROWN:
            yield *match.span("value"), _SCORE, "class of"


def _at_an_event(text: str, said: frozenset[str], now: int) -> Iterator[tuple[int, int, float, str]]:
    """Whoever was grown, or of a certain age, when something happened that one knows the year of."""
    for regex, year, hints in _EVENTS:
        for match in regex.finditer(text) if not hints.isdisjoint(said) else ():
            for stage in _STAGE.finditer(text, max(0, match.start() - _REACH), match.end() + _REACH):
                if stage.start() < match.end() and match.start() < stage.end():
                    continue
                years = int(stage["years"]) if stage["years"] else (_GROWN if stage["grown"] else _SCHOOL_AGE)
                if years + now - year >= YOUNGEST:
                    yield *match.span("value"), _SCORE, "at an event"
                    if stage["years"]:
                        yield *stage.span("years"), _SCORE, "at an event"
