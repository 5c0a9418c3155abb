"""Words of low confidence: covered where something identifying is said, left alone elsewhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactor.phi import Detector, build_detector
from redactor.phi.low_confidence import low_confidence_findings
from redactor.types import Finding, TimedText, Transcript


@pytest.fixture(scope="module")
def patterns() -> Detector:
    return build_detector(ner="none")


def transcript(marked: str, channel: int = 0) -> Transcript:
    """Words marked with ? have a low confidence."""
    return Transcript.of(
        [
            TimedText(word.removesuffix("?"), n / 2, n / 2 + 0.4, 0.2 if word.endswith("?") else 0.95)
            for n, word in enumerate(marked.split())
        ],
        channel=channel,
    )


@pytest.mark.parametrize(
    ("marked", "covered"),
    [
        ("hi my name is gar? bolled? and i have a question", {"gar", "bolled"}),
        ("this is doctor clock? about the results", {"clock"}),
        ("this is some? thing? about the results", {"some", "thing"}),
        ("hi this is dana wet? lock? calling", {"dana", "wet", "lock"}),
        ("call me at four one oh drive? five five one two", {"drive", "four", "two"}),
        ("my date of birth is murk? for? tense?", {"murk", "for", "tense"}),
        ("the member number is seen? ate? one", {"seen", "ate"}),
        ("hi this is used? to this? blackwood? and i have a question", {"used", "to", "this", "blackwood"}),
        ("she lives at 48 Juniper Terrace. No? problem.? She tested negative", {"No", "problem."}),
        ("who is at 48? in Millbrook and needs a ride", {"48", "in"}),
        ("we are in the older? ridge medical building fourth floor", {"older", "ridge", "building"}),
        ("march from demo? tool and die i'm on the line", {"demo", "tool", "die"}),
        ("You are wrong. It's no? witlock,? I called before.", {"no", "witlock,"}),
        ("wait? in? a? cent? calling from work", {"wait", "in", "a", "cent"}),
        ("switching from searcher? line? to something else", {"searcher"}),
        ("I'm calling for my brother outside.? He has a question.", {"outside."}),
        ("my name is Helena Abernathy, DRZ.? You know me.", {"DRZ."}),
        ("the quarter? zone? shot did nothing", {"quarter", "shot"}),
        ("i am calling for en? catch-eye? ends.? I hope", {"en", "catch-eye", "ends."}),
        ("the drug is ticker? grower? at night", {"ticker", "grower"}),
        ("at copper? line? health plan today", {"copper", "health", "plan"}),
        ("give it your best? shot today", set()),
        ("the new? medical building is closed", set()),
        ("hi? there? i'm? calling about the form", set()),
        ("It's cold? outside? today and it snows", set()),
        ("she is in? the? waiting? room", set()),
        ("we are at 48 Juniper Terrace. Thank? you for calling back.", set()),
        ("i take the? little? white? pill every day", set()),
        ("we close at five thirty? today?", set()),
    ],
)
def test_covers_words_of_low_confidence_in_context_only(patterns: Detector, marked: str, covered: set[str]) -> None:
    said = transcript(marked)
    found = next(iter(patterns.search([said])))
    words = {w.text for w in said.words if any(f.start < w.char_end and f.end > w.char_start for f in found)}
    assert covered <= words
    if not covered:
        assert not words & set(re.findall(r"(\S+)\?", marked))


def test_confident_words_change_nothing_and_channels_are_kept(detector: Detector) -> None:
    texts = ["hi this is dana whitlock call me at four one oh five five five oh one four two", "", "see you soon"] * 2
    said = [transcript(text, channel=n % 2) for n, text in enumerate(texts)]
    together = list(detector.search(iter(said), batch_size=4))
    assert [[(f.label, f.start, f.end) for f in found] for found in together] == [
        [(f.label, f.start, f.end) for f in detector.detect(text)] for text in texts
    ]
    assert all(f.channel == t.channel for t, found in zip(said, together, strict=True) for f in found)
    assert together == [next(detector.search([t])) for t in said]


@pytest.mark.parametrize(
    ("marked", "covered"),
    [
        ("she tested positive for hepatitis c and she needs her softest? fever? this week", {"softest", "fever"}),
        ("i ran out of my lice? in? april? yesterday", {"lice", "april"}),
        ("she is allergic to soft? as? beaver? i think", {"soft", "as", "beaver"}),
        ("he was diagnosed with die? ever? tick? u? and is fine", {"die", "tick"}),
        ("she has hepatitis t and? a cough", {"t"}),
        ("hello it is rosa the mother of boys? who? learned? and", {"boys", "learned"}),
        ("call me at 716. 5555? or? 171. thanks", {"or", "171."}),
        ("my insurance number is age? 552. 901a,? okay", {"age", "901a,"}),
        ("for dana, who lives at 48 juniper? tears,? no? work. she", {"48", "juniper", "tears,"}),
        ("she has hepatitis c and she needs her office? beaver? this week", {"office", "beaver"}),
        ("i am returning your call about my call? inoscopy? thanks", {"call", "inoscopy"}),
        ("she takes methotrexate for her nematoid? arthritis and", {"nematoid"}),
        ("that is the? zielinski? please", {"the", "zielinski"}),
        ("i need my appointment? this week for diabetes", set()),
        ("please call us about your visit? today", set()),
        ("we are open at 9 today? and? tomorrow?", set()),
        ("i am taking the bus? to see you", set()),
    ],
)
def test_covers_what_was_misheard_where_only_such_a_thing_is_said(
    patterns: Detector, marked: str, covered: set[str]
) -> None:
    said = transcript(marked)
    found = next(iter(patterns.search([said])))
    words = {w.text for w in said.words if any(f.start < w.char_end and f.end > w.char_start for f in found)}
    assert covered <= words
    if not covered:
        assert not words & set(re.findall(r"(\S+)\?", marked))


_SAID = st.sampled_from(
    "first number is my id 555 -0142, 4 b t. call me at phone hepatitis lives 48 juniper, mother of takes her needs oh "
    "two-two and ... é".split()
)


@settings(max_examples=200)
@given(st.lists(st.tuples(_SAID, st.floats(0, 1)), min_size=1, max_size=30), st.data())
def test_findings_lie_inside_any_text(words: list[tuple[str, float]], data: st.DataObject) -> None:
    said = Transcript.of([TimedText(w, n / 2, n / 2 + 0.4, c) for n, (w, c) in enumerate(words)], channel=0)
    runs = data.draw(
        st.lists(
            st.tuples(
                st.integers(0, len(words) - 1), st.sampled_from(["PERSON", "CONDITION", "PHONE_NUMBER", "LOCATION"])
            ),
            max_size=4,
        )
    )
    findings = [
        Finding(label, said.words[n].char_start, said.words[n].char_end, 0.9, "test") for n, label in sorted(runs)
    ]
    for found in low_confidence_findings(said.words, findings):
        assert 0 <= found.start < found.end <= len(said.text)
