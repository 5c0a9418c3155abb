"""Geography below the state (45 CFR 164.514(b)(2)(i)(B)): street, unit, P.O. box, city, zip, postcode, said or written.

Parts follow USPS Publication 28 (house number, direction, name, suffix, unit, city, state, zip); street suffixes are its
common ones. House numbers and zips come in any grouping ("twelve forty two", "two one two oh one").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.gazetteers import NOT_NAMES, words
from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.spoken import WrittenForm

_SURE = r"street|str|avenue|ave|av|boulevard|blvd|road|rd|lane|ln|parkway|pkwy|highway|hwy|turnpike|tpke|terrace|crescent|mews|expressway"
_MAYBE = r"st|drive|dr|court|ct|place|pl|circle|cir|way|trail|trl|square|sq|pike|alley|row|loop|run|path|plaza|point|cove|crossing|ridge|bend|view|walk|close|gardens|grove|hill|heights"
_SUFFIX = rf"(?:(?:{_SURE}|{_MAYBE})\b\.?(?:\s(?:{_SURE}|{_MAYBE})\b\.?)?)"
_DIRECTION = r"(?:(?:north|south|east|west)(?:east|west)?|[nsew]\.?|[ns]\.?[ew]\.?)"
_NUMBER = r"(?:#\s?)?\d{1,5}(?:[\s,-]{1,2}\d{1,4}){0,4}(?:\s?\u00ac\s?\d+(?:\s\d+){0,4})?(?:\s?[a-d](?=\s))?"
_STOP = (
    r"(?:the|a|an|every|each|other|another|some|my|your|his|her|this|that|is|was|it|i|by|times?|days?|weeks?|tablets?|pills?|milligrams?|mg|of|for|to|in|on|at|with|and|or|hours?|"
    r"minutes?|years?|months?|people|you|we|they|he|she|take|right|same|only|do|did|have|had|has|not|way|go|out|all|from|off|down|doctor|dr|"
    r"near|through|into|up|then|so|but|if|when|will|can|are|be|been|a\.?m|p\.?m)\b"
)
_NAME = rf"(?:\d{{1,3}}(?:st|nd|rd|th)|(?!{_STOP})[a-z][a-z'.-]+)"
_CODE = r"#?\s?(?:\d+(?:\s\d+){0,3}\s?-?[a-z]?\b|[a-z]\s?-?\d*\b)"
_UNIT = (
    rf"(?:[\s,.]+(?:apartment|apt\.?|unit|suite|ste\.?|room|rm\.?|floor|building|bldg\.?|lot|number|trailer)\s*(?:number )?{_CODE}|\s*#\s?\d+\w?|"
    r"[\s,.]+\d{1,2}(?:st|nd|rd|th) floor)"
)
STATES = (
    r"(?:alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho|illinois|indiana|iowa|"
    r"kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|"
    r"new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island|"
    r"south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington|west virginia|wisconsin|wyoming|d\.? ?c\.?)"
)
_ABBREVIATION = r"(?-i:A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[TA]|W[AVIY])"
_ZIP = r"\d(?:[\s,-]{0,2}\d){4}(?:\s?-\s?\d{4})?(?!\d)"

_STREET = re.compile(
    rf"(?<![\d/.$-])(?P<value>{_NUMBER}[\s,.]+(?:{_DIRECTION}\s+)?(?P<name>{_NAME}(?:[\s,]+{_NAME}){{0,3}}?)\s+(?P<suffix>{_SUFFIX})(?:\s{_DIRECTION}\b)?{_UNIT}{{0,2}})",
    re.IGNORECASE,
)
_BARE_STREET = re.compile(
    rf"\b(?:on|at|of|off|to|along|down|near|from|onto|and)\s+(?:the )?(?P<value>(?:{_DIRECTION}\s+)?(?P<name>{_NAME}(?:\s+{_NAME}){{0,2}}?)\s+(?P<suffix>(?:{_SURE})\b))",
    re.IGNORECASE,
)
_CORNER = re.compile(
    rf"\b(?:corner|intersection)(?: of| at)?\s+(?P<value>(?:{_DIRECTION}\s+)?{_NAME}(?:\s+(?:{_SUFFIX}))?\s+and\s+(?:{_DIRECTION}\s+)?{_NAME}(?:\s+(?:{_SUFFIX}))?)",
    re.IGNORECASE,
)
_BOX = re.compile(
    r"\b(?P<value>(?:p\.?\s?o\.?|post office)\s?box\s+(?:number )?#?\s?\d+(?:[\s,-]{1,2}\d+){0,5})", re.IGNORECASE
)
_ZIP_CUE = re.compile(
    rf"\bzip(?:\s?code)?(?:\s?(?:is|was|of|:|,|it's|for \w+|number|here))*\s+(?P<value>{_ZIP})", re.IGNORECASE
)
_STATE_ZIP = re.compile(rf"\b(?:{STATES}|{_ABBREVIATION})[\s,.]+(?P<value>{_ZIP})", re.IGNORECASE)
_POSTCODE = re.compile(
    r"(?:(?P<cue>post\s?code[^\d]{0,20})|\b)(?P<value>[a-z]{1,2}\s?\d(?:\s?\d|\s?[a-z])?[\s,]+\d\s?[abd-hjlnp-uw-z]\s?[abd-hjlnp-uw-z])\b",
    re.IGNORECASE,
)
_PART_POSTCODE = re.compile(
    r"post\s?code(?:[\s,]+(?:is|it's|was))*[\s,:]+(?P<value>[a-z]{1,2}\s?\d[\w\s]{0,6}?)(?=[.,?!]|$)", re.IGNORECASE
)
_NO_SUFFIX = re.compile(
    rf"(?<![\d/.$-])(?P<value>\d{{1,5}}(?:[\s,-]{{1,2}}\d{{1,4}}){{0,4}}\s+(?:north|south|east|west|[nsew]\.?)\s+{_NAME}(?:{_UNIT}|(?=\s*[,.]|\s*$|\s+in\b)))",
    re.IGNORECASE,
)
_ROUTE = re.compile(
    r"\b(?P<value>(?:county road|state road|county route|state route|rural route|route|highway|interstate)\s+\d[\d ]{0,4}\b)",
    re.IGNORECASE,
)
_UNIT_ALONE = re.compile(
    rf"\b(?P<value>(?:apartment|apt\.?|suite|building|bldg\.?)\s+(?:number )?{_CODE})", re.IGNORECASE
)
_HOUSE_CUE = re.compile(
    rf"\b(?:live[sd]? at|living at|address(?:es)?(?: of)?(?: is| was|'s|:)?|house(?: number)?(?: is)?|moved to)\s+(?:uh |it's |at |now )?(?P<value>{_NUMBER}[\s,]+(?P<name>[a-z][a-z'-]+(?:[\s,]+[a-z][a-z'-]+){{0,2}}))",
    re.IGNORECASE,
)
_FILLER = r"(?:(?:uh|um|yes|yeah|sure|ok(?:ay)?|so|well|it's|its|it is|that's|my address is|i live at)[\s,.]+)*"
_ANSWER = re.compile(
    rf"\baddress\b[^?.\d]{{0,30}}\?\s+{_FILLER}(?P<value>{_NUMBER}[\s,]+[a-z][^.?!\n]{{1,60}}?)(?=[.?!\n]|$)",
    re.IGNORECASE,
)
_POSTCODE_ANSWER = re.compile(
    r"\bpost\s?code[^?]{0,20}\?[^?]{0,60}?\b(?P<value>[a-z]{1,2}\s?\d(?:\s?\d|\s?[a-z]\b){0,5})\b", re.IGNORECASE
)
_CITY_STATE = re.compile(
    rf"(?P<city>[a-z][a-z'.-]+(?:\s[a-z][a-z'-]+){{0,2}}),?\s+(?P<state>{STATES}|{_ABBREVIATION})\b(?:[\s,.]+(?P<zip>{_ZIP}))?",
    re.IGNORECASE,
)
_STATE = re.compile(rf"\b(?:{STATES}|{_ABBREVIATION})\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z][a-z'.]*[a-z]", re.IGNORECASE)
_PLACE_CUE = re.compile(
    r"\b(?:in|from|near|to|at|outside|around|moved|live|lives|living|of|city|town|downtown|over in|visiting|leaving)\s+(?:the |downtown |north |south |east |west )?$",
    re.IGNORECASE,
)
_OFFICE = re.compile(r"\s+(?:office|clinic|location|branch|hospital|area)\b", re.IGNORECASE)
_NO_STREET = re.compile(
    r"\b(?:the|a|my|your|his|her|this|that|is|was|it|and i|by|times?|days?|weeks?|tablets?|pills?|milligrams?|mg|of|for|to|in|hours?|"
    r"minutes?|years?|months?|people|you|we|they|he|she|i|take|right|same|only|do|did|have|had|has|not|way|go|out|all|with|at|on|doctor|dr)\b",
    re.IGNORECASE,
)

# Name, pattern, score, and the words of which one must be there (speed).
_FORMS: tuple[tuple[str, re.Pattern[str], float, tuple[str, ...]], ...] = (
    ("box", _BOX, 0.95, ("box",)),
    ("zip", _ZIP_CUE, 0.9, ("zip",)),
    ("state and zip", _STATE_ZIP, 0.85, ()),
    ("postcode", _POSTCODE, 0.6, ()),
    ("no suffix", _NO_SUFFIX, 0.6, ()),
    ("route", _ROUTE, 0.6, ("route", "road", "highway", "interstate")),
    ("unit", _UNIT_ALONE, 0.55, ("apartment", "apt", "suite", "building", "bldg")),
    ("part of a postcode", _PART_POSTCODE, 0.6, ("post",)),
    ("answer", _ANSWER, 0.6, ("address",)),
    ("answered postcode", _POSTCODE_ANSWER, 0.6, ("post",)),
)


class AddressRecognizer(SpokenRecognizer):
    """Streets with and without a house number, boxes, zips, cities; neighbours are joined by the detector."""

    label = "LOCATION"

    def __init__(self) -> None:
        super().__init__()
        self._cities = words("cities")
        self._beginnings = frozenset(city.split(" ", 1)[0] for city in self._cities)
        self._longest = max(city.count(" ") for city in self._cities) + 1
        common = words("common_words") | words("function_words")
        names = words("first_names") | words("surnames")
        self._plain = frozenset(c for c in self._cities if " " in c or (c not in common and c not in names))
        self._names = frozenset(c for c in self._cities if " " not in c and c in names and c not in common)
        self._common = common

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        for start, end, score, name in self._found(form.text):
            yield *form.to_original(start, end), score, name

    def _found(self, text: str) -> Iterator[tuple[int, int, float, str]]:
        yield from self._cities_in(text)
        if any(c.isdigit() for c in text):
            for match in _STREET.finditer(text):
                if not _NO_STREET.search(match["name"]):
                    yield (
                        *match.span("value"),
                        0.85 if re.fullmatch(rf"(?:{_SURE})\.?", match["suffix"], re.IGNORECASE) else 0.7,
                        "street",
                    )
                    yield from self._city_after(text, match.end("value"))
            low = text.lower()
            for name, regex, score, words_needed in _FORMS:
                if words_needed and not any(word in low for word in words_needed):
                    continue
                for match in regex.finditer(text):
                    yield *match.span("value"), score, name
            for match in _HOUSE_CUE.finditer(text):
                if not _NO_STREET.search(match["name"]):
                    yield *match.span("value"), 0.6, "house number by cue"
        for match in _BARE_STREET.finditer(text):
            if not _NO_STREET.search(match["name"]):
                yield *match.span("value"), 0.65, "street name"
        for match in _CORNER.finditer(text):
            yield *match.span("value"), 0.8, "corner"

    def _cities_in(self, text: str) -> Iterator[tuple[int, int, float, str]]:
        for match in _CITY_STATE.finditer(text) if _STATE.search(text) else ():
            parts = match["city"].split()
            for count in range(len(parts), 0, -1):
                city = " ".join(parts[-count:]).lower().replace(".", "")
                written = count == 1 and parts[-1][0].isupper() and match["state"][0].isupper() and "," in match.group()
                if city in self._cities or (written and city not in self._common and city not in NOT_NAMES):
                    start = match.end("city") - len(" ".join(parts[-count:]))
                    zipped = match["zip"] is not None
                    yield start, match.end() if zipped else match.end("city"), 0.85, "city and state"
                    break
        tokens = [(m.start(), m.end(), m.group().lower()) for m in _WORD.finditer(text)]
        at = 0
        while at < len(tokens):
            step = 1
            if tokens[at][2] not in self._beginnings:
                at += 1
                continue
            for count in range(min(self._longest, len(tokens) - at), 0, -1):
                start, end = tokens[at][0], tokens[at + count - 1][1]
                if end - start > 30:
                    continue
                said = tokens[at][2] if count == 1 else text[start:end].lower()
                score = self._city_score(text, said, start, end)
                if score:
                    yield start, end, score, "city"
                    step = count
                    break
            at += step

    def _city_after(self, text: str, end: int) -> Iterator[tuple[int, int, float, str]]:
        """After a street any city of the list is one, whatever else its name means."""
        parts = list(_WORD.finditer(text, end, end + 40))[: self._longest]
        for count in range(len(parts), 0, -1):
            start, stop = parts[0].start(), parts[count - 1].end()
            if text[start:stop].lower() in self._cities and not text[end:start].strip(" ,."):
                yield start, stop, 0.8, "city after street"
                return

    def _city_score(self, text: str, said: str, start: int, end: int) -> float:
        if said not in self._cities:
            return 0.0
        cued = _PLACE_CUE.search(text, max(0, start - 25), start) is not None
        if said in self._plain:
            return (
                0.75
                if cued or _OFFICE.match(text, end)
                else (0.6 if " " not in said or not all(w in self._common for w in said.split()) else 0.0)
            )
        if said in self._names:
            if _OFFICE.match(text, end) and re.search(
                r"\b(?:our|the|your) $", text[max(0, start - 5) : start], re.IGNORECASE
            ):
                return 0.6
            return (
                0.6
                if cued
                and re.search(
                    r"\b(?:in|near|live\w*|living|moved to|outside|downtown|(?:coming|came|driv\w+|flying|flew|moved|travel\w*) (?:\w+ )?from)\s+$",
                    text[max(0, start - 25) : start],
                    re.IGNORECASE,
                )
                else 0.0
            )
        return 0.0
