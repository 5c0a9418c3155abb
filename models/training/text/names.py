"""Personal names: Faker's lists of many countries, and invented ones. A share is held out for the test."""

import importlib
import random
import re
import unicodedata
import zlib

LOCALES = (
    "en_US en_GB en_IN en_NG en_IE es_MX es_ES de_DE fr_FR it_IT pl_PL vi_VN nl_NL sv_SE yo_NG ig_NG ha_NG pt_BR tr_TR "
    "ro_RO hu_HU fi_FI no_NO da_DK es_CO en_NZ en_KE en_PK tw_GH cs_CZ hr_HR id_ID zu_ZA ga_IE"
).split()
ONSETS = "b br c ch cl d dr f fr g gr h j k kl l m n p pr r s sh st t th tr v w wh y z sk bl kr".split()
VOWELS = "a e i o u ai ee oo ay ou ia".split()
CODAS = ["", "n", "r", "l", "s", "t", "m", "nd", "ck", "rd", "n", "ll", "nt", "st", "ng", "x", "tz", "rt"]
HELD_PERCENT = 10


def held_out(name: str) -> bool:
    """Kept for the test: a tenth, by hash of the spelling, so that every run agrees."""
    return zlib.crc32(b"n" + name.encode()) % 100 < HELD_PERCENT


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip().capitalize()


def _faker_names(locale: str, attributes: tuple[str, ...]) -> set[str]:
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    found = {_plain(str(n)) for a in attributes for n in getattr(provider, a, None) or ()}
    return {n for n in found if re.fullmatch(r"[A-Z][a-z]{1,13}", n)}


class NameList:
    """First or last names; `pick` favours those of the United States."""

    def __init__(self, attributes: tuple[str, ...]) -> None:
        us = _faker_names(LOCALES[0], attributes)
        everything = set(us)
        for locale in LOCALES[1:]:
            everything |= {n for n in _faker_names(locale, attributes) if 3 <= len(n) <= 12}
        self.common = sorted(n for n in us if not held_out(n))
        self.all = sorted(n for n in everything if not held_out(n))
        # The first data of all (60 templates) had used 85 % of the US names: those are no test.
        self.held = sorted(n for n in everything if held_out(n) and (n not in us or _unheard(n)))

    def pick(self, rng: random.Random, *, held: bool = False) -> str:
        """A name; with `held`, 60 % are names that no training text holds."""
        if held and rng.random() < 0.6:
            return rng.choice(self.held)
        kind = rng.random()
        if kind < 0.4:
            return rng.choice(self.common)
        return rng.choice(self.all) if kind < 0.85 else invented(rng)


def _unheard(name: str) -> bool:
    return zlib.crc32(name.lower().encode()) % 100 < 15


def invented(rng: random.Random) -> str:
    syllables = rng.choice([1, 2, 2, 2, 3])
    return "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(syllables)).capitalize() + rng.choice(CODAS)


def first_names() -> NameList:
    return NameList(("first_names", "first_names_male", "first_names_female"))


def last_names() -> NameList:
    return NameList(("last_names",))
