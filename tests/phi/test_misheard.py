"""Partly misrecognised numbers and names, and names that are words: what stays covered, and what stays talk."""

from __future__ import annotations

import pytest

from redactor.phi import build_detector
from redactor.phi.spoken import written_form
from redactor.types import IDENTIFIERS

DETECTOR = build_detector(labels=IDENTIFIERS, ner="none")


def found(text: str, label: str) -> list[str]:
    return [text[f.start : f.end] for f in DETECTOR.detect(text) if f.label == label]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("call fourone oh", "call 41 0"),
        ("threetriple five", "3555"),
        ("four one oh won five five oh one sick mine", "4 1 0 1 5 5 0 1 6 9"),
        ("five five uh free one two", "5 5 3 1 2"),
        ("at for one oh five five", "at 4 1 0 5 5"),
        ("one double three oh dash triple five", "1 33 0-555"),
        ("www dot portal dot brightwater dot nidhi", "www.portal.brightwater.nidhi"),
        ("dombrowski d o m b r o w s k i can you", "dombrowski dombrowski can you"),
        ("balogun b a l o g u n i tried", "balogun balogun i tried"),
    ],
)
def test_misheard_figures_are_written_out(text: str, written: str) -> None:
    assert written_form(text).text == written


@pytest.mark.parametrize(
    "text",
    [
        "i take one to four pills",
        "we have two for one",
        "i'm fine",
        "we were free at nine then",
        "it was someone often done",
        "four for sixty dollars",
        "someone won one too",
    ],
)
def test_talk_with_words_that_sound_like_figures_stays(text: str) -> None:
    assert DETECTOR.detect(text) == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("my number is six one dribble five five oh one nine two thanks", "six one dribble five five oh one nine two"),
        ("reach me at two one to terribly five oh one three oh", "two one to terribly five oh one three oh"),
        (
            "call me at four one oh five five five oh one one three correction oh oh",
            "four one oh five five five oh one one three correction oh oh",
        ),
    ],
)
def test_a_number_goes_on_after_a_misheard_word(text: str, number: str) -> None:
    assert found(text, "PHONE_NUMBER") == [number]


def test_a_number_ends_where_other_matters_begin() -> None:
    assert found("call 555 0142 before monday 15 people wait", "PHONE_NUMBER") == ["555 0142"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hi Mr. Love, this is Leonard", ["Love", "Leonard"]),
        ("hey doctor price it's leilani", ["price", "leilani"]),
        ("your follow up with doctor short is in may", ["short"]),
        ("this is a message for frank oyelaran", ["frank oyelaran"]),
        ("hi this is amaka mbeki", ["amaka mbeki"]),
        ("my name's chance dombrowski", ["chance dombrowski"]),
        ("hi this is edwin love date of birth", ["edwin love"]),
        ("yes hello rusty petrov here", ["rusty petrov"]),
        ("hey it's drew", ["drew"]),
        ("please let will know", ["will"]),
        ("hi mister sustain this is karen miller", ["sustain", "karen miller"]),
    ],
)
def test_names_that_are_words(text: str, names: list[str]) -> None:
    assert found(text, "PERSON") == names


@pytest.mark.parametrize(
    "text",
    [
        "the doctor short of breath",
        "ask the doctor love of my life",
        "i will let you know",
        "hi it's late and i may be early",
        "this is a message for the office",
        "hello will you call me",
        "this is great thank you",
        "doctor will call you back",
    ],
)
def test_words_that_are_no_names(text: str) -> None:
    assert found(text, "PERSON") == []


def test_an_address_of_a_site_is_no_mail_address() -> None:
    assert found("fill out the forms at cedarhollow dot example dot com", "URL") == ["cedarhollow dot example dot com"]
    assert found("send us an email at k balogun at aol dot com", "EMAIL_ADDRESS") == ["k balogun at aol dot com"]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("date of birth seven dent twenty oh nine", "seven dent twenty oh nine"),
        ("i was born the saxteenth of october twenty fourteen", "the saxteenth of october twenty fourteen"),
        ("her birthday is novembar second fifty one", "novembar second fifty one"),
    ],
)
def test_a_date_of_birth_with_a_misheard_word(text: str, date: str) -> None:
    assert found(text, "DATE_TIME") == [date]


def test_words_between_a_birth_and_other_figures() -> None:
    assert found("i was born here and 2 weeks ago i had 3 pills", "DATE_TIME") == []
