"""A second reading against the plan: kept words are known, covered ones that are heard are leaks, new ones count if
they are PHI."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shown import cover, plan_of, plans, spoken

from redactor.render import ResidualEvidence, compare, hits
from redactor.render.likeness import likeness
from redactor.render.second_reading import align
from redactor.types import Action, Decision, Finding, TimedText, Transcript

UNSURE = 0.55


def unsure(text: str, *words: str, confidence: float = UNSURE) -> Transcript:
    """A first reading that is not sure of some words."""
    return Transcript.of(
        [TimedText(w.text, w.start, w.end, confidence if w.text in words else w.confidence) for w in spoken(text).words]
    )


SAID = unsure("hi this is Dana Whitlock please call me about the listen pill on Monday thanks", "listen", "pill")
PLAN = plan_of(SAID, covers=(cover(SAID, 3, 5),))
BLEEPS = PLAN.intervals


def heard(text: str, *, late: float = 0.0) -> Transcript:
    """The second reading: a word for each of the plan's, by place; "-" is none."""
    return Transcript.of(
        [
            TimedText(w, max(0.0, 0.4 * i + late), 0.4 * i + 0.3 + late, 0.9)
            for i, w in enumerate(text.split())
            if w != "-"
        ]
    )


def reading(text: str, *, bleeps=BLEEPS, late: float = 0.0, plan=PLAN):
    (one,) = compare(plan, [heard(text, late=late)], bleeps)
    return one


def fresh(one) -> list[str]:
    return [one.transcript.words[k].text for run in one.fresh for k in range(run.first, run.last)]


@pytest.mark.parametrize(
    "text",
    [
        "hi this is - - please call me about the listen pill on Monday thanks",
        "Hi, THIS is - - Please call me about the listen pill on monday, thanks.",
        "hi - is - - - call me - the - pill on - thanks",  # less was heard
        "hi this is Bob Jones please call me about the listen pill on Monday thanks",  # invented in a bleep
        "- - - - - - - - - - - - - - -",
    ],
)
@pytest.mark.parametrize("late", [-0.2, 0.0, 0.3])
def test_what_was_kept_on_purpose_is_known(text, late):
    bleeps = [replace(i, start=i.start + late, end=i.end + late) for i in BLEEPS]
    one = reading(text, late=late, bleeps=bleeps)
    assert not one.fresh
    assert not one.uncovered
    assert one.transcript.text == SAID.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hi this is Dana Whitlock please call me about the listen pill on Monday thanks", ["Dana", "Whitlock"]),
        ("hi this is - Witlock please call me about the listen pill on Monday thanks", ["Witlock"]),
        ("hi this is Diana - please call me about the listen pill on Monday thanks", ["Diana"]),
    ],
)
def test_a_covered_word_that_is_heard_by_text_or_sound_is_uncovered(text, expected):
    one = reading(text, bleeps=())
    assert [w.text for w, _ in one.uncovered] == expected
    assert {label for _, label in one.uncovered} == {"PERSON"}
    assert not one.fresh
    found = hits([one], PLAN)
    assert [h.kind for h in found] == ["uncovered"] * len(expected)


def test_a_covered_number_is_uncovered_by_its_parts():
    said = Transcript.of(
        [TimedText("call", 0.0, 0.4), TimedText("555-013-2204.", 0.5, 3.0), TimedText("bye", 3.1, 3.4)]
    )
    plan = plan_of(said, covers=(cover(said, 1, 2, "PHONE_NUMBER"),))
    other = Transcript.of(
        [
            TimedText("call", 0.0, 0.4),
            TimedText("555-013.", 0.5, 1.6),
            TimedText("2204", 1.8, 3.0),
            TimedText("31", 3.1, 3.3),
        ]
    )
    (one,) = compare(plan, [other], ())
    assert [w.text for w, _ in one.uncovered] == ["555-013.", "2204"]
    assert fresh(one) == ["31"]


def test_what_is_heard_elsewhere_stands_in_the_full_text():
    one = reading("hi this is - - please call me about the lisinopril - on Monday thanks")
    assert fresh(one) == ["lisinopril"]
    assert one.transcript.text == "hi this is Dana Whitlock please call me about the lisinopril on Monday thanks"


def test_words_where_the_plan_has_none_are_put_in_by_time():
    one = reading("hi this is - - please call me about the listen pill on Monday thanks Dana Whitlock")
    assert fresh(one) == ["Dana", "Whitlock"]  # said again, and not near the covered ones
    assert not one.uncovered
    assert one.transcript.text.endswith("thanks Dana Whitlock")


def test_covered_words_part_what_was_heard_before_and_behind_them():
    one = reading("hi there's - - - lease call me about the listen pill on Monday thanks")
    assert fresh(one) == ["there's", "lease"]
    assert one.transcript.text.startswith("hi there's Dana Whitlock lease call")


def test_ways_of_writing_the_same_are_the_same():
    said = spoken("at three thirty the follow-up e-mail voicemail 555 0142")
    other = Transcript.of(
        [
            TimedText(w, *at)
            for w, at in [
                ("at", (0.0, 0.3)),
                ("3", (0.4, 0.7)),
                ("thirty", (0.8, 1.1)),
                ("the", (1.2, 1.5)),
                ("follow", (1.6, 1.7)),
                ("up", (1.75, 1.9)),
                ("email", (2.0, 2.3)),
                ("voice", (2.4, 2.5)),
                ("mail", (2.55, 2.7)),
                ("555-0142", (2.8, 3.4)),
            ]
        ]
    )
    (one,) = compare(plan_of(said), [other], ())
    assert not one.fresh


def again(one, label: str, *words: str, action: Action = Action.REDACT):
    """A plan of the reading's transcript in which each of the words is a finding."""
    text = one.transcript.text
    decisions = [
        Decision(Finding(label, text.index(w), text.index(w) + len(w), 0.9, "test", 0), action, 0.0, 1.0) for w in words
    ]
    return replace(plan_of(one.transcript), decisions=tuple(decisions))


def test_only_phi_in_fresh_words_counts():
    one = reading("hi this is - - please call me about the lisinopril - on Tuesday thanks")
    assert hits([one], again(one, "MEDICATION")) == []
    assert hits([one], again(one, "PERSON", "Dana Whitlock", "hi")) == []  # judged before
    assert hits([one], again(one, "MEDICATION", "lisinopril", action=Action.KEEP)) == []
    (found,) = hits([one], again(one, "MEDICATION", "lisinopril"))
    assert (found.kind, found.label, found.channel) == ("fresh", "MEDICATION", 0)
    assert found.seconds == pytest.approx(0.3)
    assert found.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("evidence", "count"),
    [
        (ResidualEvidence(fresh_seconds=0.29, fresh_confidence=0.89, fresh_replaced=UNSURE + 0.01), 1),
        (ResidualEvidence(fresh_seconds=0.31, fresh_replaced=1.0), 0),
        (ResidualEvidence(fresh_confidence=0.91, fresh_replaced=1.0), 0),
        (ResidualEvidence(fresh_replaced=UNSURE - 0.01), 0),  # the first reader is sure of what it has there
    ],
)
def test_it_takes_evidence(evidence, count):
    one = reading("hi this is - - please call me about the lisinopril - on Monday thanks")
    assert len(hits([one], again(one, "MEDICATION", "lisinopril"), evidence=evidence)) == count


@pytest.mark.parametrize(
    ("confidence", "text", "withheld"),
    [
        (0.4, "hi this is - - please call me about the linden tree on Monday thanks", True),
        (0.4, "hi this is - - please call me about the listen pill on Monday thanks", False),  # both hear the same
        (0.4, "hi this is - - please call me about the listened bill on Monday thanks", False),  # much the same
        (0.4, "hi this is - - please call me about the - pills on Monday thanks", False),
        (0.4, "hi this is - - please call me about the - - on Monday thanks", False),  # nobody hears anything else
        (
            0.9,
            "hi this is - - please call me about the linden tree on Monday thanks",
            False,
        ),  # the first reader is sure
    ],
)
def test_what_the_first_reader_was_unsure_of_and_the_second_hears_differently_is_unclear(confidence, text, withheld):
    said = unsure(SAID.text, "listen", "pill", confidence=confidence)
    plan = plan_of(said, covers=(cover(said, 3, 5),))
    one = reading(text, plan=plan)
    found = hits([one], again(one, "PERSON"))
    assert [h.kind for h in found] == ["unclear"] * withheld


def test_other_channels_are_other_readings():
    left, right = spoken("hi Dana", channel=0), spoken("yes this is she", channel=1)
    plan = plan_of(left, right, covers=(cover(left, 1, 2),))
    one, other = compare(plan, [replace(left), replace(right)], ())
    assert [w.text for w, _ in one.uncovered] == ["Dana"]
    assert not other.uncovered
    assert not other.fresh
    assert compare(plan, [replace(left, channel=7)], ()) == []


@given(plans())
@settings(max_examples=150, deadline=None)
def test_heard_again_word_for_word_nothing_is_fresh_and_no_word_is_lost(made):
    plan, _, _ = made
    for one in compare(plan, plan.speech.transcripts, plan.intervals):
        original = next(t for t in plan.speech.transcripts if t.channel == one.channel)
        assert one.transcript.text == original.text
        assert not one.fresh


WORDS = st.lists(
    st.tuples(st.sampled_from("a b hello Dana Whitlock 5 five clinic".split()), st.floats(0, 20), st.floats(0.05, 1)),
    max_size=12,
)


@given(WORDS, WORDS, st.sets(st.integers(0, 11)))
@settings(max_examples=300, deadline=None)
def test_every_word_of_both_readings_has_its_place_in_order(one, other, covered):
    said, theirs = (
        Transcript.of([TimedText(t, s, s + d) for t, s, d in sorted(words, key=lambda w: w[1])]).words
        for words in (one, other)
    )
    pairs = align(said, theirs, covered)
    assert [i for i, _ in pairs if i is not None] == list(range(len(said)))
    assert [j for _, j in pairs if j is not None] == list(range(len(theirs)))
    for i, j in pairs:
        if i is not None and j is not None:
            assert max(said[i].start - theirs[j].end, theirs[j].start - said[i].end) <= 1.0
            assert i not in covered or likeness(said[i].text, theirs[j].text) >= 0.75


@given(WORDS, st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_a_word_of_the_first_reading_is_dropped_only_for_one_that_was_heard(words, count):
    said = Transcript.of([TimedText(t, s, s + d) for t, s, d in sorted(words, key=lambda w: w[1])])
    (one,) = compare(
        plan_of(said), [Transcript.of([TimedText("unlike", 5.0 * k, 5.0 * k + 0.4) for k in range(count)])], ()
    )
    new = {k for run in one.fresh for k in range(run.first, run.last)}
    assert len(new) == count
    kept = [w.text for i, w in enumerate(one.transcript.words) if i not in new]
    rest = iter(w.text for w in said.words)
    assert all(text in rest for text in kept)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Whitlock", "Witlock", True),
        ("Dana", "Dayna", True),
        ("Nguyen", "Nguyen's", True),
        ("Phillips", "Fillips", True),
        ("Whitlock", "clinic", False),
        ("5550142", "5550143", False),
        ("555-0142", "0142", True),
        ("12", "1234", False),
        ("five", "5", True),
        ("March", "much", False),
    ],
)
def test_likeness(one, other, alike):
    assert (likeness(one, other) >= 0.75) is alike
    assert likeness(one, other) == likeness(other, one)


def test_hours_of_words_take_no_square_of_time():
    many = spoken("so please call me back about the bill " * 1500, pace=0.3)
    (one,) = compare(plan_of(many), [many], ())
    assert not one.fresh


def test_no_repr_shows_what_was_said():
    one = reading("hi this is - Witlock please call me about the lisinopril - on Monday thanks", bleeps=())
    assert not any(w in repr(one) for w in ("Witlock", "lisinopril", "Dana"))
