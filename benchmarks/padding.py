"""Compares leak and over-bleep for different paddings of covered words, from one recognition.

    python benchmarks/padding.py [--labels sample_audio] [--model base] [--json FILE]

Recognises every labelled recording once, then plans with each padding. Padding can only reduce the "edge leak":
labelled PHI that was recognised and covered but whose sound extends beyond the bleep. Caveats: the sample recordings
are synthetic, and word times are those of the checkpoint; run it on your own labels and checkpoint before changing a
policy.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

from redactor import __version__
from redactor.audio import decode, read_source
from redactor.evaluation import EvaluationTotals, ideal_findings, measure
from redactor.labels import LabelledRecording, load_labels
from redactor.phi import build_detector
from redactor.pipeline import Pipeline
from redactor.policy import load_policy, make_plan
from redactor.recognition import listen
from redactor.render import Replacer
from redactor.speech import load_transcriber, resolve
from redactor.types import Finding, ModelInfo, Recording, Speech

PADDINGS = (0.0, 0.1, 0.25, 0.5)
REACHES = (0.0, 0.05, 0.1, 0.15, 0.25)


def stamp() -> dict[str, str]:
    """Commit and hardware, for results that are kept."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "redactor": __version__,
        "commit": commit,
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, default=Path("sample_audio"))
    parser.add_argument("--model", default="base")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    transcriber = load_transcriber(resolve(given.model))
    detector = build_detector()
    policy = load_policy("deidentify").with_changes(unheard_speech="bleep")
    pipeline = Pipeline(transcriber_for=lambda _: transcriber, detector=detector, policy=policy, replacer=Replacer())
    heard: list[tuple[LabelledRecording, Recording, Speech, tuple[Finding, ...], Speech, tuple[Finding, ...]]] = []
    for labelled in load_labels(given.labels):
        if not labelled.ordinary:
            continue
        recording = decode(read_source(labelled.path))
        speech = listen(recording, transcriber)
        truth = Speech(
            tuple(c.transcript for c in labelled.channels),
            tuple(range(recording.channels)),
            ModelInfo("labels", "labels"),
        )
        ideal = ideal_findings(labelled.channels, [detector.detect(t.text) for t in truth.transcripts])
        heard.append((labelled, recording, speech, pipeline.search(speech), truth, ideal))
    rows: list[dict[str, Any]] = []
    print("padding  reach   audible PHI  edge leak  over-bleep   | labelled words and times: audible, over-bleep")
    for padding, reach in ((p, r) for p in PADDINGS for r in REACHES if r <= p):
        here = policy.with_changes(padding=padding, reach=reach)
        real, perfect = EvaluationTotals(), EvaluationTotals()
        for labelled, recording, speech, findings, truth, ideal in heard:
            best = make_plan(recording, truth, ideal, here)
            measure(labelled, make_plan(recording, speech, findings, here), best, real, policy=here)
            measure(labelled, best, best, perfect, policy=here)
        f, p = real.figures(), perfect.figures()
        rows.append({"padding": padding, "reach": reach, "recognised": f, "labelled": p})
        print(
            f"{padding:5.2f} s {reach:4.2f} s  {f['audible_phi_percent']:9.2f} %  "
            f"{f['lost_by_percent']['boundaries']:7.2f} %  "
            f"{f['over_bleep_percent']:8.2f} %   |  {p['audible_phi_percent']:.2f} %, {p['over_bleep_percent']:.2f} %"
        )
    if given.json:
        given.json.write_text(json.dumps({**stamp(), "model": given.model, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
