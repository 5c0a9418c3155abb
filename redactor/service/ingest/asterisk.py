"""Asterisk's mailboxes: the complete messages in one, and where a message is after its mailbox was renumbered.

Layout: CONTEXT/MAILBOX/FOLDER/msgNNNN.{wav,WAV,gsm,txt}. Asterisk renames the audio into place first and writes the
.txt last, so a message is complete once it has one. msgNNNN changes whenever an earlier message is deleted; `msg_id` in
the .txt and the audio's hash identify a message. The .txt is read twice, before and after the audio: if it is the same,
the mailbox was not renumbered in between.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from redactor.errors import NoInput, RedactorError
from redactor.safe_open import opened, opened_folder, read_all

FORMATS = ("wav", "WAV", "gsm", "flac", "ogg", "ulaw", "alaw", "sln", "sln16", "g722")
"""Suffixes in order of preference: a message is stored once in each format of voicemail.conf, and PCM is the best."""

ATTEMPTS = 3
"""How often a file that changes while it is read is read at once."""

_TEXT = re.compile(r"msg(\d{4,})\.txt")
_MSG_ID = re.compile(r"[0-9]{6,12}-[0-9a-f]{8}")
_SKIP = frozenset({"redacted", "tmp", "temp", "greet", "busy", "unavail"})
_LARGEST_TEXT = 16_384


@dataclass(frozen=True, slots=True)
class MailboxMessage:
    """A complete message. `repr` shows nothing that identifies it.

    Attributes:
        path: of the audio.
        id: `msg_id`, or for an old Asterisk without one, a hash of time and channel.
        named: whether `id` has Asterisk's own form, which says nothing about a caller and may be used in file names.
        audio: SHA-256 of the audio's bytes (`hash_of`).
        data: the bytes.
        stamp: size, time and inode of the audio file.
    """

    path: str = field(repr=False)
    id: str = field(repr=False)
    named: bool
    audio: str
    data: bytes = field(repr=False)
    stamp: str = field(repr=False)


def messages(
    box: str,
    roots: Sequence[str],
    *,
    largest: int,
    unseen: Callable[[Sequence[str]], Collection[str]] | None = None,
    is_being_written: Callable[[str], bool] = lambda _: False,
) -> Iterator[MailboxMessage]:
    """The messages of a mailbox, all folders.

    Args:
        box: path of the mailbox.
        largest: most bytes of a recording; of a larger one no more are read, see `hash_of`.
        unseen: selects, from the fingerprints of a folder's files (a rename keeps them), those that must be read.
        is_being_written: asked with the stamp of a file before it is read: whether the service is writing over it.
    """
    with opened_folder(box, roots) as descriptor:
        folders = sorted(
            e.name for e in os.scandir(descriptor) if e.is_dir(follow_symlinks=False) and e.name not in _SKIP
        )
    for folder in folders:
        here = f"{box}/{folder}"
        try:
            with opened_folder(here, roots) as descriptor:
                pairs = _pairs(descriptor)
        except RedactorError:
            continue
        wanted = {stamp for _, _, stamp in pairs} if unseen is None else unseen([stamp for _, _, stamp in pairs])
        for text, audio, stamp in pairs:
            if stamp in wanted:
                with suppress(RedactorError):  # it was moved in between: the next call finds it in its new place
                    message = _read(f"{here}/{text}", f"{here}/{audio}", roots, largest, is_being_written)
                    if message is not None:
                        yield message


def _pairs(descriptor: int) -> list[tuple[str, str, str]]:
    """Text, audio and the audio's stamp of each complete message in a folder."""
    names = sorted(e.name for e in os.scandir(descriptor))
    present = set(names)
    found: list[tuple[str, str, str]] = []
    for name in names:
        if match := _TEXT.fullmatch(name):
            stem = f"msg{match[1]}."
            # A format that cannot be decoded gets an outcome, too.
            others = (n for n in names if n.startswith(stem) and n != name)
            audio = next((stem + e for e in FORMATS if stem + e in present), next(others, None))
            if audio is not None:
                with suppress(OSError):
                    found.append((name, audio, stamp_of(os.stat(audio, dir_fd=descriptor, follow_symlinks=False))))
    return found


def located(box: str, identity: str, roots: Sequence[str], *, largest: int) -> list[MailboxMessage]:
    """All messages with an id in a box: a message that is being moved is in two folders."""
    return [m for m in messages(box, roots, largest=largest) if m.id == identity]


def relocate(box: str, identity: str, audio: str, roots: Sequence[str], *, largest: int) -> MailboxMessage:
    """Find a message that has been renamed.

    Raises:
        NoInput: it is in none of the box's folders, so it was deleted. Changed bytes under its id do not count.
    """
    for found in located(box, identity, roots, largest=largest):
        if found.audio == audio:
            return found
    raise NoInput("The message is no longer in its mailbox.", hint="It was deleted before it could be redacted.")


def copies(path: str, roots: Sequence[str]) -> list[str]:
    """Paths of the message's other formats, whatever they are; `path` is its audio file."""
    here, _, own = path.rpartition("/")
    stem = own.partition(".")[0]
    with opened_folder(here, roots) as descriptor:
        names = sorted(e.name for e in os.scandir(descriptor))
    return [f"{here}/{n}" for n in names if n.startswith(f"{stem}.") and n not in (own, f"{stem}.txt")]


def identity_of(path: str, roots: Sequence[str]) -> str:
    """The id of the message that has this audio file's name now.

    Raises:
        NoInput, RefusedInput: there is no message of this name, or it is not readable.
    """
    return _facts(f"{path.rpartition('.')[0]}.txt", roots)[0]


def stamp_of(status: os.stat_result) -> str:
    """A file's size, time and inode as one text."""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"


def inode_of(box: str, stamp: str) -> str:
    """The place under which a message's file is recorded: renumbering changes its name, but not its inode."""
    return f"{box}\0{stamp.rpartition('-')[2]}"


def hash_of(data: bytes, stamp: str, *, largest: int) -> str:
    """SHA-256 of a recording; of its stamp if it is too large. Such a recording is queued as well, so that its outcome
    says so.
    """
    return hashlib.sha256(data if len(data) <= largest else b"too large: " + stamp.encode()).hexdigest()


def _read(
    text: str, audio: str, roots: Sequence[str], largest: int, is_being_written: Callable[[str], bool]
) -> MailboxMessage | None:
    for _ in range(ATTEMPTS):
        with opened(audio, roots) as descriptor:
            stamp = stamp_of(os.fstat(descriptor))
            if is_being_written(stamp):
                return None
            before = _facts(text, roots)
            data = read_all(descriptor, largest)
            still = stamp_of(os.fstat(descriptor)) == stamp
        if still and _facts(text, roots) == before:
            identity, named = before
            return MailboxMessage(audio, identity, named, hash_of(data, stamp, largest=largest), data, stamp)
    return None


def _facts(path: str, roots: Sequence[str]) -> tuple[str, bool]:
    """The id of the message that this .txt describes, and whether the id is Asterisk's own."""
    with opened(path, roots) as descriptor:
        untrusted = read_all(descriptor, _LARGEST_TEXT)[:_LARGEST_TEXT].decode("utf-8", "replace")
    found = dict(line.partition("=")[::2] for line in untrusted.splitlines() if "=" in line and line[0] not in ";[")
    given = found.get("msg_id", "").strip()
    if _MSG_ID.fullmatch(given):
        return given, True
    origin = "\0".join(found.get(k, "") for k in ("msg_id", "origtime", "callerchan", "origmailbox"))
    return hashlib.sha256(origin.encode("utf-8", "replace")).hexdigest()[:32], False
