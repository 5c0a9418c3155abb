"""The script notation."""

import pytest

from sample_audio.markup import parse, read_out


def test_spans_offsets_and_spoken_words() -> None:
    script = parse("Hi, it's\n[PERSON|Dana {Kim}], call [PHONE_NUMBER|{555-0142}] <2> on [DATE_TIME?|Monday].")
    assert script.text == "Hi, it's Dana Kim, call 555-0142 on Monday."
    assert [(script.text[s.start : s.end], s.label, s.tier) for s in script.spans] == [
        ("Dana Kim", "PERSON", "must"),
        ("555-0142", "PHONE_NUMBER", "must"),
        ("Monday", "DATE_TIME", "may"),
    ]
    spoken = {word.text: word.spoken for word in script.words}
    assert spoken["555-0142"] == ("five", "five", "five,", "oh", "one", "four", "two")
    assert spoken["Kim,"] == ("K", "I", "M,")
    assert [[word.text for word in sentence][-1] for sentence in script.sentences()] == ["555-0142", "Monday."]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("206-555-0100", "two zero six, five five five, zero one zero zero"),
        ("K-I-M", "K I M"),
        ("D-520-7714", "D, five two zero, seven seven one four"),
    ],
)
def test_read_out(written: str, spoken: str) -> None:
    assert read_out(written, zero="zero") == spoken


@pytest.mark.parametrize("source", ["[PERSON|Dana", "Dana]", "[PERSON|[CITY|Rome]]", "call 911", "{a b=c} x {d"])
def test_broken_notation_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(source)
