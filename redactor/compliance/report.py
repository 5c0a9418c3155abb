"""Renders report.html: one file without scripts or external resources; charts are SVG with geometry computed here."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from redactor.compliance import Audited, Rules, RuleVerdict, Severity, gravest
from redactor.compliance.results import ResultRow, counts, discreet
from redactor.compliance.reviewed import Missed, Rate
from redactor.errors import ConfigurationError

MOST_CALLERS = 15
MOST_MESSAGES = 100
"""Number of messages shown in detail; all are in audit.csv and audit.json."""
MOST_COLUMNS = 31
"""Largest number of days in the chart; longer periods are shown by month."""
WIDTH = 430
HEIGHT = 130
CALLED = {RuleVerdict.FINDINGS: "findings", RuleVerdict.UNDETERMINED: "undetermined", RuleVerdict.PASS: "no findings"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: its name and the lengths, in SVG units, of findings, undetermined and the rest."""

    name: str
    title: str
    values: tuple[int, int, int]
    lengths: tuple[float, float, float]


def render(
    rows: Sequence[ResultRow],
    rules: Rules,
    *,
    words: bool,
    made: str,
    model: str,
    synthetic_only: bool,
    interrupted: bool,
    missed: Missed | None = None,
    name_model: str = "auto",
) -> str:
    """The report as HTML.

    Args:
        words: show the words of the messages.
        made: time, as text.
        name_model: value of --ner; the report mentions "none".

    Raises:
        ConfigurationError: Jinja2 is not installed.
    """
    environment = _environment()
    style = environment.get_template("report.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    audited = [row for row in rows if row.audited]
    shown = sorted((r for r in audited if r.audited and r.audited.breaches), key=_order)
    page: str = environment.get_template("report.html.j2").render(
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'none'; base-uri 'none'",
        counts=counts(rows),
        rules=rules,
        by_rule=_by_rule([r.audited for r in audited if r.audited], rules),
        by_caller=_by_caller(audited),
        over_time=_over_time(audited),
        messages=shown[:MOST_MESSAGES],
        hidden=max(0, len(shown) - MOST_MESSAGES),
        problems=[r for r in rows if r.exit_code][:MOST_MESSAGES],
        rates=_rates(missed) if missed else [],
        missed=missed,
        words=words,
        matched=(lambda text: text) if words else discreet,
        made=made,
        model=model,
        name_model=name_model,
        synthetic_only=synthetic_only,
        interrupted=interrupted,
        called=CALLED,
        width=WIDTH,
        height=HEIGHT,
    )
    return page


def needs() -> None:
    """Fail before anything is recognised.

    Raises:
        ConfigurationError: Jinja2 is not installed.
    """
    from importlib.util import find_spec

    if find_spec("jinja2") is None:
        raise ConfigurationError("The report needs Jinja2.", hint="pip install 'voicemail-redactor[serve]'")


def _environment() -> Any:
    needs()
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("redactor.compliance"),
        autoescape=jinja2.select_autoescape(("html", "html.j2")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _order(row: ResultRow) -> tuple[int, int, int]:
    """By severity, then number of findings, then position."""
    assert row.audited is not None
    worst = gravest(row.audited.breaches)
    found = sum(b.verdict is RuleVerdict.FINDINGS for b in row.audited.breaches)
    return (list(Severity).index(worst) if worst else len(Severity), -found, row.item)


def _bars(rows: Iterable[tuple[str, str, tuple[int, int, int]]], *, room: float) -> list[Bar]:
    given = list(rows)
    most = max((sum(values) for _, _, values in given), default=0) or 1
    return [Bar(n, t, v, (room * v[0] / most, room * v[1] / most, room * v[2] / most)) for n, t, v in given]


def _by_rule(audited: Sequence[Audited], rules: Rules) -> list[Bar]:
    found = Counter(b.rule for a in audited for b in a.breaches if b.verdict is RuleVerdict.FINDINGS)
    open_ = Counter(b.rule for a in audited for b in a.breaches if b.verdict is RuleVerdict.UNDETERMINED)
    return _bars(((r.id, r.title, (found[r.id], open_[r.id], 0)) for r in rules.rules.values()), room=WIDTH)


def _thirds(rows: Sequence[ResultRow]) -> tuple[int, int, int]:
    seen = Counter(r.audited.verdict for r in rows if r.audited)
    return seen[RuleVerdict.FINDINGS], seen[RuleVerdict.UNDETERMINED], seen[RuleVerdict.PASS]


def _by_caller(audited: Sequence[ResultRow]) -> list[Bar]:
    callers: dict[str, list[ResultRow]] = defaultdict(list)
    for row in audited:
        callers[row.caller or "not named"].append(row)
    ranked = sorted(
        ((name, _thirds(rows)) for name, rows in callers.items()), key=lambda c: (-c[1][0], -sum(c[1]), c[0])
    )
    return _bars(((name, name, values) for name, values in ranked[:MOST_CALLERS]), room=WIDTH)


def _over_time(audited: Sequence[ResultRow]) -> list[Bar]:
    """Bars by day, or by month if there are too many days; empty if no day of sending is known."""
    dated = [(row.sent, row) for row in audited if row.sent]
    by_day = len({day for day, _ in dated}) <= MOST_COLUMNS
    periods: dict[date, list[ResultRow]] = defaultdict(list)
    for day, row in dated:
        periods[day if by_day else day.replace(day=1)].append(row)
    form = "%d %b" if by_day else "%b %y"
    return _bars(
        (
            (d.strftime(form), d.isoformat() if by_day else d.strftime("%Y-%m"), _thirds(rows))
            for d, rows in sorted(periods.items())[-36:]
        ),
        room=HEIGHT,
    )


def _rates(missed: Missed) -> list[tuple[str, Rate]]:
    return [
        ("breaches that reviewers confirmed and the audit missed", missed.breaches),
        ("messages without a finding that had a breach", missed.silent),
        ("findings that reviewers did not confirm", missed.false_alarms),
    ]
