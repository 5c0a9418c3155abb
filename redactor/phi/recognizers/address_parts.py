"""Parts of an address as regular expressions, after USPS Publication 28: suffixes, directions, numbers, units, states,
zips.
"""

from __future__ import annotations

import re

SURE = (
    r"street|str|avenue|ave|av|boulevard|blvd|road|rd|lane|ln|parkway|pkwy|highway|hwy|turnpike|tpke|terrace|"
    r"crescent|mews|expressway"
)
MAYBE = (
    r"st|drive|dr|court|ct|place|pl|circle|cir|way|trail|trl|square|sq|pike|alley|row|loop|run|path|plaza|point|"
    r"cove|crossing|ridge|bend|view|walk|close|gardens|grove|hill|heights|marina|quay|wharf|manor|estates|village|"
    r"commons|landing|meadows|bluff|glen|hollow|pass|spur|causeway|esplanade|towers|crest"
)
SUFFIX = rf"(?:(?:{SURE}|{MAYBE})\b\.?(?:\s(?:{SURE}|{MAYBE})\b\.?)?)"
DIRECTION = r"(?:(?:north|south|east|west)(?:east|west)?|[nsew]\.?|[ns]\.?[ew]\.?)"
NUMBER = r"(?:#\s?)?\d{1,5}(?:[\s,-]{1,2}\d{1,4}){0,4}(?:\s?\u00ac\s?\d+(?:\s\d+){0,4})?(?:\s?[a-d](?=\s))?"
STOP = (
    r"(?:the|a|an|every|each|other|another|some|my|your|his|her|this|that|is|was|it|i|by|times?|days?|weeks?|tablets?|"
    r"pills?|milligrams?|mg|of|for|to|in|on|at|with|and|or|hours?|minutes?|years?|months?|people|you|we|they|he|she|"
    r"take|right|same|only|do|did|have|had|has|not|way|go|out|all|from|off|down|doctor|dr|near|through|into|up|then|"
    r"so|but|if|when|will|can|are|be|been|a\.?m|p\.?m|no|just|percent|degrees|dollars)\b"
)
NAME = rf"(?:\d{{1,3}}(?:st|nd|rd|th)|(?!{STOP})[a-z][a-z'.-]+)"
CODE = r"#?\s?(?:\d+(?:\s\d+){0,3}(?:\.\d+)?\s?-?[a-z]?\b|[a-z]\s?-?\d*\b)"
APARTMENT = (
    rf"(?:[\s,.]+(?:apartment|apt\.?|unit|suite|ste\.?|room|rm\.?|floor|building|bldg\.?|lot|number|"
    rf"trailer)\s*(?:number )?{CODE}|\s*#\s?\d+\w?|"
    r"[\s,.]+\d{1,2}(?:st|nd|rd|th) floor)"
)
STATES = (
    r"(?:alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho|"
    r"illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi|"
    r"missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|"
    r"oklahoma|oregon|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|"
    r"washington|west virginia|wisconsin|wyoming|d\.? ?c\.?)"
)
ABBREVIATION = (
    r"(?-i:A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|"
    r"V[TA]|W[AVIY])"
)
ZIP = r"\d(?:[\s,-]{0,2}\d){4}(?:\s?-\s?\d{4})?(?!\d)"

BOX = re.compile(
    r"\b(?P<value>(?:(?:p\.?\s?o\.?|post office)\s?box|(?:h\.?\s?c\.?|star route|rural route|r\.?\s?r\.?|route|"
    r"rt\.?)\s+(?:number )?\d{1,3},?\s+box)\s+(?:number )?#?\s?\d+(?:[\s,-]{1,2}\d+){0,5}|"
    r"box\s+(?:number )?\d+(?:[\s-]\d+){0,3},?\s+(?:on |at )?(?:(?:star|rural) route|route|h\.?c\.?|"
    r"r\.?r\.?)(?: \d+)?\b)",
    re.IGNORECASE,
)
_NO_LETTERS = r"(?!(?:is|at|on|it|no|by|of|to|so|my|he|or|we|us|in|a|i|an|as|if|be|do|go|me|up|am|pm)\b)"
POSTCODE = re.compile(
    rf"(?:(?P<cue>post\s?code[^\d]{{0,20}})|\b)(?P<value>{_NO_LETTERS}[a-z]{{1,2}}\s?\d(?:\s?\d|"
    r"\s?[a-z])?[\s,]+\d\s?[abd-hjlnp-uw-z]\s?[abd-hjlnp-uw-z])\b(?<!\bhe)(?<!\bwe)(?<!\bbe)(?<!\bso)(?<!\bus)",
    re.IGNORECASE,
)
PART_POSTCODE = re.compile(
    r"post\s?code(?:[\s,]+(?:is|it's|was))*[\s,:]+(?P<value>[a-z]{1,2}\s?\d[\w\s]{0,6}?)(?=[.,?!]|$)", re.IGNORECASE
)
POSTCODE_ANSWER = re.compile(
    r"\bpost\s?code[^?]{0,20}\?[^?]{0,60}?\b(?P<value>[a-z]{1,2}\s?\d(?:\s?\d|\s?[a-z]\b){0,5})\b", re.IGNORECASE
)
ROUTE = re.compile(
    r"\b(?P<value>(?:(?:indian|navajo|tribal|farm|ranch|forest|old|us|u s|fire|township|parish|military|service|"
    r"bureau|bia|state|county|private|business|logging) )?(?:county (?:road|highway|trunk|route)(?: trunk)?|"
    r"state (?:road|route|highway)|rural route|star route|highway contract|farm to market(?: road)?|farm road|"
    r"ranch road|lease road|private road|forest (?:service )?road|township road|parish road|fire road|r\.? ?r\.?|"
    r"c\.? ?r\.?|s\.? ?r\.?|f\.? ?m\.?|h\.? ?c\.?|route|highway|interstate|(?-i:U\.?S\.?)|loop|"
    r"spur)\s+(?:number )?(?:\d(?:[\d ]{0,3}\d)?[a-d]?|(?<=county road )[a-hj-z]-?\s?\d{1,3}|"
    r"(?<=county highway )[a-hj-z]-?\s?\d{1,3}|(?<=county road )[b-hj-z]{1,2}|(?<=county highway )[b-hj-z]{1,2}|"
    r"(?<=county trunk )[b-hj-z]{1,2}|(?<=highway )[b-hj-z]{2}|double [b-hj-z])\b(?:\s(?:north|south|east|west)\b)?"
    r"(?:,?\s+box\s+(?:number )?\d+(?:[\s-]\d+){0,3})?)",
    re.IGNORECASE,
)
COUNTY = re.compile(
    r"\b(?P<value>(?P<name>[a-z][a-z'-]{3,}(?:\s[a-z][a-z'-]{3,})?)\s+(?:county|parish|township|borough))\b",
    re.IGNORECASE,
)
FOREIGN = re.compile(
    r"(?<![\d/.$-])(?P<value>\d{1,5}(?:[\s,-]{1,2}\d{1,4}){0,4}\s+(?:calle|paseo|avenida|camino|v[i\u00ed]a|"
    r"rue|calzada|boulevard|plaza|rancho|vista|loma|corte|carrer)\s+(?:(?:de|del|la|las|los|el|san|"
    r"santa)\s+)*[a-z\u00e1\u00e9\u00ed\u00f3\u00fa\u00f1'-]+)",
    re.IGNORECASE,
)
CORNER = re.compile(
    rf"\b(?:corner|intersection|cross streets?)(?: of| at| are|"
    rf" is)?\s+(?P<value>(?:{DIRECTION}\s+)?{NAME}(?:\s+(?:{SUFFIX}))?\s+and\s+"
    rf"(?:{DIRECTION}\s+)?{NAME}(?:\s+(?:{SUFFIX}))?)",
    re.IGNORECASE,
)
