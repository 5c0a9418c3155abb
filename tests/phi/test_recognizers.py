"""Each identifier recognizer as a table: [text in brackets] must be found under the label, nothing else may be.

All people, places and numbers are invented; telephone numbers are 555-01xx.
"""

from __future__ import annotations

import re

import pytest

from redactor.phi import Detector

PHONE = [
    "call me at [four one oh double five five oh one four two] thanks",
    "my number is [(410) 555-0188].",
    "it's [212, 555, 0113], thank you",
    "[two oh two 555-0113]",
    "the number is [five five five oh one four two]",
    "my cell is [four four three uh five five five um oh one one three no wait one four]",
    "call [1-866-555-0144] ext [22]",
    "area code [eight one four] and the number is [five five five oh one nine two]",
    "call me at [1 30 555 019 22]",  # misgrouped by recognition
    "[eight hundred five five five oh one nine nine]",
    "it's [four one five five five five and then oh one three three]",
    "call me at [503]. alright, [0184]. thanks",  # the rest was misheard
    "you can reach me at [206 555] bye",
    "our number is [716. 555, or 171].",
    "call me at 8 30 a m",
    "her number is 120 over 80",
    "call us at 3:30 please",
    "take twenty milligrams for ten days",
    "my sugar was three fifteen this morning then two eighty at noon",
    "press one for appointments press two for billing",
]
DATE = [
    "born [March 14th, 1962]",
    "born on [the 14th of March 1962]",
    "date of birth [4-12-51]",
    "date of birth [4 12 51]",
    "d o b [0412 1951]",
    "d o b [0-4, 1-2, 1-9-5-1]",
    "birthday is [six eleven '82]",
    "born [ten thirty one ninety nine]",
    "[the second of december eighty five]",
    "on [October, uh, seventh]",
    "seen on [917]",
    "appointment [thursday may twenty first] at three p m",
    "[the twentieth, of the fourth, nineteen ninety]",
    "moved to [the 21st].",
    "in [april 2020] it began",
    "[2023-03-18]",
    "my appointment is on [eleven fourteen] at nine thirty",
    # no date elements: years, weekdays, times; no dates at all
    "it was in nineteen ninety eight on a monday at nine fifteen",
    "we may come on the second floor",
    "pain is 4/10 and half is 1/2",
    "i may need two more, march on",
]
EMAIL = [
    "write to [carl66 at aol.com]",
    "it's [J-O-N-9 at yahoo dot com]",
    "my email is [j smith seventy four at gmail dot com]",
    "[p underscore okafor at a o l dot com]",
    "send to [will.hargrove@example.com] please",
    "my address is [m doe at gmail]",
    "call me at the office, we look at the dot",
]
URL = [
    "go to [w w w dot my chart dot example dot org]",
    "visit [https://portal.example.com/r/88]",
    "our website is [lakeside dental dot com]",
    "at [https colon slash slash portal dot lakeview dot com]",
    "the end.it was fine",
]
IP = ["from [10.24.0.1]", "at [ten dot twenty four dot zero dot one]", "version 3.2.1 of it", "at 300.1.2.4"]
AGE = [
    "she is [ninety two]",
    "a [101-year-old] man",
    "he turned [ninety four]",
    "my mother who is [a hundred and one] fell",
    "at [ninety one] she still drives",
    "a patient in her [nineties]",
    "he's ninety percent better and i'm eighty nine",
    "his pulse is ninety eight",
]
SSN = [
    "my social is [one two three oh four oh five six seven]",
    "ssn [078-05-1120]",
    "last four of my social [six six oh two]",
    "my social security number is uh let me see [four one two uh six six uh nine oh oh one]",
    "she is a social worker of 4 years",
]
MRN = [
    "MRN [00482917]",
    "my medical record number is [zero zero three eight eight one six]",
    "patient id [8802211]",
    "her chart has four pages",
]
PLAN = [
    "member i d is [x g p eight eight four two one nine oh]",
    "Member ID: [XGP884219], group [00441]",
    "policy number [b c b s four four nine]",
    "[four four one seven] is my member number",
    "a group of three people",
]
ACCOUNT = [
    "account number [five six six nine eight]",
    "card number [4111 1111 1111 1112]",  # fails Luhn: still a card
    "ending in [four four eight one]",
    "the invoice number is [eight eight one four] for sixty dollars",
    "the balance is forty two dollars",
]
LICENSE = [
    "driver's license is [m five three oh dash four four one]",
    "n p i [one four seven seven five five five oh one three]",
]
VEHICLE = [
    "the plate is [seven k l m two two one] it's blue",
    "v i n is [one h g c m eight two six three three a]",
    "a plate of 2 eggs",
]
DEVICE = ["the serial number on my pump is [s n eight eight four one seven]", "IMEI [490154203237518]"]
OTHER = [
    "claim number [c l seven seven oh nine four one]",
    "prescription number is [7714029]",
    "confirmation code is [alpha bravo seven seven two]",
    "case number [24-1109]",
    "id [q227631]",
    "i'd say 4 or 5",
]
LOCATION = [
    "i live at [twelve forty two maple avenue apartment three b]",
    "[88 Harbor View Dr, Unit 4B, Annapolis, MD 21401].",
    "mail it to [p o box four four seven]",
    "corner of [brewster and 9th]",
    "zip code is [oh two one three nine]",
    "i live in [chattanooga] now",
    "[one one seven no i mean one one nine willow court]",
    "near [W6 5QJ]",
    "on [park heights avenue]",
    "take two every other way and drive",
    "she is in a good place and on the right road",
]
ORGANIZATION = [
    "calling from [cedar hollow family practice]",
    "at [Harbor Point Pediatrics].",
    "ready at [walgreens]",
    "with [silver pines cardiology]",
    "call the clinic or the pharmacy",
    "from your doctor's office",
]
PERSON = [
    "hi this is [denise whitaker] calling",
    "my name is [abdul rahman siddiqui]",
    "doctor [hernandez] will call",
    "it's [joy] calling",
    "this is [faith] from the office",
    "last name [nguyen] that's [n g u y e n]",
    "tell nurse [patty]",
    "hey [jack] it's [dawn] from the clinic",
    "Mr. [Okafor], your visit",
    "my name is [April], and i'm fifty",
    "my wife [lakshmi]",
    "doctor [van der berg]",
    "Dr. [Okonjo-Reyes] returning",
    "speaking with [hope]",
    # hard negatives
    "this is a reminder for your appointment please call us back",
    "good morning i may be late and i will have faith",
    "can you mark it and bill my insurance",
    "the doctor will grant it",
    "this is mission control",
    "i'm diabetic and it's chronic",
    "the rose bush and a little joy in april",
]


def _cases() -> list[object]:
    tables = {
        "PHONE_NUMBER": PHONE,
        "DATE_TIME": DATE,
        "EMAIL_ADDRESS": EMAIL,
        "URL": URL,
        "IP_ADDRESS": IP,
        "AGE": AGE,
        "US_SSN": SSN,
        "MEDICAL_RECORD_NUMBER": MRN,
        "HEALTH_PLAN_ID": PLAN,
        "ACCOUNT_NUMBER": ACCOUNT,
        "LICENSE_NUMBER": LICENSE,
        "VEHICLE_ID": VEHICLE,
        "DEVICE_ID": DEVICE,
        "OTHER_ID": OTHER,
        "LOCATION": LOCATION,
        "ORGANIZATION": ORGANIZATION,
        "PERSON": PERSON,
    }
    return [
        pytest.param(label, marked, id=f"{label}-{number}")
        for label, table in tables.items()
        for number, marked in enumerate(table)
    ]


@pytest.mark.parametrize(("label", "marked"), _cases())
def test_found(detector: Detector, label: str, marked: str) -> None:
    text = re.sub(r"[\[\]]", "", marked)
    expected = re.findall(r"\[([^\]]*)\]", marked)
    found = [text[f.start : f.end] for f in detector.detect(text) if f.label == label]
    assert found == expected
