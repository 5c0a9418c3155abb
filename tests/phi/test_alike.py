"""The same and sound-alike words of a phrase, in the words of a recording."""

import pytest

from redactor.phi.alike import alike
from redactor.types import TimedText, Transcript


def found(sought, text, *, guessed=()):
    timed = [TimedText(w, i * 0.4, i * 0.4 + 0.4, 0.3 if w in guessed else 0.9) for i, w in enumerate(text.split())]
    words = Transcript.of(timed).words
    return [(" ".join(w.text for w in words[a.first : a.last]), a.same) for a in alike(sought.split(), words)]


@pytest.mark.parametrize(
    ("sought", "text", "expected"),
    [
        ("Whitlock", "this is Dana Whitlock again, Whitlock.", [("Whitlock", True), ("Whitlock.", True)]),
        ("Whitlock", "ask for Whitlock's chart", [("Whitlock's", True)]),
        ("practice", "the practice is closed, call the practice", [("practice", True), ("practice", True)]),
        ("555-0142", "call 555-0142 or 555-0143", [("555-0142", True)]),
        ("A1C", "your A1c is a 1 c", [("A1c", True)]),
        # Parts of a name, but not the everyday words of a phrase.
        ("Dana Whitlock", "Dana, please ask Whitlock, not Dana Whitlock", None),
        ("the Larkfield office", "Larkfield has an office and the other office", [("Larkfield", True)]),
        # Function words are everywhere.
        ("it is", "it is what it is", []),
        ("", "anything", []),
        ("Whitlock", "", []),
        ("...", "what ... is", []),
    ],
)
def test_the_same_words(sought, text, expected):
    if expected is None:
        expected = [("Dana,", True), ("Whitlock,", True), ("Dana Whitlock", True)]
    assert found(sought, text) == expected


@pytest.mark.parametrize(
    ("sought", "text", "heard"),
    [
        ("Whitlock", "this is Dana Whitlok calling", "Whitlok"),
        ("Brunsvold", "doctor Bruns Vold will see you", "Bruns Vold"),
        ("metformin", "your met forming is ready", "met forming"),
    ],
)
def test_words_that_sound_alike(sought, text, heard):
    assert (heard, False) in found(sought, text, guessed=heard.split())


def test_what_only_begins_alike_is_left():
    assert found("Whitlock", "please call us back when you can, we will be here until five") == []
