"""Where a job's recording comes from, and where its result goes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

from redactor.audio import AUDIO_SUFFIXES, Limits, Source
from redactor.config import Settings
from redactor.errors import InputError, LimitExceeded, NoInput, RefusedInput
from redactor.safe_open import opened, opened_folder, place, read_all
from redactor.service.ingest.asterisk import relocate
from redactor.service.ingest.fetch import basic, fetch, object_url, signed_v4
from redactor.service.jobs.queue import Job
from redactor.storage import Item, Target

_SUFFIXES = sorted({case for s in AUDIO_SUFFIXES for case in (s, s.upper())})


class Changed(InputError):
    """The file has changed since its job was added: it must be queued again as it is now."""

    reason = "changed"
    default_hint = "Nothing needs to be done: it is queued again as it is now."


class Recordings:
    """The recordings of jobs; `Source.suffix` follows the file, the mail, or the fetched object.

    Args:
        held: folder of mails' recordings.
    """

    def __init__(self, settings: Settings, *, held: Path, limits: Limits) -> None:
        self._settings, self._held, self._limits = settings, held, limits

    def read(self, job: Job) -> Source:
        """The recording of a job.

        Raises:
            Changed: other bytes than were queued.
            RefusedInput, NoInput, LimitExceeded, Busy: see `safe_open` and `fetch`.
        """
        details = job.details
        match details.get("kind"):
            case "file":
                source = self._local(details["path"], self._settings.roots)
            case "held":
                source = self._local(str(self._held / details["name"]), (str(self._held),))
            case "mailbox":
                source = self._message(job)
            case "twilio" | "url" | "s3":
                return self._fetched(job)
            case _:
                raise RefusedInput("The job is of a kind that this version does not know.")
        if source.id != job.audio:
            raise Changed("The file has changed since it was queued.")
        return source

    def item(self, job: Job, number: int) -> tuple[Item, Target]:
        """The item for the pipeline, and the folder of its outputs. Links are followed on the way to a root, never
        below it.

        Raises:
            RefusedInput: there is a link on the way to the folder.
        """
        details, s = job.details, self._settings
        if details["kind"] == "file":
            path = Path(details["path"])
            root, names = place(str(path), s.roots)
            name = path.name if self._has_twin(path) else path.stem
            if s.service.beside:
                self._check(path.parent)
                return Item(number, path, PurePath(path.name), PurePath(name)), Target(Path(root), names[:-1])
            relative = PurePath(PurePath(root).name, *names[:-1])
            return Item(number, path, relative / path.name, relative / name), Target(s.results)
        if details["kind"] == "mailbox":
            # Asterisk's id of a message holds its time and nothing else; msgNNNN would soon mean another message.
            name = details["id"] if details["named"] else job.key
            box = Path(details["box"])
            if s.service.beside:
                folder = box / "redacted"
                self._check(folder)
                root, names = place(str(folder), s.roots)
                item = Item(number, Path(details["path"]), PurePath(name), PurePath(name), plain=True)
                return item, Target(Path(root), names)
            stem = PurePath("voicemail", box.parent.name, box.name, name)
            return Item(number, Path(details["path"]), stem, stem, plain=True), Target(s.results)
        stem = PurePath(job.source, job.key)
        return Item(number, Path(details.get("path", job.key)), stem, stem, plain=True), Target(s.results)

    def _check(self, folder: Path) -> None:
        """Check, before anything is recognised, that no link is in the way of the result (the save would not follow it
        either).

        Raises:
            RefusedInput
        """
        with suppress(NoInput), opened_folder(str(folder), self._settings.roots):  # a missing folder will be made
            pass

    def _has_twin(self, path: Path) -> bool:
        """Whether another recording in the folder differs in its suffix only: their outputs must not share a name.

        Each suffix is looked up: a listing would take longer the more recordings there are.
        """
        with suppress(NoInput), opened_folder(str(path.parent), self._settings.roots) as folder:
            for suffix in _SUFFIXES:
                with suppress(OSError):
                    if suffix != path.suffix and os.lstat(path.stem + suffix, dir_fd=folder):
                        return True
        return False

    def names(self, job: Job) -> list[str]:
        """Names by which a list of recipients may identify a recording, the surest first: its path, its path below the
        only root, its id. Never for logs.
        """
        details = job.details
        paths: list[str] = []
        if details["kind"] == "file":
            root, below = place(details["path"], self._settings.roots)
            paths.append(str(PurePath(details["path"])))
            # Below another root the same path may be another person's message, now or at another time.
            if self._roots_of_files() == {PurePath(root)}:
                paths.append(str(PurePath(*below)))
        return [*paths, str(details.get("id", ""))]

    def sent_from(self, job: Job) -> str:
        """The place that distinguishes two sendings of the same bytes: the file's path, or the job. Never for logs."""
        if job.details["kind"] != "file":
            return job.key
        root, below = place(job.details["path"], self._settings.roots)
        return os.path.join(os.path.realpath(root), *below)  # noqa: PTH118 - no link below a root is ever followed

    def _roots_of_files(self) -> set[PurePath]:
        """The roots without those that hold only Asterisk's mailboxes, whose messages are identified by their ids."""
        voicemail = self._settings.asterisk.voicemail
        roots = {PurePath(root) for root in self._settings.roots}
        return {root for root in roots if not (voicemail and root.is_relative_to(voicemail))}

    def _local(self, path: str, roots: tuple[str, ...]) -> Source:
        with opened(path, roots) as descriptor:
            data = read_all(descriptor, self._limits.max_bytes)
        return self._source(data, PurePath(path).suffix)

    def _message(self, job: Job) -> Source:
        details = job.details
        with suppress(NoInput):
            source = self._local(details["path"], self._settings.roots)
            if source.id == job.audio:
                return source
        found = relocate(details["box"], details["id"], job.audio, self._settings.roots, largest=self._limits.max_bytes)
        return self._source(found.data, PurePath(found.path).suffix)

    def _fetched(self, job: Job) -> Source:
        d, s = job.details, self._settings
        limit = self._limits.max_bytes
        if d["kind"] == "twilio":
            credentials = basic(s.twilio.account, s.twilio.token)
            data = fetch(d["url"], s.twilio.hosts, limit=limit, headers=lambda _: credentials)
            return self._source(data, ".wav")
        if d["kind"] == "s3":
            url = object_url(s.s3.endpoint, d["bucket"], d["key"], version=d.get("version", ""))
            data = fetch(
                url,
                (s.s3.endpoint,),
                limit=limit,
                private=True,
                headers=lambda u: signed_v4(
                    u, access_key=s.s3.access_key.decode(), secret_key=s.s3.secret_key, region=s.s3.region
                ),
            )
            return self._source(data, PurePath(d["key"]).suffix)
        data = fetch(d["url"], s.webhook.hosts, limit=limit)
        return self._source(data, d.get("suffix", ""))

    def _source(self, data: bytes, suffix: str) -> Source:
        if len(data) > self._limits.max_bytes:
            raise LimitExceeded(f"The file is larger than {self._limits.max_bytes >> 20} MiB.")
        return Source.of(data, suffix)


def transcript_for(folder: str, identity: str) -> Path | None:
    """The transcript of a recording, by its SHA-256; None if there is none."""
    for suffix in (".json", ".vtt", ".srt", ".ctm"):
        path = Path(folder) / f"{identity}{suffix}"
        if path.is_file():
            return path
    return None


def described(details: Mapping[str, Any]) -> str:
    """Where a recording is, for a person at the terminal (never for a log)."""
    kind = details.get("kind", "")
    if kind == "s3":
        return f"s3://{details.get('bucket')}/{details.get('key')}"
    return str(details.get("path") or details.get("url") or details.get("name") or "")
