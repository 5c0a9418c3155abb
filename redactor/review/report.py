"""The dashboard's figures: agreement, precision by rule, misses. `statistics` has the formulas."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, select

from redactor.database import reading
from redactor.review.schema import adjudications, decisions, findings, messages, reviews, sampled
from redactor.review.statistics import Estimate, estimate, kappa


@dataclass(frozen=True, slots=True)
class RuleReport:
    """One rule: the share of its reviewed findings that people accept, and how often they added a breach by hand."""

    rule: str
    precision: Estimate | None
    missed: int


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """Figures of one sample or (sample 0) of all reviewed messages, which then have equal weights and represent only
    themselves.

    Attributes:
        judged: messages that are reviewed or adjudicated; disputed ones count for agreement only.
        verdict_kappa, finding_kappa: Cohen's κ of the first two reviews of a message, for verdicts and for answers to
            findings.
        precision: the share of reported breaches (undetermined ones excluded) that people accept.
        misses: of the messages without a reported breach, the share with a breach that the rules did not point out.
        missed_breaches: of the messages with a breach, the share in which the rules missed at least one.
    """

    sample: int
    judged: int
    pairs: int
    verdict_kappa: float | None
    finding_pairs: int
    finding_kappa: float | None
    precision: Estimate | None
    misses: Estimate | None
    missed_breaches: Estimate | None
    rules: tuple[RuleReport, ...]


def report(engine: Engine, sample: int = 0) -> ReviewReport:
    """The current figures."""
    with reading(engine).connect() as c:
        return _report(_Judged(c, sample), sample)


class _Judged:
    """All reviews, read in a few queries."""

    def __init__(self, c: Connection, sample: int) -> None:
        self.probability: dict[str, float] = {}
        self.passed: dict[str, bool] = {}
        self.settled: dict[str, bool] = {}
        columns = [messages.c.id, messages.c.verdict, messages.c.state]
        query: Select[Any] = select(*columns).where(
            messages.c.state.in_(("reviewed", "adjudicated", "disputed")), messages.c.direction == "out"
        )
        if sample:
            query = query.add_columns(sampled.c.probability).join(sampled, sampled.c.message == messages.c.id)
            query = query.where(sampled.c.sample == sample)
        for row in c.execute(query).mappings():
            self.probability[row["id"]] = float(row["probability"]) if sample else 1.0
            self.passed[row["id"]] = row["verdict"] != "findings"
            self.settled[row["id"]] = row["state"] != "disputed"
        ids = query.with_only_columns(messages.c.id).scalar_subquery()
        self.rule_of: dict[tuple[str, int], str] = {}
        self.claimed: set[tuple[str, int]] = set()
        for r in c.execute(select(findings).where(findings.c.message.in_(ids))):
            self.rule_of[r.message, r.number] = r.rule
            if r.verdict == "findings":
                self.claimed.add((r.message, r.number))
        self.verdicts: dict[str, dict[int, str]] = {}
        given = select(reviews).where(reviews.c.message.in_(ids), reviews.c.state == "given").order_by(reviews.c.id)
        for r in c.execute(given):
            self.verdicts.setdefault(r.message, {})[r.person] = r.verdict
        self.answers: dict[tuple[str, int], dict[int, str]] = {}
        missed: dict[tuple[str, int], dict[tuple[str, float, float], bool]] = {}
        for r in c.execute(select(decisions).where(decisions.c.message.in_(ids)).order_by(decisions.c.id)):
            if r.finding < 0:
                missed.setdefault((r.message, r.person), {})[r.rule, r.start, r.end] = r.decision == "missed"
            else:
                self.answers.setdefault((r.message, r.person), {})[r.finding] = r.decision
        self.missed = {key: {p[0] for p, present in places.items() if present} for key, places in missed.items()}
        self.final: dict[str, tuple[str, dict[int, str], set[str]]] = {}
        for r in c.execute(select(adjudications).where(adjudications.c.message.in_(ids)).order_by(adjudications.c.id)):
            kept = json.loads(r.decisions)
            self.final[r.message] = (r.verdict, {int(n): a for n, a in kept["answers"].items()}, set(kept["missed"]))
        for message, by in self.verdicts.items():
            if message not in self.final and self.settled[message] and by:
                first = next(iter(by))
                self.final[message] = (
                    by[first],
                    self.answers.get((message, first), {}),
                    self.missed.get((message, first), set()),
                )


def _report(j: _Judged, sample: int) -> ReviewReport:
    verdicts: list[tuple[Hashable, Hashable]] = []
    answers: list[tuple[Hashable, Hashable]] = []
    for message, by in j.verdicts.items():
        if len(by) < 2:
            continue
        a, b = list(by)[:2]
        verdicts.append((by[a], by[b]))
        one, other = j.answers.get((message, a), {}), j.answers.get((message, b), {})
        answers.extend((one[n], other[n]) for n in sorted(set(one) & set(other)))
    decided: list[tuple[str, bool, float]] = []
    clean: list[tuple[bool, float]] = []
    broken: list[tuple[bool, float]] = []
    missed: dict[str, int] = {}
    for message, (verdict, said, extra) in j.final.items():
        p = j.probability[message]
        # Undetermined findings count neither for nor against precision …
        claims = ((j.rule_of[message, n], a == "accept", p) for n, a in said.items() if (message, n) in j.claimed)
        decided.extend(claims)
        # … but where one pointed out a breach that a person then accepted, the rules did not miss it.
        pointed = "accept" in said.values()
        breaks = verdict == "findings" or pointed or bool(extra)
        if j.passed[message]:
            clean.append((breaks and not pointed, p))
        if breaks:
            broken.append((bool(extra) or not pointed, p))
        for rule in extra:
            missed[rule] = missed.get(rule, 0) + 1
    rules = sorted({rule for rule, _, _ in decided} | set(missed))
    return ReviewReport(
        sample,
        len(j.final),
        len(verdicts),
        kappa(verdicts),
        len(answers),
        kappa(answers),
        estimate((hit, p) for _, hit, p in decided),
        estimate(clean),
        estimate(broken),
        tuple(
            RuleReport(rule, estimate((hit, p) for r, hit, p in decided if r == rule), missed.get(rule, 0))
            for rule in rules
        ),
    )
