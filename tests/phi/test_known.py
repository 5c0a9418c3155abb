"""Known names and numbers in transcripts: what is covered, by whom it is known, and what stays talk."""

import pickle
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.phi import KnownParties, KnownParty, build_detector, names_of
from redactor.phi.gazetteers import words
from redactor.phi.known_numbers import KnownNumbers, errors_allowed
from redactor.phi.spoken import written_form
from redactor.types import IDENTIFIERS, TimedText, Transcript

SURE = 0.95


def spoken(text, confidence=SURE, unsure=(), guess=0.4):
    """A transcript; the words in `unsure` are guesses."""
    said = text.split()
    timed = [
        TimedText(w, n / 2, n / 2 + 0.4, guess if w.strip(".,") in unsure else confidence) for n, w in enumerate(said)
    ]
    return Transcript.of(timed)


def hits(parties, transcript, *, own=True):
    found = KnownParties(parties, own=own).find(transcript.words, written_form(transcript.text))
    return sorted({(f.label, transcript.text[f.start : f.end]) for f in found})


def person(name, **rest):
    return KnownParty("patient", name, **rest)


# Names.


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    ("name", "text", "covered"),
    [
        ("Dana Whitlock", "so then whitlock said he would call", "whitlock"),
        ("Dana Whitlock", "it was Whitlock's idea", "Whitlock's"),
        ("Whitlock, Dana", "we saw Whitlock there", "Whitlock"),
        ("Dr. Ngozi Okafor, MD", "and then Okafor came by", "Okafor"),
        ("Jos\u00e9 Nu\u00f1ez", "and Nunez came by", "Nunez"),
        ("Siobhan O'Donnell", "the O\u2019Donnell chart", "O\u2019Donnell"),
        ("Anna Smith-Okoye", "and okoye came by", "okoye"),
        ("Mr. Adeyemi's", "and Adeyemi came by", "Adeyemi"),
    ],
)
def test_exact_names_are_found_anywhere(own, name, text, covered):
    assert ("PERSON", covered) in hits([person(name)], spoken(text), own=own)


@pytest.mark.parametrize(
    ("name", "text", "unsure", "covered"),
    [
        ("Maria Quanti", "I am calling about kwan tee and her pills", (), "kwan tee"),
        ("Alcide Broussard", "I talked to my brother all side about it", (), "all side"),
        ("Anjali Rao", "and my daughter is a jolly row", ("row",), "a jolly row"),
        ("Preston Hale", "and it needs to say press a need on", ("press", "a", "need"), "press a need on"),
        ("Mei Lin", "have Meylin call us", (), "Meylin"),
        ("Wilma Jean Thibodeaux", "this goes to Wilma Jean tibbedoe today", (), "Wilma Jean tibbedoe"),
    ],
)
def test_names_of_the_recording_are_found_by_sound(name, text, unsure, covered):
    found = hits([person(name)], spoken(text, unsure=unsure))
    at = {word for _, part in found for word in part.split()}
    assert set(covered.split()) <= at, found


def test_a_practice_is_found_by_name_and_by_its_own_part():
    practice = [KnownParty("practice", "Cedar Hollow Pediatrics")]
    assert hits(practice, spoken("I call from Cedar Hall of Pediatrics today"))[0][0] == "ORGANIZATION"
    assert hits(practice, spoken("we went to cedar hollow for it"), own=False) == [("ORGANIZATION", "cedar hollow")]
    assert hits(practice, spoken("the pediatrics clinic called")) == []


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "I may come in May and I will hope for the best",
        "I hope you will call me back, and I will be there on May 5th",
        "please let me know what the price will be",
        "he will grant it and I hope so",
        "It may rain. May I come in? Will you call?",
        "this will do, and this may help",
    ],
)
def test_names_that_are_words_do_not_cover_ordinary_uses(own, text):
    parties = [person("May Price"), person("Will Hope"), person("Grant Best"), person("Hope Young")]
    assert hits(parties, spoken(text), own=own) == []


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("hi this is Hope calling", "Hope"),
        ("ask doctor Young about it", "Young"),
        ("I saw hope young there", "young"),
    ],
)
def test_names_that_are_words_count_after_a_cue_or_beside_the_rest(text, covered):
    parties = [person("Hope Young"), person("Dana Hope Young")]
    assert any(covered in part.split() for _, part in hits(parties, spoken(text)))


def test_confidence_decides_between_like_sounds():
    assert hits([person("Alcide")], spoken("we took the outside road")) == []
    assert hits([person("Alcide")], spoken("we took the alsight road", unsure=("alsight",)))
    assert hits([person("Preston")], spoken("he printed it and pressed it twice")) == []


def test_a_directory_needs_more_than_the_recording_itself():
    text = spoken("my daughter is a jolly row", unsure=("row",))
    assert hits([person("Anjali Rao")], text)
    assert hits([person("Anjali Rao")], text, own=False) == []


def test_words_of_another_sentence_are_no_part_of_a_name():
    assert hits([person("Maria Quanti")], spoken("he saw kwan tee times")) == [("PERSON", "kwan tee")]
    assert "Tee" not in str(hits([person("Maria Quanti")], spoken("he saw Kwan. Tee times are at noon")))


LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=10)


@settings(max_examples=60, deadline=None)
@given(given_name=LETTERS, surname=LETTERS, before=st.lists(LETTERS, max_size=5), own=st.booleans())
def test_a_name_that_is_said_is_always_covered(given_name, surname, before, own):
    """Whatever the name, its two parts side by side are covered after a cue."""
    transcript = spoken(" ".join([*before, "my name is", given_name, surname]))
    index = KnownParties([person(f"{given_name} {surname}")], own=own)
    covered = set()
    for found in index.find(transcript.words, written_form(transcript.text)):
        covered.update(range(found.start, found.end))
    for word in transcript.words[-2:]:
        is_word = word.text in words("common_words") | words("function_words")
        assert is_word or set(range(word.char_start, word.char_end)) <= covered


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=6), st.text(max_size=60))
def test_any_text_and_any_name_give_spans_inside_the_text(names, text):
    transcript = spoken(text)
    for own in (True, False):
        index = KnownParties([person(name, phone=name, email=name, address=name) for name in names], own=own)
        for found in index.find(transcript.words, written_form(transcript.text)):
            assert 0 <= found.start < found.end <= len(transcript.text)
            assert 0.6 < found.score <= 1


def test_plain_talk_is_left_to_a_directory_of_common_names():
    first, last = sorted(words("first_names"))[::25], sorted(words("surnames"))[::64]
    directory = [person(f"{a} {b}") for a, b in zip(first, last, strict=False)]
    assert len(directory) > 450
    text = (
        "hello I just wanted to let you know that the pharmacy still needs something from your office before they can "
        "send the rest of it so if somebody could look at that this morning it would be a great help thank you and "
        "have a good day I will be around until about noon and after that you can leave it with my neighbor"
    )
    assert hits(directory, spoken(text), own=False) == []


def test_names_are_read_as_people_write_them():
    assert names_of(person("Whitlock, Dana R.")) == ("dana", "whitlock")
    assert names_of(person("Dr. Dana Whitlock, MD")) == ("dana", "whitlock")
    assert names_of(person("Dana Whitlock Jr.")) == ("dana", "whitlock")
    assert names_of(KnownParty("practice", "St. Mary's Clinic")) == ("st", "mary", "clinic")


# Numbers.


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    "said",
    [
        "410-555-0142",
        "four one oh five five five oh one four two",
        "4 1 0 5 5 5 0 1 4",
        "410 uh five five five zero one 42",
        "410-565-0143",
        "5550142",
        "9 9 410 555 0142",
    ],
)
def test_a_known_phone_number_is_found_in_any_groups_and_with_errors(own, said):
    found = hits([person("", phone="(410) 555-0142")], spoken(f"the paper shows {said} for her"), own=own)
    assert [label for label, _ in found] == ["PHONE_NUMBER"]


def test_ids_and_emails_have_their_labels():
    party = [person("", id="MRN 8841-7720", email="dombrowski.k@example.com", address="12 Pecan Ridge Road, Millbrook")]
    assert hits(party, spoken("it says 88417720 here")) == [("OTHER_ID", "88417720")]
    assert hits(party, spoken("send it to dombrowski k at the usual place"))[0][0] == "EMAIL_ADDRESS"
    assert hits(party, spoken("we live up on pecan ridge now")) == [("LOCATION", "pecan ridge")]


def test_a_part_of_a_number_is_enough_for_the_recording_itself():
    text = spoken("the last four are 0142 I think")
    assert hits([person("", phone="410-555-0142")], text) == [("PHONE_NUMBER", "0142")]
    assert hits([person("", phone="410-555-0142")], text, own=False) == []


def test_other_numbers_stay():
    party = [person("", phone="410-555-0142", id="7731")]
    assert hits(party, spoken("take 2 pills at 10 and 40 units, the year was 1987, and room 7732")) == []


@settings(max_examples=200, deadline=None)
@given(
    number=st.text("0123456789", min_size=4, max_size=14),
    around=st.tuples(st.text("0123456789", max_size=6), st.text("0123456789", max_size=6)),
    data=st.data(),
)
def test_digits_that_differ_or_are_lost(number, around, data):
    """A number counts at any position in a run, with as many wrong or lost digits as are allowed."""
    changed = list(number)
    for at in data.draw(
        st.lists(st.integers(0, len(number) - 1), unique=True, max_size=errors_allowed(len(number))), label="wrong"
    ):
        changed[at] = data.draw(st.sampled_from(["", *"0123456789"]))
    text = f"so {around[0]}{''.join(changed)}{around[1]} it is"
    assert KnownNumbers([("OTHER_ID", number)], parts=False).find(text)


# In the detector.


def test_findings_are_resolved_together_with_all_others():
    detector = build_detector(labels=IDENTIFIERS, ner="none")
    transcript = spoken("hi this is Dana Whitlock and the kwan tee chart is with 4105550142")
    known = KnownParties([person("Maria Quanti", phone="410-555-0142")], own=True)
    (with_it,) = detector.search([transcript], known=[known])
    (without,) = detector.search([transcript])
    texts = {transcript.text[f.start : f.end]: f.label for f in with_it}
    assert texts["kwan tee"] == "PERSON"
    assert "kwan tee" not in {transcript.text[f.start : f.end] for f in without}
    assert {"Dana Whitlock", "4105550142"} <= set(texts)
    assert all(a.end <= b.start for a, b in pairwise(with_it))


def test_without_context_nothing_changes():
    detector = build_detector(labels=IDENTIFIERS, ner="none")
    several = [spoken("hi this is Dana Whitlock"), spoken("call 4105550142")]
    assert list(detector.search(several)) == list(detector.search(several, known=[None, None]))


def test_labels_that_are_not_wanted_are_dropped():
    detector = build_detector(labels=["PHONE_NUMBER"], ner="none")
    known = KnownParties([person("Maria Quanti")], own=True)
    assert list(detector.search([spoken("the quanti chart")], known=[known])) == [()]


# Privacy and speed.


def test_nothing_known_is_shown():
    party = person("Dana Whitlock", phone="410-555-0142", id="88417720", email="dana@x.org", address="12 Pecan Ridge")
    index = KnownParties([party], own=True)
    for shown in (repr(party), repr(index), str(index), repr([index])):
        assert not any(value in shown for value in ("Dana", "Whitlock", "0142", "8841", "dana@", "Pecan"))
    assert "Whitlock" not in repr(pickle.loads(pickle.dumps(party)))


def test_the_search_in_a_directory_is_fast():
    first, last = sorted(words("first_names")), sorted(words("surnames"))
    people = [person(f"{first[n * 7 % len(first)]} {last[n * 11 % len(last)]}") for n in range(500)]
    index = KnownParties(people, own=False)
    transcript = spoken("hello this is somebody from the office and I need a refill of the medicine " * 7)
    form = written_form(transcript.text)
    list(index.find(transcript.words, form))
    spent = []
    for _ in range(5):
        began = time.perf_counter()
        list(index.find(transcript.words, form))
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.025  # 2 to 3 ms, and room for a slow machine
