"""One message: its page, edits of the redaction, answers to findings, the review, access to the original."""

import base64
import secrets
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse

from redactor.audit_log import events
from redactor.auth import Person, form_of
from redactor.crypto import Sealer
from redactor.errors import RedactorError
from redactor.policy import MANUAL, Edit
from redactor.review.claims import WRITES, Claimed, reading_only
from redactor.review.repository import Stale
from redactor.review.request_context import RULES, Message, RequestContext, json_of, session_mark, settled_in, whole
from redactor.review.reviews import ANSWERS, VERDICTS, AlreadyTaken, Undecided
from redactor.review.routes.claims import claimed_answer
from redactor.review.view import similar_in, with_untranscribed
from redactor.review.wording import CHOICES, LABEL_NAMES, in_words
from redactor.types import Interval

LONGEST_TEXT = 2000
LONGEST_REASON = 300
"""Characters of the reason for an edit; all edits of a message are read with each of its versions."""
MOST_EDITS = 200
MOST_WORDS = 100_000
MOST_FINDINGS = 10_000
SHORTEST_REASON = 8
PATIENCE = 10.0
"""Seconds for which a page waits until its recording is recognised."""
WITHHELD = ("withheld", "refused")
"""Outcomes of recordings that nobody but a reviewer may hear."""
MOST_LABELS = 500
"""Characters of labels in an entry of the audit log."""
NONCE = 16  # bytes


def router(context: RequestContext) -> APIRouter:
    """Routes below a message."""
    routes = APIRouter(prefix="/messages/{message}")
    hears = Annotated[Person, Depends(context.guard("message.hear_redacted"))]
    edits = Annotated[Person, Depends(context.guard("message.hear_redacted", "redaction.edit"))]
    judges = Annotated[Person, Depends(context.guard("message.hear_redacted", "finding.decide"))]
    reveals = Annotated[Person, Depends(context.guard("message.hear_original"))]

    def grant_of(message: str, person: Person) -> str:
        """The grant in force, "" if none. It ends with the permission under which it was given."""
        return (
            context.store.granted(message, person.id, session_mark(person))
            if person.may("message.hear_original")
            else ""
        )

    def allow(person: Person, row: dict[str, Any], reason: str) -> None:
        """Grant access to the original for a while; logged first."""
        mark = context.trail.mark(reason)
        seen = {"by": person.actor, "message": row["id"], "version": row["version"], "reason": mark}
        context.trail.append_many([events.OriginalHeard(**seen), events.WordsRead(**seen)])
        context.store.grant(
            row["id"],
            person.id,
            sitting=session_mark(person),
            seconds=context.reveal_seconds,
            reason=context.sealer.seal(secrets.token_bytes(16) + reason.encode()),
        )

    def opened(person: Person, row: dict[str, Any], *, again: bool) -> None:
        event = events.MessageOpened(by=person.actor, message=row["id"], version=row["version"])
        what = (session_mark(person), "opened", event.message, event.version)
        context.recent_events.record(what, lambda: context.trail.append(event), again=again)

    @routes.get("")
    def page(message: Message, request: Request, person: hears) -> Response:
        """The page of a message; it fetches words and audio from `view.json` and `audio`."""
        context.check_hearing(context.row(message), person)
        if context.releasing is not None and (waiting := _unprepared(context, message, person)) is not None:
            return waiting
        row, shown = context.current(message, lambda folder: context.versions.version_store.view(message, folder))
        opened(person, row, again=True)
        grant, asked = grant_of(message, person), "redacted" in request.query_params
        decides = person.may("message.hear_original") and person.may("message.release")
        if context.releasing is not None and decides and row["outcome"] == "withheld" and not (grant or asked):
            # Nobody can decide about a withheld recording without hearing it; this is logged as a typed reason is.
            allow(person, row, f"withheld: {row['reason']}")
            grant = grant_of(message, person)
        return message_page(context, row, shown, person, grant, settled=settled_in(request))

    @routes.get("/view.json")
    def view(message: Message, person: hears) -> dict[str, Any]:
        """Words, bleeps and waveform of the current version; with a grant, the words as spoken."""
        row, shown = context.current(message, lambda folder: context.versions.version_store.view(message, folder))
        context.check_hearing(row, person)
        opened(person, row, again=False)
        shown["revealed"] = False
        if grant := grant_of(message, person):
            shown["words"] = context.versions.original(message, grant, by=person.actor, reason=grant)[1]
            shown["revealed"] = True
        shown["mine"] = _answers(context, message, person)
        shown.setdefault("doubts", [])  # a version that was made before there were any
        if grant and row["outcome"] in WITHHELD:
            shown["doubts"] = with_untranscribed(shown["doubts"], shown["words"])
        shown |= _edited(context, row, person, bool(grant))
        return shown

    @routes.post("/edits")
    async def edit(message: Message, request: Request, person: edits) -> Response:
        """{"version", "edits": […]}, {"version", "undo": true} or {"version", "redo": true} → a new version,
        everything rendered again.
        """
        given = await json_of(request)
        asked = given.get("edits", [])
        if not isinstance(given.get("version"), int) or not isinstance(asked, list) or len(asked) > MOST_EDITS:
            raise HTTPException(422, "bad-request")
        wanted = [_edit(one, context.sealer) for one in asked]
        steps = [step for step in ("undo", "redo") if given.get(step) is True]
        if bool(wanted) + len(steps) != 1:
            raise HTTPException(422, "bad-request")

        def work() -> dict[str, Any]:
            with context.reviews.claims.working(message, person):
                number = save(message, person, given["version"], wanted, "".join(steps))
                note = context.releasing.after_edit(message, number, person) if context.releasing else ""
            return {"version": number, **({"note": note} if note else {})}

        try:
            return JSONResponse(await run_in_threadpool(work))
        except Claimed as error:
            return claimed_answer(error)

    def save(message: str, person: Person, version: int, wanted: list[Edit], step: str) -> int:
        context.check_hearing(context.row(message), person)
        # Only somebody who has heard it can know that it is harmless; of their own edit they have seen both sides.
        own = bool(step) and context.versions.history(message, version).is_own(step, person.actor)
        if ((step and not own) or any(e.kind in ("uncover", "clear") for e in wanted)) and not grant_of(
            message, person
        ):
            raise HTTPException(403, "hear-it-first")

        def log_edit(opened: tuple[Interval, ...]) -> None:
            context.trail.append_many(edit_events(person.actor, message, version + 1, opened))

        return context.versions.edit(
            message, version, wanted, step=step, by=person.actor, reason="edit", before_save=log_edit
        )

    @routes.post("/similar")
    async def similar(message: Message, request: Request, person: edits) -> Response:
        """{"channel", "first", "last"} → the same words and those that sound alike, among the words that are kept."""
        given = await json_of(request)
        asked = {name: given.get(name, -1) for name in ("channel", "first", "last")}
        if not all(type(n) is int and 0 <= n < MOST_WORDS for n in asked.values()):
            raise HTTPException(422, "bad-request")

        def search() -> list[dict[str, Any]]:
            row, shown = context.current(message, lambda folder: context.versions.version_store.view(message, folder))
            context.check_hearing(row, person)
            return similar_in(shown["words"], **asked)

        return JSONResponse({"similar": await run_in_threadpool(search)})

    @routes.post("/decisions")
    async def decide(message: Message, request: Request, person: judges) -> Response:
        """{"finding", "rule", "decision", "comment"}; for a missed breach, finding is -1, with start and end."""
        given = await json_of(request)
        rule, finding, decision = given.get("rule"), given.get("finding"), given.get("decision")
        comment, start, end = given.get("comment", ""), given.get("start", 0.0), given.get("end", 0.0)
        times = all(isinstance(t, int | float) and 0 <= t < 1e6 for t in (start, end))
        if (
            rule not in RULES
            or type(finding) is not int
            or not -1 <= finding < MOST_FINDINGS
            or not isinstance(decision, str)
            or not times
        ):
            raise HTTPException(422, "bad-request")
        if (
            decision not in (*ANSWERS, "missed", "withdraw")
            or not isinstance(comment, str)
            or len(comment) > LONGEST_TEXT
        ):
            raise HTTPException(422, "bad-request")

        def keep() -> dict[str, Any]:
            context.row(message)
            event = events.FindingDecided(
                by=person.actor, message=message, rule=rule, finding=finding, decision=decision
            )
            with context.reviews.claims.working(message, person):
                context.reviews.decide(
                    message,
                    person.id,
                    finding=finding,
                    rule=rule,
                    decision=decision,
                    comment=comment,
                    start=round(float(start), 2),
                    end=round(float(end), 2),
                    before_save=lambda: context.trail.append(event),
                )
            return _answers(context, message, person)

        try:
            return JSONResponse(await run_in_threadpool(keep))
        except Claimed as error:
            return claimed_answer(error)

    @routes.post("/review")
    async def review(message: Message, request: Request, person: judges) -> Response:
        """Submit a review. If the redaction has changed meanwhile: 409, a page that keeps the input."""
        form = await form_of(request)
        verdict, comment = form.get("verdict", ""), form.get("comment", "")[:LONGEST_TEXT]
        version = whole(form.get("version", ""))
        if verdict not in VERDICTS:
            raise HTTPException(422, "choose-a-verdict")

        def give() -> Response:
            context.row(message)
            try:
                event = events.ReviewGiven(by=person.actor, message=message, version=version, verdict=verdict)
                with context.reviews.claims.working(message, person):
                    context.reviews.give(
                        message,
                        person.id,
                        version=version,
                        verdict=verdict,
                        comment=comment,
                        before_save=lambda: context.trail.append(event),
                    )
            except (Stale, AlreadyTaken, Undecided, Claimed) as refused:
                return context.page(
                    "not_saved.html",
                    person,
                    status=409,
                    row=context.row(message),
                    verdict=verdict,
                    comment=comment,
                    verdicts=VERDICTS,
                    refused=refused,
                )
            return RedirectResponse(f"/messages/{message}?given=1", 303)

        return await run_in_threadpool(give)

    @routes.post("/original")
    async def original(message: Message, request: Request, person: reveals) -> Response:
        """Grant access to the original for a while, for a typed reason; it is logged first."""
        form = await form_of(request)
        reason = form.get("reason", "").strip()[:LONGEST_TEXT]

        def give() -> Response:
            row, shown = context.current(message, lambda folder: context.versions.version_store.view(message, folder))
            if len(reason) < SHORTEST_REASON:
                problem = "Give the reason for access in a few words."
                return message_page(context, row, shown, person, "", status=422, problem=problem)
            allow(person, row, reason)
            return RedirectResponse(f"/messages/{message}", 303)

        return await run_in_threadpool(give)

    @routes.post("/original/end")
    def end(message: Message, person: reveals) -> Response:
        """End the grant."""
        context.versions.forget(context.store.granted(message, person.id, session_mark(person)))
        context.store.end_grants(message, person.id)
        return RedirectResponse(f"/messages/{message}{'?redacted=1' if context.releasing else ''}", 303)

    return routes


def edit_events(by: str, message: str, version: int, opened: tuple[Interval, ...]) -> list[events.Event]:
    """The entries of the audit log for a new version, and for each interval that it no longer covers."""
    new: dict[str, Any] = {"by": by, "message": message, "version": version}
    stretches = [
        events.StretchUncovered(
            **new,
            channel=one.channel,
            start_ms=round(one.start * 1000),
            end_ms=round(one.end * 1000),
            labels=",".join(one.labels)[:MOST_LABELS],
        )
        for one in opened
    ]
    return [events.RedactionEdited(**new, uncovered=len(stretches)), *stretches]


def _unprepared(context: RequestContext, message: str, person: Person) -> Response | None:
    """A page for a recording that is not recognised yet, or cannot be; None if the message can be shown."""
    assert context.releasing is not None
    row = context.row(message)
    if row["version"]:
        return None
    if row["outcome"] == "deleted":
        return context.page("unprepared.html", person, row=row, problem=None, release=context.releasing.facts(row))
    try:
        if context.releasing.preparation.ready(message, seconds=PATIENCE):
            context.releasing.preparation.ahead()
            return None
    except RedactorError as error:
        release = context.releasing.facts(row)
        return context.page("unprepared.html", person, status=409, row=row, problem=error, release=release)
    return context.page("unprepared.html", person, row=row, problem=None)


def message_page(
    context: RequestContext,
    row: dict[str, Any],
    shown: dict[str, Any],
    person: Person,
    grant: str,
    *,
    status: int = 200,
    problem: str = "",
    unreleased: str = "",
    reason: str = "",
    settled: tuple[str, str] = ("", ""),
) -> Response:
    """The page of a message.

    Args:
        problem: why the original was not opened. unreleased: why it was not released; reason: what was typed for that.
        settled: see `settled_in`.
    """
    message, held = row["id"], context.reviews.claims
    mine = context.reviews.mine(message, person.id)
    # Whoever has given a review is only reading, and may leave the page open: others can go on.
    claims_it = WRITES & person.permissions and mine.state != "given"
    claim = held.open(message, person) if claims_it else held.of(message)
    if elsewhere := claim is not None and claim.person != person.id:
        person = reading_only(person)
    name = context.versions.name(message, by=person.actor, reason=grant) if grant else ""
    others = [other for other in context.store.sendings(row["audio"]) if other["id"] != message]
    return context.page(
        "message.html",
        person,
        status=status,
        row=row,
        findings=[{**f, "said": in_words(f)} for f in context.store.findings(message)],
        mine=mine,
        labels=CHOICES,
        label_names=LABEL_NAMES,
        rules=RULES,
        verdicts=VERDICTS,
        history=context.store.history(message),
        revealed=bool(grant),
        name=name,
        problem=problem,
        others=others,
        plain=" ".join(w["text"] for w in shown["words"]),
        minutes=round(context.reveal_seconds / 60),
        release=context.releasing.facts(row) if context.releasing else None,
        unreleased=unreleased,
        reason=reason,
        settled=settled,
        claim=claim,
        elsewhere=elsewhere,
    )


def _answers(context: RequestContext, message: str, person: Person) -> dict[str, Any]:
    mine = context.reviews.mine(message, person.id)
    return {
        "answers": {str(n): a for n, a in mine.answers.items()},
        "missed": [list(place) for place in mine.missed],
        "state": mine.state,
    }


def _edited(context: RequestContext, row: dict[str, Any], person: Person, opened: bool) -> dict[str, Any]:
    """What people have changed in the current version, and whether this person can undo or redo it."""
    if not person.may("redaction.edit"):
        return {"edits": [], "undo": False, "redo": False}
    try:
        history = context.versions.history(row["id"], row["version"])
    except Stale:
        return {"edits": [], "undo": False, "redo": False}  # the next request sees the version that has just been made
    # A reason may say how its author judges the message, so other reviewers read it after their own review.
    all_reasons = context.reviews.mine(row["id"], person.id).state == "given"
    edits = []
    for edit in history.current["edits"]:
        own = history.authors[edit] == person.actor
        note = context.sealer.open(base64.b64decode(edit.note)) if edit.note and (own or all_reasons) else None
        shown = {name: value for name, value in asdict(edit).items() if name != "note"}
        edits.append({**shown, "own": own, "reason": note[NONCE:].decode() if note else ""})
    return {
        "edits": edits,
        "undo": history.undo is not None and (opened or history.is_own("undo", person.actor)),
        "redo": history.redo is not None and (opened or history.is_own("redo", person.actor)),
    }


def _edit(given: Any, sealer: Sealer) -> Edit:
    """One edit as the page sends it; its reason is sealed.

    Raises:
        HTTPException: 422.
    """
    numbers = ("first", "last")
    times = ("start", "end")
    if not isinstance(given, dict) or not isinstance(given.get("kind"), str) or type(given.get("channel")) is not int:
        raise HTTPException(422, "bad-request")
    if not all(type(given.get(n, 0)) is int for n in numbers):
        raise HTTPException(422, "bad-request")
    if not all(isinstance(given.get(t, 0.0), int | float) and not isinstance(given.get(t), bool) for t in times):
        raise HTTPException(422, "bad-request")
    # An integer may have more digits than a float can hold.
    if not all(-1e6 < given.get(t, 0.0) < 1e6 for t in times):
        raise HTTPException(422, "bad-request")
    label = given.get("label", MANUAL)
    reason = given.get("reason", "")
    if not isinstance(label, str) or not isinstance(reason, str) or len(reason) > LONGEST_REASON:
        raise HTTPException(422, "bad-request")
    # Random bytes in front, so that equal reasons have different seals.
    note = sealer.seal(secrets.token_bytes(NONCE) + reason.strip().encode()) if reason.strip() else b""
    return Edit(
        given["kind"],
        given["channel"],
        given.get("first", 0),
        given.get("last", 0),
        float(given.get("start", 0.0)),
        float(given.get("end", 0.0)),
        label,
        base64.b64encode(note).decode(),
    )
