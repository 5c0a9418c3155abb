"""Who calls whom, what for, and which number is whose: as marks and capitals give it, and without any."""

import pytest

from redactor.doors.audit.hearing import digits_of
from redactor.policy.sent import Circumstances, Message, audit, load_rules
from redactor.policy.sent.case import near_number, same_number
from redactor.policy.sent.parts import on_list, same_name
from redactor.types import TimedText, Transcript


def parts(text, detector):
    transcript = Transcript.of(TimedText(w, n * 0.4, n * 0.4 + 0.3) for n, w in enumerate(text.split()))
    found = next(iter(detector.search([transcript])))
    result = audit(Message("0", (transcript,), tuple(found), 30.0, digits_of=digits_of), Circumstances(), load_rules())
    said = {}
    for p in result.parts:
        said.setdefault(p.name, p.evidence.text.lower().strip(".,!'"))
    return result.kind.value, said


@pytest.mark.parametrize(
    ("text", "kind", "patient", "caller", "practice"),
    [
        ("Hi Maria, this is Karen from Lakeside Family Practice. Please call us back at 206-555-0142.", "callback", "maria", "karen", "lakeside family practice"),
        ("hi maria this is karen from lakeside family practice please call us back at two oh six five five five oh one four two", "callback", "maria", "karen", "lakeside family practice"),
        ("this message is for denise it's tom over at northgate medical group you have an appointment on tuesday at nine call 206 555 0142", "appointment", "denise", "tom", "northgate medical group"),
        ("my name is Rita and I'm calling from Cedar Hollow Clinic for Marcus. Your prescription is ready. Call 206-555-0142.", "refill", "marcus", "rita", "cedar hollow clinic"),
        ("Hello Ms. Whitaker, this is Dr. Patel's office. We are closed on Friday.", "other", "whitaker", None, "patel's office"),
        ("hi there linda paula here from maple grove clinic give us a call", "callback", "linda", "paula", "maple grove clinic"),
    ],
)  # fmt: skip
def test_parts_and_kind(text, kind, patient, caller, practice, detector):
    got, said = parts(text, detector)
    assert got == kind
    assert said.get("patient") == patient
    assert said.get("caller") == caller
    assert practice in said["practice"]
    assert ("callback" in said) == ("0142" in text or "one four two" in text)


def test_whose_a_number_is(detector):
    _, said = parts("Hi Maria, we tried your cell at 206-555-0177. Please call us back at 206-555-0142.", detector)
    assert said["callback"] == "206-555-0142"
    _, said = parts("Hi Maria, this is Karen. We have your home phone as 206-555-0177.", detector)
    assert "callback" not in said


@pytest.mark.parametrize(
    ("heard", "listed", "same"),
    [
        ("2065550142", "206-555-0142", True),
        ("12065550142", "(206) 555-0142", True),
        ("5550142", "206-555-0142", True),
        ("206555014212", "206-555-0142", True),
        ("2065550143", "206-555-0142", False),
        ("5550143", "206-555-0142", False),
        ("", "206-555-0142", False),
        ("0142", "206-555-0142", False),
    ],
)
def test_numbers_are_compared_by_digits(heard, listed, same):
    assert same_number(heard, listed) is same


def test_a_number_nearly_heard():
    assert near_number("2065550143", "206-555-0142")
    assert near_number("206555142", "206-555-0142")
    assert not near_number("2065550199", "206-555-0142")
    assert not near_number("3125550199", "206-555-0142")


def test_spoken_numbers_are_read_with_their_correction():
    assert digits_of("two oh six five five five oh one four two") == "2065550142"
    assert digits_of("five five five oh one four two no wait five five five oh one nine nine")[-7:] == "5550199"


def test_names_are_compared_as_far_as_recognition_can_be_trusted():
    assert same_name("karin", "Karen Miller")
    assert not same_name("robert", "Maria Lopez")
    assert on_list("lakeside cardiology", ["Lakeside Cardiology"])
    assert not on_list("lakeside", ["Lakeside Cardiology"])


def test_an_incoming_message_is_not_audited():
    with pytest.raises(ValueError, match="sent"):
        audit(Message("0", ()), Circumstances(direction="in"), load_rules())
