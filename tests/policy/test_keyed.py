"""Keyed digits in the plan: bleeped and shown by their label, whatever the words and whatever a reviewer does."""

import pytest
from planned import DEIDENTIFY, finding, recording, speech

from redactor.errors import UntranscribedSpeech
from redactor.policy import Edit, edited, load_policy, make_plan, parse_policy, policy_names
from redactor.render import Replacer, plain_text, srt, tokens
from redactor.types import Action, KeyTone, TimedText, Transcript, Unheard

DURATION = 10.0
BEFORE = [TimedText("enter", 0.5, 0.9), TimedText("it", 1.0, 1.2), TimedText("now.", 1.3, 1.7)]
AFTER = [TimedText("Thank", 6.0, 6.3), TimedText("you.", 6.4, 6.8)]
TONES = tuple(KeyTone(0, 2.5 + 0.3 * i, 2.6 + 0.3 * i) for i in range(9))
START, END = TONES[0].start, TONES[-1].end


def plan_of(*between, tones=TONES, unheard=(), policy=DEIDENTIFY, found=(), channels=1, same_as=None):
    transcript = Transcript.of([*BEFORE, *between, *AFTER])
    others = [Transcript.of([], channel=c) for c in range(1, channels) if same_as is None]
    said = speech(transcript, *others, same_as=same_as, unheard=unheard, key_tones=tones)
    found = [finding(transcript.text, part, label) for part, label in found]
    return make_plan(recording(DURATION, channels), said, found, policy)


def text_of(plan):
    return plain_text(tokens(plan, Replacer()))


def bleeped(plan, start=START, end=END, channel=0):
    return any(i.channel == channel and i.start <= start and end <= i.end for i in plan.intervals)


@pytest.mark.parametrize("name", policy_names())
def test_a_run_of_keys_is_one_finding_one_label_and_one_bleep_in_every_policy(name):
    plan = plan_of(policy=load_policy(name))
    assert text_of(plan) == "enter it now. [KEYED_DIGITS] Thank you."
    assert "[KEYED_DIGITS]" in srt(tokens(plan, Replacer()))
    ((decision),) = plan.decisions
    assert (decision.finding.label, decision.action, decision.start, decision.end) == (
        "KEYED_DIGITS",
        Action.REDACT,
        START,
        END,
    )
    ((interval),) = plan.intervals
    assert (interval.start, interval.end) == (pytest.approx(START - 0.25), pytest.approx(END + 0.25))
    assert interval.labels == ("KEYED_DIGITS",)


INVENTED = [
    [TimedText("beep", 2.5, 3.0), TimedText("beep", 3.1, 4.9)],
    [TimedText("you", 2.4, 5.1, 0.99)],
    [TimedText("987-65-4321", 2.5, 5.0)],
    [
        TimedText("nine", 2.3, 2.45),
        TimedText("eight", 2.65, 2.75),
        TimedText("one", 5.1, 5.2),
    ],  # a little early or late
    [TimedText("987654321", None, None)],
]


@pytest.mark.parametrize("words", INVENTED, ids=lambda words: words[0].text)
def test_words_over_the_tones_are_covered_and_cannot_veto_the_bleep(words):
    plan = plan_of(*words)
    assert text_of(plan) == "enter it now. [KEYED_DIGITS] Thank you."
    assert bleeped(plan)


def test_a_word_that_only_reaches_into_the_tones_stays_but_the_tones_do_not():
    plan = plan_of(TimedText("so", 1.8, 2.7), TimedText("then", 4.9, 5.9))
    assert text_of(plan) == "enter it now. so [KEYED_DIGITS] then Thank you."
    assert bleeped(plan)


def test_words_that_are_a_finding_too_carry_both_labels():
    plan = plan_of(TimedText("987-65-4321", 2.5, 5.0), found=[("987-65-4321", "US_SSN")])
    ((cover),) = plan.covers
    assert set(cover.labels) == {"KEYED_DIGITS", "US_SSN"}
    assert bleeped(plan)


def test_a_single_key_counts():
    plan = plan_of(tones=(KeyTone(0, 3.0, 3.1),))
    assert text_of(plan) == "enter it now. [KEYED_DIGITS] Thank you."
    assert bleeped(plan, 3.0, 3.1)


def test_keys_with_a_long_pause_are_two_findings():
    plan = plan_of(tones=(KeyTone(0, 2.5, 2.6), KeyTone(0, 4.5, 4.6)))
    assert text_of(plan) == "enter it now. [KEYED_DIGITS] [KEYED_DIGITS] Thank you."


def test_a_policy_may_keep_them_by_name():
    policy = parse_policy('name = "x"\nversion = "1"\n[labels]\nKEYED_DIGITS = "flag"')
    plan = plan_of(policy=policy, unheard=(Unheard(0, 2.4, 5.1, "speech"),))
    assert (plan.intervals, plan.covers) == ((), ())
    assert [d.action for d in plan.decisions] == [Action.FLAG]


@pytest.mark.parametrize("kind", ["speech", "sound"])
def test_sound_without_words_that_the_tones_explain_is_theirs(kind):
    plan = plan_of(policy=load_policy("deidentify"), unheard=(Unheard(0, 2.3, 5.2, kind),))
    assert text_of(plan) == "enter it now. [KEYED_DIGITS] Thank you."
    assert bleeped(plan, 2.3, 5.2)


def test_speech_beside_the_tones_still_stops_the_recording_or_is_bleeped():
    beside = (Unheard(0, 2.3, 5.9, "speech"),)
    with pytest.raises(UntranscribedSpeech):
        plan_of(policy=load_policy("deidentify"), unheard=beside)
    plan = plan_of(unheard=beside)
    assert text_of(plan) == "enter it now. [KEYED_DIGITS] [UNTRANSCRIBED] Thank you."
    assert bleeped(plan, 2.3, 5.9)


def test_a_remnant_beside_the_tones_is_bleeped():
    plan = plan_of(policy=load_policy("deidentify"), unheard=(Unheard(0, 2.3, 5.6, "speech"),))
    assert bleeped(plan, 2.3, 5.6)


def test_each_channel_has_its_own():
    plan = plan_of(channels=2, tones=(KeyTone(1, 3.0, 4.0),))
    assert [i.channel for i in plan.intervals] == [1]
    assert bleeped(plan, 3.0, 4.0, channel=1)


def test_channels_that_share_a_transcript_share_the_bleep():
    plan = plan_of(channels=2, same_as=(0, 0), tones=(KeyTone(1, 3.0, 4.0),))
    assert bleeped(plan, 3.0, 4.0, channel=0)
    assert bleeped(plan, 3.0, 4.0, channel=1)
    assert text_of(plan) == "enter it now. [KEYED_DIGITS] Thank you."


@pytest.mark.parametrize("words", [[], *INVENTED], ids=lambda words: words[0].text if words else "none")
def test_no_edit_uncovers_the_tones(words):
    plan = plan_of(*words)
    count = len(BEFORE) + len(words) + len(AFTER)
    for edits in ([], [Edit("uncover", 0, 0, count)], [Edit("cover", 0, 0, 1), Edit("uncover", 0, 2, count)]):
        after = edited(plan, edits, DEIDENTIFY)
        assert bleeped(after)
        assert text_of(after).count("[KEYED_DIGITS]") == 1
        (decision,) = (d for d in after.decisions if d.finding.label == "KEYED_DIGITS")
        assert decision.action is Action.REDACT
    assert edited(plan, [], DEIDENTIFY) == plan


def test_a_region_over_the_tones_takes_nothing_away():
    after = edited(plan_of(), [Edit("region", 0, start=3.0, end=5.5)], DEIDENTIFY)
    assert bleeped(after, START, 5.5)
    assert "[KEYED_DIGITS]" in text_of(after)
