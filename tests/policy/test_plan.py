"""Findings → Plan: nothing to be redacted stays audible, and any doubt withholds the recording."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned import DEIDENTIFY, finding, findings_in, recording, speech, spoken, transcripts

from redactor.errors import UnlocatedFinding, UntranscribedSpeech
from redactor.policy import load_policy, make_plan, with_echoes
from redactor.policy.word_spans import covered_words
from redactor.types import UNTRANSCRIBED, Action, Finding, Interval, KeyTone, TimedText, Transcript, Unheard

DURATION = 10.0


@st.composite
def cases(draw):
    """A recording of one or two channels, its transcripts, and findings."""
    same_as = draw(st.sampled_from([(0,), (0, 1), (0, 0), (1, 1), (0, 1, 0)]))
    heard = [draw(transcripts(channel=c)) for c in sorted(set(same_as))]
    found = [f for t in heard for f in draw(findings_in(t))]
    unheard = draw(
        st.lists(
            st.builds(
                Unheard,
                st.sampled_from(range(len(same_as))),
                st.floats(-1, 12),
                st.floats(-1, 12),
                st.sampled_from(["speech", "sound"]),
            ),
            max_size=2,
        )
    )
    key_tones = draw(
        st.lists(
            st.builds(KeyTone, st.sampled_from(range(len(same_as))), st.floats(-1, 12), st.floats(-1, 12)), max_size=3
        )
    )
    policy = DEIDENTIFY.with_changes(padding=draw(st.sampled_from([0.0, 0.1, 0.25, 2.0])))
    said = speech(*heard, same_as=same_as, unheard=tuple(unheard), key_tones=tuple(key_tones))
    return recording(DURATION, len(same_as)), said, found, policy


@settings(max_examples=80)
@given(cases())
def test_all_of_a_covered_words_time_is_bleeped_on_every_channel_that_carries_it(case):
    rec, said, found, policy = case
    plan = make_plan(rec, said, found, policy)
    for channel, twin in enumerate(said.same_as):
        mine = [i for i in plan.intervals if i.channel == channel]
        # Sorted, apart, inside the recording.
        assert all(0 <= i.start < i.end <= DURATION for i in mine)
        assert all(a.end < b.start for a, b in itertools.pairwise(mine))
        transcript = next(t for t in plan.speech.transcripts if t.channel == twin)
        covers = [c for c in plan.covers if c.channel == twin]
        for f in (f for f in found if f.channel == twin):
            first, last = covered_words(transcript.words, f.start, f.end)
            assert first < last
            for i in range(first, last):
                word = transcript.words[i]
                assert any(c.first <= i < c.last and f.label in c.labels for c in covers)
                assert any(b.start <= word.start and word.end <= b.end and f.label in b.labels for b in mine)
        for u in (u for u in (*said.unheard, *said.key_tones) if said.same_as[u.channel] == twin):
            start, end = (min(max(t, 0.0), DURATION) for t in sorted((u.start, u.end)))
            assert start == end or any(b.start <= start and end <= b.end for b in mine)
        # Covers never share a word, and stand in the order of the text.
        runs = [(c.first, c.last) for c in covers if c.first < c.last]
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(runs))
    assert plan.intervals == tuple(sorted(plan.intervals, key=lambda i: (i.channel, i.start)))
    assert all(0 <= d.start < d.end <= DURATION for d in plan.decisions)


@given(cases())
def test_a_plan_is_the_same_whatever_the_order_of_findings(case):
    rec, said, found, policy = case
    one, other = make_plan(rec, said, found, policy), make_plan(rec, said, found[::-1], policy)
    assert [(c.first, c.last, set(c.labels)) for c in one.covers] == [
        (c.first, c.last, set(c.labels)) for c in other.covers
    ]
    assert [(i.channel, i.start, i.end) for i in one.intervals] == [
        (i.channel, i.start, i.end) for i in other.intervals
    ]


TEXT = "Hi this is Dana Whitlock about the metformin thanks"


def plan_of(*found: Finding, policy=DEIDENTIFY, text: str = TEXT, **speech_settings):
    return make_plan(recording(), speech(spoken(text), **speech_settings), found, policy)


def test_a_plain_plan():
    plan = plan_of(finding(TEXT, "Dana Whitlock"), finding(TEXT, "metformin", "MEDICATION"))
    assert [(c.first, c.last, c.label) for c in plan.covers] == [(3, 5, "PERSON"), (7, 8, "MEDICATION")]
    assert [(round(i.start, 3), round(i.end, 3)) for i in plan.intervals] == [(0.99, 2.05), (2.66, 3.25)]
    assert plan.bleeped_seconds == pytest.approx(1.65)
    assert plan.policy == "deidentify/1"


def test_words_that_two_findings_share_become_one_run_named_by_the_best():
    plan = plan_of(
        finding(TEXT, "Dana Whitlock", "ORGANIZATION", score=0.5), finding(TEXT, "Whitlock about", score=0.8)
    )
    assert [(c.first, c.last, c.label, c.labels) for c in plan.covers] == [(3, 6, "PERSON", ("PERSON", "ORGANIZATION"))]


def test_a_kept_name_that_another_finding_redacts_is_redacted():
    policy = load_policy("minimum-necessary")
    plan = plan_of(finding(TEXT, "Dana Whitlock"), finding(TEXT, "Dana", "EMAIL_ADDRESS"), policy=policy)
    assert {i for c in plan.covers for i in range(c.first, c.last)} == {3, 4}


@pytest.mark.parametrize(
    ("pieces", "covered"),
    [
        (["Dana", "Whitlock"], {4}),  # two findings for one name: the second is no first name
        (["Dana", "Dana Whitlock"], {4}),
        (["Dana Whitlock", "Whitlock"], {4}),
        (["Whitlock", "Dana"], {4}),
    ],
)
def test_one_name_in_two_findings_keeps_its_first_word_only(pieces, covered):
    plan = plan_of(*(finding(TEXT, p) for p in pieces), policy=load_policy("minimum-necessary"))
    assert {i for c in plan.covers for i in range(c.first, c.last)} == covered


def test_flagged_findings_are_listed_and_left():
    plan = plan_of(finding(TEXT, "metformin", "MEDICATION"), policy=load_policy("identifiers"))
    assert [d.action for d in plan.decisions] == [Action.FLAG]
    assert not plan.covers
    assert not plan.intervals


def test_findings_below_min_score_are_ignored():
    policy = DEIDENTIFY.with_changes(min_score=0.5)
    assert not plan_of(finding(TEXT, "Dana", score=0.49), policy=policy).decisions
    assert plan_of(finding(TEXT, "Dana", score=0.5), policy=policy).covers
    # A score that is no number says nothing: the finding counts.
    assert plan_of(finding(TEXT, "Dana", score=float("nan")), policy=policy).covers


NOWHERE = [
    Finding("PERSON", 0, 2, 0.9, "test", channel=1),  # a channel that was not recognised
    Finding("PERSON", 2, 3, 0.9, "test"),  # the blank between two words
    Finding("PERSON", 5, 5, 0.9, "test"),  # empty
    Finding("PERSON", 9, 3, 0.9, "test"),  # inverted
    Finding("PERSON", -4, 2, 0.9, "test"),  # before the text
    Finding("PERSON", 40, 400, 0.9, "test"),  # beyond the text
]


@pytest.mark.parametrize("nowhere", NOWHERE, ids=lambda f: f"{f.channel}:{f.start}-{f.end}")
def test_a_finding_without_a_place_stops_the_recording(nowhere):
    with pytest.raises(UnlocatedFinding) as caught:
        plan_of(finding(TEXT, "Dana"), nowhere)
    assert caught.value.exit_code == 3


def test_unheard_speech_withholds_the_recording_or_is_bleeped():
    lost = (Unheard(0, 4.0, 6.0, "speech"),)
    with pytest.raises(UntranscribedSpeech, match=r"2\.0 s"):
        plan_of(unheard=lost, policy=load_policy("deidentify"))
    plan = plan_of(unheard=lost)
    assert plan.intervals == (Interval(0, 3.75, 6.25, (UNTRANSCRIBED,)),)
    assert [(c.first, c.last, c.label) for c in plan.covers] == [(9, 9, UNTRANSCRIBED)]


@pytest.mark.parametrize(
    "unheard",
    [
        (Unheard(0, 4.0, 6.0, "speech"), Unheard(0, 8.0, 6.0, "speech")),  # lengths that cancel out
        (Unheard(0, 5.0, 5.0, "speech"),),
        (Unheard(0, 4.0, 6.0, "something new"),),
    ],
)
def test_malformed_unheard_speech_withholds_the_recording_too(unheard):
    with pytest.raises(UntranscribedSpeech):
        plan_of(unheard=unheard, policy=load_policy("deidentify"))


def test_unheard_sound_is_bleeped_or_kept():
    sound = (Unheard(0, 4.0, 6.0, "sound"),)
    assert plan_of(unheard=sound, policy=load_policy("deidentify")).intervals
    assert not plan_of(unheard=sound, policy=DEIDENTIFY.with_changes(unheard_sound="keep")).intervals


def test_unheard_sound_on_a_twin_channel_is_bleeped_on_both():
    said = speech(spoken(TEXT), same_as=(0, 0), unheard=(Unheard(1, 4.0, 6.0, "sound"),))
    plan = make_plan(recording(channels=2), said, (), DEIDENTIFY)
    assert [(i.channel, i.start, i.end) for i in plan.intervals] == [(0, 3.75, 6.25), (1, 3.75, 6.25)]


MISMATCHED = [
    # channels, same_as, transcripts for
    (2, (0,), (0,)),  # nothing known about the second channel
    (2, (0, 1), (0,)),  # the second channel was not recognised
    (1, (1,), (0,)),  # a transcript that stands for no channel: its bleeps would go nowhere
    (2, (0, 0), (0, 1)),
    (1, (0,), (0, 0)),  # two transcripts of one channel: offsets would be read in the wrong one
]


@pytest.mark.parametrize(("channels", "same_as", "heard"), MISMATCHED)
def test_transcripts_must_stand_for_every_channel(channels, same_as, heard):
    said = speech(*(spoken(TEXT, channel=c) for c in heard), same_as=same_as)
    with pytest.raises(UntranscribedSpeech):
        make_plan(recording(channels=channels), said, (), DEIDENTIFY)


def test_a_silent_recording_has_an_empty_plan():
    plan = make_plan(recording(), speech(Transcript(0, "", ())), (), load_policy("deidentify"))
    assert plan.intervals == plan.covers == plan.decisions == plan.warnings == ()


def test_widened_words_are_reported():
    said = speech(Transcript.of([TimedText("Hi", 0.0, 0.4), TimedText("Dana", None, None), TimedText("bye", 3.0, 3.4)]))
    plan = make_plan(recording(), said, [Finding("PERSON", 3, 7, 0.9, "test")], DEIDENTIFY)
    assert plan.warnings[0].startswith("1 words had no usable time")
    assert (plan.intervals[0].start, plan.intervals[0].end) == (pytest.approx(0.19), pytest.approx(3.14))


def test_echoes_repeat_a_bleep_on_the_other_channel_once():
    said = speech(spoken(TEXT), Transcript(1, "", ()))
    plan = make_plan(recording(channels=2), said, [finding(TEXT, "Dana")], DEIDENTIFY)
    again = with_echoes(plan, [(i, (1,)) for i in plan.intervals] * 2, reach=0.0)
    (first, second) = again.intervals
    assert (first.channel, second.channel) == (0, 1)
    assert (first.start, first.end, first.labels) == (second.start, second.end, second.labels)
    assert with_echoes(plan, [(i, ()) for i in plan.intervals], reach=0.05) is plan
