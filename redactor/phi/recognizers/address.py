"""Geography below the state (45 CFR 164.514(b)(2)(i)(B)): street, unit, P.O. box, city, zip, postcode, said or written.

Parts follow USPS Publication 28 (house number, direction, name, suffix, unit, city, state, zip); street suffixes are
its common ones. House numbers and zips come in any grouping ("twelve forty two", "two one two oh one").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.gazetteers import NOT_NAMES, words
from redactor.phi.lexicons.library import known_drugs
from redactor.phi.recognizers.address_parts import (
    ABBREVIATION,
    APARTMENT,
    BOX,
    CODE,
    CORNER,
    COUNTY,
    DIRECTION,
    FOREIGN,
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
from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.recognizers.number import UNIT
from redactor.phi.spoken import WrittenForm

_STREET = re.compile(
    rf"(?<![\d/.$-])(?P<value>{NUMBER}[\s,.]+(?:{DIRECTION}\s+)?(?P<name>{NAME}(?:[\s,]+{NAME}){{0,3}}?)\s+"
    rf"(?P<suffix>{SUFFIX})(?:\s{DIRECTION}\b)?{APARTMENT}{{0,2}})",
    re.IGNORECASE,
)
_BARE_STREET = re.compile(
    rf"\b(?:on|at|of|off|to|along|down|near|from|onto|"
    rf"and)\s+(?:the )?(?P<value>(?:{DIRECTION}\s+)?(?P<name>{NAME}(?:\s+{NAME}){{0,2}}?)\s+(?P<suffix>(?:{SURE})\b))",
    re.IGNORECASE,
)
_ZIP_CUE = re.compile(
    rf"\bzip(?:\s?code)?\b[^\d?!]{{0,40}}?(?<![\w$])(?P<value>{ZIP})(?:[^\d?!]{{1,25}}(?<![\w$])(?P<other>{ZIP}))?",
    re.IGNORECASE,
)
_STATE_ZIP = re.compile(rf"\b(?:{STATES}|{ABBREVIATION})[\s,.]+(?P<value>{ZIP})", re.IGNORECASE)
_HALF = r"(?:\s+(?:and a half|and 1/2|1/2))?"
_NO_SUFFIX = re.compile(
    rf"(?<![\d/.$-])(?P<value>\d{{1,5}}(?:[\s,-]{{1,2}}\d{{1,4}}){{0,4}}{_HALF}\s+(?:(?:north|south|east|west|"
    rf"[nsew]\.?)\s+{NAME}(?:\s+{NAME})?(?:{APARTMENT}|(?=\s*[,.]|\s*$|\s+in\b))|(?:north|south|east|"
    rf"west)\s+(?!(?:side|coast|wing|end|bound|entrance|lobby|tower|lot|of)\b){NAME}))",
    re.IGNORECASE,
)
_UNIT_ALONE = re.compile(
    rf"\b(?P<value>(?:apartment|apt\.?|suite|building|bldg\.?|flat|slip|unit|trailer|space|villa|"
    rf"cottage)\s+(?:number )?{CODE})",
    re.IGNORECASE,
)
_HOUSE_CUE = re.compile(
    rf"\b(?:(?:live[sd]?|living|stay(?:s|ing)?|i'm|i am|we're|we are|he's|she's|they're|located|house is|office is|"
    rf"over|up|down|out) at|address(?:es)?(?: of)?(?: on file| here| now| (?:that )?(?:you|we|i|they) (?:gave|have|had|"
    rf"listed|wrote|got)(?: me| us| you)?)?(?: is| was|'s|:|,)?|same (?:place|house|address|spot)(?: \w+ years)?|"
    rf"(?:house|place|home)(?: number)?(?: is)?|moved to|(?:deliver|delivered|send|sent|mail|mailed|ship|shipped|come|"
    rf"post|posted)(?: (?:it|them|that|this|one|out|over|everything))? to)\s+(?:uh |it's |at |"
    rf"now )?(?P<value>{NUMBER}[\s,]+(?P<name>[a-z][a-z'-]+(?:[\s,]+[a-z][a-z'-]+){{0,2}}))",
    re.IGNORECASE,
)
_FILLER = r"(?:(?:uh|um|yes|yeah|sure|ok(?:ay)?|so|well|it's|its|it is|that's|my address is|i live at)[\s,.]+)*"
_ANSWER = re.compile(
    rf"\baddress\b[^?.\d]{{0,30}}\?\s+{_FILLER}(?P<value>{NUMBER}[\s,]+[a-z][^.?!\n]{{1,60}}?)(?=[.?!\n]|$)",
    re.IGNORECASE,
)
_IN_STATE = re.compile(
    rf"(?P<state>\b(?:{STATES}|{ABBREVIATION})\b)(?:[\s,.]+(?P<zip>{ZIP}))?",
    re.IGNORECASE,
)
_STATES_TOO = frozenset({"OK", "HI", "OH", "ME", "IN", "OR"})
"""Abbreviations that are also words: "sure, OK" does not name Oklahoma."""
_STATE_WORDS = frozenset(re.findall(r"[a-z]{3,}", STATES)) | {"d", "dc"}
_ABBREVIATED = re.compile(rf"\b{ABBREVIATION}\b")
_SUFFIX_WORDS = frozenset(re.findall(r"[a-z]+", f"{SURE}|{MAYBE}"))
_SURE_WORDS = frozenset(SURE.split("|"))
_BEFORE_STATE = re.compile(r"[a-z][a-z'.-]+(?:\s[a-z][a-z'-]+){0,2}(?=,?\s+$)", re.IGNORECASE)
_WORD = re.compile(r"[a-z][a-z'.]*[a-z]", re.IGNORECASE)
_PLACE_CUE = re.compile(
    r"\b(?:in|from|near|to|at|outside|around|moved|live|lives|living|of|city|town|downtown|over in|visiting|"
    r"leaving)\s+(?:the |downtown |north |south |east |west )?$",
    re.IGNORECASE,
)
_STREET_NAMES = frozenset(
    "acacia adams amsterdam ash aspen beech birch broadway butternut canal cedar cherry chestnut clinton columbus "
    "cottonwood cypress delancey dogwood elm eucalyptus fairview fir franklin fulton grand grant greenwich hickory "
    "highland hillside hollywood houston jackson jefferson juniper larkspur laurel lexington lincoln locust madison "
    "magnolia main maple market mesquite mission monroe mulberry oak orchard peachtree pecan pine poplar redwood "
    "roosevelt sequoia spruce sunset sycamore telegraph vermont vine walnut washington western willow wilson "
    "woodland".split()
)
"""The commonest street names, as far as they are little else after "on"."""
_BOTH_STREETS = re.compile(
    r"\b(?:on|at|near|by|off(?: of)?|around|between|"
    r"corner of)\s+(?P<value>(?P<one>[a-z][a-z'-]{2,})\s+and\s+(?P<two>[a-z][a-z'-]{2,}|\d{1,3}(?:\s\d{1,2})?(?:st|"
    r"nd|rd|th)?\b))",
    re.IGNORECASE,
)
_QUIET_STREET = re.compile(
    rf"\b(?:on|off(?: of)?|along|down|over on|"
    rf"up)\s+(?P<value>(?:{DIRECTION}\s+)?(?P<name>{NAME}(?:\s+{NAME}){{0,2}}?)\s+(?P<suffix>(?:drive|circle|trail|"
    rf"loop|cove|terrace|court|place|way|pike|row|alley)\b)(?:,? number \d+)?)",
    re.IGNORECASE,
)
_NO_QUIET = frozenset(
    "hard flash disk test long food blood thumb usb tennis supreme family drug basketball district circuit whole other "
    "same first last one right wrong".split()
)
_CAPITAL_STREET = re.compile(
    r"\b(?:[Oo]n|[Aa]t|[Oo]ff|[Nn]ear|[Aa]long)\s+(?P<value>(?:[A-Z][a-z'-]+\s+){1,3}(?P<suffix>[A-Z][a-z]+)\b"
    r"(?:,? number \d+)?)"
)
_FIGURE = re.compile(r"\d")
_CROSS = re.compile(
    rf"\b(?:on|at|near|by|off|around|of)\s+(?P<value>{DIRECTION}?\s?(?:\d{{1,3}}(?:st|nd|rd|"
    rf"th)\s+and\s+(?P<one>[a-z][a-z'-]+)|(?P<two>[a-z][a-z'-]+)\s+and\s+\d{{1,3}}(?:st|nd|rd|"
    rf"th)))(?:\s+{SUFFIX})?",
    re.IGNORECASE,
)
_BUILDING = re.compile(
    rf"\b(?:at|in|of|the|to)\s+(?P<value>(?:(?:the\s+)?\d{{1,2}}(?:st|nd|rd|"
    rf"th)\s+floor\s+(?:of\s+)?(?:the\s+)?)?(?P<name>{NAME}(?:\s+{NAME})?)\s+(?:building|tower|towers|apartments|"
    rf"condos|condominiums|estates|mobile home park|trailer park|village|manor)\b(?:,?\s+(?:room|suite|floor|unit|"
    rf"apartment|number)\s+{CODE})?)",
    re.IGNORECASE,
)
_LIVES_ON = re.compile(
    rf"\b(?:liv(?:e|es|ing|ed)|house|place|right|over|down|out|off) (?:over |out |right |just )?(?:on|"
    rf"off(?: of)?)\s+(?:the )?(?P<value>(?!{STOP})(?P<name>[a-z][a-z'-]{{3,}}))(?:\s+(?P<more>[a-z'-]+))?",
    re.IGNORECASE,
)
_EXIT = re.compile(r"\b(?P<value>(?:exit|mile marker|mile post)\s+(?:number )?\d[\d ]{0,3}\d?\b)", re.IGNORECASE)
_HOUSE_AND_NAME = re.compile(
    rf"(?<![\d/.$,-])(?P<value>(?:\d{{3,5}}|\d\d \d\d|\d(?: \d){{1,4}}|\d \d\d|\d\d \d(?: \d)?) "
    rf"(?:{DIRECTION}\s+)?(?P<name>[a-z][a-z-]{{3,}}))\b(?!')",
    re.IGNORECASE,
)
_SMALL_HOUSE = re.compile(
    r"\b(?:at|to|is|was|it's|now)\s+(?P<value>\d{1,5} "
    r"(?P<name>[a-z][a-z-]{3,}))\b(?!')(?P<ends>\s*(?:[,.]|$|and\b|in\b|but\b))?",
    re.IGNORECASE,
)
"""A short house number counts before a word on no list, and before any word in a message that mentions an address."""
_IN_PLACE = re.compile(
    r"\b(?:in|near|outside(?: of)?|(?:town|city|village) of)\s+(?P<value>(?P<name>[a-z][a-z-]{3,}))\b(?!')",
    re.IGNORECASE,
)
_NUMBERED_STREET = re.compile(
    rf"\b(?P<value>{DIRECTION}\s+(?:\d{{1,2}}\s){{0,2}}\d{{1,3}}(?:st|nd|rd|th))\b", re.IGNORECASE
)
_ROOM = re.compile(
    r"\b(?P<value>(?:hotel\s+)?(?:room|suite|bed)\s+(?:number\s+)?\d(?:[\s-]?\d){2,3})(?!\d)", re.IGNORECASE
)
_COUNTIES = frozenset("county parish township borough".split())
_BUILDINGS = frozenset("building tower towers apartments condos condominiums estates park village manor".split())
_HOUSE_BEFORE = re.compile(
    rf"(?<![\d/.$-])(?P<value>\d{{2,5}}(?:[\s-]\d{{1,4}}){{0,3}}\s+(?:{DIRECTION}\s+)?"
    rf"(?P<name>{NAME}(?:\s+{NAME})?)),?\s+(?:in\s+)?$",
    re.IGNORECASE,
)
_MONTHS = frozenset("january february march april may june july august september october november december".split())
_TIMES = frozenset(
    "minutes hours days weeks months years oclock percent degrees pounds dollars milligrams units times people am pm "
    "even about almost right just still past half".split()
)
_OFFICE = re.compile(r"\s+(?:office|clinic|location|branch|hospital|area)\b", re.IGNORECASE)
_NO_STREET = re.compile(
    r"\b(?:the|a|my|your|his|her|this|that|is|was|it|and i|by|times?|days?|weeks?|tablets?|pills?|milligrams?|mg|of|"
    r"for|to|in|hours?|minutes?|years?|months?|people|you|we|they|he|she|i|take|right|same|only|do|did|have|had|has|"
    r"not|way|go|out|all|with|at|on|doctor|dr)\b",
    re.IGNORECASE,
)

# Name, pattern, score, and words of which one must occur (for speed).
_FORMS: tuple[tuple[str, re.Pattern[str], float, tuple[str, ...]], ...] = (
    ("box", BOX, 0.95, ("box", "pobox")),
    ("zip", _ZIP_CUE, 0.9, ("zip", "zipcode")),
    ("state and zip", _STATE_ZIP, 0.85, ()),
    ("postcode", POSTCODE, 0.6, ()),
    ("no suffix", _NO_SUFFIX, 0.6, ()),
    ("route", ROUTE, 0.6, ("route", "road", "highway", "interstate", "rr", "r")),
    (
        "unit",
        _UNIT_ALONE,
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
    ("room", _ROOM, 0.5, ("room", "suite", "bed")),
    (
        "numbered street",
        _NUMBERED_STREET,
        0.55,
        ("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest"),
    ),
    ("exit", _EXIT, 0.6, ("exit", "mile")),
    ("part of a postcode", PART_POSTCODE, 0.6, ("post", "postcode")),
    ("answer", _ANSWER, 0.6, ("address", "addresses")),
    ("answered postcode", POSTCODE_ANSWER, 0.6, ("post", "postcode")),
)


class AddressRecognizer(SpokenRecognizer):
    """Streets with and without a house number, boxes, zips, cities; neighbours are joined by the detector."""

    label = "LOCATION"

    def __init__(self) -> None:
        super().__init__()
        self._cities = words("cities")
        self._beginnings = frozenset(city.split(" ", 1)[0] for city in self._cities)
        self._several = frozenset(p.split(" ", 1)[0] for p in (*self._cities, *words("towns")) if " " in p)
        self._longest = max(city.count(" ") for city in self._cities) + 1
        common = words("common_words") | words("function_words")
        names = words("first_names") | words("surnames")
        self._plain = frozenset(c for c in self._cities if " " in c or (c not in common and c not in names))
        towns = words("towns")
        self._towns = frozenset(t for t in towns if " " in t or (t not in common and t not in names))
        self._any_place = self._cities | towns
        self._beginnings |= frozenset(t.split(" ", 1)[0] for t in self._towns)
        self._names = frozenset(t for t in towns if " " not in t and t in names and t not in common) | frozenset(
            c for c in self._cities if " " not in c and c in names and c not in common
        )
        self._common = common
        self._after_street = words("function_words") | {"upstairs", "downstairs", "second", "third"}
        self._known = common | NOT_NAMES | known_drugs()

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        for start, end, score, name in self._found(form.text, form.words):
            yield *form.to_original(start, end), score, name

    def _found(self, text: str, said: frozenset[str]) -> Iterator[tuple[int, int, float, str]]:
        stated = not _STATE_WORDS.isdisjoint(said) or _ABBREVIATED.search(text) is not None
        yield from self._cities_in(text, stated=stated)
        if _FIGURE.search(text):
            for match in _STREET.finditer(text) if not _SUFFIX_WORDS.isdisjoint(said) else ():
                if not _NO_STREET.search(match["name"]):
                    yield (
                        *match.span("value"),
                        0.85 if re.fullmatch(rf"(?:{SURE})\.?", match["suffix"], re.IGNORECASE) else 0.7,
                        "street",
                    )
                    yield from self._city_after(text, match.end("value"))
            for name, regex, score, needed in _FORMS:
                if (needed and said.isdisjoint(needed)) or (name == "state and zip" and not stated):
                    continue
                for match in regex.finditer(text):
                    yield *match.span("value"), score, name
                    if "other" in regex.groupindex and match["other"]:
                        yield *match.span("other"), score, name
            for match in _HOUSE_CUE.finditer(text):
                named = match["name"].lower().split()
                first = named[0].strip(",")
                if not (_NO_STREET.search(first) or first in _TIMES or first in words("function_words")):
                    length = next(
                        (n for n, word in enumerate(named) if _NO_STREET.search(word) or word in self._after_street),
                        len(named),
                    )
                    end = match.start("name") + len(" ".join(match["name"].split()[:length]).rstrip(" ,"))
                    yield match.start("value"), end, 0.6, "house number by cue"
            for match in _CROSS.finditer(text):
                other = (match["one"] or match["two"]).lower()
                if other not in _MONTHS and not (_NO_STREET.search(other) or other in words("function_words")):
                    yield *match.span("value"), 0.6, "crossing"
            for match in _HOUSE_AND_NAME.finditer(text):
                low = match["name"].lower()
                if (low in _STREET_NAMES or low not in self._known) and not UNIT.match(text, match.start("name") - 1):
                    yield *match.span("value"), 0.5, "house number and name"
            addressed = "address" in said
            for match in _SMALL_HOUSE.finditer(text):
                low = match["name"].lower()
                known = low in (self._after_street if addressed and match["ends"] is not None else self._known)
                if not (known or low in _TIMES or UNIT.match(text, match.start("name") - 1)):
                    yield *match.span("value"), 0.5, "house number and name"
            for match in FOREIGN.finditer(text):
                yield *match.span("value"), 0.75, "street"
        for match in _BARE_STREET.finditer(text) if not _SURE_WORDS.isdisjoint(said) else ():
            if not _NO_STREET.search(match["name"]):
                yield *match.span("value"), 0.65, "street name"
        for match in COUNTY.finditer(text) if not _COUNTIES.isdisjoint(said) else ():
            first, *more = match["name"].split()
            start = match.start("name")
            if more and first.lower() in self._common:
                start, first = match.start("name") + len(match["name"]) - len(more[0]), more[0]
            if first.lower() not in self._common or first[0].isupper():
                yield start, match.end("value"), 0.6, "county"
        for match in _IN_PLACE.finditer(text):
            low = match["name"].lower()
            if low not in self._known and low not in _MONTHS and not low.endswith(("ing", "ed")):
                yield *match.span("value"), 0.45, "unknown place"
        for match in _LIVES_ON.finditer(text) if "on" in said or "off" in said else ():
            low = match["name"].lower()
            if low in _STREET_NAMES or low not in self._known:
                yield *match.span("value"), 0.5, "street name"
        for match in _BOTH_STREETS.finditer(text) if "and" in said and not _STREET_NAMES.isdisjoint(said) else ():
            if any(match[part].lower() in _STREET_NAMES for part in ("one", "two")) and not any(
                match[part].lower() in words("function_words") for part in ("one", "two")
            ):
                yield *match.span("value"), 0.6, "crossing"
        for match in _QUIET_STREET.finditer(text) if not _SUFFIX_WORDS.isdisjoint(said) else ():
            if not (_NO_STREET.search(match["name"]) or match["name"].lower().split()[-1] in _NO_QUIET):
                yield *match.span("value"), 0.55, "street name"
        for match in _CAPITAL_STREET.finditer(text) if not _SUFFIX_WORDS.isdisjoint(said) else ():
            if match["suffix"].lower() in _SUFFIX_WORDS:
                yield *match.span("value"), 0.55, "street name"
        for match in _BUILDING.finditer(text) if not _BUILDINGS.isdisjoint(said) else ():
            if not any(part.lower() in self._common for part in match["name"].split()) or match["name"][0].isupper():
                yield *match.span("value"), 0.55, "building"
        for match in CORNER.finditer(text) if "corner" in said or "intersection" in said else ():
            yield *match.span("value"), 0.8, "corner"

    def _cities_in(self, text: str, *, stated: bool) -> Iterator[tuple[int, int, float, str]]:
        for match in _IN_STATE.finditer(text) if stated else ():
            before = _BEFORE_STATE.search(text, max(0, match.start() - 45), match.start())
            parts = before.group().split() if before else []
            for count in range(len(parts), 0, -1):
                city = " ".join(parts[-count:]).lower().replace(".", "")
                comma = "," in text[before.end() : match.start()] if before else False
                one = count == 1 and city.isalpha()
                written = one and parts[-1][0].isupper() and match["state"][0].isupper() and comma
                listed = city in self._cities or (
                    city in self._any_place and (comma or " " in city or city not in self._common)
                )
                if (
                    before
                    and (
                        listed
                        or (written and city not in self._common | NOT_NAMES)
                        or (one and city not in self._known and len(city) > 3)
                    )
                    and not (match["state"] in _STATES_TOO and not listed)
                ):
                    start = before.end() - len(" ".join(parts[-count:]))
                    yield start, match.end() if match["zip"] is not None else before.end(), 0.85, "city and state"
                    break
        tokens = [(m.start(), m.end(), m.group().lower()) for m in _WORD.finditer(text)]
        at = 0
        while at < len(tokens):
            step = 1
            if tokens[at][2] not in self._beginnings:
                at += 1
                continue
            for count in range(min(self._longest, len(tokens) - at), 0, -1):
                if count > 1 and tokens[at][2] not in self._several:
                    continue
                start, end = tokens[at][0], tokens[at + count - 1][1]
                if end - start > 30:
                    continue
                said = tokens[at][2] if count == 1 else text[start:end].lower()
                score = self._city_score(text, said, start, end)
                if score:
                    yield start, end, score, "city"
                    house = _HOUSE_BEFORE.search(text, max(0, start - 60), start)
                    if house and not _NO_STREET.search(house["name"]):
                        yield *house.span("value"), 0.6, "house number before a city"
                    step = count
                    break
            at += step

    def _city_after(self, text: str, end: int) -> Iterator[tuple[int, int, float, str]]:
        """After a street any listed city counts, whatever else its name means."""
        parts = list(_WORD.finditer(text, end, end + 40))[: self._longest]
        for count in range(len(parts), 0, -1):
            start, stop = parts[0].start(), parts[count - 1].end()
            if text[start:stop].lower() in self._cities and not text[end:start].strip(" ,."):
                yield start, stop, 0.8, "city after street"
                return

    def _city_score(self, text: str, said: str, start: int, end: int) -> float:
        if said not in self._any_place:
            return 0.0
        cued = _PLACE_CUE.search(text, max(0, start - 25), start) is not None
        if said in self._plain:
            return (
                0.75
                if cued or _OFFICE.match(text, end)
                else (0.6 if " " not in said or not all(w in self._common for w in said.split()) else 0.0)
            )
        if said in self._towns:
            return 0.6 if cued else 0.0
        if said in self._names:
            if _OFFICE.match(text, end) and re.search(
                r"\b(?:our|the|your) $", text[max(0, start - 5) : start], re.IGNORECASE
            ):
                return 0.6
            return (
                0.6
                if cued
                and re.search(
                    r"\b(?:in|near|live\w*|living|moved to|outside|downtown|(?:coming|came|driv\w+|flying|flew|moved|"
                    r"travel\w*) (?:\w+ )?from)\s+$",
                    text[max(0, start - 25) : start],
                    re.IGNORECASE,
                )
                else 0.0
            )
        return 0.0
