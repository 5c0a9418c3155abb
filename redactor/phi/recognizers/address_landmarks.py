"""Places described instead of addressed: "the blue house past the grain elevator", "across from the feed store".

Where houses have no numbers, people say what a house looks like and what it stands beside. Whoever knows the place
finds it, so this is geography below the state (45 CFR 164.514(b)(2)(i)(B)).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_LANDMARK = (
    r"(?:(?:grain |water |fire |cell |radio |bell |clock |old |ranger )?(?:elevator|tower)s?|silos?|(?:baptist |"
    r"methodist |"
    r"lutheran |catholic |free will |little |white |stone |brick |country |presbyterian |pentecostal |episcopal |"
    r"mormon )*"
    r"church(?:house)?|chapel|temple|mosque|synagogue|parsonage|rectory|convent|mission|"
    r"(?:high |grade |elementary |middle |old |country )?school(?:house)?|firehouse|fire (?:station|hall|house|"
    r"department)|"
    r"(?:gas |filling |service |train |bus |railroad |police |pumping |pump |weigh |power |radio |ranger |texaco |"
    r"shell |"
    r"exxon |mobil |chevron |sinclair |conoco |citgo |sunoco |marathon |bp |phillips )+station|sub ?station|"
    r"(?:feed|bait|general|country|hardware|corner|liquor|grocery|package|thrift|antique|candy|fabric|furniture|"
    r"farm|dollar|"
    r"book|drug|tackle|bicycle|bike|tire|dime) ?(?:and \w+ )?(?:stores?|shops?)|dollar general|family dollar|"
    r"tractor supply|piggly wiggly|"
    r"(?:barber|pawn|machine|body|butcher|beauty|tack|gun|donut|doughnut|coffee|sandwich|pizza|flower|pet|gift) ?shop|"
    r"trading post|post office|(?:covered |iron |old |railroad |stone |wooden |low water |swinging |river |creek |"
    r"toll )*bridge|"
    r"river|creek|branch|bayou|canal|ditch|levee|pond|lake|reservoir|dam|spillway|swamp|slough|boat (?:ramp|landing|"
    r"dock)|landing|"
    r"marina|docks?|pier|ferry|lighthouse|(?:saw|feed|grist|paper|flour|lumber|cotton|sugar|rice|old|steel|"
    r"woolen) ?mill|"
    r"cotton gin|gin|cemetery|graveyard|funeral home|ball ?(?:park|field)s?|(?:soccer|football|baseball) field|"
    r"playground|"
    r"library|court ?house|jail|prison|city hall|town hall|town square|square|county barn|grange(?: hall)?|"
    r"masonic lodge|"
    r"moose lodge|elks lodge|legion(?: hall)?|vfw(?: hall)?|community (?:hall|center)|senior center|co-?op|barn|"
    r"stables?|"
    r"corrals?|chicken houses?|hog (?:barn|farm|lot)s?|dairy|(?:apple |peach |pecan )?orchard|vineyard|winery|nursery|"
    r"quarry|gravel pit|(?:coal |salt )?mine|refinery|factory|(?:power |chicken |packing |rendering |water |"
    r"treatment |sewer |"
    r"cement |meat ?packing )plant|(?:railroad|train|rail)? ?(?:tracks|crossing)|depot|airport|air ?strip|"
    r"landing strip|"
    r"stop ?lights?|traffic light|(?:blinking |caution |flashing |red |stop ?)+light|stop sign|four way|"
    r"4 way(?: stop)?|"
    r"cross ?roads|roundabout|overpass|underpass|viaduct|truck ?stop|rest (?:area|stop)|trailer (?:park|court)|"
    r"camp ?ground|"
    r"motel|carousel|fair ?grounds?|race ?track|speedway|drive-?in|stadium|arena|rodeo grounds?|rink|bowling alley|"
    r"movie theater|theater|"
    r"strip mall|mall|laundromat|laundry|car ?wash|junk ?yard|salvage yard|dump|landfill|power lines?|windmills?|"
    r"wind turbines?|"
    r"pasture|cattle guard|(?:big |old |lone |dead |white |giant |twin |split |huge )*(?:oak|pine|elm|cottonwood|"
    r"pecan|magnolia|sycamore|walnut|maple|"
    r"willow|cypress|palm)s?(?: trees?)?|(?:county|state|city|township) (?:line|limits?)|city limits?|line fence|"
    r"water tank|oil (?:well|derrick|rig|tank)s?|tank farm|pump jack|fish hatchery|hatchery|nursing home|"
    r"old (?:hospital|depot|store|"
    r"hotel|place|homestead|cannery|schoolhouse|jail|dairy)|casino|tavern|saloon|diner|roadhouse|honky tonk|smokehouse|"
    r"bar and grill|barbecue (?:place|joint|stand)|fruit stand|produce stand|fireworks stand|ice house|feed ?lot|"
    r"stock ?yards?|sale barn|"
    r"auction barn|statue|monument|memorial|totem pole|water wheel|fountain|gazebo|bandstand|flag ?pole|billboard)"
)
_DWELLING = (
    r"(?:house|home|homestead|place|trailer|double-? ?wide|single-? ?wide|mobile home|cabin|cottage|farm ?house|"
    r"row ?house|"
    r"town ?house|duplex|triplex|brownstone|bungalow|apartment|building|shack|barn|camper|r\.?v\.?|adobe|ranch|farm|"
    r"lot|"
    r"drive ?way|mail ?box|gate|door|lane|porch|hogan|yurt|tiny house|a-? ?frame|log cabin|split level|rambler|"
    r"condo|one|1)"
)
_COLOR = (
    r"(?:white|red|blue|green|yellow|gray|grey|brown|tan|pink|purple|orange|black|beige|turquoise|peach|cream|brick|"
    r"stone|"
    r"log|adobe|stucco|wood(?:en)?|frame|metal|tin|cinder ?block|block|shotgun|little|big|small|tiny|old|tall|long|"
    r"low|only|"
    r"last|first|second|third|fourth|2nd|1st|3rd|4th|next|corner|end|two-? ?story|2 story|one-? ?story|1 story|"
    r"three-? ?story|"
    r"ranch|rental|abandoned|empty|gray-?ish|light|dark|bright|pale|faded|ugly|nice|new|run-?down|double-? ?wide|"
    r"single-? ?wide|victorian|a-? ?frame)"
)
_BESIDE = (
    r"(?:past|across (?:(?:the )?(?:street|road|highway|tracks|way|river|creek) )?from|across|behind|beside|"
    r"next (?:door )?to|"
    r"opposite(?: of)?|catty-? ?corner (?:from|to)|kitty-? ?corner (?:from|to)|down from|up from|over from|right by|"
    r"by|near|"
    r"beyond|at the end of|on the other side of|this side of|the other side of|in front of|between|facing|"
    r"around the (?:corner|bend|curve) from|"
    r"in back of|back of|off(?: of)?|after|before|just (?:past|before|after|below|above|beyond|over|up|down)|below|"
    r"above|under|over|"
    r"(?:north|south|east|west) of|down by|up by|over by|out by|close to|along)"
)
_THE = r"(?:the|that|an|a|our|my)"
_THEN = (
    r"(?:,? (?:on|in|off|at|outside|near|by) (?-i:[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2})| on (?!the\b|my\b|your\b|it\b|"
    r"a\b)[a-z]+ "
    r"(?:street|road|avenue|lane|drive|highway)\b)?"
)
_THING = (
    r"(?:doors?|shutters?|roof|porch|fence|ramp|mailbox(?:es)?|flags?|swings?|garage|barn|gates?|trim|chimney|steps|"
    r"awnings?|columns|"
    r"windmill|rocking chairs?|chickens?|goats?|horses?|dogs?|truck|tractor|boat|trailer|pickup|carport|satellite dish|"
    r"gnomes?|flamingos?|birdbath|wagon wheels?|trampoline|pool|rose ?bushes|roses|lights|siding|wind chimes|bushes|"
    r"hedge|trees?|"
    r"oak|pine|sign|windows|curtains|wall|stairs|driveway|cross|statue)"
)
DESCRIBED = re.compile(
    rf"\b(?P<value>(?:(?:the|a|an|that|our|my|his|her|their|"
    rf"this) )?(?:{_COLOR},? (?:and )?){{1,3}}{_DWELLING}(?:,? (?:that's|that is|is|"
    rf"right|just|down|up|over|out|way|sits|sitting|set|set back|there|"
    rf"around))*,? {_BESIDE} (?:{_THE} )?(?:[a-z'-]+ ){{0,2}}?{_LANDMARK})\b",
    re.IGNORECASE,
)
"""A dwelling, described, and what it stands beside."""
DECORATED = re.compile(
    rf"\b(?P<value>(?:(?:the|a|an|that|our|my|his|her|their|"
    rf"this) )?(?:{_COLOR},? (?:and )?){{1,3}}{_DWELLING} (?:with|that's got|that has|"
    rf"has) (?:the |a |an |all the |them |those |two |2 |big |"
    rf"little )*(?:{_COLOR} (?:and )?){{0,2}}(?:[a-z-]+ )?{_THING}(?: (?:in|on|out|at) "
    rf"(?:the )?(?:front|back|side|yard|porch|roof|front yard|top))?(?:,? (?:just |"
    rf"right )*{_BESIDE} (?:{_THE} )?(?:[a-z'-]+ ){{0,2}}?{_LANDMARK})?)\b",
    re.IGNORECASE,
)
COUNTED = re.compile(
    rf"\b(?P<value>(?:(?:the|a) )?(?:1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth|last|next|only|two|three|2|"
    rf"3) (?:[a-z]+ )?"
    rf"(?:{_DWELLING}|houses|trailers|doors|driveways|left|right|turn|road)s?,? (?:on (?:the|your) (?:left|"
    rf"right)(?: hand side| side)?|"
    rf"(?:just |right )?(?:past|after|before|down from|up from|beyond|from|off|"
    rf"off of) (?:{_THE} )?(?:[a-z'-]+ ){{0,2}}?{_LANDMARK}))\b",
    re.IGNORECASE,
)
BESIDE = re.compile(
    rf"\b(?:live[sd]?|living|stay(?:s|ing|ed)?|house(?:'s| is)?|home(?:'s| is)?|place(?:'s| is)?|trailer(?:'s| is)?|"
    rf"office(?:'s| is)?|farm(?:'s| is)?|"
    rf"clinic(?:'s| is)?|shop(?:'s| is)?|we're|we are|i'm|i am|they're|he's|she's|it's|that's|you're|out|up|down|"
    rf"over|just|right|still|located|mile|miles|block|"
    rf"blocks|road|street|turn|is|was|are|way|parked|camped|lot)(?: (?:right|just|out|over|up|down|back|still|about|"
    rf"here|there|way|kind of|sort of|like))* "
    rf"(?:{_BESIDE}) (?P<value>{_THE} (?:(?!other\b|same\b|time\b)[a-z'-]+ ){{0,2}}?{_LANDMARK})\b(?! (?:today|"
    rf"yesterday|tomorrow|for|to get))",
    re.IGNORECASE,
)
"""After a word for living somewhere: what one lives beside."""
WHERE = re.compile(
    rf"\b(?:live[sd]?|living|stay(?:s|ing)?|house is|place is|we're|i'm|turn(?: off)?|park(?:ed)?|"
    rf"lives back)(?: (?:right|just|over|back|down|up|out))* where "
    rf"(?P<value>{_THE} (?:[a-z'-]+ ){{0,2}}?{_LANDMARK}) (?:is|was|used to|burned|burnt|stood|sits|sat|once)\b",
    re.IGNORECASE,
)
KNOWN_TO_ALL = re.compile(
    r"\b(?:at|by|past|near|behind|beside|outside|to) (?P<value>the (?:old )?(?:feed store|bait shop|grain elevator|"
    r"covered bridge|general store|grange hall|"
    r"trading post|sale barn|cotton gin|country store|tack shop|water tower|fire tower|old mill|sawmill|"
    r"filling station|saw mill|"
    r"fairgrounds|stockyards?|fish hatchery|boat landing|boat ramp|old schoolhouse|truck stop))\b",
    re.IGNORECASE,
)
"""Of some things a place has one."""
_IN_TOWN = re.compile(
    r",? (?:on|in|off|at|outside|near|by|over in|down in|up in) (?:[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2}|"
    r"[a-z]+ (?:street|road|avenue|"
    r"lane|drive|highway)\b)"
)
_ADJECTIVES = frozenset(
    "fire old little white stone brick country free will high grade middle power place house home state city county "
    "store "
    "stop red dead big water in and of out ring bar way coin shell service bus post corner dollar book drug "
    "body "
    "machine beauty cell radio bell clock iron low lone town center community gift pet coffee".split()
)
HINTS = frozenset(re.findall(r"[a-z]{3,}", _LANDMARK)) - _ADJECTIVES
"""Words of which every landmark has one, for speed."""
_PATTERNS = (DESCRIBED, COUNTED, BESIDE, WHERE, KNOWN_TO_ALL)
_IN_SOME_TOWN = re.compile(r",? (?:in|outside|near|over in|down in|up in|out in) (?P<town>[a-z]{4,})\b", re.IGNORECASE)
_SCORE = 0.55


def landmarks(
    text: str, said: frozenset[str], is_place: Callable[[str], bool]
) -> Iterator[tuple[int, int, float, str]]:
    """(start, end, score, name) of described places, with the town or street named right after them."""
    near = _PATTERNS if not HINTS.isdisjoint(said) else ()
    for regex in (*near, DECORATED) if "with" in said or "has" in said or "got" in said else near:
        for match in regex.finditer(text):
            start, end = match.span("value")
            town = _IN_TOWN.match(text, end)
            if town is None and (lower := _IN_SOME_TOWN.match(text, end)) and is_place(lower["town"].lower()):
                town = lower
            yield start, town.end() if town else end, _SCORE, "landmark"
