"""Places described instead of addressed: "the blue house past the grain elevator", "across from the feed store".

Where houses have no numbers, people say what a house looks like and what it stands beside. Whoever knows the place
finds it, so this is geography below the state (45 CFR 164.514(b)(2)(i)(B)).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_LANDMARK = (
    r"(?:(?:grain |water |fire |cell |radio |bell |clock |old |ranger )?(?:elevator|tower)s?|silos?|(?:baptist |"
    r"methodist |lutheran |catholic |free will |little |white |stone |brick |country |presbyterian |pentecostal |"
    r"episcopal |mormon )*church(?:house)?|chapel|temple|mosque|synagogue|parsonage|rectory|convent|mission|(?:high |"
    r"grade |elementary |middle |old |country )?school(?:house)?|firehouse|fire (?:station|hall|house|department)|"
    r"(?:gas |filling |service |train |bus |railroad |police |pumping |pump |weigh |power |radio |ranger |texaco |"
    r"shell |exxon |mobil |chevron |sinclair |conoco |citgo |sunoco |marathon |bp |phillips )+station|sub ?station|"
    r"(?:feed|bait|general|country|hardware|corner|liquor|grocery|package|thrift|antique|candy|fabric|furniture|farm|"
    r"dollar|book|drug|tackle|bicycle|bike|tire|dime) ?(?:and \w+ )?(?:stores?|shops?)|dollar general|family dollar|"
    r"tractor supply|piggly wiggly|(?:barber|pawn|machine|body|butcher|beauty|tack|gun|donut|doughnut|coffee|sandwich|"
    r"pizza|flower|pet|gift) ?shop|trading post|post office|(?:covered |iron |old |railroad |stone |wooden |"
    r"low water |swinging |river |creek |toll )*bridge|river|creek|branch|bayou|canal|ditch|levee|pond|lake|reservoir|"
    r"dam|spillway|swamp|slough|boat (?:ramp|landing|dock)|landing|marina|docks?|pier|ferry|lighthouse|(?:saw|feed|"
    r"grist|paper|flour|lumber|cotton|sugar|rice|old|steel|woolen) ?mill|cotton gin|gin|cemetery|graveyard|"
    r"funeral home|ball ?(?:park|field)s?|(?:soccer|football|baseball) field|playground|library|court ?house|jail|"
    r"prison|city hall|town hall|town square|square|county barn|grange(?: hall)?|masonic lodge|moose lodge|elks lodge|"
    r"legion(?: hall)?|vfw(?: hall)?|community (?:hall|center)|senior center|co-?op|barn|stables?|corrals?|"
    r"chicken houses?|hog (?:barn|farm|lot)s?|dairy|(?:apple |peach |pecan )?orchard|vineyard|winery|nursery|quarry|"
    r"gravel pit|(?:coal |salt )?mine|refinery|factory|(?:power |chicken |packing |rendering |water |treatment |"
    r"sewer |cement |meat ?packing )plant|(?:railroad|train|rail)? ?(?:tracks|crossing)|depot|airport|air ?strip|"
    r"landing strip|stop ?lights?|traffic light|(?:blinking |caution |flashing |red |stop ?)+light|stop sign|four way|"
    r"4 way(?: stop)?|cross ?roads|roundabout|overpass|underpass|viaduct|truck ?stop|rest (?:area|stop)|"
    r"trailer (?:park|court)|camp ?ground|motel|carousel|fair ?grounds?|race ?track|speedway|drive-?in|stadium|arena|"
    r"rodeo grounds?|rink|bowling alley|movie theater|theater|strip mall|mall|laundromat|laundry|car ?wash|junk ?yard|"
    r"salvage yard|dump|landfill|power lines?|windmills?|wind turbines?|pasture|cattle guard|(?:big |old |lone |dead |"
    r"white |giant |twin |split |huge )*(?:oak|pine|elm|cottonwood|pecan|magnolia|sycamore|walnut|maple|willow|"
    r"cypress|palm)s?(?: trees?)?|(?:county|state|city|township) (?:line|limits?)|city limits?|line fence|water tank|"
    r"oil (?:well|derrick|rig|tank)s?|tank farm|pump jack|fish hatchery|hatchery|nursing home|old (?:hospital|depot|"
    r"store|hotel|place|homestead|cannery|schoolhouse|jail|dairy)|casino|tavern|saloon|diner|roadhouse|honky tonk|"
    r"smokehouse|bar and grill|barbecue (?:place|joint|stand)|fruit stand|produce stand|fireworks stand|ice house|"
    r"feed ?lot|stock ?yards?|sale barn|auction barn|statue|monument|memorial|totem pole|water wheel|fountain|gazebo|"
    r"bandstand|zoo|armory|museum|aquarium|amphitheater|convention center|water park|golf course|country club|"
    r"flea market|swap meet|"
    r"farmers market|food bank|barracks|capitol|flag ?pole|billboard)"
)
_DWELLING = (
    r"(?:house|home|homestead|place|trailer|double-? ?wide|single-? ?wide|mobile home|cabin|cottage|farm ?house|"
    r"row ?house|town ?house|duplex|triplex|brownstone|bungalow|apartment|building|shack|barn|camper|r\.?v\.?|adobe|"
    r"ranch|farm|lot|drive ?way|mail ?box|gate|door|lane|porch|hogan|yurt|tiny house|a-? ?frame|log cabin|split level|"
    r"rambler|condo|one|1)"
)
_COLOR = (
    r"(?:white|red|blue|green|yellow|gray|grey|brown|tan|pink|purple|orange|black|beige|turquoise|peach|cream|brick|"
    r"stone|log|adobe|stucco|wood(?:en)?|frame|metal|tin|cinder ?block|block|shotgun|little|big|small|tiny|old|tall|"
    r"long|low|only|last|first|second|third|fourth|2nd|1st|3rd|4th|next|corner|end|two-? ?story|2 story|one-? ?story|"
    r"1 story|three-? ?story|ranch|rental|abandoned|empty|gray-?ish|light|dark|bright|pale|faded|ugly|nice|new|"
    r"run-?down|double-? ?wide|single-? ?wide|victorian|a-? ?frame)"
)
_BESIDE = (
    r"(?:past|across (?:(?:the )?(?:street|road|highway|tracks|way|river|creek) )?from|across|behind|beside|"
    r"next (?:door )?to|opposite(?: of)?|catty-? ?corner (?:from|to)|kitty-? ?corner (?:from|to)|down from|up from|"
    r"over from|right by|by|near|beyond|at the end of|on the other side of|this side of|the other side of|in front of|"
    r"between|facing|around the (?:corner|bend|curve) from|in back of|back of|off(?: of)?|after|before|just (?:past|"
    r"before|after|below|above|beyond|over|up|down)|below|above|under|over|(?:north|south|east|west) of|down by|up by|"
    r"over by|out by|close to|along)"
)
_THE = r"(?:the|that|an|a|our|my)"
_THEN = (
    r"(?:,? (?:on|in|off|at|outside|near|by) (?-i:[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2})| on (?!the\b|my\b|your\b|it\b|"
    r"a\b)[a-z]+ (?:street|road|avenue|lane|drive|highway)\b)?"
)
_THING = (
    r"(?:doors?|shutters?|roof|porch|fence|ramp|mailbox(?:es)?|flags?|swings?|garage|barn|gates?|trim|chimney|steps|"
    r"awnings?|columns|windmill|rocking chairs?|chickens?|goats?|horses?|dogs?|truck|tractor|boat|trailer|pickup|"
    r"carport|satellite dish|gnomes?|flamingos?|birdbath|wagon wheels?|trampoline|pool|rose ?bushes|roses|lights|"
    r"siding|wind chimes|bushes|hedge|trees?|oak|pine|sign|windows|curtains|wall|stairs|driveway|cross|statue)"
)
DESCRIBED = re.compile(
    rf"\b(?P<value>(?:(?:the|a|an|that|our|my|his|her|their|"
    rf"this) )?(?:{_COLOR},? (?:and )?){{1,3}}{_DWELLING}(?:,? (?:that's|that is|is|right|just|down|up|over|out|way|"
    rf"sits|sitting|set|set back|there|"
    rf"around))*,? {_BESIDE} (?:{_THE} )?(?:[a-z'-]+ ){{0,2}}?{_LANDMARK})\b",
    re.IGNORECASE,
)
"""A dwelling, described, and what it stands beside."""
DECORATED = re.compile(
    rf"\b(?P<value>(?:(?:the|a|an|that|our|my|his|her|their|"
    rf"this) )?(?:{_COLOR},? (?:and )?){{1,3}}{_DWELLING} (?:with|that's got|that has|has) (?:the |a |an |all the |"
    rf"them |those |two |2 |big |little )*(?:{_COLOR} (?:and )?){{0,2}}(?:[a-z-]+ )?{_THING}(?: (?:in|on|out|"
    rf"at) (?:the )?(?:front|back|side|yard|porch|roof|front yard|top))?(?:,? (?:just |"
    rf"right )*{_BESIDE} (?:{_THE} )?(?:[a-z'-]+ ){{0,2}}?{_LANDMARK})?)\b",
    re.IGNORECASE,
)
COUNTED = re.compile(
    rf"\b(?P<value>(?:(?:the|a) )?(?:1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth|last|next|only|two|three|2|"
    rf"3) (?:[a-z]+ )?(?:{_DWELLING}|houses|trailers|doors|driveways|left|right|turn|road)s?,? (?:on (?:the|"
    rf"your) (?:left|right)(?: hand side| side)?|(?:just |right )?(?:past|after|before|down from|up from|beyond|from|"
    rf"off|"
    rf"off of) (?:{_THE} )?(?:[a-z'-]+ ){{0,2}}?{_LANDMARK}))\b",
    re.IGNORECASE,
)
BESIDE = re.compile(
    rf"\b(?:live[sd]?|living|stay(?:s|ing|ed)?|house(?:'s| is)?|home(?:'s| is)?|place(?:'s| is)?|trailer(?:'s| is)?|"
    rf"office(?:'s| is)?|farm(?:'s| is)?|clinic(?:'s| is)?|shop(?:'s| is)?|we're|we are|i'm|i am|they're|he's|she's|"
    rf"it's|that's|you're|out|up|down|over|just|right|still|located|mile|miles|block|blocks|road|street|turn|is|was|"
    rf"are|way|parked|camped|lot)(?: (?:right|just|out|over|up|down|back|still|about|here|there|way|kind of|sort of|"
    rf"like))* (?:{_BESIDE}) (?P<value>{_THE} (?:(?!other\b|same\b|time\b)[a-z'-]+ ){{0,2}}?{_LANDMARK})\b(?! (?:today|"
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
    r"covered bridge|general store|grange hall|trading post|sale barn|cotton gin|country store|tack shop|water tower|"
    r"fire tower|old mill|sawmill|filling station|saw mill|"
    r"fairgrounds|stockyards?|fish hatchery|boat landing|boat ramp|old schoolhouse|truck stop))\b",
    re.IGNORECASE,
)
"""Of some things a place has one."""
_IN_TOWN = re.compile(
    r",? (?:on|in|off|at|outside|near|by|over in|down in|up in) (?:[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2}|"
    r"[a-z]+ (?:street|road|avenue|lane|drive|highway)\b)"
)
_ADJECTIVES = frozenset(
    "fire old little white stone brick country free will high grade middle power place house home state city county "
    "store stop red dead big water in and of out ring bar way coin shell service bus post corner dollar book drug body "
    "machine beauty park golf course convention club market swap meet farmers food bank cell radio bell clock "
    "iron low lone town center community gift pet coffee".split()
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
