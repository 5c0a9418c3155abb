"""For every rule, at least three messages that break it and three that do not; the same cases are judged as text and as
audio.

A case is a message, the recipient's row of the register (None: not in it) and the practice's own rules. `verdict` is
the verdict of the rule that the case tests, or "" if the rule must not report anything; other rules may report.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NUMBER = "206-555-0142"
LONG_AGO, FAR = "2020-01-31", "2099-12-31"
SENT = "2026-06-15"
ALLOWED = 'name = "own"\nversion = "1"\n[practice]\nrefill_notice_allowed = true\nfull_name_allowed = true\n'
SCRIPTED = (
    'name = "own"\nversion = "1"\n[practice]\nscripts = ["Hi {name}, this is {caller} from {practice}. Please call '
    'us back at {number}. Thank you."]\n'
)
BASE = {"patient": "Maria Lopez", "callback_numbers": NUMBER, "restrictions": "", "part2": ""}


@dataclass(frozen=True)
class Case:
    """`row`: columns of the register over `BASE`; `unsaid`: spoken, but left out of the transcript."""

    rule: str
    verdict: str
    text: str
    row: dict[str, str] | None = field(default_factory=dict)
    rules: str = ""
    prerecorded: str = "no"
    confidence: float = 0.9
    unsaid: str = ""
    loud: bool = False

    @property
    def entry(self) -> dict[str, str] | None:
        return None if self.row is None else {**BASE, **self.row}


def said(
    middle: str,
    *,
    greeting: str = "Hi Maria,",
    caller: str = "Karen",
    practice: str = "Lakeside Family Practice",
    number: str = NUMBER,
) -> str:
    intro = f"this is {caller} from {practice}." if practice else f"this is {caller}."
    return " ".join(w for w in (greeting, intro, middle, f"Please call us back at {number}.", "Thank you.") if w)


def broken(rule: str, *cases: tuple[str, dict[str, str]] | str, **more: str) -> list[Case]:
    return [
        Case(rule, "findings", said(c), **more)
        if isinstance(c, str)
        else Case(rule, "findings", said(c[0]), c[1], **more)
        for c in cases
    ]


def fine(rule: str, *cases: tuple[str, dict[str, str]] | str, **more: str) -> list[Case]:
    return [
        Case(rule, "", said(c), **more) if isinstance(c, str) else Case(rule, "", said(c[0]), c[1], **more)
        for c in cases
    ]


def unknown(rule: str, text: str) -> list[Case]:
    return [Case(rule, "undetermined", said(text), None)]


DIABETES, METFORMIN, NORMAL = (
    "We want to talk about your diabetes.",
    "Your metformin is here.",
    "Your blood test came back normal.",
)
LONG = "We are in the office from eight to five, and somebody will be glad to talk to you. " * 16

CASES: list[Case] = [
    *broken(
        "V01",
        DIABETES,
        (DIABETES, {"scopes": f"details until {LONG_AGO}"}),
        ("It is about your chest pain.", {"scopes": "billing"}),
    ),
    *fine(
        "V01",
        (DIABETES, {"scopes": "details"}),
        (DIABETES, {"scopes": f"billing; details until {FAR}"}),
        "We have some information for you.",
    ),
    *unknown("V01", DIABETES),
    *broken(
        "V02",
        METFORMIN,
        ("Please stop taking the lisinopril.", {"scopes": "results"}),
        ("Take 500 milligrams of amoxicillin twice a day.", {"scopes": f"medication until {LONG_AGO}"}),
    ),
    *fine(
        "V02", (METFORMIN, {"scopes": "medication"}), (METFORMIN, {"scopes": "details"}), "Your prescription is ready."
    ),
    *unknown("V02", METFORMIN),
    *broken(
        "V03",
        "Your prescription is ready.",
        "It is time for your refill.",
        ("Your refill was sent to the pharmacy.", {"scopes": "details; medication"}),
    ),
    *fine("V03", "Your prescription is ready.", "It is time for your refill.", rules=ALLOWED),
    *fine("V03", "Please bring your questions."),
    *broken(
        "V04",
        NORMAL,
        ("We have your lab results.", {"scopes": "medication"}),
        ("The biopsy was negative.", {"scopes": f"results until {LONG_AGO}"}),
    ),
    *fine(
        "V04",
        (NORMAL, {"scopes": "results"}),
        (NORMAL, {"scopes": f"details until {FAR}"}),
        "We have information for you.",
    ),
    *unknown("V04", NORMAL),
    *broken(
        "V05",
        ("It is about your depression.", {"scopes": "details"}),
        ("Your h i v test is back.", {"scopes": "results; mental-health"}),
        ("Your pregnancy test was positive.", {"scopes": f"reproductive-health until {LONG_AGO}"}),
    ),
    *fine(
        "V05",
        ("It is about your depression.", {"scopes": "mental-health"}),
        ("Your h i v test is back.", {"scopes": f"hiv until {FAR}"}),
        ("Your pregnancy test was positive.", {"scopes": "reproductive-health"}),
    ),
    *unknown("V05", "It is about your anxiety."),
    *broken(
        "V06",
        ("Your suboxone is here.", {"scopes": "details"}),
        ("It is about the alcohol treatment program.", {"scopes": "billing"}),
        ("Somebody has news for you.", {"part2": "yes"}),
    ),
    *fine(
        "V06",
        ("Your suboxone is here.", {"scopes": "part2"}),
        ("Somebody has news for you.", {"part2": "yes", "neutral_names": "Lakeside Family Practice"}),
        ("Your cardiac rehab begins on Monday.", {"scopes": "details"}),
    ),
    *unknown("V06", "Your methadone is here."),
    Case("V07", "findings", said("", practice="Lakeside Cardiology")),
    *broken(
        "V07",
        "I am calling from the oncology department.",
        ("The cardiologist has an opening.", {"neutral_names": "Lakeside Family Practice"}),
    ),
    Case("V07", "", said("", practice="Lakeside Cardiology"), {"neutral_names": "Lakeside Cardiology"}),
    Case("V07", "", said("", practice="Greenfield Dental"), {"neutral_names": "Oak Street Office; Greenfield Dental"}),
    *fine("V07", "We have some information for you."),
    Case("V07", "undetermined", said("", practice="Lakeside Cardiology"), None),
    *broken(
        "V08",
        "Your colonoscopy is on Tuesday.",
        ("Your appointment for your annual physical is on Friday.", {"scopes": "results"}),
        ("We want to schedule your knee surgery.", {"scopes": f"details until {LONG_AGO}"}),
    ),
    *fine(
        "V08",
        ("Your colonoscopy is on Tuesday.", {"scopes": "details"}),
        "Your appointment is on Tuesday at nine.",
        "We look forward to your visit on Friday.",
    ),
    *unknown("V08", "Your colonoscopy is on Tuesday."),
    *broken(
        "V09",
        "You have an unpaid balance of forty dollars.",
        ("Your insurance did not pay.", {"scopes": "details"}),
        ("Your bill is past due.", {"scopes": f"billing until {LONG_AGO}"}),
    ),
    *fine("V09", ("Your bill is past due.", {"scopes": "billing"}), "Please call our office."),
    Case("V09", "", said("", greeting="Hi Bill,"), {"patient": "Bill Hoffman"}),
    *unknown("V09", "Your bill is past due."),
    *broken(
        "V10",
        "We spoke with your other doctor.",
        ("The referral went out today.", {"scopes": "results"}),
        ("You should get a second opinion.", {"scopes": f"details until {LONG_AGO}"}),
    ),
    *fine(
        "V10",
        ("We spoke with your other doctor.", {"scopes": "details"}),
        "The doctor asked me to call.",
        "Please ask for me when you call.",
    ),
    *unknown("V10", "We sent the referral."),
    *broken(
        "V11",
        ("I have your date of birth as March 4th 1961.", {"scopes": "details; results; billing"}),
        "The last four of your social are 4 5 6 7.",
        "Your medical record number is 8 8 2 1 3 4.",
    ),
    *fine(
        "V11", "Your appointment is on March 4th at nine.", "Please have your card ready.", "We are open until five."
    ),
    *broken(
        "V12",
        ("We have your address as 215 Maple Street in Dayton.", {"scopes": "details"}),
        "We wrote to maria dot lopez at example dot com.",
        "We also tried your cell at 206-555-0177.",
    ),
    *fine(
        "V12",
        "Our office is at 12 Oak Street.",
        "You can write us an e-mail at office at example dot com.",
        ("You may also call 206-555-0177.", {"callback_numbers": f"{NUMBER}; 206-555-0177"}),
    ),
    *broken("V13", ("Please tell your husband that his test results are in.", {"scopes": "results"})),
    Case("V13", "findings", said(NORMAL, greeting="Hi Robert,"), {"scopes": "results"}),
    Case(
        "V13",
        "findings",
        said(NORMAL, greeting="Hi Robert,"),
        {"scopes": "results", "authorised": f"Robert Lopez until {LONG_AGO}"},
    ),
    Case("V13", "", said(NORMAL, greeting="Hi Robert,"), {"scopes": "results", "authorised": "Robert Stone"}),
    *fine("V13", (NORMAL, {"scopes": "results"})),
    Case("V13", "", said("Please ask her to call us.", greeting="Hi Robert,")),
    *unknown("V13", NORMAL),
    Case("V14", "findings", "Hi Maria, this is Karen from Lakeside Family Practice. Please call us back. Thank you."),
    Case("V14", "findings", said("", number="206-555-0199")),
    Case("V14", "findings", said("", number="206-555-0177"), {"callback_numbers": f"{NUMBER}; 206-555-0155"}),
    Case("V14", "", said("")),
    Case("V14", "", said("", number="two oh six five five five oh one four two")),
    Case("V14", "", said("", number="555-0142")),
    Case("V14", "undetermined", said(""), None),
    Case("V15", "findings", "Hi Maria, this is Lakeside Family Practice. Please call us back at 206-555-0142."),
    Case("V15", "findings", said("", practice="")),
    Case("V15", "findings", "Hi Maria, please call us back at 206-555-0142. It is important. Thank you."),
    Case("V15", "", said("")),
    Case("V15", "", said("", practice=""), {"restrictions": "no-practice-name"}),
    Case(
        "V15",
        "",
        "Hello, this is Lakeside Family Practice. Please call us back at 206-555-0142. Thank you.",
        prerecorded="yes",
    ),
    Case("V15", "undetermined", said("", practice=""), None),
    Case("V16", "findings", said("", greeting="Hi Maria Lopez,")),
    Case("V16", "findings", said("", greeting="This message is for Maria Lopez.")),
    Case("V16", "findings", said("", greeting="Hello Ms. Maria Lopez,"), {"scopes": "details"}),
    Case("V16", "", said("")),
    Case("V16", "", said("", greeting="Hello Ms. Lopez,")),
    Case("V16", "", said("", greeting="Hi Maria Lopez,"), rules=ALLOWED),
    Case("V17", "findings", said(""), {"restrictions": "no-voicemail"}),
    Case("V17", "findings", said("Your appointment is on Tuesday at nine."), {"restrictions": "callback-only"}),
    Case("V17", "findings", said(""), {"restrictions": "no-practice-name"}),
    Case("V17", "findings", said(""), {"restrictions": "other-number-only"}),
    Case("V17", "", said("")),
    Case("V17", "", said(""), {"restrictions": "callback-only"}),
    Case("V17", "", said("", practice=""), {"restrictions": "no-practice-name"}),
    *unknown("V17", "We have some information for you."),
    Case("V18", "findings", said(LONG)),
    Case(
        "V18",
        "findings",
        said("I wanted to let you know that the parking garage behind us will be closed until the end of the month."),
        rules=SCRIPTED,
    ),
    Case(
        "V18",
        "findings",
        "Hey Maria, guess who, your friends from Lakeside Family Practice would love to hear from you, so ring "
        "206-555-0142 whenever.",
        rules=SCRIPTED,
    ),
    Case("V18", "", said("")),
    Case("V18", "", said(""), rules=SCRIPTED),
    Case(
        "V18",
        "",
        "Hi Maria, this is Karen from Lakeside Family Practice. Please call me back at 206-555-0142. Thank you "
        "so much.",
        rules=SCRIPTED,
    ),
    *broken("V19", ("Your bill is past due.", {"scopes": "billing"}), prerecorded="yes"),
    Case(
        "V19",
        "findings",
        "Hello, this is Lakeside Family Practice. Please call us back. Thank you for your time.",
        prerecorded="yes",
    ),
    Case("V19", "findings", said("", practice=""), {"scopes": "details"}, prerecorded="yes"),
    *fine(
        "V19",
        ("Your bill is past due.", {"scopes": f"billing; prerecorded until {FAR}"}),
        "We have news for you.",
        prerecorded="yes",
    ),
    *fine("V19", ("Your bill is past due.", {"scopes": "billing"})),
    Case("V19", "undetermined", said("Your bill is past due."), {"scopes": "billing"}, prerecorded=""),
    Case(
        "V20",
        "undetermined",
        said("Hola buenos dias este es un mensaje para usted por favor llame a la clinica gracias."),
    ),
    Case("V20", "undetermined", said("We have some information for you."), confidence=0.3),
    Case("V20", "undetermined", said(""), unsaid="and there is something else that we need to tell you about today"),
    Case("V20", "undetermined", said("We have some information for you."), loud=True),
    Case("V20", "", said("")),
    Case("V20", "", said("Por favor, as they say.")),
    Case("V20", "", said("We have some information for you."), confidence=0.6),
]


def named(case: Case) -> str:
    """What pytest calls it."""
    return f"{case.rule}-{CASES.index(case)}-{case.verdict or 'silent'}"
