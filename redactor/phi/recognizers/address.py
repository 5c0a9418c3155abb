"""Geography below the state (45 CFR 164.514(b)(2)(i)(B)): street, unit, P.O. box, city, zip, postcode, said or written.

Parts follow USPS Publication 28 (house number, direction, name, suffix, unit, city, state, zip); street suffixes are
its common ones. House numbers and zips come in any grouping ("twelve forty two", "two one two oh one").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from redactor.phi.gazetteers import NOT_NAMES, words
from redactor.phi.lexicons.library import known_drugs
from redactor.phi.recognizers import address_patterns as patterns
from redactor.phi.recognizers.address_landmarks import landmarks
from redactor.phi.recognizers.address_parts import CORNER, COUNTY, FOREIGN, ROUTE, SURE
from redactor.phi.recognizers.address_ways import ways
from redactor.phi.recognizers.base import SpokenRecognizer
from redactor.phi.recognizers.number import UNIT
from redactor.phi.spoken import WrittenForm

_CROSSINGS = frozenset("corner intersection cross".split())


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
        self._function = words("function_words")
        self._drugs = known_drugs()
        self._known = common | NOT_NAMES | known_drugs()

    def spans(self, form: WrittenForm) -> Iterator[tuple[int, int, float, str]]:
        for start, end, score, name in self._found(form.text, form.words):
            yield *form.to_original(start, end), score, name

    def _nearby(self, text: str, said: frozenset[str]) -> Iterator[tuple[int, int, float, str]]:
        """Places without a street's word: beside a landmark, on a creek, in capitals after a preposition."""
        yield from ways(
            text,
            said,
            lambda low: low not in patterns.STREET_NAMES and low in self._known,
            lambda low: low in patterns.MONTHS or self._no_place(low),
        )
        yield from landmarks(text, said, lambda town: town in self._any_place or town not in self._known)
        for match in patterns.NEAR_STREET.finditer(text) if not patterns.NEAR_HINTS.isdisjoint(said) else ():
            first = match["name"].lower().split()[0]
            if first not in patterns.NO_NEAR and first not in words("function_words"):
                yield *match.span("value"), 0.5, "street name"
        for match in ROUTE.finditer(text) if "double" in said or ("road" in said and "county" in said) else ():
            yield *match.span("value"), 0.6, "route"
        for match in patterns.HOUSE_APART.finditer(text) if not patterns.APART_WORDS.isdisjoint(said) else ():
            yield *match.span("value"), 0.5, "house number apart"
        for match in patterns.OTHER_UNIT.finditer(text) if not patterns.UNITS.isdisjoint(said) else ():
            yield *match.span("value"), 0.5, "unit put right"
        if text.isupper() or text.islower():
            return
        for match in patterns.CAPITAL_PLACE.finditer(text):
            *others, last = [part.lower() for part in match["name"].split()]
            if not (self._no_place(last) or last in patterns.MONTHS) and not any(
                self._no_place(part) and part not in self._function for part in others
            ):
                yield *match.span("value"), 0.42, "capitals after a preposition"
        for match in patterns.CAPITAL_HOUSE.finditer(text):
            parts = [part.lower() for part in match["name"].split()]
            if not (
                any(self._no_place(part) for part in parts)
                or patterns.NO_HOUSE_BEFORE.search(text, max(0, match.start() - 14), match.start())
                or UNIT.match(text, match.start("name") - 1)
            ):
                yield *match.span("value"), 0.45, "house number and capitals"

    def _no_place(self, low: str) -> bool:
        low = low.removesuffix("'s")
        return low in NOT_NAMES or low in patterns.NO_PLACE or low in self._function or low in self._drugs

    def _found(self, text: str, said: frozenset[str]) -> Iterator[tuple[int, int, float, str]]:
        stated = not patterns.STATE_WORDS.isdisjoint(said) or patterns.ABBREVIATED.search(text) is not None
        yield from self._cities_in(text, stated=stated)
        if patterns.FIGURE.search(text):
            for match in patterns.STREET.finditer(text) if not patterns.SUFFIX_WORDS.isdisjoint(said) else ():
                if not patterns.NO_STREET.search(match["name"]):
                    yield (
                        *match.span("value"),
                        0.85 if re.fullmatch(rf"(?:{SURE})\.?", match["suffix"], re.IGNORECASE) else 0.7,
                        "street",
                    )
                    yield from self._city_after(text, match.end("value"))
            for name, regex, score, needed in patterns.FORMS:
                if (needed and said.isdisjoint(needed)) or (name == "state and zip" and not stated):
                    continue
                for match in regex.finditer(text):
                    yield *match.span("value"), score, name
                    if "other" in regex.groupindex and match["other"]:
                        yield *match.span("other"), score, name
            for match in patterns.HOUSE_CUE.finditer(text):
                named = match["name"].lower().split()
                first = named[0].strip(",")
                if not (
                    patterns.NO_STREET.search(first) or first in patterns.TIMES or first in words("function_words")
                ):
                    length = next(
                        (
                            n
                            for n, word in enumerate(named)
                            if patterns.NO_STREET.search(word) or word in self._after_street
                        ),
                        len(named),
                    )
                    end = match.start("name") + len(" ".join(match["name"].split()[:length]).rstrip(" ,"))
                    yield match.start("value"), end, 0.6, "house number by cue"
            for match in patterns.TOWN_AND_ZIP.finditer(text):
                if not any(word in self._function for word in match["name"].lower().split()):
                    yield *match.span("value"), 0.6, "town and zip"
            for match in patterns.CROSS.finditer(text):
                other = (match["one"] or match["two"]).lower()
                if other not in patterns.MONTHS and not (
                    patterns.NO_STREET.search(other) or other in words("function_words")
                ):
                    yield *match.span("value"), 0.6, "crossing"
            for match in patterns.HOUSE_AND_NAME.finditer(text):
                low = match["name"].lower()
                if (low in patterns.STREET_NAMES or low not in self._known) and not UNIT.match(
                    text, match.start("name") - 1
                ):
                    yield *match.span("value"), 0.5, "house number and name"
            addressed = "address" in said
            for match in patterns.SMALL_HOUSE.finditer(text):
                low = match["name"].lower()
                known = low in (self._after_street if addressed and match["ends"] is not None else self._known)
                known = known and not (low in patterns.STREET_NAMES and match["ends"] is not None)
                if not (known or low in patterns.TIMES or UNIT.match(text, match.start("name") - 1)):
                    yield *match.span("value"), 0.5, "house number and name"
            for match in FOREIGN.finditer(text):
                yield *match.span("value"), 0.75, "street"
        for match in patterns.BARE_STREET.finditer(text) if not patterns.SURE_WORDS.isdisjoint(said) else ():
            if not patterns.NO_STREET.search(match["name"]):
                yield *match.span("value"), 0.65, "street name"
        for match in COUNTY.finditer(text) if not patterns.COUNTIES.isdisjoint(said) else ():
            first, *more = match["name"].split()
            start = match.start("name")
            if more and first.lower() in self._common:
                start, first = match.start("name") + len(match["name"]) - len(more[0]), more[0]
            if first.lower() not in self._common or first[0].isupper():
                yield start, match.end("value"), 0.6, "county"
        for match in patterns.IN_PLACE.finditer(text):
            low = match["name"].lower()
            if low not in self._known and low not in patterns.MONTHS and not low.endswith(("ing", "ed")):
                yield *match.span("value"), 0.45, "unknown place"
        for match in patterns.LIVES_ON.finditer(text) if "on" in said or "off" in said else ():
            low = match["name"].lower()
            if low in patterns.STREET_NAMES or low not in self._known:
                yield *match.span("value"), 0.5, "street name"
        for match in (
            patterns.BOTH_STREETS.finditer(text) if "and" in said and not patterns.STREET_NAMES.isdisjoint(said) else ()
        ):
            if any(match[part].lower() in patterns.STREET_NAMES for part in ("one", "two")) and not any(
                match[part].lower() in words("function_words") for part in ("one", "two")
            ):
                yield *match.span("value"), 0.6, "crossing"
        for match in patterns.QUIET_STREET.finditer(text) if not patterns.SUFFIX_WORDS.isdisjoint(said) else ():
            if not (patterns.NO_STREET.search(match["name"]) or match["name"].lower().split()[-1] in patterns.NO_QUIET):
                yield *match.span("value"), 0.55, "street name"
        for match in patterns.CAPITAL_STREET.finditer(text) if not patterns.SUFFIX_WORDS.isdisjoint(said) else ():
            if match["suffix"].lower() in patterns.SUFFIX_WORDS:
                yield *match.span("value"), 0.55, "street name"
        for match in patterns.BUILDING.finditer(text) if not patterns.BUILDINGS.isdisjoint(said) else ():
            if not any(part.lower() in self._common for part in match["name"].split()) or match["name"][0].isupper():
                yield *match.span("value"), 0.55, "building"
        yield from self._nearby(text, said)
        for match in CORNER.finditer(text) if not _CROSSINGS.isdisjoint(said) else ():
            yield *match.span("value"), 0.8, "corner"

    def _cities_in(self, text: str, *, stated: bool) -> Iterator[tuple[int, int, float, str]]:
        for match in patterns.IN_STATE.finditer(text) if stated else ():
            before = patterns.BEFORE_STATE.search(text, max(0, match.start() - 45), match.start())
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
                    and not (match["state"] in patterns.STATES_TOO and not listed)
                ):
                    start = before.end() - len(" ".join(parts[-count:]))
                    yield start, match.end() if match["zip"] is not None else before.end(), 0.85, "city and state"
                    break
        tokens = [(m.start(), m.end(), m.group().lower()) for m in patterns.WORD.finditer(text)]
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
                    house = patterns.HOUSE_BEFORE.search(text, max(0, start - 60), start)
                    if house and not patterns.NO_STREET.search(house["name"]):
                        yield *house.span("value"), 0.6, "house number before a city"
                    step = count
                    break
            at += step

    def _city_after(self, text: str, end: int) -> Iterator[tuple[int, int, float, str]]:
        """After a street any listed city counts, whatever else its name means."""
        parts = list(patterns.WORD.finditer(text, end, end + 40))[: self._longest]
        for count in range(len(parts), 0, -1):
            start, stop = parts[0].start(), parts[count - 1].end()
            if text[start:stop].lower() in self._cities and not text[end:start].strip(" ,."):
                yield start, stop, 0.8, "city after street"
                return

    def _city_score(self, text: str, said: str, start: int, end: int) -> float:
        if said not in self._any_place:
            return 0.0
        cued = patterns.PLACE_CUE.search(text, max(0, start - 25), start) is not None
        if said in self._plain:
            return (
                0.75
                if cued or patterns.OFFICE.match(text, end)
                else (0.6 if " " not in said or not all(w in self._common for w in said.split()) else 0.0)
            )
        if said in self._towns:
            return 0.6 if cued else 0.0
        if said in self._names:
            if patterns.OFFICE.match(text, end) and re.search(
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
