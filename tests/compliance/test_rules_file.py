"""The shipped rules, and a practice's own file over them."""

import re
from pathlib import Path

import pytest

from redactor.compliance import IDS, Circumstances, Message, Severity, audit, load_rules, overlaid
from redactor.errors import ConfigurationError
from redactor.types import LABELS, TimedText, Transcript

HEAD = 'name = "own"\nversion = "2"\n'
CITATIONS = {
    "HHS FAQ 198",
    "45 CFR 164.530(c)",
    "45 CFR 164.514(b)(2)",
    "45 CFR 164.510(b)(3)",
    "45 CFR 164.522(b)",
    "42 CFR 2.13",
    "TCPA",
}
"""The citations that were checked: no other may be printed."""


def test_all_twenty_rules_are_there_with_what_a_reader_needs():
    rules = load_rules()
    assert tuple(rules.rules) == IDS
    assert rules.stamp == "voicemail/1"
    for rule in rules.rules.values():
        assert rule.authority in {"regulation", "guidance", "policy"}
        assert rule.title
        assert rule.exempt
        assert rule.labels <= LABELS
        assert set(filter(None, rule.citation.split("; "))) <= CITATIONS
    assert [r.id for r in rules.rules.values() if r.authority == "regulation"] == ["V06", "V13", "V17", "V19"]


def test_nothing_claims_that_a_message_is_lawful():
    import redactor.cli.audit
    import redactor.compliance

    files = [
        f
        for package in (redactor.cli.audit, redactor.compliance)
        for f in Path(package.__file__).parent.rglob("*")
        if f.is_file() and f.suffix != ".pyc"
    ]
    assert len(files) > 15
    hits = [
        f.name
        for f in files
        if re.search(r"\b(?:HIPAA.compliant|is compliant|de-identified)\b", f.read_text(encoding="utf-8"))
    ]
    assert not hits


def test_a_practice_decides_what_is_its_own():
    own = overlaid(
        load_rules(),
        HEAD + '[practice]\nmax_seconds = 20\noff = ["V16"]\n[limits]\nsure_score = 0.7\n[rules.V03]\nseverity = '
        '"S2"\nbetter = "Say less."\nmore = ["your pills"]\n[rules.V09]\nnever = ["insurance day"]\n',
    )
    assert own.stamp == "own/2 over voicemail/1"
    assert own.practice.max_seconds == 20
    assert own.limits.sure_score == 0.7
    assert own.rules["V03"].severity is Severity.S2

    def broken(text):
        transcript = Transcript.of(TimedText(w, n, n + 0.5) for n, w in enumerate(text.split()))
        return {b.rule for b in audit(Message("0", (transcript,)), Circumstances(), own).breaches}

    assert "V03" in broken("come and get your pills")
    assert "V09" in broken("your insurance did not pay")
    assert "V09" not in broken("it is insurance day")
    assert "V18" in broken("word " * 60)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[practice]\n",
        HEAD + "colour = 1\n",
        HEAD + "[practice]\nmax_second = 3\n",
        HEAD + '[practice]\nmax_seconds = "3"\n',
        HEAD + "[practice]\nmax_seconds = -1\n",
        HEAD + "[practice]\nfull_name_allowed = 1\n",
        HEAD + '[practice]\nscripts = "hello"\n',
        HEAD + '[practice]\noff = ["V21"]\n',
        HEAD + "[rules.V21]\nbetter = 'x'\n",
        HEAD + "[rules.V01]\ncitation = 'x'\n",
        HEAD + "[rules.V01]\nmore = ['(']\n",
        HEAD + "[rules.V01]\nseverity = 'S9'\n",
        HEAD + "practice = 3\n",
    ],
)
def test_what_cannot_be_honoured_is_refused(text):
    with pytest.raises(ConfigurationError):
        overlaid(load_rules(), text)


@pytest.mark.parametrize(
    "line", ["clipped_share = 2.0", "unsure_share = 1.5", "unheard_seconds = 999999.0", "sure_score = 0.0"]
)
def test_a_limit_cannot_switch_a_rule_off_unseen(line):
    with pytest.raises(ConfigurationError, match="is not between"):
        overlaid(load_rules(), HEAD + f"[limits]\n{line}\n")
