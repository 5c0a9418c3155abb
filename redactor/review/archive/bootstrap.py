"""Puts the review of an archive together, and what its routes ask of it."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException, Request, Response
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from redactor.atomic_files import as_output_error, save
from redactor.audit_log import Trail
from redactor.auth import AccessSettings, AccessStore, LocalGuard, Person, local_routes
from redactor.auth.pages import Pages
from redactor.compliance import load_rules
from redactor.crypto import Sealer, read_or_make_key
from redactor.database import connect
from redactor.errors import ConfigurationError, InUse, OutOfSpace, OutputError, RedactorError
from redactor.review.app import build_review
from redactor.review.archive.files import ArchiveFiles, unpacked
from redactor.review.archive.listing import ArchiveListing
from redactor.review.archive.recordings import ArchiveRecordings
from redactor.review.archive.retention import Retention
from redactor.review.archive.run import ArchiveRun, items_of
from redactor.review.bootstrap import Auditing
from redactor.review.kept_words import KeptWords
from redactor.review.preparation import Preparation
from redactor.review.releases import PRIORITIES, WRITTEN, Releases, reviewer_of
from redactor.review.repository import ReviewRepository
from redactor.review.request_context import RequestContext, environment
from redactor.review.reviews import Reviews
from redactor.review.sampling import Samples
from redactor.review.schema import WITHHELD, messages
from redactor.review.version_store import VersionStore
from redactor.review.versions import VersionService
from redactor.storage import Item

if TYPE_CHECKING:
    from redactor.pipeline import Pipeline

REVEAL_SECONDS = 4 * 3600.0
"""How long an original stays open: the person sits at the machine on which it lies."""


@dataclass(slots=True)
class ArchiveReview:
    """The review of one archive in this process.

    Attributes:
        listing: the list of the recordings, which may still be growing.
        app: the pages, once `pages` has built them.
    """

    preparation: Preparation
    releases: Releases
    retention: Retention
    listing: ArchiveListing
    context: RequestContext = field(init=False, repr=False)
    guard: LocalGuard = field(init=False, repr=False)
    app: FastAPI = field(init=False, repr=False)

    def after_edit(self, message: str, version: int, person: Person) -> str:
        """Write an edited version where artefacts of an older one lie; what the page says about it."""
        row = self.context.row(message)
        if row["outcome"] not in WRITTEN:
            return ""
        try:
            self.releases.replace(message, version, reviewer_of(person))
        except RedactorError as error:
            with self.context.store.engine.begin() as c:
                # It stays in the queue until the output folder holds it.
                pending = update(messages).where(messages.c.id == message)
                c.execute(pending.values(state="new", priority=PRIORITIES["redacted"] + row["doubt"]))
            return f"The output folder still holds the version before. {error.message} {error.hint}"
        return "The output folder holds this version."

    def facts(self, row: dict[str, Any]) -> dict[str, Any]:
        """What the page shows about the release of a message."""
        return {
            "place": "the output folder",
            "can_release": row["outcome"] in WITHHELD,
            "unwritten": row["outcome"] in WRITTEN and row["version"] > 1 and row["written"] != row["version"],
            "history": self.releases.history(row["id"]),
            "delete_after": self.retention.days,
        }


@contextmanager
def open_archive_review(
    run: ArchiveRun,
    items: Iterable[Item],
    *,
    key: Path,
    port: int,
    load: Callable[[], Pipeline],
    stopped: Callable[[], None] = lambda: None,
    delete_after: float | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> Iterator[ArchiveReview]:
    """The review of a run, until the end of the block.

    Args:
        items: the inputs of the run, in order.
        key: file of the key that seals plans and typed texts; made if there is none.
        port: of the pages.
        load: builds the pipeline, in a thread of its own, while the first pages can be read already.
        stopped: called if it cannot be built.
        delete_after: days after which refused recordings are deleted, see `Retention`. say: told about it.

    Raises:
        InUse: a run or another review uses the output folder. ConfigurationError: the key is not the one that this
            review began with. OutputError
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    with exclusive(run.state):
        sealer = sealer_of(run.state, key)
        trail = Trail.open(run.state / "trail", key=run.state / "trail.keys", anchor=run.state / "trail.anchor")
        engine = connect(f"sqlite:///{run.state}/review.sqlite")
        try:
            store = ReviewRepository(engine)
            with usable():
                store.prepare()
            version_store = VersionStore(run.state / "versions")
            kept = KeptWords(engine, sealer)
            listing = ArchiveListing(run, items, store, sealer, kept)
            with usable():
                # The words of what was opened with an earlier version.
                listing.start(after=lambda: kept.catch_up(version_store.view))

            def items_with(message: str) -> list[Item]:
                return list(items_of(store, message, lambda sealed: unpacked(sealer.open(sealed) or b"{}")))

            archive_files = ArchiveFiles(run.state / "plans", sealer, trail, items_with)
            auditing = Auditing(load_rules(), None)
            holder: list[Preparation] = []
            versions = VersionService(
                pipeline=lambda: holder[0].pipeline if holder else None,
                vault=archive_files,
                version_store=version_store,
                store=store,
                audit=auditing,
                kept=kept,
                reread=False,
            )
            versions.sweep()
            retention = Retention(
                engine, trail, sealer, archive_files, version_store, delete_after, f"user:{user}", say
            )
            retention.sweep()
            recordings = ArchiveRecordings(
                run, archive_files, pipeline=lambda: holder[0].pipeline if holder else None, items=items_with
            )
            releases = Releases(
                recordings,
                versions,
                engine=engine,
                trail=trail,
                sealer=sealer,
                pipeline=lambda: holder[0].pipeline,
            )
            preparation = Preparation(
                recordings,
                versions,
                load=load,
                by=f"user:{user}",
                resume=releases.finish_begun,
                stopped=stopped,
            )
            holder.append(preparation)
            review = ArchiveReview(preparation, releases, retention, listing)
            templates = environment()
            review.guard = LocalGuard(
                AccessStore(engine, trail, sealer, AccessSettings(secure=False)), user=user, port=port
            )
            review.context = RequestContext(
                store,
                Reviews(engine, sealer),
                Samples(engine),
                versions,
                trail,
                sealer,
                review.guard,
                templates,
                reveal_seconds=REVEAL_SECONDS,
                titles={name: rule.title for name, rule in auditing.rules.rules.items()},
                archive=review,
            )
            review.app = build_review(review.context, local_routes(review.guard, Pages(templates)))
            _check_hosts(review.app, review.guard)
            preparation.start()
            try:
                yield review
            finally:
                preparation.stop()
        finally:
            listing.stop()
            engine.dispose()


def _check_hosts(app: FastAPI, guard: LocalGuard) -> None:
    @app.middleware("http")
    async def checked(request: Request, following: Any) -> Response:
        try:
            guard.check_host(request)
        except HTTPException:
            return Response("Open the address that the command printed.\n", 403, media_type="text/plain")
        answer: Response = await following(request)
        return answer


@contextmanager
def exclusive(state: Path) -> Iterator[None]:
    """One review of an output folder at a time.

    Raises:
        InUse, OutputError
    """
    try:
        state.mkdir(mode=0o700, exist_ok=True)
        if state.is_symlink():
            raise OutputError("The review's folder below --out is a link.", hint="Remove it.")
        state.chmod(0o700)
        lock = os.open(state / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise as_output_error(error) from None
    with closing(os.fdopen(lock, "wb")) as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InUse(
                "Another review of this --out folder is open.", hint="Use its window, or stop it with Ctrl-C."
            ) from None
        yield


def sealer_of(state: Path, key: Path) -> Sealer:
    """The sealer of this review, which knows its own key by a check that lies with the state."""
    check = state / "key.check"
    if check.exists() and not key.exists():
        raise ConfigurationError(
            "The key of this review is missing, so what it sealed cannot be read.",
            hint="Restore the key (see docs/review.md). To begin again without the work that was done, remove the "
            "folder .redactor-review in the --out folder.",
        )
    try:
        key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealer = Sealer(read_or_make_key(key))
    except (OSError, OutputError):
        raise OutputError(
            "The key of the review cannot be read or written in your state folder.",
            hint="Name another file with --key, not below --out.",
        ) from None
    try:
        known = check.read_bytes() if check.exists() else b""
        if known and not secrets.compare_digest(known, sealer.mark(b"check")):
            raise ConfigurationError(
                "The key is not the one that this review began with.", hint="Restore the key: see docs/review.md."
            )
    except OSError as error:
        raise as_output_error(error) from None
    if not known:
        save(check, sealer.mark(b"check"), mode=0o600)
    return sealer


@contextmanager
def usable() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        if "disk is full" in str(error):
            raise OutOfSpace("The disk is full, so the review cannot be opened.") from None
        raise OutputError("The review's database below --out cannot be read or written.") from None
