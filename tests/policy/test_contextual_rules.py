"""The contextual rules on sentences of voicemails. In doubt they redact."""

import pytest
from planned import finding

from redactor.policy.contextual_rules import apply_rule
from redactor.types import Action

FIRST_NAMES = [
    # sentence                                                 what was found      kept
    ("Hi this is Dana Whitlock from Elm Street.", "Dana Whitlock", "Dana"),
    ("This message is for Maria.", "Maria", "Maria"),
    ("calling for maria elena santos lopez please", "maria elena santos lopez", "maria"),
    ("Hi this is Dr. Brunsvold's office.", "Brunsvold's", ""),  # after a title: a family name
    ("this is doctor brunsvold", "brunsvold", ""),
    ("Mister Whitlock, please call us.", "Whitlock", ""),
    ("Mrs. Dana Whitlock, please call us.", "Dana Whitlock", ""),
    ("calling for Dr. Dana Whitlock", "Dr. Dana Whitlock", "Dr."),
    ("a message for Lopez, Maria about Friday", "Lopez, Maria", ""),  # family name first
    ("that is K-I-M", "K-I-M", ""),  # spelled
    ("that is K I M", "K I M", ""),
    ("J. Whitlock called", "J. Whitlock", ""),  # an initial tells nothing
    ("Smith-Jones called", "Smith-Jones", ""),
]


@pytest.mark.parametrize(("text", "name", "kept"), FIRST_NAMES)
def test_keep_first_name(text, name, kept):
    parts = apply_rule("keep-first-name", finding(text, name), text)
    assert [text[f.start : f.end] for f, a in parts if a is Action.KEEP] == ([kept] if kept else [])
    redacted = [text[f.start : f.end] for f, a in parts if a is Action.REDACT]
    assert " ".join([kept, *redacted]).split() == name.split()


NUMBERS = [
    # kept: a number given for calling back
    (True, "Please call us back at 555-0142 before noon."),
    (True, "You can reach me at 555-0142."),
    (True, "You can reach our office at 555-0142."),
    (True, "Our number is 555-0142."),
    (True, "My number again is 555-0142."),
    (True, "My cell is 555-1111, call me at 555-0142."),
    (True, "Give us a call, 555-0142."),
    (True, "to cancel please call 555-0142"),
    (True, "Doctor Kim will see you then. Call 555-0142."),
    (False, "we tried to call 555-0142"),
    (False, "Your daughter's number, the one we call, is 555-0142."),
    (True, "Call the clinic at 555-0142."),
    (True, "call me back on my cell, 555-0142"),
    (True, "The clinic's phone number is 555-0142."),
    (True, "Please call us at 555-1111. Again that is 555-0142."),
    (True, "Your account is due, please call us back at 555-0142."),
    # redacted: somebody else's, not a telephone, or no cue at all
    (False, "I saw 555-0142 on the display."),
    (False, "Your number on file is 555-0142."),
    (False, "We have your cell as 555-0142."),
    (False, "Is your cell phone still 555-0142?"),
    (False, "We will call you back at 555-0142."),
    (False, "I tried calling her at 555-0142."),
    (False, "Her number is 555-0142."),
    (False, "His cell phone number is 555-0142."),
    (False, "The patient's phone number is 555-0142."),
    (False, "Patient John's number is 555-0142."),
    (False, "My mother's number is 555-0142."),
    (False, "Please send it to our fax number 555-0142."),
    (False, "The fax number is 555-0142."),
    (False, "Your account number is 555-0142."),
    (False, "Her medical record number is 555-0142."),
    (False, "The member number is 555-0142."),
    (False, "The claim number is 555-0142."),
    (False, "My social security number is 555-0142."),
    (False, "Call us back at 555-1111. We have your home number as 555-0142."),
]


@pytest.mark.parametrize(("kept", "text"), NUMBERS, ids=lambda v: v if isinstance(v, str) else None)
def test_keep_callback(kept, text):
    [(_, action)] = apply_rule("keep-callback", finding(text, "555-0142", "PHONE_NUMBER"), text)
    assert action is (Action.KEEP if kept else Action.REDACT)


DATES = [
    # kept: when an appointment is                                                        the date
    (True, "This is a reminder of your appointment on March 3rd at ten.", "March 3rd"),
    (True, "You are scheduled for March 3rd.", "March 3rd"),
    (True, "Your appointment with Dr. Smith is on March 3rd.", "March 3rd"),  # "Dr." ends no sentence
    (True, "We moved your visit to 3 p.m. on March 3rd.", "March 3rd"),  # nor does "p.m."
    (True, "We can see you at nine. Thank you.", "nine"),
    (
        True,
        "hello this is the clinic we have an opening on march third at ten call us",
        "march third",
    ),  # no full stops at all
    # redacted
    (False, "She was admitted on March 3rd.", "March 3rd"),
    (False, "Your appointment is confirmed. She was admitted on March 3rd.", "March 3rd"),
    (False, "My date of birth is March 3rd.", "March 3rd"),
    (False, "For my appointment, I was born March 3rd.", "March 3rd"),
    (False, "For your appointment confirm the D.O.B. March 3rd with us.", "March 3rd"),
    (False, "Confirm the d.o.b. March 3rd before your visit.", "March 3rd"),
    (False, "I need your date of birth. March 3rd is what we have for your visit.", "March 3rd"),  # the stop is a pause
    (False, "About your appointment, it says March 3rd, 1962 here.", "March 3rd, 1962"),
    (False, "about your appointment it says march third nineteen sixty two", "march third nineteen sixty two"),
]


@pytest.mark.parametrize(("kept", "text", "date"), DATES, ids=lambda v: v if isinstance(v, str) else None)
def test_keep_appointment(kept, text, date):
    [(_, action)] = apply_rule("keep-appointment", finding(text, date, "DATE_TIME"), text)
    assert action is (Action.KEEP if kept else Action.REDACT)


def test_a_recognizer_for_birth_dates_is_trusted():
    text = "Your appointment is on March 3rd."
    born = finding(text, "March 3rd", "DATE_TIME", source="DateOfBirthRecognizer")
    assert apply_rule("keep-appointment", born, text) == [(born, Action.REDACT)]


def test_an_appointment_word_far_away_in_an_endless_sentence_does_not_count():
    text = "appointment " + "and " * 30 + "March"
    assert apply_rule("keep-appointment", finding(text, "March", "DATE_TIME"), text)[0][1] is Action.REDACT


@pytest.mark.parametrize("rule", ["redact", "keep", "flag"])
def test_plain_rules_ask_nothing(rule):
    f = finding("Hi Dana", "Dana")
    assert apply_rule(rule, f, "Hi Dana") == [(f, Action(rule))]
