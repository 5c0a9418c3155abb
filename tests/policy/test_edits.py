"""A reviewer's edits: a covered word is never audible or written, and what is kept is what was asked for."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned import DEIDENTIFY, finding, recording, speech, spoken
from test_plan import DURATION, cases

from redactor.policy import MANUAL, Edit, edited, make_plan
from redactor.render import Replacer, document, plain_text, srt, tokens, vtt
from redactor.types import Action, TimedText, Transcript, Unheard

LABEL = Replacer("label")
TEXT = "hi this is dana whitlock please call five five five thank you"


def planned(*findings, unheard=()):
    said = spoken(TEXT)
    return make_plan(recording(DURATION), speech(said, unheard=unheard), list(findings), DEIDENTIFY)


def covered(plan, channel=0):
    return {i for c in plan.covers if c.channel == channel for i in range(c.first, c.last)}


def texts(plan):
    shown = tokens(plan, LABEL)
    doc = document(plan, shown, verification={})
    return [plain_text(shown), srt(shown), vtt(shown), json.dumps(doc, ensure_ascii=False)]


@st.composite
def edits_for(draw, plan):
    out = []
    for _ in range(draw(st.integers(0, 5))):
        transcript = draw(st.sampled_from(plan.speech.transcripts))
        kind = draw(st.sampled_from(["cover", "uncover", "region"]))
        label = draw(st.sampled_from([MANUAL, "PERSON", "CONDITION"]))
        if kind == "region":
            start = draw(st.floats(0, DURATION - 0.05))
            length = draw(st.sampled_from([0.03, 0.2, 1.0, 5.0]))
            out.append(Edit("region", transcript.channel, start=start, end=min(DURATION, start + length), label=label))
        elif transcript.words:
            first = draw(st.integers(0, len(transcript.words) - 1))
            last = draw(st.integers(first + 1, len(transcript.words)))
            out.append(Edit(kind, transcript.channel, first, last, label=label))
    return out


@st.composite
def edited_cases(draw):
    rec, said, found, policy = draw(cases())
    plan = make_plan(rec, said, found, policy)
    return plan, draw(edits_for(plan)), policy


@settings(max_examples=150, deadline=None)
@given(edited_cases())
def test_a_covered_word_is_never_audible_nor_written(case):
    plan, edits, policy = case
    out = edited(plan, edits, policy)
    for channel, twin in enumerate(plan.speech.same_as):
        mine = [i for i in out.intervals if i.channel == channel]
        assert all(0 <= i.start < i.end <= DURATION for i in mine)
        assert all(a.end < b.start for a, b in itertools.pairwise(mine))
        words = next(t for t in out.speech.transcripts if t.channel == twin).words
        for i in covered(out, twin):
            assert any(b.start <= words[i].start and words[i].end <= b.end for b in mine)
    shown = tokens(out, LABEL)
    for transcript in out.speech.transcripts:
        hidden = covered(out, transcript.channel)
        here = [t for t in shown if t.channel == transcript.channel and not t.redacted]
        assert [t.first for t in here] == [i for i in range(len(transcript.words)) if i not in hidden]
        assert [t.text for t in here] == [transcript.words[t.first].text for t in here]
        # Runs never share a word.
        runs = sorted((c.first, c.last) for c in out.covers if c.channel == transcript.channel and c.first < c.last)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(runs))


@settings(max_examples=100, deadline=None)
@given(edited_cases())
def test_the_last_word_is_the_reviewers(case):
    """For each word the last edit that names or touches it counts; nothing else changes."""
    plan, edits, policy = case
    out = edited(plan, edits, policy)
    for transcript in plan.speech.transcripts:
        expected = covered(plan, transcript.channel)
        for edit in (e for e in edits if e.channel == transcript.channel):
            if edit.kind == "region":
                expected |= {i for i, w in enumerate(transcript.words) if w.start < edit.end and w.end > edit.start}
            else:
                words = set(range(edit.first, edit.last))
                expected = expected | words if edit.kind == "cover" else expected - words
        assert covered(out, transcript.channel) == expected


@settings(max_examples=100, deadline=None)
@given(edited_cases())
def test_a_dragged_region_is_silent_unless_a_word_in_it_was_uncovered(case):
    plan, edits, policy = case
    out = edited(plan, edits, policy)
    for n, edit in enumerate(edits):
        later = [e for e in edits[n + 1 :] if e.kind == "uncover" and e.channel == edit.channel]
        if edit.kind == "region" and not later:
            assert any(
                i.channel == edit.channel or plan.speech.same_as[i.channel] == edit.channel
                for i in out.intervals
                if i.start <= edit.start and edit.end <= i.end
            )


@settings(max_examples=60, deadline=None)
@given(cases())
def test_no_edit_changes_nothing(case):
    rec, said, found, policy = case
    plan = make_plan(rec, said, found, policy)
    assert edited(plan, [], policy) == plan


def test_covering_hides_the_word_everywhere_and_names_the_reviewer():
    plan = planned(finding(TEXT, "dana"))
    out = edited(plan, [Edit("cover", 0, 4, 5, label="PERSON")], DEIDENTIFY)
    assert not any("whitlock" in text for text in texts(out))
    assert any("whitlock" in text for text in texts(plan))
    assert [d.finding.source for d in out.decisions] == ["test", "reviewer"]


def test_uncovering_shows_the_word_and_keeps_the_finding_as_kept():
    out = edited(planned(finding(TEXT, "dana whitlock")), [Edit("uncover", 0, 3, 5)], DEIDENTIFY)
    assert all("dana whitlock" in text for text in texts(out)[:1])
    assert not out.intervals
    assert [d.action for d in out.decisions] == [Action.KEEP]


def test_half_of_a_run_uncovered_leaves_the_other_half_silent():
    plan = planned(finding(TEXT, "dana whitlock"))
    out = edited(plan, [Edit("uncover", 0, 3, 4)], DEIDENTIFY)
    word = out.speech.transcripts[0].words[4]
    assert covered(out) == {4}
    assert out.intervals[0].start <= word.start
    assert out.decisions[0].action is Action.REDACT


def test_an_edit_taken_back_is_as_if_it_had_never_been():
    plan = planned(finding(TEXT, "dana"))
    edits = [Edit("cover", 0, 4, 5), Edit("region", 0, start=4.0, end=5.0)]
    assert edited(plan, edits[:1], DEIDENTIFY) == edited(plan, [edits[0]], DEIDENTIFY)
    assert edited(plan, edits[:0], DEIDENTIFY) == plan


def test_a_region_over_no_word_is_shown_and_bleeped():
    said = Transcript.of([TimedText("hi", 0.0, 0.4), TimedText("bye", 8.0, 8.4)])
    plan = make_plan(recording(DURATION), speech(said), [], DEIDENTIFY)
    out = edited(plan, [Edit("region", 0, start=3.0, end=4.0)], DEIDENTIFY)
    assert plain_text(tokens(out, LABEL)) == "hi [REDACTED] bye"
    assert [(i.start, i.end) for i in out.intervals] == [(3.0, 4.0)]


def test_a_region_keeps_its_label_where_a_word_in_it_is_uncovered():
    said = Transcript.of([TimedText("hi", 0.0, 0.4), TimedText("bye", 8.0, 8.4)])
    plan = make_plan(recording(DURATION), speech(said), [], DEIDENTIFY)
    region = Edit("region", 0, start=7.0, end=9.0, label="LOCATION", note="sealed")
    assert plain_text(tokens(edited(plan, [region], DEIDENTIFY), LABEL)) == "hi [LOCATION]"
    out = edited(plan, [region, Edit("uncover", 0, 1, 2)], DEIDENTIFY)
    assert {i.labels for i in out.intervals} == {("LOCATION",)}
    assert "bye" in plain_text(tokens(out, LABEL))
    assert out == edited(
        plan, [Edit("region", 0, start=7.0, end=9.0, label="LOCATION"), Edit("uncover", 0, 1, 2)], DEIDENTIFY
    )


def test_unheard_sound_stays_covered_through_edits():
    plan = planned(unheard=(Unheard(0, 6.0, 7.0, "speech"),))
    out = edited(plan, [Edit("cover", 0, 0, 1), Edit("uncover", 0, 0, len(TEXT.split()))], DEIDENTIFY)
    assert any(i.start <= 6.0 and i.end >= 7.0 for i in out.intervals)


@pytest.mark.parametrize(
    "edit",
    [
        Edit("cover", 1, 0, 1),
        Edit("shout", 0, 0, 1),
        Edit("cover", 0, 2, 2),
        Edit("cover", 0, 0, 99),
        Edit("uncover", 0, -1, 1),
        Edit("region", 0, start=2.0, end=1.0),
        Edit("region", 0, start=float("nan"), end=1.0),
        Edit("region", 0, start=0.0, end=99.0),
        Edit("cover", 0, 0, 1, label="<script>"),
    ],
)
def test_edits_that_do_not_fit_are_refused(edit):
    with pytest.raises(ValueError, match=r"edit|region"):
        edited(planned(), [edit], DEIDENTIFY)
