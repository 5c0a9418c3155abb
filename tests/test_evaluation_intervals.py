"""Labels with times and without words: audible seconds, leaks, and bleeps outside them, by hand."""

import json

import numpy as np
import pytest
import soundfile

from redactor import builders
from redactor.errors import ConfigurationError
from redactor.evaluation import EvaluationTotals, audible_spans, judge, measure
from redactor.evaluation_intervals import IntervalTotals, audible_stretches, has_leaked
from redactor.labels import LabelledChannel, LabelledInterval, LabelledRecording, load_labels
from redactor.policy import load_policy
from redactor.speech import FakeTranscriber
from redactor.types import Interval, ModelInfo, Plan, Speech, TimedText, Transcript

DEIDENTIFY = load_policy("deidentify")


def marked(start, end, label="PERSON", *, must=True):
    return LabelledInterval(start, end, label, must)


def bleep(start, end):
    return Interval(0, start, end, ("PERSON",))


def totals(spans, bleeps, *, policy=DEIDENTIFY, duration=20.0):
    total = IntervalTotals()
    total.add(spans, bleeps, duration=duration, policy=policy)
    return total.figures()


def test_what_is_covered_is_inaudible():
    figures = totals([marked(3.0, 4.5), marked(8.0, 8.5, "PHONE_NUMBER")], [bleep(2.75, 4.75), bleep(8.0, 8.5)])
    assert (figures["spans"], figures["leaked_spans"]) == (2, 0)
    assert (figures["seconds"], figures["audible_seconds"], figures["audible_percent"]) == (2.0, 0.0, 0.0)
    assert figures["bleeped_outside_seconds"] == 0.5
    assert figures["bleeped_outside_percent"] == pytest.approx(100 * 0.5 / 18.0, abs=0.01)


def test_what_is_not_covered_is_counted_by_label():
    figures = totals([marked(3.0, 4.0), marked(8.0, 9.0, "PHONE_NUMBER")], [bleep(3.25, 5.0)])
    assert figures["audible_seconds"] == 1.25
    assert figures["labels"] == {
        "PERSON": {"seconds": 1.0, "audible_percent": 25.0},
        "PHONE_NUMBER": {"seconds": 1.0, "audible_percent": 100.0},
    }
    assert figures["leaked_spans"] == 1
    assert figures["bleeped_outside_seconds"] == 1.0


@pytest.mark.parametrize(
    ("span", "bleeps", "leaked"),
    [
        (marked(1.0, 3.0), [], True),
        (marked(1.0, 3.0), [bleep(1.2, 3.0)], False),
        (marked(1.0, 3.0), [bleep(1.35, 3.0)], True),
        (marked(1.0, 3.0), [bleep(1.2, 2.0), bleep(2.2, 3.0)], False),
        (marked(1.0, 1.4), [bleep(1.25, 2.0)], True),
        (marked(1.0, 1.4), [bleep(1.15, 2.0)], False),
    ],
)
def test_a_span_leaks_where_a_word_can_be_heard(span, bleeps, leaked):
    assert has_leaked(span, bleeps) is leaked


def test_audible_stretches():
    bleeps = [bleep(4.0, 5.0), bleep(0.5, 1.5), bleep(2.0, 2.5)]
    assert audible_stretches(marked(1.0, 4.5), bleeps) == [(1.5, 2.0), (2.5, 4.0)]
    assert audible_stretches(marked(6.0, 7.0), bleeps) == [(6.0, 7.0)]


def test_what_may_be_bleeped_counts_neither_way():
    figures = totals([marked(3.0, 4.0, must=False), marked(3.5, 5.0, "DATE_TIME", must=False)], [bleep(3.0, 4.5)])
    assert (figures["spans"], figures["seconds"], figures["audible_percent"]) == (0, 0.0, None)
    assert figures["bleeped_outside_seconds"] == 0.0


@pytest.mark.parametrize(("policy", "spans"), [("clinical", 0), ("minimum-necessary", 0), ("identifiers", 1)])
def test_a_label_that_the_policy_keeps_at_least_in_part_may_be_bleeped(policy, spans):
    assert totals([marked(3.0, 4.0)], [], policy=load_policy(policy))["spans"] == spans


def plan(*bleeps):
    speech = Speech((Transcript.of([TimedText("data", 8.0, 8.5)]),), (0,), ModelInfo("test", "test"))
    return Plan("a" * 64, "x/1", 20.0, 8000, 1, speech, (), (), bleeps)


LABELLED = LabelledRecording(
    None, (LabelledChannel(Transcript(0, "", ()), (), (marked(3.0, 4.0), marked(8.0, 9.0, "PHONE_NUMBER"))),)
)


def test_they_are_kept_apart_from_labelled_words():
    total = EvaluationTotals()
    measure(LABELLED, plan(bleep(3.0, 4.0)), plan(), total, policy=DEIDENTIFY)
    figures = total.figures()
    assert (figures["phi_spans"], figures["wer_percent"], figures["over_bleep_percent"]) == (0, None, None)
    assert figures["intervals"]["audible_seconds"] == 1.0
    (loss,) = total.losses
    assert (loss.label, loss.cause, loss.seconds, loss.start, loss.text, loss.heard) == (
        "PHONE_NUMBER",
        "unknown",
        1.0,
        8.0,
        "",
        "data",
    )
    assert audible_spans(LABELLED, plan(bleep(3.0, 4.0)), DEIDENTIFY) == [
        ("PERSON", 0.0, 1.0),
        ("PHONE_NUMBER", 1.0, 1.0),
    ]
    assert "intervals" not in EvaluationTotals().figures()


def test_a_withheld_recording_flatters_nothing():
    total = EvaluationTotals()
    measure(LABELLED, None, plan(), total, policy=DEIDENTIFY)
    assert (total.withheld, total.intervals.channels) == (1, 0)


def test_a_hard_recording_must_leak_none_of_them():
    assert not judge(LABELLED, "redacted", plan(bleep(3.0, 4.0)), policy=DEIDENTIFY).met
    assert judge(LABELLED, "redacted", plan(bleep(3.0, 4.0), bleep(8.0, 9.0)), policy=DEIDENTIFY).met


def write(folder, *channels, file="a.wav"):
    (folder / "labels.jsonl").write_text(json.dumps({"file": file, "channels": channels}) + "\n")


SPAN = {"start_seconds": 0.5, "end_seconds": 1, "label": "PERSON"}


def test_labels_are_read(tmp_path):
    write(tmp_path, {"channel": 0, "spans": [SPAN, SPAN | {"tier": "may"}]}, {"channel": 1, "spans": []})
    ((one, other),) = [labelled.channels for labelled in load_labels(tmp_path)]
    assert one.intervals == (marked(0.5, 1.0), marked(0.5, 1.0, must=False))
    assert (other.intervals, other.transcript.channel, one.end, other.end) == ((), 1, 1.0, 0.0)


@pytest.mark.parametrize(
    "change",
    [
        {"start_seconds": -1},
        {"start_seconds": 1},
        {"end_seconds": float("inf")},
        {"end_seconds": float("nan")},
        {"end_seconds": "Dana"},
        {"label": "DANA"},
        {"tier": "dana"},
        {"label": ["Dana"]},
    ],
)
def test_labels_that_cannot_be_are_refused(tmp_path, change):
    write(tmp_path, {"channel": 0, "spans": [SPAN | change]})
    with pytest.raises(ConfigurationError, match="Line 1") as caught:
        load_labels(tmp_path)
    assert "ana" not in caught.value.message


@pytest.mark.parametrize("missing", ["start_seconds", "end_seconds", "label"])
def test_nothing_may_be_missing(tmp_path, missing):
    write(tmp_path, {"channel": 0, "spans": [{k: v for k, v in SPAN.items() if k != missing}]})
    with pytest.raises(ConfigurationError, match="Line 1"):
        load_labels(tmp_path)


def test_the_command_reports_them_and_each_recording(call, tmp_path, monkeypatch):
    words = [TimedText(w, 0.5 * i, 0.5 * i + 0.4) for i, w in enumerate(["this", "is", "Dana", "bye"])]
    monkeypatch.setattr(builders, "build_transcriber", lambda *_args, **_kwargs: FakeTranscriber({"": [words]}))
    soundfile.write(tmp_path / "Dana.wav", 0.0001 * np.random.default_rng(1).standard_normal(20_000), 8000)
    name = {"start_seconds": 1.0, "end_seconds": 1.4, "label": "PERSON"}
    rows = [
        {
            "file": "Dana.wav",
            "channels": [
                {
                    "channel": 0,
                    "spans": [name, name | {"label": "MEDICATION", "start_seconds": 0.0, "end_seconds": 0.4}],
                }
            ],
        },
        {"file": "Dana.wav", "channels": [{"channel": 0, "spans": [name | {"end_seconds": 9.0}]}]},
        {"file": "Dana.wav", "outcome": ["redacted", "withheld"], "channels": [{"channel": 0, "spans": [name]}]},
    ]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, err = call("evaluate", tmp_path, "--json")
    figures = json.loads(out)
    assert (code, figures["left_out"]) == (65, 1)
    assert figures["intervals"]["spans"] == 2
    assert figures["intervals"]["labels"]["PERSON"]["audible_percent"] == 0
    assert figures["intervals"]["labels"]["MEDICATION"]["audible_percent"] > 90
    assert "end after the recording" in err
    monkeypatch.setenv("COLUMNS", "160")
    identity = figures["recordings_measured"][0]["id"]
    code, out, _ = call("evaluate", tmp_path, "--per-recording")
    listed = out.partition("Recordings")[2]
    assert "labelled with times alone" in out
    assert (identity[:12] in listed, identity[:13] in listed, "Dana" in out) == (True, False, False)
    assert [word for word in ("1 of 2", "left out: bad-input", "redacted") if word not in listed] == []
    assert "Recordings" not in call("evaluate", tmp_path)[1].replace("recordings", "")
