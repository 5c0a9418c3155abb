"""Spoken forms: how they are written, and that the maps are exact for any text."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.phi import build_detector
from redactor.phi.spoken import CORRECTION, TextEdit, WrittenForm, plain_digits, written_form

# Words that trigger every reader, mixed with marks and ordinary words, so that random texts reach the corners.
WORDS = st.sampled_from(
    "four oh one twenty sixty nineteen hundred thousand third first double triple five zero 555 0142 3 o to for no "
    "wait sorry not uh um dot com at gmail underscore dash slash colon point w a i j n as in boy alpha "
    "mike november under score call me Faith's O'Neil é İ ² ⑫ ٣ 2️⃣ ½ - , . ? — 's".split(" ")
)
TALK = st.lists(st.tuples(WORDS, st.sampled_from([" ", "", ", ", ". ", "-", "  ", "\n"])), max_size=25).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)
ANY = st.one_of(TALK, st.text(max_size=60))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        # digits, grouping kept
        ("four one oh, double five, five oh one four two", "4 1 0, 55, 5 0 1 4 2"),
        ("triple five zero one o two", "555 0 1 0 2"),
        ("fifty four hundred", "5400"),
        ("two oh two 555 0113", "2 0 2 555 0113"),
        ("eighty two fifty nine", "82 59"),
        ("a hundred and two", "a 102"),
        ("three thousand two hundred and six", "3206"),
        ("one two to five six", "1 2 2 5 6"),
        # ordinals and years
        ("march fourteenth nineteen sixty two", "march 14th 1962"),
        ("the third of december eighty five", "the 3rd of december 85"),
        ("nineteen and thirty one", "1931"),
        ("nineteen oh four", "1904"),
        ("two thousand and sixteen", "2016"),
        ("twenty twenty six", "2026"),
        ("thirty first", "31st"),
        ("oh four twelve fifty one", "0 4 12 51"),
        # fillers and corrections
        ("october, uh, seventh", "october 7th"),
        ("oh one one three no wait one four", f"0 1 1 3 {CORRECTION} 1 4"),
        ("0113, not 14", f"0113 {CORRECTION} 14"),
        ("five five, I mean six six", f"5 5 {CORRECTION} 6 6"),
        # letters
        ("J-O-N", "JON"),
        ("n g u y e n", "nguyen"),
        ("d as in david a b as in boy four", "dab 4"),
        ("double u double u double u dot example dot com", "www.example.com"),
        ("alpha bravo seven", "ab 7"),
        ("by november 30th", "by november 30th"),
        ("catherine with a c", "catherine with a c"),
        # signs
        ("j smith seventy four at gmail dot com", "j smith 74@gmail.com"),
        ("p underscore t at a o l dot com", "p_t@aol.com"),
        ("carl66 at aol.com", "carl66@aol.com"),
        ("h t t p s colon slash slash portal dot example dot com slash x", "https://portal.example.com/x"),
        ("ten dot twenty four dot zero dot one", "10.24.0.1"),
        ("one point five milligrams", "1.5 milligrams"),
        ("visit us at north clinic dot org", "visit us at north clinic.org"),
        # nothing spoken: identity
        ("Call 555-0142 on March 14th, 1962.", "Call 555-0142 on March 14th, 1962."),
        ("oh dear, no, not again", "oh dear, no, not again"),
        ("I I think a b test is e g fine", "I I think a b test is e g fine"),
        ("", ""),
    ],
)
def test_written(said: str, written: str) -> None:
    assert written_form(said).text == written


@given(ANY)
@settings(max_examples=200, deadline=None)
def test_maps_are_exact(text: str) -> None:
    form = written_form(text)
    assert form.original == text
    # The edits are disjoint, sorted and non-empty, and applying them gives the text.
    position, out = 0, ""
    for edit in form.edits:
        assert position <= edit.start < edit.end <= len(text)
        assert edit.written
        out += text[position : edit.start] + edit.written
        position = edit.end
    assert out + text[position:] == form.text


@given(ANY, st.data())
@settings(max_examples=200, deadline=None)
def test_spans_cover_themselves_there_and_back(text: str, data: st.DataObject) -> None:
    form = written_form(text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    low, high = form.to_written(start, end)
    assert 0 <= low <= high <= len(form.text)
    back = form.to_original(low, high)
    if start < end:
        assert back[0] <= start
        assert back[1] >= end
    start = data.draw(st.integers(0, len(form.text)))
    end = data.draw(st.integers(start, len(form.text)))
    low, high = form.to_original(start, end)
    assert 0 <= low <= high <= len(text)
    if start < end:
        back = form.to_written(low, high)
        assert back[0] <= start
        assert back[1] >= end


@given(ANY)
@settings(max_examples=150, deadline=None)
def test_maps_are_monotone(text: str) -> None:
    form = written_form(text)
    spans = [form.to_original(at, at + 1) for at in range(len(form.text))]
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(spans))
    spans = [form.to_written(at, at + 1) for at in range(len(text))]
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(spans))


def test_outside_edits_the_texts_are_equal() -> None:
    form = WrittenForm.of("call four now", [TextEdit(5, 9, "4")])
    assert form.text == "call 4 now"
    assert form.to_original(5, 6) == (5, 9)
    assert form.to_original(7, 10) == (10, 13)
    assert form.to_written(6, 8) == (5, 6)


def test_repr_hides_the_speech() -> None:
    assert "smith" not in repr(written_form("smith four one oh"))


DRESSED = [
    "\u00b2\u2070\u2076-\u2075\u2075\u2075-\u2070\u00b9\u2074\u00b2",  # superscript
    "\u2082\u2080\u2086-\u2085\u2085\u2085-\u2080\u2081\u2084\u2082",  # subscript
    "\u2461\u24ea\u2465-\u2464\u2464\u2464-\u24ea\u2460\u2463\u2461",  # circled
    "\u0662\u0660\u0666-\u0665\u0665\u0665-\u0660\u0661\u0664\u0662",  # Arabic-Indic
    "\u096c\u0966\u096c-\u096b\u096b\u096b-\u0966\u0967\u096a\u0968",  # Devanagari (606)
    "\uff12\uff10\uff16-\uff15\uff15\uff15-\uff10\uff11\uff14\uff12",  # full width
    "\U0001d7da\U0001d7d8\U0001d7de-\U0001d7dd\U0001d7dd\U0001d7dd-\U0001d7d8\U0001d7d9\U0001d7dc\U0001d7da",
    "".join(c + "\ufe0f\u20e3" if c.isdigit() else c for c in "206-555-0142"),  # keycaps
    "\u246d\u2460\u2463-\u2464\u2464\u2464-\u24ea\u2460\u2463\u2461",  # fourteen in one circle: 1414-555-0142
]


@pytest.mark.parametrize("number", DRESSED)
def test_digits_of_all_kinds_are_read_as_digits(number: str) -> None:
    text = f"please call {number} today"
    form = written_form(text)
    assert re.search(r"\b\d{3,4}-555-0142\b", form.text, re.ASCII)
    at = form.text.index("-555-")
    start, end = form.to_original(at, at + 5)
    assert text[start] == "-" == text[end - 1]
    assert plain_digits(text) == form.text
    low, high = form.to_written(text.index(number), text.index(number) + len(number))
    assert form.text[low:high].endswith("555-0142")


@pytest.mark.parametrize("number", DRESSED)
def test_digits_of_all_kinds_are_found(number: str) -> None:
    text = f"please call me back at {number} thank you"
    (found,) = (f for f in build_detector(ner="none").detect(text) if f.label == "PHONE_NUMBER")
    end = text.index(number) + len(number)
    assert found.start == text.index(number)
    assert found.end <= end
    # A keycap's marks stand behind its digit, in the same word.
    assert all(unicodedata.category(c) in {"Mn", "Me"} for c in text[found.end : end])


def test_dressed_digits_among_spoken_ones() -> None:
    assert written_form("four \u00b9 oh double \u2461").text == "4 1 0 22"
    assert written_form("\u00bd and \u2155 of the x\u00b2").text == "\u00bd and \u2155 of the x2"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("call me at 907 555 or 155.", "call me at 907 555 0 155."),
        ("it is nine oh seven five five five or one two three", "it is 9 0 7 5 5 5 0 1 2 3"),
        ("call 907 555 0101 or 907 555 0102", "call 907 555 0101 or 907 555 0102"),
        ("page 200 or 300, in two or three days", "page 200 or 300, in 2 or 3 days"),
    ],
)
def test_or_is_oh_where_a_number_lacks_a_digit(said: str, written: str) -> None:
    assert written_form(said).text == written
