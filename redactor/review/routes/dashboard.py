"""The dashboard, and exports as CSV."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from redactor.audit_log import events
from redactor.auth import Holder, Person
from redactor.review.misses import miss_report
from redactor.review.report import report
from redactor.review.repository import Filters
from redactor.review.request_context import RequestContext

COLUMNS = {
    "messages": "id added duration kind verdict severity rules ruleset caller mailbox state version audio".split(),
    "judgments": "id state rules_verdict person verdict finding rule answer start end adjudicated".split(),
}


def router(context: RequestContext) -> APIRouter:
    """The routes for the dashboard."""
    routes = APIRouter()
    reads = Annotated[Person, Depends(context.guard("report.read"))]
    exports = Annotated[Person | Holder, Depends(context.guard.either("export", "export"))]

    @routes.get("/dashboard")
    def dashboard(request: Request, person: reads) -> Response:
        """Agreement, precision and misses of a sample (by default the newest), or of all messages."""
        every = context.samples.all()
        asked = request.query_params.get("sample", "")
        known = [s["id"] for s in every]
        sample = (
            int(asked) if asked.isdecimal() and len(asked) < 10 and int(asked) in (*known, 0) else (known or [0])[0]
        )
        drawn = next((s for s in every if s["id"] == sample), None)
        return context.page(
            "dashboard.html",
            person,
            report=report(context.store.engine, sample),
            missed=miss_report(context.store.engine, sample) if sample else None,
            samples=every,
            drawn=drawn,
            counts=context.store.counts(),
        )

    @routes.get("/export/{what}.csv")
    def export(what: Literal["messages", "judgments"], asker: exports) -> Response:
        """All rows, for people and for programs with a token: no words of messages, no comments, people as numbers."""
        if what == "messages":
            rows, total = _messages(context), sum(context.store.counts().values())
        else:
            every = list(_reviews(context))
            if isinstance(asker, Person):
                context.reviews.note_read(asker.id)
            rows, total = iter(every), len(every)
        context.trail.append(events.Exported(by=asker.actor, what=what, rows=total))
        headers = {"Content-Disposition": f'attachment; filename="{what}.csv"'}
        return StreamingResponse(_csv(COLUMNS[what], rows), media_type="text/csv; charset=utf-8", headers=headers)

    return routes


def _messages(context: RequestContext) -> Iterator[list[Any]]:
    for row in _all(context):
        yield [row[name] for name in COLUMNS["messages"]]


def _reviews(context: RequestContext) -> Iterator[list[Any]]:
    for row in _all(context):
        if row["state"] == "new":
            continue
        rules = {f["number"]: f["rule"] for f in context.store.findings(row["id"])}
        settled = context.reviews.settled(row["id"])
        final = settled["verdict"] if settled else ""
        for j in context.reviews.all(row["id"]):
            if j.state != "given" or row["state"] == "open":  # the second reviewer must not see it
                continue
            head = [row["id"], row["state"], row["verdict"], j.person, j.verdict]
            yield [*head, "", "", "", "", "", final]
            for number, answer in sorted(j.answers.items()):
                yield [*head, number, rules.get(number, ""), answer, "", "", final]
            for rule, start, end in j.missed:
                yield [*head, "", rule, "missed", start, end, final]


def _all(context: RequestContext) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        page = context.store.page(Filters(), after=after, limit=500)
        yield from map(dict, page.rows)
        if not (after := page.following):
            return


def _csv(columns: list[str], rows: Iterator[list[Any]]) -> Iterator[str]:
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\r\n")  # RFC 4180
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe(value) for value in row])
        if held.tell() > 1 << 16:
            yield held.getvalue()
            held.seek(0)
            held.truncate()
    yield held.getvalue()


def safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection): such text gets an apostrophe in front."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value
