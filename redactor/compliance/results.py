"""The results of an audit: a row for each recording, as JSON and CSV.

They contain no words of messages unless requested, and no numbers of matching list entries, which would reveal words.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from redactor.compliance import Audited, Breach, Evidence, Rules, RuleVerdict

SCHEMA = "redactor-audit/1"
FINDINGS = 1
UNDETERMINED = 3
"""Exit codes: there are findings; there are none, but some rules are undetermined."""
GRAVEST = (74, 73, 70, 69, 78, 65, 66)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One recording: its audit, or why there is none.

    Attributes:
        caller: staff id, or a keyed hash of the recognised name; "" if unknown.
        reason, message, hint, exit_code: for recordings that could not be audited.
        passed_over: the message was left by somebody else.
    """

    item: int
    id: str = ""
    audited: Audited | None = None
    caller: str = ""
    sent: date | None = None
    reason: str = ""
    message: str = ""
    hint: str = ""
    exit_code: int = 0
    passed_over: bool = False
    synthetic_only: bool = field(default=False)


def exit_code(rows: Sequence[ResultRow]) -> int:
    """The most severe: 74, 73, 70, 69, 78, 65; then 1 for findings, 3 for undetermined rules, 0."""
    codes = {row.exit_code for row in rows}
    for code in GRAVEST:
        if code in codes:
            return 65 if code == 66 else code
    verdicts = {row.audited.verdict for row in rows if row.audited}
    if RuleVerdict.FINDINGS in verdicts:
        return FINDINGS
    return UNDETERMINED if RuleVerdict.UNDETERMINED in verdicts or max(codes, default=0) else 0


def caller_of(audited: Audited, key: bytes) -> str:
    """A pseudonym for a caller: the same for the same recognised name and key."""
    name = next((p.evidence.text for p in audited.parts if p.name == "caller"), "")
    plain = re.sub(r"[^\w]+", " ", name.lower()).strip()
    return f"caller-{hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()[:8]}" if plain else ""


def counts(rows: Sequence[ResultRow]) -> dict[str, Any]:
    """Counts of a run: recordings by outcome and verdict, findings and undetermined by rule."""
    audited = [row.audited for row in rows if row.audited]
    verdicts = Counter(a.verdict for a in audited)
    by_rule = {v: Counter(b.rule for a in audited for b in a.breaches if b.verdict is v) for v in RuleVerdict}
    return {
        "recordings": len(rows),
        "audited": len(audited),
        "findings": verdicts[RuleVerdict.FINDINGS],
        "undetermined": verdicts[RuleVerdict.UNDETERMINED],
        "nothing_found": verdicts[RuleVerdict.PASS],
        "not_audited": sum(bool(row.exit_code) for row in rows),
        "left_by_others": sum(row.passed_over for row in rows),
        "reasons": dict(sorted(Counter(row.reason for row in rows if row.reason).items())),
        "findings_by_rule": dict(sorted(by_rule[RuleVerdict.FINDINGS].items())),
        "undetermined_by_rule": dict(sorted(by_rule[RuleVerdict.UNDETERMINED].items())),
    }


def document(rows: Sequence[ResultRow], rules: Rules, *, words: bool, **facts: Any) -> dict[str, Any]:
    """The content of audit.json. `facts`: further entries (time, model, interrupted)."""
    return {
        "schema": SCHEMA,
        "rules": rules.stamp,
        "not_judged": list(rules.practice.off),
        "words_shown": words,
        **facts,
        "counts": counts(rows),
        "rule_set": {
            r.id: {
                "title": r.title,
                "severity": r.severity.value,
                "authority": r.authority,
                "citation": r.citation,
                "exempt": r.exempt,
            }
            for r in rules.rules.values()
        },
        "messages": [_message(row, words=words) for row in rows],
        "attestation": list(rules.attestation),
    }


def discreet(matched: str) -> str:
    """What matched, without the list entry: "list: V05 hiv phrase 3" → "list: V05"; "consent: hiv until …" → "consent
    until …".
    """
    plain = re.sub(r"^(list: V\d\d)\b.*phrase \d+$", r"\1", matched)
    return re.sub(r"^consent: (?:hiv|mental-health|reproductive-health|part2)\b", "consent", plain)


def _message(row: ResultRow, *, words: bool) -> dict[str, Any]:
    head: dict[str, Any] = {"item": row.item, "id": row.id}
    if row.audited is None:
        if row.passed_over:
            return {**head, "status": "left-by-others"}
        return {**head, "status": "not-audited", "reason": row.reason, "message": row.message, "hint": row.hint}
    a = row.audited
    return {
        **head,
        "status": "audited",
        "caller": row.caller,
        "sent": row.sent.isoformat() if row.sent else "",
        "duration": round(a.duration, 2),
        "kind": a.kind.value,
        "verdict": a.verdict.value,
        "breaches": [_breach(b, words=words) for b in a.breaches],
        "parts": [{"name": p.name, **_evidence(p.evidence, words=words)} for p in a.parts],
        "exempt": [{"rule": rule, "by": by if words else discreet(by)} for rule, by in a.exempt],
    }


def _breach(b: Breach, *, words: bool) -> dict[str, Any]:
    return {
        "rule": b.rule,
        "severity": b.severity.value,
        "verdict": b.verdict.value,
        "why": b.why,
        "missing": list(b.missing),
        "better": b.better,
        "evidence": [_evidence(e, words=words) for e in b.evidence],
    }


def _evidence(e: Evidence, *, words: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "channel": e.channel,
        "words": [e.first, e.last],
        "start": round(e.start, 2),
        "end": round(e.end, 2),
        "confidence": round(e.confidence, 3),
        "score": round(e.score, 3),
        "matched": e.matched if words else discreet(e.matched),
    }
    return {**found, "text": e.text} if words else found


COLUMNS = (
    "item",
    "id",
    "status",
    "sent",
    "caller",
    "duration",
    "kind",
    "message_verdict",
    "rule",
    "title",
    "severity",
    "authority",
    "citation",
    "verdict",
    "missing",
    "channel",
    "start",
    "end",
    "confidence",
    "score",
    "matched",
    "why",
    "better",
)


def table(rows: Sequence[ResultRow], rules: Rules, *, words: bool) -> str:
    """The content of audit.csv: a line for each piece of evidence, breach without evidence, and message without
    breaches.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, (*COLUMNS, "text") if words else COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        head: dict[str, Any] = {"item": row.item, "id": row.id, "status": row.reason or "left-by-others"}
        if row.audited is None:
            writer.writerow({k: harmless(v) for k, v in {**head, "why": row.message}.items()})
            continue
        a = row.audited
        head |= {
            "status": "audited",
            "sent": row.sent or "",
            "caller": row.caller,
            "duration": round(a.duration, 2),
            "kind": a.kind.value,
            "message_verdict": a.verdict.value,
        }
        if not a.breaches:
            writer.writerow({k: harmless(v) for k, v in head.items()})
        for b in a.breaches:
            rule = rules.rules[b.rule]
            said = head | {
                "rule": b.rule,
                "title": rule.title,
                "severity": b.severity.value,
                "authority": rule.authority,
                "citation": rule.citation,
                "verdict": b.verdict.value,
                "missing": "; ".join(b.missing),
                "why": b.why,
                "better": b.better,
            }
            for e in b.evidence or (None,):
                place = {k: v for k, v in _evidence(e, words=words).items() if k != "words"} if e else {}
                writer.writerow({k: harmless(v) for k, v in {**said, **place}.items()})
    return out.getvalue()


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    text = str(value)
    return (
        f"'{text}"
        if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and not isinstance(value, int | float)
        else value
    )
