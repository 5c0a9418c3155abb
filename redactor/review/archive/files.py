"""The recordings of an archive, where they lie, and the sealed plans: what the review pages use as a vault."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from redactor.atomic_files import as_output_error, save
from redactor.audio import Limits, Source, read_source
from redactor.audit_log import Trail, events
from redactor.crypto import Sealer
from redactor.errors import Damaged, NoInput
from redactor.safe_open import folder_at, open_file, read_all
from redactor.storage import Item

_PATHS = ("path", "relative", "stem", "within")
_LARGEST_PLAN = 1 << 30


def packed(item: Item) -> bytes:
    """An item as JSON, with its absolute path; names that are not UTF-8 are kept."""
    given = {**asdict(item), "path": os.path.abspath(item.path)}  # noqa: PTH100 - links are not followed
    if item.within is not None:
        given["within"] = os.path.abspath(item.within)  # noqa: PTH100
    return json.dumps({k: os.fspath(v) if k in _PATHS and v is not None else v for k, v in given.items()}).encode()


def unpacked(data: bytes) -> Item:
    """The inverse of `packed`."""
    given: dict[str, Any] = json.loads(data)
    within = given["within"]
    return Item(
        number=given["number"],
        path=Path(given["path"]),
        relative=PurePath(given["relative"]),
        stem=PurePath(given["stem"]),
        has_namesake=given["has_namesake"],
        shares_stem=given["shares_stem"],
        plain=given["plain"],
        within=None if within is None else Path(within),
    )


class ArchiveFiles:
    """A `versions.Sealed` whose originals are the archive's own files; plans are sealed below `folder`.

    Args:
        items: the files with a recording's bytes, by its SHA-256.
    """

    def __init__(self, folder: Path, sealer: Sealer, trail: Trail, items: Callable[[str], Sequence[Item]]) -> None:
        self._folder, self._sealer, self._trail, self._items = folder, sealer, trail, items

    def source(self, identity: str) -> tuple[Item, Source]:
        """The recording, from the first of its files that still has its bytes.

        Raises:
            NoInput: none has.
        """
        for item in self._items(identity):
            try:
                source = read_source(item.path, within=item.within, limits=Limits())
            except NoInput:
                continue
            if source.id == identity:
                return item, source
        raise NoInput(
            "The recording has been removed or changed since the run.",
            hint="Restore it, or run `redactor redact` again with the same options.",
        )

    def seal(self, id: str, kind: str, content: bytes, *, by: str, replace: bool = False) -> bool:  # noqa: A002
        """Seal a plan. An original stays where it is.

        Raises:
            OutputError
        """
        if kind == "original":
            return False
        name = self._name(id, kind)
        with folder_at(self._folder, (id[:2],), make=True) as here:
            save(name, self._sealer.seal(content), mode=0o600, folder=here)
        return True

    def open(self, id: str, kind: str, *, by: str, reason: str) -> bytes:  # noqa: A002
        """The content of an item; for "meta", where the recording lies in the archive. The audit log is written first.

        Raises:
            NoInput: it is not there (any more). Damaged: it was sealed with another key.
        """
        self._trail.append(events.VaultOpened(by=by, message=id, item=kind, reason=reason))
        if kind == "original":
            return self.source(id)[1].untrusted_data
        if kind == "meta":
            items = self._items(id)
            return json.dumps({"name": str(items[0].relative) if items else ""}).encode()
        try:
            with folder_at(self._folder, (id[:2],)) as here:
                file = open_file(self._name(id, kind), here)
        except OSError:
            raise NoInput("The sealed plan is missing.", hint="Restore the review's folder from a backup.") from None
        try:
            content = self._sealer.open(read_all(file, _LARGEST_PLAN))
        finally:
            os.close(file)
        if content is None:
            raise Damaged("The sealed plan was changed, or sealed with another key.")
        return content

    def delete(self, identity: str) -> None:
        """Delete a recording and its sealed plan: every file of the archive that still has exactly these bytes.

        Raises:
            OutputError: a file cannot be deleted.
        """
        for item in self._items(identity):
            try:
                source = read_source(item.path, within=item.within, limits=Limits())
            except NoInput:
                continue
            if source.id == identity:
                try:
                    item.path.unlink(missing_ok=True)
                except OSError as error:
                    raise as_output_error(error) from None
        with suppress(OSError), folder_at(self._folder, (identity[:2],)) as here:
            os.unlink(self._name(identity, "plan"), dir_fd=here)

    @staticmethod
    def _name(identity: str, kind: str) -> str:
        return f"{identity}.{kind}"
