"""Scores the recognised words of any system: word errors and leak, through the same detector, policies and
evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redactor.audio import decode, read_source, recognition_audio
from redactor.errors import Quarantine
from redactor.evaluation import EvaluationTotals, ideal_findings, measure
from redactor.labels import LabelledRecording, load_labels
from redactor.policy import load_policy, make_plan
from redactor.speech.activity import Activity, listen
from redactor.speech.coverage import gaps
from redactor.types import Finding, ModelInfo, Plan, Recording, Speech, TimedText, Transcript


@dataclass(frozen=True, slots=True)
class _Case:
    labelled: LabelledRecording
    recording: Recording
    activity: Activity
    ideal: Plan


class Scorer:
    """Scores recognised words of one labelled archive with one channel; values that depend on the labels alone are
    computed once.

    `make_plan`, detector and policy are redactor's own. Speech without a recognised word is bleeped, so that every
    recording has an output and is measured; the recordings that the default policy would withhold for it are counted.
    """

    def __init__(self, labels: Path, names: Sequence[str]) -> None:
        """`names`: the recordings that count, by file name."""
        from redactor.phi import build_detector

        self._detector = build_detector()
        self._policy = load_policy("deidentify").with_changes(unheard_speech="bleep")
        self._strict = load_policy("deidentify").with_changes(unheard_speech="quarantine")
        wanted = set(names)
        self._cases: list[_Case] = []
        for labelled in load_labels(labels):
            if labelled.path.name not in wanted or not labelled.ordinary:
                continue
            recording = decode(read_source(labelled.path))
            texts = tuple(channel.transcript for channel in labelled.channels)
            found = ideal_findings(labelled.channels, list(self._detector.pipe([t.text for t in texts])))
            truth = Speech(texts, (0,), ModelInfo("labels", "labels"))
            ideal = make_plan(recording, truth, found, self._policy)
            self._cases.append(_Case(labelled, recording, listen(recognition_audio(recording, 0)), ideal))

    @property
    def seconds(self) -> float:
        return sum(case.recording.duration for case in self._cases)

    def score_stock(self, heard: Mapping[str, Sequence[TimedText]], detector: Any) -> dict[str, Any]:
        """The same figures for the findings of another detector, bleeped by a user at the times of the words alone."""
        tally = EvaluationTotals()
        policy = self._policy.with_changes(padding=0.0)
        speeches = [
            replace(self._speech(case, heard.get(case.labelled.path.name, ())), unheard=()) for case in self._cases
        ]
        found = detector.search(speech.transcripts[0] for speech in speeches)
        for case, speech, findings in zip(self._cases, speeches, found, strict=True):
            plan = make_plan(case.recording, speech, findings, policy)
            measure(case.labelled, plan, case.ideal, tally, policy=policy)
        return tally.figures()

    def score(self, heard: Mapping[str, Sequence[TimedText]]) -> dict[str, Any]:
        """Figures of `evaluation.Tally` for the words of each file; "withheld_percent": of the recordings, by the
        default policy.
        """
        tally, withheld = EvaluationTotals(), 0
        speeches = [self._speech(case, heard.get(case.labelled.path.name, ())) for case in self._cases]
        findings = self._detector.search(speech.transcripts[0] for speech in speeches)
        for case, speech, found in zip(self._cases, speeches, findings, strict=True):
            plan = make_plan(case.recording, speech, found, self._policy)
            measure(case.labelled, plan, case.ideal, tally, policy=self._policy)
            withheld += not self._passes(case, speech, found)
        return {**tally.figures(), "withheld_percent": round(100 * withheld / len(self._cases), 1)}

    def _passes(self, case: _Case, speech: Speech, found: tuple[Finding, ...]) -> bool:
        with suppress(Quarantine):
            make_plan(case.recording, speech, found, self._strict)
            return True
        return False

    def _speech(self, case: _Case, words: Sequence[TimedText]) -> Speech:
        said = [w for w in words if w.start is None or w.start < case.recording.duration]
        unheard = gaps(case.activity, said, channel=0)
        return Speech((Transcript.of(said, channel=0),), (0,), ModelInfo("benchmark", "words"), 0.0, unheard)
