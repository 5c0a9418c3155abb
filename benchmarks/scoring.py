"""Words that any system heard → word errors and leak, through the same detector, policy and evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from redactor.audio import decode, read_source
from redactor.errors import RedactorError
from redactor.evaluation import LabelledRecording, Tally, ideal_findings, load_labels, measure
from redactor.policy import make_plan
from redactor.speech.fake import FakeTranscriber
from redactor.types import ModelInfo, Plan, Recording, Speech, TimedText

HEARD = ModelInfo("benchmark", "words")


class Scorer:
    """Scores hearings of one labelled archive; what the labels alone decide is worked out once."""

    def __init__(self, labels: Path, names: Sequence[str]) -> None:
        """`names`: the recordings that count, by file name."""
        from redactor.phi import build_detector
        from redactor.pipeline import Pipeline
        from redactor.policy import load_policy
        from redactor.render import Replacer

        detector = build_detector()
        self.policy = load_policy("deidentify").having(unheard_speech="bleep")
        self.pipeline = Pipeline(
            transcriber_for=lambda _: FakeTranscriber({}), detector=detector, policy=self.policy, replacer=Replacer()
        )
        wanted = set(names)
        self._cases: list[tuple[LabelledRecording, Recording, Plan]] = []
        for labelled in load_labels(labels):
            if labelled.path.name not in wanted:
                continue
            recording = decode(read_source(labelled.path))
            texts = tuple(channel.transcript for channel in labelled.channels)
            found = ideal_findings(labelled.channels, list(detector.pipe([t.text for t in texts])))
            truth = Speech(texts, tuple(range(recording.channels)), ModelInfo("labels", "labels"))
            self._cases.append((labelled, recording, make_plan(recording, truth, found, self.policy)))

    @property
    def seconds(self) -> float:
        return sum(recording.duration for _, recording, _ in self._cases)

    def score(self, heard: Mapping[str, Sequence[TimedText]]) -> dict[str, Any]:
        """Figures of `evaluation.Tally` for the words of each file."""
        tally = Tally()
        for labelled, recording, ideal in self._cases:
            reader = FakeTranscriber({recording.id: [heard.get(labelled.path.name, ())]}, info=HEARD)
            plan: Plan | None = None
            try:
                plan = self.pipeline.plan(recording, reader)
            except RedactorError:
                pass
            measure(labelled, plan, ideal, tally, policy=self.policy)
        return tally.figures()
