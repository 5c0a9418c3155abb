"""The same words redacted in many messages with one confirmed action.

Each message gets an edit of its own, with the reason, as if its page had been opened: it is claimed, rendered, checked
and logged. What was asked is stored first, so that a program that is killed leaves a list of what is still to be done.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, insert, select, update

from redactor.database import has_mark, now, reading
from redactor.errors import NoInput, as_redactor_error
from redactor.policy import Edit
from redactor.review.schema import mass_edit_items, mass_edits, messages, words
from redactor.review.view import places_like

if TYPE_CHECKING:
    from redactor.auth import Person
    from redactor.review.versions import VersionService

MOST_MESSAGES = 200
"""Messages that one search lists."""
CONTEXT = 4
"""Kept words that are shown on either side of a place."""


@dataclass(frozen=True, slots=True)
class AlikeMessage:
    """A message with places that are like the sought words.

    Attributes:
        places: channel, first, last, start, end, same, and the words `before`, `said` and `after`.
    """

    message: str
    version: int
    places: tuple[Mapping[str, Any], ...]


def find_alike(versions: VersionService, sought: Sequence[str]) -> tuple[list[AlikeMessage], bool]:
    """The messages that keep the same words or some that sound like them, newest first, and whether there are more.

    Args:
        sought: words of one place, as a view shows them.
    """
    kept, store = versions.kept, versions.store
    groups = [group for group in kept.like(sought) if group] if kept is not None else []
    ids: dict[str, tuple[float, int, str]] = {}
    with reading(store.engine).connect() as c:
        for group in groups:
            query = (
                select(messages.c.id, messages.c.added, messages.c.version, messages.c.folder)
                .join(words, words.c.message == messages.c.id)
                .where(messages.c.outcome != "gone", *(has_mark(words.c.marks, mark) for mark in group))
                .order_by(messages.c.added.desc(), messages.c.id)
                .limit(MOST_MESSAGES + 1)
            )
            ids.update({row.id: (row.added, row.version, row.folder) for row in c.execute(query)})
    found: list[AlikeMessage] = []
    for message, (_, version, folder) in sorted(ids.items(), key=lambda one: (-one[1][0], one[0])):
        if len(found) == MOST_MESSAGES:
            return found, True
        try:
            shown = versions.version_store.view(message, folder)["words"]
        except NoInput:  # it has just been edited, or was never prepared
            continue
        if places := tuple(_in_context(shown, place) for place in places_like(shown, sought)):
            found.append(AlikeMessage(message, version, places))
    return found, len(ids) > MOST_MESSAGES


def _in_context(shown: Sequence[Mapping[str, Any]], place: dict[str, Any]) -> dict[str, Any]:
    here = [
        i
        for i, w in enumerate(shown)
        if w["channel"] == place["channel"] and place["first"] <= w["first"] and w["last"] <= place["last"]
    ]

    def said(first: int, last: int) -> str:
        near = [w for w in shown[max(0, first) : last] if w["channel"] == place["channel"]]
        return " ".join(w["text"] for w in near)

    return {
        **place,
        "before": said(here[0] - CONTEXT, here[0]),
        "said": said(here[0], here[-1] + 1),
        "after": said(here[-1] + 1, here[-1] + 1 + CONTEXT),
    }


class MassEdits:
    """Safe for many threads and processes.

    Args:
        apply: (message, version, edits, person) saves the edits of one message.
    """

    def __init__(self, engine: Engine, apply: Callable[[str, int, list[Edit], Person], object]) -> None:
        self._engine, self._reads, self._apply = engine, reading(engine), apply
        self._lock = threading.Lock()
        self._working: set[str] = set()

    def add(self, person: Person, wanted: Mapping[tuple[str, int], Sequence[Edit]]) -> str:
        """Store what is to be done; its id.

        Args:
            wanted: (message, version) → edits.
        """
        number = secrets.token_hex(16)
        with self._engine.begin() as c:
            c.execute(insert(mass_edits).values(id=number, at=now(c), by=person.actor))
            items = [
                {
                    "batch": number,
                    "message": message,
                    "version": version,
                    "edits": json.dumps([asdict(edit) for edit in edits]),
                    "state": "waiting",
                    "why": "",
                }
                for (message, version), edits in wanted.items()
            ]
            c.execute(insert(mass_edit_items), items)
        return number

    def start(self, number: str, person: Person) -> None:
        """Do what is waiting, in a thread; nothing if this process is at it already."""
        with self._lock:
            if number in self._working:
                return
            self._working.add(number)
        threading.Thread(target=self._work, args=(number, person), name="mass-edit", daemon=True).start()

    def is_working(self, number: str) -> bool:
        return number in self._working

    def items(self, number: str) -> list[dict[str, Any]]:
        """message, version, state (waiting, done, failed) and why; empty if there is no such action."""
        query = select(mass_edit_items).where(mass_edit_items.c.batch == number).order_by(mass_edit_items.c.message)
        with self._reads.connect() as c:
            return [dict(row) for row in c.execute(query).mappings()]

    def _work(self, number: str, person: Person) -> None:
        try:
            for item in self.items(number):
                if item["state"] == "waiting":
                    self._one(number, item, person)
        finally:
            with self._lock:
                self._working.discard(number)

    def _one(self, number: str, item: Mapping[str, Any], person: Person) -> None:
        state, why = "done", ""
        try:
            self._apply(item["message"], item["version"], [Edit(**edit) for edit in json.loads(item["edits"])], person)
        except Exception as error:  # noqa: BLE001 - the others go on, and no library's text is shown
            state, why = "failed", as_redactor_error(error, "edit a message").reason
        with self._engine.begin() as c:
            here = (mass_edit_items.c.batch == number, mass_edit_items.c.message == item["message"])
            c.execute(update(mass_edit_items).where(*here).values(state=state, why=why))
