"""A sample of an archive run's redacted recordings, and what its review says about the run's misses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from redactor.audit_log import Trail, events
from redactor.database import connect
from redactor.errors import NoInput
from redactor.review.archive.bootstrap import exclusive, sealer_of, usable
from redactor.review.archive.listing import ArchiveListing
from redactor.review.archive.run import ArchiveRun
from redactor.review.kept_words import KeptWords
from redactor.review.misses import MissReport, miss_report
from redactor.review.repository import ReviewRepository
from redactor.review.sampling import Samples
from redactor.storage import Item


def draw_sample(run: ArchiveRun, items: Iterable[Item], *, key: Path, size: int, seed: int) -> tuple[int, int, int]:
    """Draw from the recordings that the run has redacted, each with the same probability; the review offers them first.

    Args:
        items: the inputs of the run, in order.
        key: see `bootstrap.open_archive_review`.

    Returns:
        The sample's number, the recordings drawn, and those drawn from.

    Raises:
        NoInput: nothing is redacted. InUse: a run or a review uses the output folder. ConfigurationError: see
            `open_archive_review`. OutputError
    """
    drawn: list[int] = []
    user = os.getuid() if hasattr(os, "getuid") else 0
    with exclusive(run.state):
        sealer = sealer_of(run.state, key)
        trail = Trail.open(run.state / "trail", key=run.state / "trail.keys", anchor=run.state / "trail.anchor")
        with _database(run) as engine, usable():
            store = ReviewRepository(engine)
            store.prepare()
            ArchiveListing(run, items, store, sealer, KeptWords(engine, sealer)).all()

            def note(number: int, size: int, of: int) -> None:
                trail.append(events.SampleDrawn(by=f"user:{user}", sample=number, seed=seed, size=size, of=of))
                drawn.extend((number, size, of))

            Samples(engine).draw(
                size=size,
                least=0,
                seed=seed,
                strata=(),
                reviews=1,
                by=f"user:{user}",
                archive=True,
                before_save=note,
            )
    number, size, of = drawn
    return number, size, of


def misses_of(run: ArchiveRun, sample: int = 0) -> MissReport:
    """What reviewers added in a sample of this run; 0: the newest sample.

    Raises:
        NoInput: no sample has been drawn. OutputError: the review's database cannot be read.
    """
    if not (run.state / "review.sqlite").is_file():
        raise NoInput("Nothing of this --out folder has been reviewed.", hint="`redactor sample` draws a sample of it.")
    with _database(run) as engine, usable():
        ReviewRepository(engine).prepare()
        return miss_report(engine, sample)


@contextmanager
def _database(run: ArchiveRun) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{run.state}/review.sqlite")
    try:
        yield engine
    finally:
        engine.dispose()
