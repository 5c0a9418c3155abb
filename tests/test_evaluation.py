"""The measures, against cases worked out by hand: what they say of a leak must be true, and its causes must add up
to it.
"""

import json
import math

import numpy as np
import pytest

from redactor.errors import ConfigurationError, NoInput
from redactor.evaluation import CAUSES, EvaluationTotals, edit_distance, judge, measure, normalised
from redactor.evaluation_report import WorstLosses, render
from redactor.labels import LabelledChannel, LabelledRecording, LabelledSpan, load_labels
from redactor.policy import load_policy, make_plan
from redactor.types import AudioFormat, Finding, ModelInfo, Plan, Recording, Speech, TimedText, Transcript

# One word a second, each half a second long: PHI is "Dana Whitlock" (3.0 … 4.5, 1.0 s of sound) and "555-0142" (8.0 …
# 8.5).
TEXT = "hello this is Dana Whitlock please call back 555-0142 thanks"
EXACT = load_policy("deidentify").with_changes(padding=0.0)


def said(text=TEXT, *, channel=0, late=0.0):
    return Transcript.of([TimedText(w, i + late, i + late + 0.5) for i, w in enumerate(text.split())], channel=channel)


def span(part, label, *, text=TEXT, must=True):
    start = text.index(part)
    return LabelledSpan(start, start + len(part), label, must)


def found(transcript, *parts):
    out = []
    for part, label in parts:
        start = transcript.text.index(part)
        out.append(Finding(label, start, start + len(part), 0.9, "test", transcript.channel))
    return out


BOTH = (("Dana Whitlock", "PERSON"), ("555-0142", "PHONE_NUMBER"))
SPANS = (span("Dana Whitlock", "PERSON"), span("555-0142", "PHONE_NUMBER"))


def planned(transcripts, findings, policy=EXACT, *, same_as=None) -> Plan:
    channels = len(same_as or transcripts)
    recording = Recording(
        "a" * 64, np.zeros((1200, channels), np.int16), AudioFormat("WAV", "PCM_16", ".wav", 100, channels, "soundfile")
    )
    speech = Speech(tuple(transcripts), same_as or tuple(range(channels)), ModelInfo("test", "test"))
    return make_plan(recording, speech, findings, policy)


def measured(heard, findings, *, spans=SPANS, ideal=BOTH, policy=EXACT):
    truth = said()
    tally = EvaluationTotals()
    labelled = LabelledRecording(None, (LabelledChannel(truth, spans),))
    measure(
        labelled,
        planned([heard], findings, policy),
        planned([truth], found(truth, *ideal), policy),
        tally,
        policy=policy,
    )
    figures = tally.figures()
    if figures["audible_phi_percent"] is not None:
        assert sum(figures["lost_by_percent"].values()) == pytest.approx(figures["audible_phi_percent"], abs=0.02)
    return figures


NOTHING_LOST = dict.fromkeys(CAUSES, 0.0)


@pytest.fixture(autouse=True)
def _words_are_never_stretched(monkeypatch):
    """Half a second per word, however short: these tests check the measures, not the recogniser."""
    monkeypatch.setattr("redactor.policy.word_spans.longest_duration", lambda _text: 10.0)


def test_a_perfect_run():
    figures = measured(said(), found(said(), *BOTH))
    assert figures["phi_seconds"] == 1.5
    assert figures["audible_phi_percent"] == 0
    assert figures["over_bleep_percent"] == 0
    assert (figures["phi_spans"], figures["leaked_spans"]) == (2, 0)
    assert figures["boundary_error_ms"] == {"n": 4, "median": 0, "p95": 0}
    assert figures["wer_percent"] == 0
    assert figures["labels"] == {
        "PERSON": {"seconds": 1.0, "audible_percent": 0.0, "lost_by_percent": NOTHING_LOST},
        "PHONE_NUMBER": {"seconds": 0.5, "audible_percent": 0.0, "lost_by_percent": NOTHING_LOST},
    }


def test_what_the_detector_never_finds_is_lost_by_detection():
    figures = measured(said(), found(said(), BOTH[0]), ideal=BOTH[:1])
    assert figures["audible_phi_percent"] == 33.33
    assert figures["lost_by_percent"] == {"recognition": 0.0, "detection": 33.33, "boundaries": 0.0, "unheard": 0.0}
    assert figures["leaked_spans"] == 1
    assert figures["labels"]["PHONE_NUMBER"]["audible_percent"] == 100


def test_what_was_heard_as_something_else_is_lost_by_recognition():
    heard = said(TEXT.replace("Whitlock", "wet luck").replace("wet luck", "wetlock"))
    figures = measured(heard, found(heard, ("Dana", "PERSON"), BOTH[1]))
    assert figures["audible_phi_percent"] == 33.33
    assert figures["lost_by_percent"] == {"recognition": 33.33, "detection": 0.0, "boundaries": 0.0, "unheard": 0.0}
    assert figures["wer_percent"] == round(100 / 16, 2)  # nine words and seven digits


def test_heard_right_but_not_found_for_want_of_its_context_is_lost_by_recognition():
    figures = measured(said(), found(said(), BOTH[0]))
    assert figures["lost_by_percent"] == {"recognition": 33.33, "detection": 0.0, "boundaries": 0.0, "unheard": 0.0}


def test_a_late_bleep_is_lost_by_boundaries():
    """Every time 0.2 s late: 0.2 s of each covered word stays, and the pauses after take the rest."""
    heard = said(late=0.2)
    figures = measured(heard, found(heard, *BOTH))
    # "Dana Whitlock" is one bleep from 3.2 to 4.7, "555-0142" is stretched to the 0.77 s that seven digits take at
    # least.
    assert figures["lost_by_percent"]["recognition"] == figures["lost_by_percent"]["detection"] == 0
    lost = 0.2 + max(0.0, 8.2 - (7 * 0.11 - 0.5) / 2 - 8.0)
    assert figures["lost_by_percent"]["boundaries"] == pytest.approx(100 * lost / 1.5, abs=0.01)
    assert figures["leaked_spans"] == 0  # more than half of each word is gone
    assert figures["boundary_error_ms"]["median"] == pytest.approx(200)


def test_part_detection_part_boundaries():
    """The ideal run finds the family name only: the first name's loss is detection's whatever else happened."""
    figures = measured(said(), found(said(), BOTH[1]), ideal=(("Whitlock", "PERSON"), BOTH[1]))
    assert figures["lost_by_percent"] == {"recognition": 33.33, "detection": 33.33, "boundaries": 0.0, "unheard": 0.0}


def test_over_bleep_counts_other_words_only():
    figures = measured(said(), found(said(), *BOTH, ("please", "CONDITION")))
    assert figures["over_bleep_percent"] == round(100 / 7, 2)  # one of the seven words that are no PHI
    spans = (*SPANS, span("please", "DATE_TIME", must=False))
    figures = measured(said(), found(said(), *BOTH, ("please", "CONDITION")), spans=spans)
    assert figures["over_bleep_percent"] == 0
    assert figures["phi_seconds"] == 1.5


def test_any_label_hides_a_word():
    figures = measured(said(), found(said(), ("Dana Whitlock", "LOCATION"), BOTH[1]))
    assert figures["audible_phi_percent"] == 0
    assert figures["boundary_error_ms"]["n"] == 2  # edges are compared within a label


def test_a_kept_label_is_neither_phi_nor_over_bleep():
    policy = load_policy("clinical").with_changes(padding=0.0)
    figures = measured(said(), found(said(), *BOTH), policy=policy)
    assert figures["phi_seconds"] == 0
    assert figures["audible_phi_percent"] is None
    assert figures["over_bleep_percent"] == 0


def test_of_a_label_kept_in_part_the_rest_is_phi():
    """minimum-necessary keeps "Dana" and the number to call back; a family name that stays audible is a leak."""
    policy = load_policy("minimum-necessary").with_changes(padding=0.0)
    figures = measured(said(), [], policy=policy)
    assert figures["labels"]["PERSON"]["audible_percent"] == 100
    assert figures["labels"]["PERSON"]["lost_by_percent"] == {**NOTHING_LOST, "recognition": 100}
    assert figures["lost_by_percent"]["recognition"] == 100
    figures = measured(said(), found(said(), *BOTH), policy=policy)
    assert figures["audible_phi_percent"] == 0
    assert figures["over_bleep_percent"] == 0


def test_withheld_recordings_flatter_nothing():
    tally = EvaluationTotals()
    truth = said()
    labelled = LabelledRecording(None, (LabelledChannel(truth, SPANS),))
    measure(labelled, None, planned([truth], []), tally, policy=EXACT)
    figures = tally.figures()
    assert (figures["recordings"], figures["redacted"], figures["withheld"]) == (1, 0, 1)
    assert figures["audible_phi_percent"] is None
    assert figures["wer_percent"] is None


def test_mono_stored_as_stereo():
    """Both channels are labelled, one was recognised for both; the second one's bleeps count for the second."""
    truth = [said(), said(channel=1)]
    labelled = LabelledRecording(None, tuple(LabelledChannel(t, SPANS) for t in truth))
    plan = planned([said()], found(said(), BOTH[0]), same_as=(0, 0))
    ideal = planned(truth, [f for t in truth for f in found(t, *BOTH)])
    tally = EvaluationTotals()
    measure(labelled, plan, ideal, tally, policy=EXACT)
    figures = tally.figures()
    assert figures["phi_seconds"] == 3.0
    assert figures["audible_phi_percent"] == 33.33
    assert figures["wer_percent"] == 0
    assert figures["boundary_error_ms"]["n"] == 4
    alone = LabelledRecording(None, (LabelledChannel(said(channel=5), SPANS),))
    with pytest.raises(ConfigurationError):
        measure(alone, plan, ideal, tally, policy=EXACT)


def test_boundary_error_is_the_distance_of_edges_without_padding():
    heard = Transcript.of([TimedText(w, i + 0.1, i + 0.45) for i, w in enumerate(TEXT.split())])
    figures = measured(heard, found(heard, BOTH[0]), policy=EXACT.with_changes(padding=0.3), spans=SPANS[:1])
    assert figures["boundary_error_ms"] == {"n": 2, "median": 75.0, "p95": 100.0}  # 100 ms at the start, 50 at the end


def test_p95_is_the_nearest_rank():
    tally = EvaluationTotals(boundaries=[i / 1000 for i in range(1, 21)])
    assert tally.figures()["boundary_error_ms"] == {"n": 20, "median": 10.5, "p95": 19.0}


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        ("", "", 0),
        ("a b c", "a b c", 0),
        ("a b c", "a c", 1),
        ("a", "b", 1),
        ("a b", "", 2),
        ("", "x y", 2),
        ("a b", "b a", 2),
    ],
)
def test_edit_distance(a, b, distance):
    assert edit_distance(a.split(), b.split()) == distance


def test_words_are_compared_without_case_marks_and_grouping():
    assert normalised("Call 555-0142, Dr. O\N{RIGHT SINGLE QUOTATION MARK}Neil!") == [
        "call",
        "5",
        "5",
        "5",
        "0",
        "1",
        "4",
        "2",
        "dr",
        "o'neil",
    ]
    assert normalised("14th") == normalised("1 4 TH")


@pytest.mark.parametrize(
    ("findings", "outcomes", "audible", "met"),
    [
        (BOTH, ("redacted", "withheld"), 0, True),
        (BOTH[:1], ("redacted", "withheld"), 1, False),
        (BOTH, ("withheld",), 0, False),
    ],
)
def test_a_hard_recording_that_came_out_must_leak_nothing(findings, outcomes, audible, met):
    truth = said()
    spans = (*SPANS, span("hello", "PERSON", must=False))
    labelled = LabelledRecording(None, (LabelledChannel(truth, spans),), outcomes)
    verdict = judge(labelled, "redacted", planned([truth], found(truth, *findings)), policy=EXACT)
    assert (verdict.spans, verdict.audible_spans, verdict.met) == (2, audible, met)


@pytest.mark.parametrize(("outcome", "met"), [("withheld", True), ("failed", False)])
def test_a_hard_recording_that_did_not_come_out(outcome, met):
    labelled = LabelledRecording(None, (LabelledChannel(said(), SPANS),), ("redacted", "withheld"))
    verdict = judge(labelled, outcome, None, policy=EXACT)
    assert (verdict.outcome, verdict.spans, verdict.audible_spans, verdict.met) == (outcome, 2, 0, met)


def test_hard_labels_name_a_channel_that_is_there():
    labelled = LabelledRecording(None, (LabelledChannel(said(channel=5), SPANS),), ("withheld", "redacted"))
    with pytest.raises(ConfigurationError):
        judge(labelled, "redacted", planned([said()], []), policy=EXACT)


def row(**changes):
    words = [
        {"text": w.text, "start": w.start, "end": w.end, "char_start": w.char_start, "char_end": w.char_end}
        for w in said().words
    ]
    channel = {"channel": 0, "text": TEXT, "words": words, "spans": [{"start": 14, "end": 27, "label": "PERSON"}]}
    return {"file": "a.wav", "channels": [channel | changes]}


def test_labels_are_read(tmp_path):
    # A line separator that is no line's end, a byte order mark and blank lines are no trouble.
    odd = row() | {"note": "a\N{LINE SEPARATOR}b"}
    (tmp_path / "labels.jsonl").write_text(
        "\ufeff" + json.dumps(row()) + "\r\n\n" + json.dumps(odd, ensure_ascii=False) + "\n", "utf-8"
    )
    first, _ = load_labels(tmp_path)
    assert first.path == tmp_path / "a.wav"
    assert "a.wav" not in repr(first)
    assert first.channels[0].spans == (LabelledSpan(14, 27, "PERSON", True),)


@pytest.mark.parametrize(
    ("changes", "outcomes", "ordinary"),
    [
        ({}, ("redacted",), True),
        ({"outcome": "redacted"}, ("redacted",), True),
        ({"outcome": "withheld"}, ("withheld",), False),
        ({"outcome": ["withheld", "redacted"]}, ("withheld", "redacted"), False),
    ],
)
def test_outcomes_are_read(tmp_path, changes, outcomes, ordinary):
    (tmp_path / "labels.jsonl").write_text(json.dumps(row() | changes))
    (labelled,) = load_labels(tmp_path)
    assert (labelled.outcomes, labelled.ordinary, len(labelled.channels)) == (outcomes, ordinary, 1)


def test_only_hard_recordings_need_no_channels(tmp_path):
    hard = {"file": "a.wav", "outcome": ["withheld"]}
    (tmp_path / "labels.jsonl").write_text(json.dumps(hard))
    assert load_labels(tmp_path)[0].channels == ()
    (tmp_path / "labels.jsonl").write_text(json.dumps({"file": "a.wav", "outcome": "redacted"}))
    with pytest.raises(ConfigurationError):
        load_labels(tmp_path)


@pytest.mark.parametrize("outcome", ["lost", [], ["redacted", "lost"], None, 1, [["redacted"]], {"redacted": 1}])
def test_unknown_outcomes_are_refused(tmp_path, outcome):
    (tmp_path / "labels.jsonl").write_text(json.dumps(row() | {"outcome": outcome}))
    with pytest.raises(ConfigurationError, match="Line 1"):
        load_labels(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"spans": [{"start": 14, "end": 27, "label": "PERSONS"}]},
        {"spans": [{"start": 14, "end": 27, "label": ["PERSON"]}]},
        {"spans": [{"start": 14, "end": 27, "label": "PERSON", "tier": "may be"}]},
        {"spans": [{"start": 13, "end": 14, "label": "PERSON"}]},
        {"spans": [{"start": 27, "end": 14, "label": "PERSON"}]},
        {"spans": [{"start": 0, "end": 10_000, "label": "PERSON"}]},
        {"spans": [None]},
        {"words": [{"text": "hello", "start": 0, "end": 0.5, "char_start": 1, "char_end": 6}]},
        {"words": [{"text": "hello", "start": 0.5, "end": 0.5, "char_start": 0, "char_end": 5}]},
        {"words": [{"text": "hello", "start": 0, "end": math.nan, "char_start": 0, "char_end": 5}]},
        {"words": [{"text": "hello", "start": 0, "end": math.inf, "char_start": 0, "char_end": 5}]},
        {"channel": None},
    ],
)
def test_labels_that_cannot_be_are_refused(tmp_path, changes):
    (tmp_path / "labels.jsonl").write_text(json.dumps(row()) + "\n" + json.dumps(row(**changes)))
    with pytest.raises(ConfigurationError, match="Line 2") as caught:
        load_labels(tmp_path)
    assert "Dana" not in caught.value.message


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00"])
def test_no_labels(tmp_path, content):
    (tmp_path / "labels.jsonl").write_bytes(content)
    with pytest.raises(NoInput):
        load_labels(tmp_path)


def test_the_report_shows_the_worst_losses_with_their_sound():
    recording = Recording(
        "a" * 64, np.zeros((1200, 1), np.int16), AudioFormat("WAV", "PCM_16", ".wav", 100, 1, "soundfile")
    )
    worst = WorstLosses(most=2)
    tally = EvaluationTotals()
    truth = said()
    labelled = LabelledRecording(None, (LabelledChannel(truth, SPANS),))
    measure(labelled, planned([truth], []), planned([truth], found(truth, *BOTH)), tally, policy=EXACT)
    assert [(loss.text, loss.cause, round(loss.seconds, 2)) for loss in tally.losses] == [
        ("Dana Whitlock", "recognition", 1.0),
        ("555-0142", "recognition", 0.5),
    ]
    short = tally.losses[1]._replace(seconds=0.1, text="<b>short</b>")
    worst.add(1, recording, [short, *tally.losses])
    worst.add(2, recording, [short])
    assert [snippet.loss.text for snippet in worst.snippets()] == ["Dana Whitlock", "555-0142"]
    page = render({**tally.figures(), "model": "x", "second_ear": None, "policy": "p/1"}, worst)
    assert page.count("data:audio/wav;base64,UklGR") == 2
    assert "of 4 that do" in page
    other = WorstLosses()
    other.add(1, recording, [short])
    assert "&lt;b&gt;short" in render({**tally.figures(), "model": "x", "second_ear": "y", "policy": "p/1"}, other)
