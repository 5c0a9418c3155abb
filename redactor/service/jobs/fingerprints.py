"""Fingerprints of files (size, time, inode) from when they were last read, so that a sweep reads only new ones. The
database holds no path, only a keyed hash of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from sqlalchemy import Connection, Engine, select

from redactor.crypto import Sealer
from redactor.database import reading, upsert
from redactor.service.jobs.schema import seen

CHUNK = 500
"""Files in one query: few enough for any database's limit of parameters."""


class FileFingerprints:
    """Safe for many threads and processes.

    Args:
        engine: of the queue's database.
        sealer: the queue's.
    """

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine, self._sealer = engine, sealer

    def mark(self, *parts: str) -> str:
        """The keyed hash that stands for a text in the database."""
        return self._sealer.mark(*(p.encode("utf-8", "surrogateescape") for p in parts)).hex()

    def of(self, place: str) -> str | None:
        """The stamp that was last recorded for a place."""
        return self.of_all((place,)).get(place)

    def of_all(self, places: Iterable[str]) -> dict[str, str]:
        """The recorded fingerprints of many places, without those that have none."""
        found: dict[str, str] = {}
        rest = iter(places)
        while chunk := {self.mark("place", place): place for place in islice(rest, CHUNK)}:
            query = select(seen.c.place, seen.c.stamp).where(seen.c.place.in_(chunk))
            with reading(self._engine).connect() as c:
                found |= {chunk[mark]: str(stamp) for mark, stamp in c.execute(query)}
        return found

    def unseen(self, fingerprints: Mapping[str, str]) -> set[str]:
        """The places whose fingerprint differs from the one recorded last."""
        return {place for place, _ in fingerprints.items() - self.of_all(fingerprints).items()}

    def note(self, place: str, stamp: str) -> None:
        """Record the stamp of a file that is in the queue."""
        with self._engine.begin() as c:
            self.note_within(c, place, stamp)

    def of_within(self, c: Connection, place: str) -> str | None:
        """`of` as a part of a transaction."""
        found = c.execute(select(seen.c.stamp).where(seen.c.place == self.mark("place", place))).scalar()
        return None if found is None else str(found)

    def note_within(self, c: Connection, place: str, stamp: str) -> None:
        """`note` as a part of a transaction."""
        upsert(c, seen, {"place": self.mark("place", place)}, {"stamp": stamp})
