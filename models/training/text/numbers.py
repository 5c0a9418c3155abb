"""Numbers as people leave them in a voicemail: written in digits, spoken in words. Every function returns units."""

import random
from collections.abc import Sequence

from .units import COMMA, HYPHEN, PAUSE, Unit, Units, letters, words

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
NUMBER_WORDS = {*ONES, *TENS, *ORDINALS, "twentieth", "thirtieth", "hundred", "thousand", "million", "oh", "half"}
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def pair(n: int) -> tuple[str, ...]:
    """0-99 in words."""
    if n < 20:
        return (ONES[n],)
    return (TENS[n // 10], *((ONES[n % 10],) if n % 10 else ()))


def cardinal(n: int) -> tuple[str, ...]:
    """0-999999 in words, without "and"."""
    if n < 100:
        return pair(n)
    if n < 1000:
        return (ONES[n // 100], "hundred", *(pair(n % 100) if n % 100 else ()))
    return (*cardinal(n // 1000), "thousand", *(cardinal(n % 1000) if n % 1000 else ()))


def number(rng: random.Random, low: int, high: int) -> Units:
    n = rng.randint(low, high)
    return [(f" {n}", cardinal(n))]


def groups(rng: random.Random, count: int, sizes: Sequence[int]) -> list[int]:
    """Random group sizes that add up to `count`."""
    out: list[int] = []
    while sum(out) < count:
        out.append(min(rng.choice(sizes), count - sum(out)))
    return out


def digits(rng: random.Random, count: int, grouped: Sequence[int] = (), *, lead: bool = True) -> Units:
    """Digits said one by one, in one written string; `grouped` puts audible pauses between groups."""
    zero = rng.choice(["zero", "zero", "zero", "oh"])
    cuts = {sum(grouped[:k]) for k in range(1, len(grouped))}
    units: Units = []
    for i in range(count):
        if i in cuts:
            units.append(PAUSE)
        d = rng.randint(0, 9)
        units.append(((" " if i == 0 and lead else "") + str(d), (ONES[d] if d else zero,)))
    return units


def phone(rng: random.Random) -> Units:
    """A North American number: half of them in the range for fiction, 555-01xx; 1 in front, 8 hundred, two-digit pairs."""
    zero = rng.choice(["zero", "zero", "oh"])

    def one_by_one(number: Sequence[int]) -> Units:
        return [(str(d), (ONES[d] if d else zero,)) for d in number]

    def drawn(n: int) -> list[int]:
        return [rng.randint(0, 9) for _ in range(n)]

    if rng.random() < 0.12:
        hundreds = rng.choice([8, 8, 9, 5])
        area: Units = [(f"{hundreds}00", (ONES[hundreds], "hundred"))]
    else:
        area = one_by_one([rng.randint(2, 9), *drawn(2)])
    kind = rng.random()
    if kind < 0.6:
        exchange = one_by_one([5, 5, 5])
        line = one_by_one([0, 1, *drawn(2)] if kind < 0.5 else drawn(4))
    else:
        exchange, line = one_by_one(drawn(3)), one_by_one(drawn(4))
        if rng.random() < 0.15:
            line = [(f"{n}", pair(n)) for n in (rng.randint(10, 99), rng.randint(10, 99))]
    form = rng.random()
    if form < 0.2:
        units = [*exchange, HYPHEN, *line]
    elif form < 0.27:
        units = [("1", ("one",)), HYPHEN, *area, HYPHEN, *exchange, HYPHEN, *line]
    else:
        units = [*area, HYPHEN, *exchange, HYPHEN, *line]
    return [(" " + units[0][0], units[0][1]), *units[1:]]


def identifier(rng: random.Random) -> Units:
    """A record, claim or member number; a fifth of them begins with letters."""
    if rng.random() < 0.2:
        return lettered_identifier(rng)
    n = rng.randint(4, 11)
    return digits(rng, n, groups(rng, n, (2, 3, 3, 4)) if rng.random() < 0.6 else ())


def lettered_identifier(rng: random.Random) -> Units:
    return letters("".join(rng.choices(CAPITALS, k=rng.randint(1, 3))), hyphens=True) + digits(rng, rng.randint(3, 9))


def long_digits(rng: random.Random) -> Units:
    n = rng.randint(3, 18)
    return digits(rng, n, groups(rng, n, (1, 2, 3, 4, 5)) if rng.random() < 0.7 else ())


def last_four(rng: random.Random) -> Units:
    if rng.random() < 0.2:
        a, b = rng.randint(10, 99), rng.randint(10, 99)
        return [(f" {a}", pair(a)), (f"{b}", pair(b))]
    return digits(rng, 4)


def house(rng: random.Random) -> Units:
    """A street number: 42, 417 "four seventeen", 1250 "twelve fifty", or digit by digit."""
    kind = rng.random()
    if kind < 0.3:
        return number(rng, 1, 99)
    if kind < 0.5:
        return digits(rng, rng.randint(3, 5))
    b = rng.randint(10, 99)
    if kind < 0.75:
        a = rng.randint(1, 9)
        return [(f" {a}{b}", (ONES[a], *pair(b)))]
    a = rng.randint(11, 99)
    return [(f" {a}", pair(a)), (f"{b}", pair(b))]


def dollars(rng: random.Random) -> Units:
    n = rng.choice([rng.randint(5, 99), rng.randint(100, 999), rng.randint(1, 30) * 50, rng.randint(1001, 4000)])
    units: Units = [(f" {n}", cardinal(n)), *words("dollars")]
    if rng.random() < 0.25:
        units += [*words("and"), *number(rng, 1, 99), *words("cents")]
    return units


def day(rng: random.Random) -> Unit:
    d = rng.randint(1, 31)
    suffix = "th" if 10 < d < 20 else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
    if d < 20:
        spoken: tuple[str, ...] = (ORDINALS[d],)
    elif d % 10:
        spoken = (TENS[d // 10], ORDINALS[d % 10])
    else:
        spoken = ("twentieth" if d == 20 else "thirtieth",)
    return (f" {d}{suffix}", spoken)


def date(rng: random.Random, months: Sequence[str]) -> Units:
    """March 14th, March 14, or the 14th of March."""
    month, kind = words(rng.choice(months)), rng.random()
    if kind < 0.12:
        return [*words("the"), day(rng), *words("of"), *month]
    if kind < 0.2:
        return [*month, *number(rng, 1, 31)]
    return [*month, day(rng)]


def year(rng: random.Random) -> Unit:
    y = rng.randint(1930, 2026)
    if 2000 <= y < 2010:
        return (f" {y}", ("two", "thousand", *((ONES[y % 100],) if y % 100 else ())))
    century = "twenty" if y >= 2010 else "nineteen"
    return (f" {y}", (century, *(("oh",) if 0 < y % 100 < 10 else ()), *pair(y % 100)))


def birth_date(rng: random.Random, months: Sequence[str]) -> Units:
    return [*date(rng, months), COMMA, year(rng)]


def clock_time(rng: random.Random) -> Units:
    """3:30 PM, 3 PM, 3:30, 3 o'clock, 3, noon."""
    h, kind = rng.randint(1, 12), rng.random()
    hour: Unit = (f" {h}", (ONES[h],))
    if kind < 0.08:
        return words(rng.choice(["noon", "midnight", "noon"]))
    if kind < 0.16:
        return [hour, *words("o'clock")]
    if kind < 0.3:
        m = rng.choice([15, 30, 45, 20, 10, 50])
        return [hour, (f":{m}", pair(m))]
    if kind < 0.36:
        return [hour]
    m = rng.choice([0, 0, 0, 15, 30, 45, 10, 20, 40, 50, 5, 25, 35, 55])
    minutes: Units = [(f":{m:02d}", (*(("oh",) if m < 10 else ()), *pair(m)))] if m else []
    return [hour, *minutes, *words(rng.choice(["AM", "PM", "PM"]))]
