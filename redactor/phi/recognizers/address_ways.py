"""Places by grammar: neighbourhoods and parks by the last word of their names, crossings, turns, numbered roads.

"We bought a place in quail run", "where poplar meets grove", "take a left onto hickory", "just off 95", "lot 26",
"number eleven on pine": hardly any of these has a house number and a street's word together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_WORD = r"[a-z][a-z'-]{2,}"
_SURE = (
    r"estates|heights|acres|hills|oaks|pines|meadows|gardens|commons|shores|glen|grove|woods|crossing|landing|arms|"
    r"apartments|apts|townhomes|townhouses|condos|condominiums|lofts|towers|terrace|trailer (?:park|court)|"
    r"mobile (?:home )?(?:park|court|estates)|rv park|r v park|subdivision|township|campground|ward|projects|colony|"
    r"plantation|reservation|motel|inn|lodge|(?:senior |assisted )living|flats|homes|village|manor|parkway|"
    r"turnpike|expressway|freeway|tollway|tollroad"
)
_MAYBE = (
    r"run|point|ridge|park|court|square|hall|springs|falls|farms|farm|ranch|lakes|lake|harbor|cove|bay|valley|"
    r"view|trace|station|creek|river|beach|island|knoll|knolls|bluff|bluffs|hollow|holler|junction|corners|mills|mill|"
    r"bend|fork|green|field|fields|gate|gates|bottoms|mountain|canyon|mesa|center|tower|plaza"
)
_NEAR = (
    r"(?:in|at|to|from|near|by|off(?: of)?|past|behind|outside(?: of)?|across from|around|on|over (?:in|by|at)|"
    r"out (?:in|by|at|past)|"
    r"down (?:in|by|at)|up (?:in|by|at)|beyond|called|through|into)"
)
_DWELL = (
    r"(?:live[sd]?|living|stay(?:s|ing|ed)?|moved|reside[sd]?|renting|rents?|bought|house|home|condo|apartment|place|"
    r"townhouse|trailer|cabin|unit|lot|neighbou?rhood|address|we're|i'm|he's|she's|they're|we are|i am|mile|miles|"
    r"minutes|block|blocks|drive|ride|down|out|over|up|right|just|camped|parked|room|suite|folks|people|mom's|dad's)"
)
NAMED = re.compile(
    rf"\b{_NEAR} (?:the )?(?P<value>(?P<name>{_WORD}(?: {_WORD})?) (?:{_SURE})(?:,? (?:number|unit|apartment|"
    rf"building|lot|space|"
    rf"room) \w?\d+[a-z]?|,? \d(?: ?\d){2})?)\b(?! (?:on|at) my\b)",
    re.IGNORECASE,
)
HOMES = re.compile(
    rf"\b{_DWELL}(?: (?:right|just|out|over|up|down|back|here|there|way|still|still|now|new|place|house|condo|"
    rf"live|living))*"
    rf" {_NEAR} (?:the )?(?P<value>(?P<name>{_WORD}(?: {_WORD})?) (?:{_MAYBE})(?:,? (?:number|unit|apartment|"
    rf"building|lot|space|"
    rf"room) \w?\d+[a-z]?|,? \d(?: ?\d){2})?)\b",
    re.IGNORECASE,
)
CROSSING = re.compile(
    rf"\b(?:where|of|on|at|near|by) (?P<value>(?P<name>{_WORD}(?: {_WORD})?) (?:meets|crosses|hits|runs into|"
    rf"intersects(?: with)?|"
    rf"dead ends (?:at|into|on)|comes into|joins|turns into) (?P<other>{_WORD}|\d+(?:st|nd|rd|th)?))\b",
    re.IGNORECASE,
)
TURN = re.compile(
    rf"\b(?:turn(?:s|ed|ing)?|take (?:a|the|your)(?: \w+)?|make a|hang a|first|second|third|next|1st|2nd|3rd|"
    rf"sharp|a) (?:left|right)"
    rf"(?: turn)? (?:on|onto|at|off|off of|into) (?:the )?(?P<value>(?P<name>{_WORD}))\b",
    re.IGNORECASE,
)
ENDS = re.compile(
    rf"\b(?:house|place|end|top|bottom|foot|head|corner|shelter|store|office|clinic|pharmacy|church|school|one|1|"
    rf"location|station|motel|"
    rf"hotel|building|apartment|trailer|branch|driveway|left|right|foundry|bank|diner|garage|shop) (?:down |up |"
    rf"over |out )?(?:on|of|off|off of) "
    rf"(?P<value>(?P<name>{_WORD}))(?=[.,;!?]|$| (?:and|by|near|past|at|to|in|is|but|so|has|told|across|where|"
    rf"that|please|if|"
    rf"the|i|because|called|made|they|with|are|was)\b)",
    re.IGNORECASE,
)
NUMBER_ON = re.compile(rf"\bnumber (?P<value>\d{{1,5}} on (?:the )?(?P<name>{_WORD}))\b", re.IGNORECASE)
STREET_THEN_NUMBER = re.compile(
    rf"\b(?:on|off)(?: of)? (?P<name>{_WORD}),? (?P<value>\d(?: ?\d){{1,4}})(?=\s*[.,;!?]|$)", re.IGNORECASE
)
NUMBER_THEN_STREET = re.compile(
    rf"\b(?:it's|is|at|yeah|address)(?: |, )(?P<value>\d(?: ?\d){{1,4}}, (?P<name>{_WORD}))(?=\s*[.,;!?]|$)",
    re.IGNORECASE,
)
ROAD = re.compile(
    r"\b(?:take|on|off|off of|along|down|up|via|onto|get on|to|from|past|of|near) (?:the )?(?P<value>(?:i|us|u "
    r"s)[ -]?\d{1,3}(?: (?:north|south|east|"
    r"west)(?:bound)?)?|\d{1,3} (?:north|south|east|west)(?:bound)?)\b|"
    r"\b(?:live[sd]?|we're|i'm|house|right|just|exit|place|stay\w*|it's) off(?: of)? (?:the "
    r")?(?P<road>\d{1,3})(?=\s*[.,;!?]|$| (?:near|by|north|south|east|"
    r"west|in|at|past|toward|and)\b)",
    re.IGNORECASE,
)
BY_ROAD = re.compile(
    r"\b(?:(?:north|south|east|west) on (?P<one>\d{1,3})(?! ?(?:%|percent|mg|hours|\d))|take (?P<two>\d{2,3})(?= "
    r"(?:down|up|over|out|all the way|north|"
    r"south|east|west)(?: to| into| toward| till)? [a-z])|(?:live[sd]?|stay\w*|house(?:'s| is)?|we're|i'm|"
    r"living) (?:off(?: of)?|on|around|near|by|at) "
    r"(?P<mile>\d{1,2} mile(?: road| and (?!a\b)[a-z]+)?)(?=[.,]|$| and| near| by| in)|(?P<star>star route(?: "
    r"box)? ?\d*(?: box \d+)?)|(?:unit|apartment|room|"
    r"apt|lot|space|suite|buzzer)(?:'s| is)(?: number)? (?P<unit>\d(?: ?\d){0,3}[a-z]?)(?![\w:%]| (?:percent|"
    r"bucks|dollars|degrees|feet|a month)))",
    re.IGNORECASE,
)
EXIT = re.compile(
    rf"\b(?:take|to|off|at|past|by) the (?P<value>(?P<name>{_WORD}(?: {_WORD})?) (?:exit|interchange|off ?ramp|"
    rf"turnoff))\b",
    re.IGNORECASE,
)
LOT = re.compile(
    r"\b(?<!came )(?:in|at|to|on|is|it's|i'm|we're|he's|she's|of) (?P<value>(?:lot|cabin|pad|milepost|berth|cell "
    r"?block|cell|bungalow|"
    r"block|wing|pod|quad|bunk|tent|site|campsite|stall|bay|pier|dock) (?:number )?\d{1,3}[a-z]?|(?:building|"
    r"cell ?block|wing|pod|block|dorm) [a-h]|"
    r"bed \d{1,3} ?[a-d])(?!\s?(?:\d|mg|milli|percent|times|days|hours|of (?:the|them)))",
    re.IGNORECASE,
)
LETTERED = re.compile(
    r"\b(?:in|at|to|is|it's) (?P<value>(?:building|cell ?block|wing|pod|block|dorm) [a-h]|[a-h] (?:block|"
    r"wing))(?=\s*[.,;!?]|$| (?:and|at|of|in|on|by|"
    r"apartment|unit|number|room|but|so|cell)\b)",
    re.IGNORECASE,
)
BOX = re.compile(
    r"\b(?:it's|is|at|to|my|our|mail\w*|address|in) (?P<value>box \d(?: ?\d){1,4})(?![\d:]| of\b)", re.IGNORECASE
)
WATERS = re.compile(
    r"\b(?:on|at|by|near|around|to|in|from|of|past|off|outside) (?P<value>(?:lake|mount|fort|camp|port|cape) "
    r"(?P<name>[a-z][a-z'-]{2,}))\b",
    re.IGNORECASE,
)
CHAIN = re.compile(
    r"\b(?P<value>(?:motel 6|super 8|days inn|red roof(?: inn)?|econo lodge|la quinta|koa)(?: (?:in|on|off) "
    r"[A-Z]\w+)?)\b",
    re.IGNORECASE,
)
_WITH_NUMBERS = (LOT, BOX, CHAIN)
_LAST = frozenset(re.findall(r"[a-z]+", f"{_SURE}|{_MAYBE}")) - frozenset("home mobile court trailer r v rv".split())
_NO_NAME = frozenset(
    "the a an my your our his her their this that these those some any every each no good bad new old big little small "
    "nice great parking nursing group foster retirement funeral assisted adult senior whole same other next last first "
    "second third right left wrong front back side top bottom main whole train bus gas fire police power radio service "
    "city town medical health dental care surgery urgent waiting dining living exam emergency treatment cancer "
    "heart eye "
    "wellness fitness rehab rehabilitation imaging birth birthing detention call data community shopping recreation "
    "public private trailer mobile city's state national county water golf ball theme amusement dog car skate rv "
    "convention hearing learning day training testing visitor contact distribution trauma infusion dialysis wound "
    "bone hip shoulder knee high low long short half full dead open hard soft home homes night tree tool club green "
    "house court food supreme district circuit juvenile traffic tennis basketball volleyball times better another "
    "pressure boiling starting turning breaking west's focal needle pin exclamation decimal dry test trial home "
    "two three four five six seven eight nine ten one more most bike blood bowel chicken dairy horse pig hog".split()
)


def ways(
    text: str, said: frozenset[str], known: Callable[[str], bool], plain: Callable[[str], bool]
) -> Iterator[tuple[int, int, float, str]]:
    """(start, end, score, name); `known` says whether a word is everyday and no street's name, `plain` whether it is a
    function word, a month or the like that no name is made of.
    """
    if not _LAST.isdisjoint(said):
        for regex, least in ((NAMED, 0), (HOMES, 0)):
            for match in regex.finditer(text):
                parts = [part.lower() for part in match["name"].split()]
                start = match.start("name")
                if len(parts) > 1 and (plain(parts[0]) or parts[0] in _NO_NAME):
                    start = match.end("name") - len(parts[1])
                    parts = parts[1:]
                if not any(plain(part) or part in _NO_NAME for part in parts):
                    yield start, match.end("value"), 0.5 + least, "neighbourhood"
    for regex in (CROSSING,) if "where" in said or "corner" in said or "meets" in said or "crosses" in said else ():
        for match in regex.finditer(text):
            if not (plain(match["name"].split()[0].lower()) or plain(match["other"].lower())):
                yield *match.span("value"), 0.55, "crossing"
    for regex in (
        *((TURN,) if "left" in said or "right" in said else ()),
        *((ENDS,) if not _BUILT.isdisjoint(said) else ()),
        *((EXIT,) if "exit" in said else ()),
        *((WATERS,) if not _WATER_WORDS.isdisjoint(said) else ()),
    ):
        for match in regex.finditer(text):
            low = match["name"].lower().split()[0]
            if not (known(low) or plain(low)) and not low.endswith("ing"):
                yield *match.span("value"), 0.5, "street name"
    if "building" in said or "block" in said or "wing" in said or "dorm" in said:
        for match in LETTERED.finditer(text):
            yield *match.span("value"), 0.5, "unit"
    if not _FIGURE.search(text):
        return
    for regex in (NUMBER_ON, STREET_THEN_NUMBER, NUMBER_THEN_STREET):
        for match in regex.finditer(text):
            low = match["name"].lower()
            if not (known(low) or plain(low)):
                yield *match.span("value"), 0.5, "house number and name"
    for match in ROAD.finditer(text) if not _ROAD_WORDS.isdisjoint(said) else ():
        yield *match.span("value" if match["value"] else "road"), 0.5, "numbered road"
    for match in BY_ROAD.finditer(text) if not (_ROAD_WORDS | _SPACE_WORDS).isdisjoint(said) else ():
        group = next((name for name in ("one", "two", "mile", "star", "unit") if match[name]), None)
        if group is not None:
            yield *match.span(group), 0.5, "numbered road"
    for regex in _WITH_NUMBERS if not _UNIT_WORDS.isdisjoint(said) else ():
        for match in regex.finditer(text):
            yield *match.span("value"), 0.5, "unit"


_BUILT = frozenset(
    "house place end top bottom foot head corner shelter store office clinic pharmacy church school one location "
    "station "
    "motel hotel building apartment trailer branch driveway left right foundry bank diner garage shop".split()
)
_UNIT_WORDS = frozenset(
    "lot cabin pad milepost berth cell cellblock bungalow block wing pod quad bunk tent site campsite stall bay pier "
    "dock bed box motel super inn roof lodge quinta koa days".split()
)
_ROAD_WORDS = frozenset(
    "i us u north south east west northbound southbound eastbound westbound off take mile star".split()
)
_SPACE_WORDS = frozenset("unit apartment room apt lot space suite buzzer".split())
_WATER_WORDS = frozenset("lake mount fort camp port cape".split())
_FIGURE = re.compile(r"\d")
