"""Which edits an undo or a redo brings back, and whose they are. A pure function of the versions of a message.

Versions are only ever added: an undo is a new version with the edits of an earlier one. So the steps of the reviewers
are replayed here, as an editor's stack of changes:

    version   1     2      3      4      5      6
    edits     -     a      a b    a      -      a         4 and 5 undo 3 and 2, and 6 is a redo of 2
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redactor.policy import Edit
from redactor.review.repository import Stale


@dataclass(frozen=True, slots=True)
class EditHistory:
    """Where a message stands among its edits. Rows are those of `ReviewRepository.history`.

    Attributes:
        current: the version that first had the edits in force.
        undo, redo: the version whose edits come back, None if there is nothing to undo or redo.
        authors: edit → who made it first.
    """

    current: Mapping[str, Any]
    undo: Mapping[str, Any] | None
    redo: Mapping[str, Any] | None
    authors: Mapping[Edit, str]

    @classmethod
    def of(cls, versions: Iterable[Mapping[str, Any]], version: int) -> EditHistory:
        """The history up to a version.

        Raises:
            Stale: the message has another current version.
        """
        rows = list(versions)
        if not rows or rows[-1]["version"] != version:
            raise Stale("Somebody else changed the redaction meanwhile.")
        past: list[Mapping[str, Any]] = []
        future: list[Mapping[str, Any]] = []
        authors: dict[Edit, str] = {}
        current = rows[0]
        for row in rows[1:]:
            for edit in row["edits"]:
                authors.setdefault(edit, row["by"])
            if past and row["edits"] == past[-1]["edits"]:
                future.append(current)
                current = past.pop()
            elif future and row["edits"] == future[-1]["edits"]:
                past.append(current)
                current = future.pop()
            else:
                past.append(current)
                current, future = row, []
        return cls(current, past[-1] if past else None, future[-1] if future else None, authors)

    def is_own(self, step: str, by: str) -> bool:
        """Whether a person made the change that "undo" takes back, or that "redo" repeats.

        They have seen the message with and without it, so that nothing is shown to them that they have not seen.
        """
        row = self.redo if step == "redo" else self.current
        return row is not None and row["by"] == by

    def edits(self, step: str) -> Sequence[Edit]:
        """All edits after an "undo" or a "redo".

        Raises:
            ValueError: there is nothing to undo or redo.
        """
        row = self.redo if step == "redo" else self.undo
        if row is None:
            raise ValueError(f"there is no edit to {step}")
        edits: Sequence[Edit] = row["edits"]
        return edits
