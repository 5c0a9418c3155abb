#!/usr/bin/env python3
"""Measures precision and recall of the rules V01 … V20 on invented sent messages whose violations are known.

    python benchmarks/rules_accuracy.py --json benchmarks/results/rules_accuracy.json --report
    benchmarks/results/sample-report.html

Messages and labels come from sent_messages.py, in three parts with different names, practices, sentences and clinical
words: mistakes were read in "tuning"; "second" was scored unread, then the kinds of its mistakes were read; "test" was
written last, and only scored. "errors": the same messages with recognition errors in 5 and 10 % of the words
(recognition_errors.py). A rule counts as raised if its verdict is findings or undetermined; "verdict" is the share of
correctly raised rules that also have the correct verdict. The words go straight to the rules, without audio, so this
does not measure recognition.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import recognition_errors
import sent_messages
from report import headline, progress, save, stamp, table

from redactor.compliance import IDS, Audited, Circumstances, Consents, Grant, Message, SoundFacts, audit, load_rules
from redactor.compliance import report as html
from redactor.compliance.results import ResultRow
from redactor.compliance.reviewed import missed
from redactor.compliance.transcriber import digits_of
from redactor.phi import build_detector
from redactor.types import TimedText, Transcript

RATES = (0.0, 0.05, 0.1)


def transcript_of(sent: sent_messages.Sent, rate: float) -> Transcript:
    text = sent.text
    if rate:
        text = recognition_errors.worsen({"id": sent.id, "text": text, "spans": []}, rate)["text"]
    step = sent_messages.SECONDS_A_WORD
    return Transcript.of(
        TimedText(word, n * step, n * step + 0.8 * step, sent.confidence) for n, word in enumerate(text.split())
    )


def judged(sents: Sequence[sent_messages.Sent], *, rate: float, detector: Any) -> list[Audited]:
    """The audit of each message."""
    rules = load_rules()
    transcripts = [transcript_of(sent, rate) for sent in sents]
    out = []
    for sent, transcript, found in zip(sents, transcripts, detector.search(transcripts), strict=True):
        duration = len(sent.text.split()) * sent_messages.SECONDS_A_WORD
        identity = hashlib.sha256(f"{sent.part} {sent.id} {sent.text}".encode()).hexdigest()
        message = Message(
            identity, (transcript,), tuple(found), duration, SoundFacts(sent.unheard, sent.clipped), digits_of
        )
        known = Circumstances(consents=entry_of(sent.entry), sent=sent.sent, prerecorded=sent.prerecorded)
        out.append(audit(message, known, rules))
    return out


def entry_of(entry: dict[str, Any] | None) -> Consents | None:
    if entry is None:
        return None
    return Consents(
        patient=entry["patient"],
        scopes=tuple(Grant(scope, until) for scope, until in entry["scopes"]),
        restrictions=frozenset(entry["restrictions"]),
        neutral_names=tuple(entry["neutral_names"]),
        callback_numbers=tuple(entry["callback_numbers"]),
        part2=False,
    )


def compare(sents: Sequence[sent_messages.Sent], audits: Sequence[Audited]) -> dict[str, Any]:
    """Counts by rule, and of whole messages."""
    hit, extra, lost, right = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    verdicts = 0
    for sent, audited in zip(sents, audits, strict=True):
        raised = {b.rule: b.verdict.value for b in audited.breaches}
        for rule in IDS:
            if rule in sent.may and rule not in sent.truth:
                continue
            expected, got = sent.truth.get(rule), raised.get(rule)
            hit[rule] += bool(expected and got)
            right[rule] += bool(expected and got == expected)
            lost[rule] += bool(expected and not got)
            extra[rule] += bool(got and not expected)
        worst = "findings" if "findings" in sent.truth.values() else "undetermined" if sent.truth else "pass"
        verdicts += audited.verdict.value == worst
    rows = {
        rule: {
            "labelled": hit[rule] + lost[rule],
            "found": hit[rule],
            "missed": lost[rule],
            "false": extra[rule],
            "recall": ratio(hit[rule], hit[rule] + lost[rule]),
            "precision": ratio(hit[rule], hit[rule] + extra[rule]),
            "verdict": ratio(right[rule], hit[rule]),
        }
        for rule in IDS
    }
    total = [sum(c.values()) for c in (hit, lost, extra)]
    return {
        "messages": len(sents),
        "rules": rows,
        "recall": ratio(total[0], total[0] + total[1]),
        "precision": ratio(total[0], total[0] + total[2]),
        "message_verdict": ratio(verdicts, len(sents)),
    }


def ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def shown_table(document: dict[str, Any]) -> str:
    """Recall and precision by rule for each set."""
    sets = list(document["sets"])
    heads = ["rule", "labelled (test)", *(f"{name}: recall / precision / verdict, %" for name in sets)]
    rows = []
    for rule in (*IDS, "all"):
        cells = [rule]
        for name in sets:
            one = document["sets"][name]
            values = one["rules"][rule] if rule in IDS else {**one, "verdict": one["message_verdict"]}
            if len(cells) == 1:
                of = document["sets"]["test"]["rules"]
                cells.append(str(of[rule]["labelled"] if rule in IDS else sum(r["labelled"] for r in of.values())))
            cells.append(" / ".join(percent(values[key]) for key in ("recall", "precision", "verdict")))
        rows.append(cells)
    return table(heads, rows)


def caption(document: dict[str, Any]) -> str:
    return (
        f"{document['sets']['test']['messages']} invented sent messages a set, their words given to the rules "
        f"without audio; in the last line the verdict is that of whole messages."
    )


def sample(sents: Sequence[sent_messages.Sent], audits: Sequence[Audited], path: Path) -> None:
    """A report of these messages, as `redactor audit` writes it; days and reviewers are invented too."""
    import datetime as dt
    import random

    rnd = random.Random(5)
    staff = sorted({s.caller for s in sents})
    rows = [
        ResultRow(
            n,
            a.id,
            a,
            f"staff-{staff.index(s.caller) + 1:02d}",
            sent_messages.SENT - dt.timedelta(days=rnd.randrange(28)),
        )
        for n, (s, a) in enumerate(zip(sents, audits, strict=True), 1)
    ]
    labels = {
        a.id: frozenset(s.truth) for s, a in rnd.sample(list(zip(sents, audits, strict=True)), min(120, len(sents)))
    }
    page = html.render(
        rows,
        load_rules(),
        words=False,
        made="2026-07-01 (invented messages)",
        model="",
        synthetic_only=False,
        interrupted=False,
        missed=missed(rows, labels),
    )
    path.write_text(page, encoding="utf-8")


def faults(sents: Sequence[sent_messages.Sent], audits: Sequence[Audited], most: int) -> None:
    """The mistakes in the part "tuning", for reading."""
    for sent, audited in zip(sents, audits, strict=True):
        raised = {b.rule: (b.verdict.value, [e.text for e in b.evidence], b.why) for b in audited.breaches}
        wrong = [f"missed {r}" for r in sent.truth if r not in raised]
        wrong += [f"false {r} {raised[r][1:]}" for r in raised if r not in sent.truth and r not in sent.may]
        wrong += [
            f"verdict {r} {raised[r]} for {v}" for r, v in sent.truth.items() if r in raised and raised[r][0] != v
        ]
        if wrong and most:
            most -= 1
            print(f"#{sent.id} [{sent.situation}] {sent.text}\n    " + "\n    ".join(wrong))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=600, help="messages of each part")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--report", type=Path, help="write a sample report of the test part")
    parser.add_argument("--faults", type=int, default=0, help="print this many mistakes of the part tuning, then exit")
    parser.add_argument("--rate", type=float, default=0.0, help="recognition errors for --faults")
    given = parser.parse_args()
    detector = build_detector()
    if given.faults:
        sents = sent_messages.messages("tuning", given.count)
        audits = judged(sents, rate=given.rate, detector=detector)
        faults(sents, audits, given.faults)
        print(json.dumps(compare(sents, audits), indent=1))
        return
    document: dict[str, Any] = stamp() | {"seconds_a_word": sent_messages.SECONDS_A_WORD, "sets": {}}
    for part in ("tuning", "second", "test"):
        sents = sent_messages.messages(part, given.count)
        for rate in RATES:
            name = part + (f", {100 * rate:.0f} % errors" if rate else "")
            audits = judged(sents, rate=rate, detector=detector)
            document["sets"][name] = compare(sents, audits)
            progress(f"{name}: recall {percent(document['sets'][name]['recall'])} %")
            if part == "test" and not rate and given.report:
                sample(sents, audits, given.report)
    print(shown_table(document))
    print(f"\n{caption(document)} {headline(document)}.")
    if given.json:
        save(given.json, document)


if __name__ == "__main__":
    main()
