"""Patterns of whole addresses and their cues, with their word lists; `address_parts` has the parts."""

from __future__ import annotations

import re

from redactor.phi.recognizers.address_parts import (
    ABBREVIATION,
    APARTMENT,
    BOX,
    CODE,
    DIRECTION,
    MAYBE,
    NAME,
    NUMBER,
    PART_POSTCODE,
    POSTCODE,
    POSTCODE_ANSWER,
    ROUTE,
    STATES,
    STOP,
    SUFFIX,
    SURE,
    ZIP,
)

STREET = re.compile(
    rf"(?<![\d/.$-])(?P<value>{NUMBER}[\s,.]+(?:{DIRECTION}\s+)?(?P<name>{NAME}(?:[\s,]+{NAME}){{0,3}}?)\s+"
    rf"(?P<suffix>{SUFFIX})(?:\s{DIRECTION}\b)?{APARTMENT}{{0,2}})",
    re.IGNORECASE,
)
BARE_STREET = re.compile(
    rf"\b(?:on|at|of|off|to|along|down|near|from|onto|"
    rf"and)\s+(?:the )?(?P<value>(?:{DIRECTION}\s+)?(?P<name>{NAME}(?:\s+{NAME}){{0,2}}?)\s+(?P<suffix>(?:{SURE})\b))",
    re.IGNORECASE,
)
ZIP_CUE = re.compile(
    rf"\bzip(?:\s?code)?\b[^\d?!]{{0,40}}?(?<![\w$])(?P<value>{ZIP})(?:[^\d?!]{{1,25}}(?<![\w$])(?P<other>{ZIP}))?",
    re.IGNORECASE,
)
STATE_ZIP = re.compile(rf"\b(?:{STATES}|{ABBREVIATION})[\s,.]+(?P<value>{ZIP})", re.IGNORECASE)
HALF = r"(?:\s+(?:and a half|and 1/2|1/2))?"
NO_SUFFIX = re.compile(
    rf"(?<![\d/.$-])(?P<value>\d{{1,5}}(?:[\s,-]{{1,2}}\d{{1,4}}){{0,4}}{HALF}\s+(?:(?:north|south|east|west|"
    rf"[nsew]\.?)\s+{NAME}(?:\s+{NAME})?(?:{APARTMENT}|(?=\s*[,.]|\s*$|\s+in\b))|(?:north|south|east|"
    rf"west)\s+(?!(?:side|coast|wing|end|bound|entrance|lobby|tower|lot|of)\b){NAME}))",
    re.IGNORECASE,
)
UNIT_ALONE = re.compile(
    rf"\b(?P<value>(?:apartment|apt\.?|suite|building|bldg\.?|flat|slip|unit|trailer|space|villa|"
    rf"cottage)\s+(?:number )?{CODE}(?:(?: \u00ac|,? (?:not|instead of)(?: apartment| unit| number)?) \d+[a-z]?\b)?)",
    re.IGNORECASE,
)
HOUSE_CUE = re.compile(
    rf"\b(?:(?:live[sd]?|living|stay(?:s|ing)?|i'm|i am|we're|we are|he's|she's|they're|located|house is|office is|"
    rf"over|up|down|out) at|address(?:es)?(?: of)?(?: on file| here| now| (?:that )?(?:you|we|i|they) (?:gave|have|had|"
    rf"listed|wrote|got)(?: me| us| you)?)?(?: is| was|'s|:|,)?|same (?:place|house|address|spot)(?: \w+ years)?|"
    rf"(?:house|place|home)(?: number)?(?: is)?|moved to|(?:deliver|delivered|send|sent|mail|mailed|ship|shipped|come|"
    rf"post|posted)(?: (?:it|them|that|this|one|out|over|everything))? to)\s+(?:uh |it's |at |"
    rf"now )?(?P<value>{NUMBER}[\s,]+(?P<name>[a-z][a-z'-]+(?:[\s,]+[a-z][a-z'-]+){{0,2}}))",
    re.IGNORECASE,
)
TOWN_AND_ZIP = re.compile(
    r"\bin (?P<value>(?P<name>[a-z][a-z'-]+(?: [a-z][a-z'-]+){0,2}),? \d(?:\s?\d){4})(?![\s-]?\d)", re.IGNORECASE
)
FILLER = r"(?:(?:uh|um|yes|yeah|sure|ok(?:ay)?|so|well|it's|its|it is|that's|my address is|i live at)[\s,.]+)*"
ANSWER = re.compile(
    rf"\baddress\b[^?.\d]{{0,30}}\?\s+{FILLER}(?P<value>{NUMBER}[\s,]+[a-z][^.?!\n]{{1,60}}?)(?=[.?!\n]|$)",
    re.IGNORECASE,
)
IN_STATE = re.compile(
    rf"(?P<state>\b(?:{STATES}|{ABBREVIATION})\b)(?:[\s,.]+(?P<zip>{ZIP}))?",
    re.IGNORECASE,
)
STATES_TOO = frozenset({"OK", "HI", "OH", "ME", "IN", "OR"})
"""Abbreviations that are also words: "sure, OK" does not name Oklahoma."""
STATE_WORDS = frozenset(re.findall(r"[a-z]{3,}", STATES)) | {"d", "dc"}
ABBREVIATED = re.compile(rf"\b{ABBREVIATION}\b")
SUFFIX_WORDS = frozenset(re.findall(r"[a-z]+", f"{SURE}|{MAYBE}"))
SURE_WORDS = frozenset(SURE.split("|"))
BEFORE_STATE = re.compile(r"[a-z][a-z'.-]+(?:\s[a-z][a-z'-]+){0,2}(?=,?\s+$)", re.IGNORECASE)
WORD = re.compile(r"[a-z][a-z'.]*[a-z]", re.IGNORECASE)
PLACE_CUE = re.compile(
    r"\b(?:in|from|near|to|at|outside|around|moved|live|lives|living|of|city|town|downtown|over in|visiting|"
    r"leaving)\s+(?:the |downtown |north |south |east |west )?$",
    re.IGNORECASE,
)
STREET_NAMES = frozenset(
    "acacia adams amsterdam ash aspen beech birch broadway butternut canal cedar cherry chestnut clinton columbus "
    "cottonwood cypress delancey dogwood elm eucalyptus fairview fir franklin fulton grand grant greenwich hickory "
    "highland hillside hollywood houston jackson jefferson juniper larkspur laurel lexington lincoln locust madison "
    "magnolia main maple market mesquite mission monroe mulberry oak orchard peachtree pecan pine poplar redwood "
    "azalea bluebonnet camellia catalpa clover cottonwood fern hawthorn hemlock honeysuckle ivy jasmine lilac linden "
    "meadowlark mimosa mockingbird persimmon primrose quail sagebrush sassafras tamarack thistle wisteria "
    "roosevelt sequoia spruce sunset sycamore telegraph vermont vine walnut washington western willow wilson "
    "woodland".split()
)
"""The commonest street names, as far as they are little else after "on"."""
BOTH_STREETS = re.compile(
    r"\b(?:on|at|near|by|off(?: of)?|around|between|"
    r"corner of)\s+(?P<value>(?P<one>[a-z][a-z'-]{2,})\s+and\s+(?P<two>[a-z][a-z'-]{2,}|\d{1,3}(?:\s\d{1,2})?(?:st|"
    r"nd|rd|th)?\b))",
    re.IGNORECASE,
)
QUIET_STREET = re.compile(
    rf"\b(?:on|off(?: of)?|along|down|over on|"
    rf"up)\s+(?P<value>(?:{DIRECTION}\s+)?(?P<name>{NAME}(?:\s+{NAME}){{0,2}}?)\s+(?P<suffix>(?:drive|circle|trail|"
    rf"loop|cove|terrace|court|place|way|pike|row|alley)\b)(?:,? number \d+)?)",
    re.IGNORECASE,
)
NO_QUIET = frozenset(
    "hard flash disk test long food blood thumb usb tennis supreme family drug basketball district circuit whole other "
    "same first last one right wrong".split()
)
CAPITAL_STREET = re.compile(
    r"\b(?:[Oo]n|[Aa]t|[Oo]ff|[Nn]ear|[Aa]long)\s+(?P<value>(?:[A-Z][a-z'-]+\s+){1,3}(?P<suffix>[A-Z][a-z]+)\b"
    r"(?:,? number \d+)?)"
)
FIGURE = re.compile(r"\d")
CROSS = re.compile(
    rf"\b(?:on|at|near|by|off|around|of)\s+(?P<value>{DIRECTION}?\s?(?:\d{{1,3}}(?:st|nd|rd|"
    rf"th)\s+and\s+(?P<one>[a-z][a-z'-]+)|(?P<two>[a-z][a-z'-]+)\s+and\s+\d{{1,3}}(?:st|nd|rd|"
    rf"th)))(?:\s+{SUFFIX})?",
    re.IGNORECASE,
)
BUILDING = re.compile(
    rf"\b(?:at|in|of|the|to)\s+(?P<value>(?:(?:the\s+)?\d{{1,2}}(?:st|nd|rd|"
    rf"th)\s+floor\s+(?:of\s+)?(?:the\s+)?)?(?P<name>{NAME}(?:\s+{NAME})?)\s+(?:building|tower|towers|apartments|"
    rf"condos|condominiums|estates|mobile home park|trailer park|trailer court|rv park|village|manor|motel|hotel|inn|"
    rf"lodge|suites|campground|shelter|dorms?|residence hall|hall|townhomes|lofts|projects)\b(?:,?\s+(?:room|suite|"
    rf"floor|unit|"
    rf"apartment|number)\s+{CODE})?)",
    re.IGNORECASE,
)
LIVES_ON = re.compile(
    rf"\b(?:liv(?:e|es|ing|ed)|house|place|right|over|down|out|off|both|house is|place is|we're|they're|still|stays?|"
    rf"staying|ours is) (?:over |out |right |just |both |still |up |down )*(?:on|"
    rf"off(?: of)?)\s+(?:the )?(?P<value>(?!{STOP})(?P<name>[a-z][a-z'-]{{3,}}))(?:\s+(?P<more>[a-z'-]+))?",
    re.IGNORECASE,
)
_QUIET_SUFFIX = "|".join(
    suffix for suffix in MAYBE.split("|") if suffix not in {"point", "walk", "run", "pass", "view", "close"}
)
NEAR_STREET = re.compile(
    rf"\b(?:liv(?:e|es|ing|ed)|house|place|farm|right|over|down|out|off|up|both|all|back|stay\w*|we're|i'm|he's|"
    rf"she's|they're|ones?|1|turn|"
    rf"of us|just|still|here|folks)(?: (?:over|out|right|just|up|down|back|here|both|all|way))* (?:on|off(?: of)?|"
    rf"up|down|along|past|in)\s+(?:the )?"
    rf"(?P<value>(?:{DIRECTION}\s+)?(?P<name>(?!{STOP})[a-z][a-z'-]+(?:\s+(?!{STOP})[a-z][a-z'-]+)?)\s+(?:{_QUIET_SUFFIX}|creek|"
    rf"branch|fork|river|lake|mountain|holler|ranch|farm|knob|gap|ferry|springs?|junction|corners?|crossroads|"
    rf"prairie|mesa|canyon|gulch|"
    rf"bayou|slough|flats?|bottoms?|valley|island|beach|mill|hills?)\b)",
    re.IGNORECASE,
)
"""After a word for living somewhere also names of water and hills: "out on possum hollow", "up turkey creek"."""
NEAR_HINTS = SUFFIX_WORDS | frozenset(
    "creek branch fork river lake mountain holler ranch farm knob gap ferry spring springs junction corner corners "
    "crossroads prairie mesa "
    "canyon gulch bayou slough flat flats bottom bottoms valley island beach mill hills".split()
)
NO_NEAR = frozenset(
    "the good great bad long hard new same whole other next last first right left wrong that this your our my his "
    "her whole "
    "chicken front back side".split()
)
CAPITAL_PLACE = re.compile(
    r"\b(?:[Oo]n|[Oo]ff|[Oo]ff of|[Pp]ast|[Nn]ear|[Oo]utside|[Oo]utside of|[Uu]p|[Dd]own|[Bb]eyond|[Bb]y|[Tt]owards?|"
    r"[Oo]ver in|[Uu]p in|[Dd]own in|[Oo]ut in|[Ii]n|[Bb]ehind|[Aa]cross from|[Bb]etween|[Ff]rom|"
    r"[Tt]o) (?P<value>(?P<name>[A-Z][a-z'-]{2,}(?: [A-Z][a-z'-]{2,}){0,2}))(?![\w'\u2019])"
)
NO_PLACE = frozenset(
    "medicaid medicare facebook zoom google mychart facetime instagram youtube skype whatsapp messenger twitter "
    "tiktok teams venmo paypal zelle uber lyft amazon netflix spanish english french creole mandarin arabic russian "
    "korean polish god jesus heaven lord bluetooth wifi covid parkinson alzheimer crohn hodgkin dementia christmas "
    "easter thanksgiving halloween pentecost lent ramadan passover juneteenth mother father mom dad grandma grandpa "
    "mama papa sister brother aunt uncle miss mister mrs nurse doctor doc sheriff deputy officer coach caller patient "
    "billing scheduling radiology cardiology oncology dermatology urology neurology orthopedics pediatrics imaging "
    "records "
    "pharmacy hospital clinic urgent emergency".split()
)
CAPITAL_HOUSE = re.compile(
    r"(?<![\d/.$,:-])(?<!\d )(?P<value>\d{1,5}(?: \d{1,3}){0,3} "
    r"(?P<name>(?:[NSEW] )?[A-Z][a-z'-]{2,}(?: [A-Z][a-z'-]{2,}){0,2}))(?![\w'\u2019])"
)
"""A number before a capitalised word: "14 Sweetgum"."""
NO_HOUSE_BEFORE = re.compile(
    r"\b(?:jan\w*|feb\w*|march|april|may|june|july|aug\w*|sept\w*|oct\w*|nov\w*|dec\w*|room|extension|ext|option|"
    r"press|number|age|aged|is|he's|she's|i'm|was|turned|bed|floor|suite|unit|apartment|lot|at (?=\d{1,2} )|take|took|"
    r"taking|by|until|till|"
    r"about)\.?[ ,#]*$",
    re.IGNORECASE,
)
APART_WORDS = frozenset("mine ours his hers house mailbox box".split())
OTHER_UNIT = re.compile(
    r"\b(?:not|is it|it's not|instead of|or|rather than|should be|meant|no|actually|are we|"
    r"it's) (?P<value>(?:apartment |apt |unit )?\d{1,4}[\s-]?[a-hj-z](?: as in \w+)?)(?![\w'])",
    re.IGNORECASE,
)
"""A unit put right: "apartment 6C, is it 6G?"; only beside another."""
UNITS = frozenset("apartment apt unit suite lot trailer".split())
HOUSE_APART = re.compile(
    r"\b(?:mine's|mine is|ours is|ours's|his is|hers is|house number(?:'s| is)?|house is(?: number)?|we're number|"
    r"i'm number|the number on the (?:house|mailbox|box|door|gate)(?:'s| is| says)?|"
    r"(?:mail)?box says|number on it(?:'s| is))\s+(?P<value>\d{1,5}(?: \d{1,3}){0,4})(?!\s?(?:am|pm|a\.m|p\.m|years|"
    r"mg|percent|degrees|dollars|pounds|hours|minutes|days|\d|over))\b",
    re.IGNORECASE,
)
EXIT = re.compile(r"\b(?P<value>(?:exit|mile marker|mile post)\s+(?:number )?\d[\d ]{0,3}\d?\b)", re.IGNORECASE)
HOUSE_AND_NAME = re.compile(
    rf"(?<![\d/.$,-])(?P<value>(?:\d{{3,5}}|\d\d \d\d|\d(?: \d){{1,4}}|\d \d\d|\d\d \d(?: \d)?) "
    rf"(?:{DIRECTION}\s+)?(?P<name>[a-z][a-z-]{{3,}}))\b(?!')",
    re.IGNORECASE,
)
SMALL_HOUSE = re.compile(
    r"\b(?:at|to|is|was|it's|now)\s+(?P<value>\d{1,5} "
    r"(?P<name>[a-z][a-z-]{3,}))\b(?!')(?P<ends>\s*(?:[,.]|$|and\b|in\b|but\b))?",
    re.IGNORECASE,
)
"""A short house number counts before a word on no list, and before any word in a message that mentions an address."""
IN_PLACE = re.compile(
    r"\b(?:in|near|outside(?: of)?|(?:town|city|village) of)\s+(?P<value>(?P<name>[a-z][a-z-]{3,}))\b(?!')",
    re.IGNORECASE,
)
NUMBERED_STREET = re.compile(
    rf"\b(?P<value>{DIRECTION}\s+(?:\d{{1,2}}\s){{0,2}}\d{{1,3}}(?:st|nd|rd|th))\b", re.IGNORECASE
)
ROOM = re.compile(
    r"\b(?P<value>(?:hotel\s+)?(?:room|suite|bed)\s+(?:number\s+)?\d(?:[\s-]?\d){2,3})(?!\d)", re.IGNORECASE
)
COUNTIES = frozenset("county parish township borough".split())
BUILDINGS = frozenset(
    "building tower towers apartments condos condominiums estates park village manor motel hotel inn lodge suites "
    "campground shelter dorm dorms hall court townhomes lofts projects".split()
)
HOUSE_BEFORE = re.compile(
    rf"(?<![\d/.$-])(?P<value>\d{{2,5}}(?:[\s-]\d{{1,4}}){{0,3}}\s+(?:{DIRECTION}\s+)?"
    rf"(?P<name>{NAME}(?:\s+{NAME})?)),?\s+(?:in\s+)?$",
    re.IGNORECASE,
)
MONTHS = frozenset("january february march april may june july august september october november december".split())
TIMES = frozenset(
    "minutes hours days weeks months years oclock percent degrees pounds dollars milligrams units times people am pm "
    "even about almost right just still past half".split()
)
OFFICE = re.compile(r"\s+(?:office|clinic|location|branch|hospital|area)\b", re.IGNORECASE)
NO_STREET = re.compile(
    r"\b(?:the|a|my|your|his|her|this|that|is|was|it|and i|by|times?|days?|weeks?|tablets?|pills?|milligrams?|mg|of|"
    r"for|to|in|hours?|minutes?|years?|months?|people|you|we|they|he|she|i|take|right|same|only|do|did|have|had|has|"
    r"not|way|go|out|all|with|at|on|doctor|dr)\b",
    re.IGNORECASE,
)

# Name, pattern, score, and words of which one must occur (for speed).
FORMS: tuple[tuple[str, re.Pattern[str], float, tuple[str, ...]], ...] = (
    ("box", BOX, 0.95, ("box", "pobox")),
    ("zip", ZIP_CUE, 0.9, ("zip", "zipcode")),
    ("state and zip", STATE_ZIP, 0.85, ()),
    ("postcode", POSTCODE, 0.6, ()),
    ("no suffix", NO_SUFFIX, 0.6, ()),
    (
        "route",
        ROUTE,
        0.6,
        (
            "route",
            "road",
            "highway",
            "interstate",
            "rr",
            "r",
            "cr",
            "sr",
            "fm",
            "hc",
            "us",
            "loop",
            "spur",
            "trunk",
            "farm",
            "contract",
        ),
    ),
    (
        "unit",
        UNIT_ALONE,
        0.55,
        (
            "apartment",
            "apt",
            "suite",
            "building",
            "bldg",
            "flat",
            "slip",
            "unit",
            "trailer",
            "space",
            "villa",
            "cottage",
        ),
    ),
    ("room", ROOM, 0.5, ("room", "suite", "bed")),
    (
        "numbered street",
        NUMBERED_STREET,
        0.55,
        ("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest"),
    ),
    ("exit", EXIT, 0.6, ("exit", "mile")),
    ("part of a postcode", PART_POSTCODE, 0.6, ("post", "postcode")),
    ("answer", ANSWER, 0.6, ("address", "addresses")),
    ("answered postcode", POSTCODE_ANSWER, 0.6, ("post", "postcode")),
)
