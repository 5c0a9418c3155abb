"""Invented sent voicemails, labelled with the rules that they break: `python benchmarks/sent_messages.py --part test
--count 20` prints some.

A message is composed of sentences (sent_words.py) that are labelled with the rules they break. Rules that depend on
circumstances (consents, restrictions, lists, length, the way of recording) are decided here from the facts, not from
the words: nothing of redactor's word lists or code is used, except that messages are split into words with times.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sent_words as words

SENT = date(2026, 6, 15)
NUMBER = "206-555-0142"
WRONG = "206-555-0118"
SECONDS_A_WORD = 0.37
SPOKEN = "oh one two three four five six seven eight nine".split()
SCOPES = {
    "V01": {"details"},
    "V02": {"details", "medication"},
    "V04": {"details", "results"},
    "V06": {"part2"},
    "V08": {"details"},
    "V09": {"billing"},
    "V10": {"details"},
    "V19": {"prerecorded"},
}
"""The consents that permit a violation of each rule, as the rules define them."""
CARE = {"V01", "V02", "V04", "V05", "V06", "V08", "V09", "V10"}
SITUATIONS = ["none", "given", "expired", "wrong scope", "unknown"]


@dataclass
class Sent:
    """A message and its truth.

    Attributes:
        truth: rule → "findings" or "undetermined"; `may`: rules that count neither way.
        entry: the recipient's row of the register; None if the recipient is not in it.
    """

    id: int
    part: str
    text: str = ""
    truth: dict[str, str] = field(default_factory=dict)
    may: set[str] = field(default_factory=set)
    entry: dict[str, Any] | None = None
    situation: str = "none"
    prerecorded: bool = False
    unheard: float = 0.0
    clipped: float = 0.0
    confidence: float = 0.9
    caller: str = ""
    sent: date = SENT


def messages(part: str, count: int, *, seed: int = 1) -> list[Sent]:
    """`count` messages of a part; the same for the same seed."""
    rnd = random.Random(f"{part}-{seed}")
    return [_message(rnd, part, n) for n in range(count)]


def _message(rnd: random.Random, part: str, number: int) -> Sent:
    made = Sent(number, part)
    topics: set[str] = set()
    broken: set[str] = set()
    pick = lambda table: rnd.choice(table[part])  # noqa: E731
    first, last = pick(words.FIRST), pick(words.LAST)
    full = rnd.random() < 0.15
    patient = f"{first} {last}" if full else first
    made.caller = pick(words.STAFF)
    practice, telling = pick(words.PLAIN_PRACTICES), ""
    if rnd.random() < 0.15:
        practice, telling = pick(words.TELLING_PRACTICES)
    no_caller, no_practice = rnd.random() < 0.07, rnd.random() < 0.07
    number_said = rnd.choices(["right", "wrong", "none"], [84, 8, 8])[0]
    slots = {
        "patient": patient,
        "caller": made.caller,
        "practice": practice,
        "doctor": pick(words.DOCTORS),
        "date": _date(rnd),
        "time": _time(rnd),
    }

    kinds = rnd.sample(list(words.ITEMS), rnd.choices([0, 1, 2], [25, 55, 20])[0])
    if "family" in kinds:
        kinds = ["family"]  # whom a second detail concerns would be open
    said: list[str] = []
    dated = False
    for kind in kinds:
        sentence, breaks = rnd.choice(words.ITEMS[kind][part])
        sure, _, may = breaks.partition("?")
        for rule in sure.split():
            broken.add(rule.partition(":")[0])
            topics.update({rule.partition(":")[2]} - {""})
        made.may |= {r.partition(":")[0] for r in may.split(",") if r}
        said.append(sentence)
        dated |= "{date}" in sentence or kind == "appointment"
    said += [pick(words.FILLERS) for _ in range(rnd.choice([0, 1, 1, 2]))]
    rnd.shuffle(said)
    long = rnd.random() < 0.04
    if long:
        said += [s for _ in range(3) for s in words.FILLERS[part]]
    greeting = pick(words.GREETINGS)
    if no_caller and no_practice:
        no_practice = False
    intro = pick(words.INTROS)
    if no_caller:
        intro = "this is {practice}." if part == "tuning" else "we are calling from {practice}."
    elif no_practice:
        intro = "this is {caller}."
    request = pick(words.REQUESTS)
    given = {"right": NUMBER, "wrong": WRONG, "none": ""}[number_said]
    if not given:
        request = "Please call us back." if part == "tuning" else "Please give me a call."
    spoken = rnd.random() < 0.6
    text = " ".join([greeting, intro, *said, request, pick(words.BYES)])
    text = text.format(**slots, number=given)
    made.text = as_spoken(text) if spoken else text

    if full:
        broken.add("V16")
    named = "" if no_practice else practice if telling else ""
    if named:
        made.may |= {r.partition(":")[0] for r in telling.partition("?")[2].split(",") if r}
    made.prerecorded = rnd.random() < 0.12
    _situation(rnd, made, broken, topics, first, last)
    if made.entry is not None and named and rnd.random() < 0.5:
        made.entry["neutral_names"] = [named]
    seconds = len(made.text.split()) * SECONDS_A_WORD
    _truth_of_words(made, broken, topics, named=named)
    _truth_of_form(
        made,
        broken,
        no_caller=no_caller,
        no_practice=no_practice,
        number_said=number_said,
        detailed=bool(named) or dated,
        seconds=seconds,
    )
    _hearing(rnd, made)
    return made


def _situation(rnd: random.Random, made: Sent, broken: set[str], topics: set[str], first: str, last: str) -> None:
    """What the register says of the recipient."""
    made.situation = rnd.choices(SITUATIONS, [40, 20, 12, 12, 16])[0]
    if made.situation == "unknown":
        return
    wanted = (
        {s for r in broken for s in sorted(SCOPES.get(r, set()))[:1]}
        | topics
        | ({"prerecorded"} if made.prerecorded else set())
    )
    if made.situation == "wrong scope":
        allowed = {s for r in broken for s in SCOPES.get(r, set())} | topics | {"prerecorded"}
        wanted = {s for s in ("billing", "hiv", "part2", "results") if s not in allowed}
    until = {
        "given": SENT + timedelta(days=rnd.choice([0, 30, 365])),
        "expired": SENT - timedelta(days=rnd.choice([1, 200])),
        "wrong scope": None,
        "none": None,
    }[made.situation]
    scopes = [] if made.situation == "none" else sorted(wanted)
    restriction = rnd.choices(
        ["", "no-voicemail", "callback-only", "no-practice-name", "other-number-only"], [84, 4, 4, 4, 4]
    )[0]
    made.entry = {
        "patient": f"{first} {last}",
        "scopes": [(s, until) for s in scopes],
        "authorised": [],
        "restrictions": [restriction] if restriction else [],
        "callback_numbers": [NUMBER],
        "neutral_names": [],
    }


def _valid(made: Sent) -> set[str]:
    given = made.entry["scopes"] if made.entry is not None else []
    return {scope for scope, until in given if until is None or until >= made.sent}


def _truth_of_words(made: Sent, broken: set[str], topics: set[str], *, named: str) -> None:
    """V01 … V13. `named`: the practice's name, if it was said and reveals the specialty."""
    entry, truth = made.entry, made.truth
    unknown = "undetermined" if entry is None else "findings"
    scopes = _valid(made)
    family = "V13" in broken
    for rule in sorted(broken & set(SCOPES)):
        if not SCOPES[rule] & scopes or family:
            truth[rule] = unknown
    if topics - scopes:
        truth["V05"] = unknown
    for rule in broken & {"V03", "V11", "V12", "V16", "V07"}:
        truth[rule] = "findings"
    if named and "V07" not in truth and (entry is None or named not in entry["neutral_names"]):
        truth["V07"] = unknown
    if family:
        truth["V13"] = unknown
    elif entry is None and broken & CARE:
        truth["V13"] = "undetermined"


def _truth_of_form(
    made: Sent,
    broken: set[str],
    *,
    no_caller: bool,
    no_practice: bool,
    number_said: str,
    detailed: bool,
    seconds: float,
) -> None:
    """V14 … V19. `detailed`: the message has more than a request to call back: a date, or a practice's name that
    reveals the specialty.
    """
    entry, truth = made.entry, made.truth
    unknown = "undetermined" if entry is None else "findings"
    restrictions = set(entry["restrictions"]) if entry is not None else set()
    if number_said == "none" or (entry is not None and number_said == "wrong"):
        truth["V14"] = "findings"
    elif entry is None:
        truth["V14"] = "undetermined"
    if (no_practice and "no-practice-name" not in restrictions) or (no_caller and not made.prerecorded):
        truth["V15"] = unknown
    if entry is None:
        truth["V17"] = "undetermined"
    elif (
        restrictions & {"no-voicemail", "other-number-only"}
        or ("no-practice-name" in restrictions and not no_practice)
        or ("callback-only" in restrictions and (broken & (CARE | {"V03", "V07"}) or detailed))
    ):
        truth["V17"] = "findings"
    elif "callback-only" in restrictions and made.may & (CARE | {"V03", "V07"}):
        made.may.add("V17")
    if seconds > 60:
        truth["V18"] = "findings"
    if made.prerecorded and (seconds > 60 or "V09" in broken or no_practice or number_said == "none"):
        if entry is None:
            truth["V19"] = "undetermined"
        elif "prerecorded" not in _valid(made):
            truth["V19"] = "findings"


def _hearing(rnd: random.Random, made: Sent) -> None:
    """How well it was heard."""
    trouble = rnd.choices(["", "unheard", "clipped", "unsure", "foreign"], [88, 3, 3, 3, 3])[0]
    made.unheard = 1.4 if trouble == "unheard" else 0.0
    made.clipped = 0.02 if trouble == "clipped" else 0.0
    made.confidence = 0.35 if trouble == "unsure" else 0.9
    if trouble == "foreign":
        made.text = f"{made.text} {words.FOREIGN[made.part]} {words.FOREIGN[made.part]}".lower()
        made.may |= {"V01", "V05", "V11", "V12", "V16", "V17", "V18"}
    if trouble:
        made.truth["V20"] = "undetermined"


def as_spoken(text: str) -> str:
    """Lower case, no punctuation, figures as words, like the output of many recognisers."""
    text = re.sub(r"\b(\d{3})-(\d{3})-(\d{4})\b", lambda m: " ".join(SPOKEN[int(c)] for c in "".join(m.groups())), text)
    text = re.sub(r"\b(\d\d?)(?:st|nd|rd|th)\b", lambda m: _ordinal(int(m[1])), text)
    text = re.sub(r"\b(19|20)(\d\d)\b", lambda m: f"{_cardinal(int(m[1]))} {_cardinal(int(m[2]))}", text)
    text = re.sub(r"\b\d+\b", lambda m: _cardinal(int(m[0])), text)
    text = re.sub(r"[^\w\s'{}]", " ", text.replace("e-mail", "email"))
    return " ".join(text.lower().split())


_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def _cardinal(n: int) -> str:
    if n < 20:
        return _SMALL[n]
    if n < 100:
        return _TENS[n // 10] + (f" {_SMALL[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{_SMALL[n // 100]} hundred" + (f" {_cardinal(n % 100)}" if n % 100 else "")
    return f"{_cardinal(n // 100)} {_cardinal(n % 100)}"


def _ordinal(n: int) -> str:
    head, _, last = _cardinal(n).rpartition(" ")
    last = _ORDINALS.get(last, f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return f"{head} {last}".strip()


def _date(rnd: random.Random) -> str:
    day = rnd.choice("Monday Tuesday Wednesday Thursday Friday".split())
    month = rnd.choice("June July August September October".split())
    return rnd.choice([f"{day} {month} {rnd.randrange(2, 28)}th".replace("2th", "2nd").replace("3th", "3rd"), day])


def _time(rnd: random.Random) -> str:
    return rnd.choice(["9:30", "2 o'clock", "10 a m", "3:15 p m", "noon"]).replace(":", " ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["tuning", "second", "test"], default="tuning")
    parser.add_argument("--count", type=int, default=10)
    given = parser.parse_args()
    for sent in messages(given.part, given.count):
        print(
            json.dumps({"text": sent.text, "truth": sent.truth, "may": sorted(sent.may), "situation": sent.situation})
        )


if __name__ == "__main__":
    main()
