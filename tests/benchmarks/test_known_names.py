"""The benchmark of known names: an invented directory that is the same everywhere, and what counts as a false alarm."""

from __future__ import annotations

from pathlib import Path

import known_names

from redactor.labels import LabelledChannel, LabelledRecording, LabelledSpan
from redactor.phi.known import NAME_SOURCE
from redactor.types import Action, Decision, Finding, Interval, ModelInfo, Plan, Speech, TimedText, Transcript

TEXT = "this is Dana Whitlock of Cedar Hollow that is W-H-I-T again"


def labelled() -> LabelledRecording:
    words = [TimedText(word, n, n + 0.9) for n, word in enumerate(TEXT.split())]
    spans = [("Dana Whitlock", "PERSON", True), ("Cedar Hollow", "ORGANIZATION", True), ("W-H-I-T", "PERSON", True)]
    places = [LabelledSpan(TEXT.index(part), TEXT.index(part) + len(part), label, must) for part, label, must in spans]
    return LabelledRecording(Path("a.wav"), (LabelledChannel(Transcript.of(words), tuple(places)),))


def plan(*found: tuple[float, str]) -> Plan:
    decisions = [Decision(Finding("PERSON", 0, 1, 0.8, source), Action.REDACT, at, at + 0.9) for at, source in found]
    speech = Speech((), (0,), ModelInfo("test", "test"))
    return Plan("a" * 64, "p", 12.0, 8000, 1, speech, tuple(decisions), (), ())


def test_the_directory_is_invented_and_always_the_same() -> None:
    people = known_names.invented(500)
    assert people == known_names.invented(500)
    assert people != known_names.invented(500, seed=2)
    assert len({party.name for party in people}) > 490
    taken = people[0].name.lower().split()
    assert not any(
        set(taken) & set(p.name.lower().split()) for p in known_names.invented(500, without=frozenset(taken))
    )


def test_the_people_of_a_message_are_those_of_its_labels() -> None:
    assert [(p.role, p.name) for p in known_names.people(labelled())] == [
        ("patient", "Dana Whitlock"),
        ("practice", "Cedar Hollow"),
    ]


def test_false_alarms_are_the_contexts_findings_in_talk_that_was_audible() -> None:
    made = plan((0.0, NAME_SOURCE), (2.0, NAME_SOURCE), (7.0, NAME_SOURCE), (8.0, "another recognizer"))
    alarms = known_names.false_alarms(labelled(), made, [Interval(0, 6.9, 8.0, ("PERSON",))])
    assert [finding.source for finding in alarms] == [NAME_SOURCE]
    assert len(known_names.false_alarms(labelled(), made, ())) == 2
