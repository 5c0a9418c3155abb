"""A site's own miss rate: what reviewers had to cover by hand in recordings that the machine had redacted.

Of a drawn sample, each reviewed recording counts once, weighted by its probability of being drawn. Withheld recordings
are not part of it: the machine has not put them out.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, and_, func, select

from redactor.database import reading
from redactor.errors import NoInput
from redactor.review.schema import messages, sampled, samples, versions
from redactor.review.statistics import Estimate, estimate

ADDED = frozenset({"cover", "region"})
REMOVED = frozenset({"uncover", "clear"})
"""Kinds of edits that cover more, and less."""
REVIEWED = ("reviewed", "adjudicated")


@dataclass(frozen=True, slots=True)
class MissReport:
    """Figures of one sample.

    Attributes:
        sample: its number; `drawn` recordings of `of`, of which `reviewed` are done.
        missed: share of the reviewed recordings in which something had to be covered by hand.
        needless: share in which something was covered that need not be.
        labels: label of the added redactions → recordings with one; the reviewer's label, or "REDACTED".
    """

    sample: int
    of: int
    drawn: int
    reviewed: int
    missed: Estimate | None
    needless: Estimate | None
    labels: tuple[tuple[str, int], ...]


def miss_report(engine: Engine, sample: int = 0) -> MissReport:
    """The figures of a sample by its number; 0: the newest.

    Raises:
        NoInput: there is no such sample.
    """
    with reading(engine).connect() as c:
        number = sample or c.execute(select(func.max(samples.c.id))).scalar()
        drawn = c.execute(select(samples).where(samples.c.id == number)).mappings().first() if number else None
        if drawn is None:
            raise NoInput(
                "No sample has been drawn.", hint="`redactor sample PATH… --out DIR` draws one; then review it."
            )
        query = (
            select(messages.c.id, sampled.c.probability, versions.c.edits)
            .join(sampled, sampled.c.message == messages.c.id)
            .join(versions, and_(versions.c.message == messages.c.id, versions.c.version == messages.c.version))
            .where(sampled.c.sample == number, messages.c.state.in_(REVIEWED))
        )
        rows = [(float(row.probability), _kinds(row.edits)) for row in c.execute(query)]
    labels = Counter(label for _, (added, _) in rows for label in added)
    return MissReport(
        sample=int(number or 0),
        of=int(drawn["of"]),
        drawn=int(drawn["size"]),
        reviewed=len(rows),
        missed=estimate((bool(added), probability) for probability, (added, _) in rows),
        needless=estimate((removed, probability) for probability, (_, removed) in rows),
        labels=tuple(sorted(labels.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def _kinds(edits: str) -> tuple[frozenset[str], bool]:
    """The labels of what was added, and whether anything was removed."""
    every: list[dict[str, Any]] = json.loads(edits)
    added = frozenset(str(edit.get("label") or "REDACTED") for edit in every if edit["kind"] in ADDED)
    return added, any(edit["kind"] in REMOVED for edit in every)
