"""The cases of `sent_cases` as text: each rule speaks where it must and is silent where it must."""

from collections import Counter
from datetime import date

import pytest
from sent_cases import CASES, SENT, Case, named

from redactor.compliance import IDS, Circumstances, Message, SoundFacts, audit, load_rules, overlaid, parse_register
from redactor.compliance.transcriber import digits_of
from redactor.types import TimedText, Transcript


def audited(case: Case, detector):
    words = case.text.split()
    transcript = Transcript.of(TimedText(w, n * 0.35, n * 0.35 + 0.3, case.confidence) for n, w in enumerate(words))
    findings = next(iter(detector.search([transcript])))
    heard = SoundFacts(unheard=2.0 if case.unsaid else 0.0, clipped=0.05 if case.loud else 0.0)
    message = Message("0" * 64, (transcript,), tuple(findings), len(words) * 0.35 + 0.5, heard, digits_of)
    register = parse_register([(2, {"recipient": "77", **case.entry})] if case.entry is not None else [])
    prerecorded = {"yes": True, "no": False, "": None}[case.prerecorded]
    circumstances = Circumstances(register.of("77"), date.fromisoformat(SENT), prerecorded=prerecorded)
    rules = overlaid(load_rules(), case.rules) if case.rules else load_rules()
    return audit(message, circumstances, rules), transcript


@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_rule_speaks_where_it_must(case, detector):
    result, transcript = audited(case, detector)
    mine = {b.rule: b for b in result.breaches}.get(case.rule)
    assert (mine.verdict.value if mine else "") == case.verdict, result.breaches
    for b in result.breaches:
        assert bool(b.missing) == (b.verdict.value == "undetermined")
        for e in b.evidence:
            assert e.text == " ".join(w.text for w in transcript.words[e.first : e.last])
            assert 0 <= e.start < e.end <= result.duration
            assert e.matched


def test_every_rule_has_three_messages_that_break_it_and_three_that_do_not():
    worse = Counter(c.rule for c in CASES if c.verdict == ("undetermined" if c.rule == "V20" else "findings"))
    silent = Counter(c.rule for c in CASES if not c.verdict)
    assert all(worse[rule] >= 3 and silent[rule] >= 3 for rule in IDS), (worse, silent)


def test_words_of_a_model_that_invents_them_never_pass():
    """The same message, recognised by a checkpoint that may be trusted, and by one that may not."""
    said = "hi maria this is anna from northgate clinic please call us at 206 555 0142"
    transcript = Transcript.of(TimedText(w, n * 0.35, n * 0.35 + 0.3, 0.9) for n, w in enumerate(said.split()))
    for invented in (False, True):
        message = Message("0" * 64, (transcript,), (), 6.0, SoundFacts(invented=invented), digits_of)
        result = audit(message, Circumstances(), load_rules())
        assert ("V20" in {b.rule for b in result.breaches}) is invented
