"""Builds the review pages of a service, and the version service for the command line, from the settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from redactor.audit_log import Trail
from redactor.auth import Access, AccessSettings, build_access
from redactor.compliance import (
    Audited,
    Breach,
    Circumstances,
    ConsentRegister,
    Rules,
    RuleVerdict,
    audit,
    load_rules,
    read_register,
    verdict_of,
)
from redactor.compliance.recipients import Sending
from redactor.compliance.transcriber import message_of
from redactor.config import Settings
from redactor.crypto import Sealer
from redactor.errors import ConfigurationError
from redactor.job_config import sent_policy_of
from redactor.log_and_vault import places_in
from redactor.review.app import build_review
from redactor.review.importer import Importer, KnownSendings
from redactor.review.job_messages import JobMessages
from redactor.review.job_review import JobReview, build_job_review
from redactor.review.kept_words import KeptWords
from redactor.review.recordings import ReviewedRecordings
from redactor.review.repository import ReviewRepository
from redactor.review.request_context import RequestContext, environment
from redactor.review.reviews import Reviews
from redactor.review.sampling import Samples
from redactor.review.version_store import VersionStore
from redactor.review.versions import VersionService
from redactor.types import KEYED_DIGITS, Plan, Recording

if TYPE_CHECKING:
    from redactor.pipeline import Pipeline


_RECIPIENT_RULE = "V17"
"""The rule about the recipient: undetermined while the recipient is not known."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class ServiceJobs:
    """What the review of jobs needs of the service.

    Attributes:
        recordings: of jobs. sent: see `job_review.Judging`.
    """

    recordings: Callable[[JobMessages], ReviewedRecordings]
    sent: Callable[[int], tuple[list[str], float, str] | None]


@dataclass(frozen=True, slots=True)
class Review:
    """The review pages of one process."""

    app: FastAPI
    context: RequestContext
    access: Access
    importer: Importer
    jobs: JobReview | None = None

    def scopes(self, token: str) -> frozenset[str]:
        """The scopes of a token of `redactor accounts token`; none if it is not valid (any more)."""
        found = self.access.tokens.find(token)
        return found.scopes if found else frozenset()


class Auditing:
    """Applies the rules to a recording that the pipeline has processed, and to what is known about its sending.

    Findings that the policy ignores for their low score do not count here either: rules and redaction use the same
    findings.
    """

    def __init__(self, rules: Rules, register: ConsentRegister | None) -> None:
        self.rules, self._register = rules, register

    def __call__(self, recording: Recording, plan: Plan, given: Sending) -> Audited:
        entry = self._register.of(given.recipient) if self._register and given.recipient else None
        message = message_of(recording, plan.speech, _found(plan))
        circumstances = Circumstances(
            consents=entry, sent=given.sent, direction=given.direction, prerecorded=given.prerecorded
        )
        audited = audit(message, circumstances, self.rules)
        return audited if given.listed else _without_recipient(audited, self.rules)


def _without_recipient(audited: Audited, rules: Rules) -> Audited:
    """The audit of a message that is not listed: an undetermined finding, even if V17 is switched off."""
    rule = rules.rules[_RECIPIENT_RULE]
    why = "The list of recipients does not contain this message, so its recipient is not known."
    breach = Breach(rule.id, rule.severity, RuleVerdict.UNDETERMINED, (), ("recipient",), why, rule.better)
    others = (b for b in audited.breaches if b.rule != rule.id)
    breaches = tuple(sorted((*others, breach), key=lambda b: b.rule))
    return replace(audited, breaches=breaches, verdict=verdict_of(breaches))


def _found(plan: Plan) -> tuple[Any, ...]:
    """The detector's findings, each once: a policy may split one into several decisions."""
    return tuple(dict.fromkeys(d.finding for d in plan.decisions if d.finding.label != KEYED_DIGITS))


def open_version_service(
    settings: Settings, engine: Engine, sealer: Sealer, *, pipeline: Callable[[], Pipeline | None]
) -> tuple[VersionService, Trail, Auditing]:
    """The service that makes messages and versions, the audit log, and the rules.

    Raises:
        ConfigurationError: a file of [review] cannot be used. OutputError: the folder cannot be written to.
    """
    r = settings.review
    if not r.folder:
        raise ConfigurationError("Review is not configured.", hint="Set review.folder: see docs/review.md.")
    places = places_in(settings)
    trail = places.open_trail()
    vault = places.open_vault(trail=trail)
    store = ReviewRepository(engine)
    with _usable_database():
        store.prepare()
    auditing = Auditing(
        load_rules(Path(r.rules) if r.rules else None), read_register(r.consents) if r.consents else None
    )
    version_store = VersionStore(Path(r.folder))
    versions = VersionService(
        pipeline=pipeline,
        vault=vault,
        version_store=version_store,
        store=store,
        audit=auditing,
        policy=sent_policy_of(settings).with_changes(max_doubt=1.0),  # a person will listen
        kept=KeptWords(engine, sealer),
    )
    return versions, trail, auditing


@contextmanager
def _usable_database() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise ConfigurationError(
            f"The database cannot be used ({type(error).__name__}).",
            hint="Check service.database_url, and that the database is running.",
        ) from None


def open_review(
    settings: Settings,
    engine: Engine,
    sealer: Sealer,
    *,
    pipeline: Callable[[], Pipeline | None],
    service_jobs: ServiceJobs | None = None,
) -> Review:
    """The review pages of a service.

    Args:
        service_jobs: None: no jobs come up.

    Raises:
        ConfigurationError, OutputError
    """
    versions, trail, auditing = open_version_service(settings, engine, sealer, pipeline=pipeline)
    with _usable_database():
        versions.sweep()
    if versions.kept is not None:
        catch_up = partial(versions.kept.catch_up, versions.version_store.view)
        threading.Thread(target=catch_up, name="index-words", daemon=True).start()
    r, url = settings.review, settings.review.public_url.rstrip("/")
    templates = environment()
    access = build_access(
        engine,
        trail=trail,
        sealer=sealer,
        templates=templates,
        settings=AccessSettings(
            # A proxy terminates TLS, so with https there is one in front.
            secure=url.startswith("https://"),
            behind_proxy=r.behind_proxy and url.startswith("https://"),
            idle_seconds=r.idle_seconds,
            absolute_seconds=r.absolute_seconds,
            emergency_seconds=r.emergency_seconds,
            origin=url,
            home="/messages",
        ),
    )
    known = KnownSendings(Path(r.recipients)) if r.recipients else None
    importer = Importer(versions, trail, sealer, known, patience=r.recipients_seconds)
    jobs = None
    if service_jobs is not None and settings.reviews_jobs:
        job_messages = JobMessages(
            versions,
            places_in(settings).open_vault(trail=trail),
            trail,
            sealer,
            engine,
            taken=r.take_jobs,
            keep_seconds=r.keep_days * DAY,
            keep_originals=settings.service.originals != "stay",
        )
        jobs = build_job_review(
            service_jobs.recordings,
            job_messages,
            versions,
            importer,
            audit=auditing,
            engine=engine,
            trail=trail,
            sealer=sealer,
            pipeline=pipeline,
            sent=service_jobs.sent,
        )
    context = RequestContext(
        versions.store,
        Reviews(engine, sealer),
        Samples(engine),
        versions,
        trail,
        sealer,
        access.guard,
        templates,
        reveal_seconds=r.reveal_seconds,
        titles={name: rule.title for name, rule in auditing.rules.rules.items()},
        jobs=jobs,
    )
    return Review(build_review(context, access.router), context, access, importer, jobs)
