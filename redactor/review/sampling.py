"""Seeded stratified samples, with each message's probability of being drawn.

Messages without findings are drawn like the others: without them, misses would be invisible. Without the probabilities,
no share of a sample could be extended to all messages.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, and_, func, insert, select, update

from redactor.database import now, reading
from redactor.errors import NoInput
from redactor.review.schema import messages, sampled, samples
from redactor.review.schema import reviews as reviewed

STRATA = ("verdict", "rule", "kind", "caller")
LARGEST = 5000


@dataclass(frozen=True, slots=True)
class SampledMessage:
    """One message of a sample."""

    message: str
    stratum: str
    probability: float


def draw(frame: Iterable[tuple[str, str]], *, size: int, least: int, seed: int) -> list[SampledMessage]:
    """A stratified sample without replacement; the order of the frame does not matter.

    Args:
        frame: (message, stratum) of all that may be drawn.
        size: messages to draw; all, if there are fewer.
        least: drawn from each stratum (or the whole stratum, if smaller) before the rest is allocated in proportion.

    Returns:
        Sorted by message. `probability` is the share of the stratum that was drawn.
    """
    strata: dict[str, list[str]] = {}
    for message, stratum in frame:
        strata.setdefault(stratum, []).append(message)
    counts = allocated({name: len(members) for name, members in strata.items()}, size=size, least=least)
    out: list[SampledMessage] = []
    for name in sorted(strata):
        members = sorted(strata[name])
        # The draw depends on this stratum's name and members only, so growth of another does not change it.
        chosen = random.Random(f"{seed}/{name}").sample(members, counts[name])  # noqa: S311 - reproducible, not secret
        out.extend(SampledMessage(message, name, counts[name] / len(members)) for message in chosen)
    return sorted(out, key=lambda d: d.message)


def allocated(strata: Mapping[str, int], *, size: int, least: int) -> dict[str, int]:
    """How many to draw from each stratum: at least `least`, the rest in proportion (largest remainders, ties by name),
    and never more than the stratum has.
    """
    size = min(size, sum(strata.values()))
    counts = dict.fromkeys(strata, 0)
    # A sample that is too small takes one from each in turn, the largest strata first.
    for _ in range(least):
        for name in sorted(strata, key=lambda s: (-strata[s], s)):
            if sum(counts.values()) < size and counts[name] < strata[name]:
                counts[name] += 1
    while (left := size - sum(counts.values())) > 0:
        room = {name: strata[name] - counts[name] for name in strata if counts[name] < strata[name]}
        total = sum(room.values())
        parts = {name: left * open_ / total for name, open_ in room.items()}
        for name, part in parts.items():
            counts[name] += int(part)
        rest = left - sum(int(part) for part in parts.values())
        for name in sorted(parts, key=lambda s: (int(parts[s]) - parts[s], s))[:rest]:
            counts[name] += counts[name] < strata[name]
    return counts


class Samples:
    """Stored samples."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reads = engine, reading(engine)

    def draw(
        self,
        *,
        size: int,
        least: int,
        seed: int,
        strata: Sequence[str],
        reviews: int,
        by: str,
        since: float = 0.0,
        until: float = 0.0,
        archive: bool = False,
        before_save: Callable[[int, int, int], object] = lambda *_: None,
    ) -> int:
        """Draw from the sent messages added in a period, and ask for so many reviews of each; returns its number.

        Args:
            archive: draw from the recordings that an archive run has redacted instead, whoever left them.
            before_save: called before the commit with the number, the sample's size and the frame's size.

        Raises:
            NoInput: there is no message to draw from.
        """
        columns = [messages.c[name] for name in STRATA if name in strata]
        sent = and_(messages.c.direction == "out", messages.c.outcome.in_(("redacted", "released")))
        frame_of = messages.c.outcome == "redacted" if archive else sent
        query = select(messages.c.id, *columns).where(messages.c.added >= since, frame_of)
        if until:
            query = query.where(messages.c.added < until)
        with self._engine.begin() as c:
            rows: list[tuple[Hashable, ...]] = [tuple(row) for row in c.execute(query)]
            if not rows:
                raise NoInput("There is no message to draw from.", hint="Choose another period, or add messages first.")
            frame = [(str(row[0]), " · ".join(str(v) or "none" for v in row[1:])[:80] or "all") for row in rows]
            drawn = draw(frame, size=size, least=least, seed=seed)
            totals: dict[str, int] = {}
            for _, stratum in frame:
                totals[stratum] = totals.get(stratum, 0) + 1
            taken: dict[str, int] = {}
            for one in drawn:
                taken[one.stratum] = taken.get(one.stratum, 0) + 1
            plan = {
                "by": [name for name in STRATA if name in strata],
                "least": least,
                "since": since,
                "until": until,
                "strata": [{"name": n, "of": totals[n], "drawn": taken.get(n, 0)} for n in sorted(totals)],
            }
            number = int(
                c.execute(
                    insert(samples)
                    .values(
                        at=now(c),
                        by=by,
                        seed=seed,
                        size=len(drawn),
                        of=len(rows),
                        reviews=reviews,
                        plan=json.dumps(plan),
                    )
                    .returning(samples.c.id)
                ).scalar_one()
            )
            c.execute(
                insert(sampled),
                [
                    {"sample": number, "message": d.message, "stratum": d.stratum, "probability": d.probability}
                    for d in drawn
                ],
            )
            if reviews > 1:
                here = select(sampled.c.message).where(sampled.c.sample == number)
                # Messages that one person has reviewed get a second reviewer.
                c.execute(
                    update(messages)
                    .where(messages.c.id.in_(here), messages.c.needed < reviews)
                    .values(needed=reviews, turn=messages.c.turn + 1)
                )
                given = (
                    select(func.count())
                    .select_from(reviewed)
                    .where(reviewed.c.message == messages.c.id, reviewed.c.state == "given")
                    .correlate(messages)
                    .scalar_subquery()
                )
                c.execute(
                    update(messages)
                    .where(messages.c.id.in_(here), messages.c.state == "reviewed", given < messages.c.needed)
                    .values(state="open")
                )
            before_save(number, len(drawn), len(rows))
        return number

    def all(self) -> list[dict[str, Any]]:
        """All samples, newest first, with `plan` decoded and the number of reviewed messages (`done`)."""
        done = (
            select(sampled.c.sample, func.count().label("done"))
            .join(messages, messages.c.id == sampled.c.message)
            .where(messages.c.state.in_(("reviewed", "adjudicated", "disputed")))
            .group_by(sampled.c.sample)
            .subquery()
        )
        query = (
            select(samples, func.coalesce(done.c.done, 0).label("done"))
            .outerjoin(done, done.c.sample == samples.c.id)
            .order_by(samples.c.id.desc())
            .limit(200)
        )
        with self._reads.connect() as c:
            return [{**row, "plan": json.loads(row["plan"])} for row in map(dict, c.execute(query).mappings())]

    def find(self, number: int) -> dict[str, Any] | None:
        """One sample, None if there is none."""
        with self._reads.connect() as c:
            row = c.execute(select(samples).where(samples.c.id == number)).mappings().first()
        return {**row, "plan": json.loads(row["plan"])} if row else None
