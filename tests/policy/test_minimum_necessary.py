"""What `minimum-necessary` leaves of invented messages that a practice's staff might leave."""

from collections import Counter
from pathlib import Path

import pytest
import tomllib
from planned import finding

from redactor.phi import build_detector
from redactor.policy import load_policy
from redactor.policy.contextual_rules import apply_rule
from redactor.types import CLINICAL, LABELS, Action, Finding
from sample_audio.markup import parse

TEXTS = Path(__file__).resolve().parents[2] / "benchmarks" / "texts"
POLICY = load_policy("minimum-necessary")


def parts(text, findings):
    """Every part of the findings, with what the policy does with it."""
    for one in findings:
        yield from apply_rule(POLICY.labels.get(one.label, "redact"), one, text, findings)


def test_first_names_practices_and_callback_numbers_stay():
    """Of parts that the policy keeps by the labels, those that no finding covers; and the reverse."""
    scripts = [
        parse(message["script"])
        for path in sorted(TEXTS.glob("*.toml"))
        for message in tomllib.loads(path.read_text(encoding="utf-8"))["message"]
        if message["id"].startswith("out-")
    ]
    seen, stays, gone = Counter(), Counter(), Counter()
    for script, found in zip(scripts, build_detector().pipe(s.text for s in scripts), strict=True):
        covered = [(p.start, p.end) for p, action in parts(script.text, list(found)) if action is Action.REDACT]
        labelled = [Finding(s.label, s.start, s.end, 1.0, "labels") for s in script.spans if s.label in LABELS]
        for part, action in parts(script.text, labelled):
            hidden = any(start < part.end and part.start < end for start, end in covered)
            if part.label in {"PERSON", "ORGANIZATION", "PHONE_NUMBER", "DATE_TIME"}:
                key = part.label, action is Action.KEEP
                seen[key] += 1
                stays[key] += not hidden
                gone[key] += hidden
    assert stays["PERSON", True] >= 0.98 * seen["PERSON", True] > 50
    assert stays["ORGANIZATION", True] >= 0.8 * seen["ORGANIZATION", True] > 20
    assert stays["PHONE_NUMBER", True] >= 0.8 * seen["PHONE_NUMBER", True] > 5
    assert stays["DATE_TIME", True] >= 0.8 * seen["DATE_TIME", True] > 2
    assert gone["PERSON", False] >= 0.98 * seen["PERSON", False] > 20
    assert gone["PHONE_NUMBER", False] >= 0.95 * seen["PHONE_NUMBER", False] > 10


@pytest.mark.parametrize(
    ("organization", "action"),
    [("Oak Street Pediatrics", Action.KEEP), ("Pediatrics", Action.REDACT), ("Oak Street", Action.REDACT)],
)
def test_a_part_of_the_practices_name_stays(organization, action):
    text = "this is Oak Street Pediatrics calling"
    special, others = finding(text, "Pediatrics", "SPECIALTY"), [finding(text, organization, "ORGANIZATION")]
    assert apply_rule("keep-in-organization", special, text, [special, *others]) == [(special, action)]


def test_clinical_facts_outside_of_a_name_go():
    text = "Hi Maria, this is Oak Street Pediatrics, your colonoscopy is on Friday."
    found = build_detector().detect(text)
    gone = [
        text[p.start : p.end] for p, action in parts(text, found) if action is Action.REDACT and p.label in CLINICAL
    ]
    assert gone == ["colonoscopy"]
