"""Voicemail boxes of Asterisk: which complete messages lie in one, and where a message went after its box was
renumbered.

Layout: CONTEXT/MAILBOX/FOLDER/msgNNNN.{wav,WAV,gsm,txt}. Asterisk renames the audio into place first and writes the
.txt last, so a message
is complete once it has one. msgNNNN changes whenever an earlier message is deleted: `msg_id` in the .txt and the
audio's hash tell messages
apart. The .txt is read twice, before and after the audio: if it says the same, no renumbering came between.
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
"""Endings in the order of preference: a message is stored once in each format of voicemail.conf, PCM being the best."""

LOOKS = 3
"""How often what changes while it is read is read again at once."""

_TEXT = re.compile(r"msg(\d{4,})\.txt")
_MSG_ID = re.compile(r"[0-9]{6,12}-[0-9a-f]{8}")
_SKIP = frozenset({"redacted", "tmp", "temp", "greet", "busy", "unavail"})
_LARGEST_TEXT = 16_384


@dataclass(frozen=True, slots=True)
class MailboxMessage:
    """A complete message. `repr` shows nothing that names it.

    Attributes:
        path: of the audio.
        id: `msg_id`, or where an old Asterisk gives none, time and channel as one hash.
        named: whether `id` is Asterisk's own form, which tells nothing of a caller and may name files.
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
    fresh: Callable[[Sequence[str]], Collection[str]] | None = None,
    halfway: Callable[[str], bool] = lambda _: False,
) -> Iterator[MailboxMessage]:
    """The messages of a mailbox, all folders.

    Args:
        box: path of the mailbox.
        largest: most bytes of a recording; of a larger one no more are read, see `hash_of`.
        fresh: asked with the stamps of a folder's files (a rename does not change them): those that must be read.
        halfway: asked with the stamp of a file before it is read: whether somebody is in the midst of writing it.
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
        wanted = {stamp for _, _, stamp in pairs} if fresh is None else fresh([stamp for _, _, stamp in pairs])
        for text, audio, stamp in pairs:
            if stamp in wanted:
                with suppress(RedactorError):  # it went while we looked: the next look finds it elsewhere
                    if (message := _read(f"{here}/{text}", f"{here}/{audio}", roots, largest, halfway)) is not None:
                        yield message


def _pairs(descriptor: int) -> list[tuple[str, str, str]]:
    """Text, audio and the audio's stamp of each complete message in a folder."""
    names = sorted(e.name for e in os.scandir(descriptor))
    present = set(names)
    found: list[tuple[str, str, str]] = []
    for name in names:
        if match := _TEXT.fullmatch(name):
            stem = f"msg{match[1]}."
            others = (
                n for n in names if n.startswith(stem) and n != name
            )  # one that we cannot read gets an outcome, too
            audio = next((stem + e for e in FORMATS if stem + e in present), next(others, None))
            if audio is not None:
                with suppress(OSError):
                    found.append((name, audio, stamp_of(os.stat(audio, dir_fd=descriptor, follow_symlinks=False))))
    return found


def located(box: str, identity: str, roots: Sequence[str], *, largest: int) -> list[MailboxMessage]:
    """All that lies under an id in a box: a message that is being saved lies in two folders."""
    return [m for m in messages(box, roots, largest=largest) if m.id == identity]


def relocate(box: str, identity: str, audio: str, roots: Sequence[str], *, largest: int) -> MailboxMessage:
    """A message that is not where it was.

    Raises:
        NoInput: it is in none of the box's folders: deleted. Changed bytes under its id are no such message.
    """
    for found in located(box, identity, roots, largest=largest):
        if found.audio == audio:
            return found
    raise NoInput("The message is no longer in its mailbox.", hint="It was deleted before it could be redacted.")


def copies(path: str, roots: Sequence[str]) -> list[str]:
    """The other formats that the message with this audio file is stored in, whatever they are."""
    here, _, own = path.rpartition("/")
    stem = own.partition(".")[0]
    with opened_folder(here, roots) as descriptor:
        names = sorted(e.name for e in os.scandir(descriptor))
    return [f"{here}/{n}" for n in names if n.startswith(f"{stem}.") and n not in (own, f"{stem}.txt")]


def identity_of(path: str, roots: Sequence[str]) -> str:
    """The id of the message that has this name now.

    Raises:
        NoInput, RefusedInput: there is none, or it is not readable.
    """
    return _facts(f"{path.rpartition('.')[0]}.txt", roots)[0]


def stamp_of(status: os.stat_result) -> str:
    """What a file looks like from outside."""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"


def inode_of(box: str, stamp: str) -> str:
    """What a message's file is remembered by: renumbering changes its name, and not its inode."""
    return f"{box}\0{stamp.rpartition('-')[2]}"


def hash_of(data: bytes, stamp: str, *, largest: int) -> str:
    """SHA-256 of a recording. What is too large is queued as well, by its stamp: whoever works on it says so in an
    outcome.
    """
    return hashlib.sha256(data if len(data) <= largest else b"too large: " + stamp.encode()).hexdigest()


def _read(
    text: str, audio: str, roots: Sequence[str], largest: int, halfway: Callable[[str], bool]
) -> MailboxMessage | None:
    for _ in range(LOOKS):
        with opened(audio, roots) as descriptor:
            stamp = stamp_of(os.fstat(descriptor))
            if halfway(stamp):
                return None
            before = _facts(text, roots)
            data = read_all(descriptor, largest)
            still = stamp_of(os.fstat(descriptor)) == stamp
        if still and _facts(text, roots) == before:
            identity, named = before
            return MailboxMessage(audio, identity, named, hash_of(data, stamp, largest=largest), data, stamp)
    return None


def _facts(path: str, roots: Sequence[str]) -> tuple[str, bool]:
    """Identity of the message that this .txt describes, and whether it is Asterisk's."""
    with opened(path, roots) as descriptor:
        untrusted = read_all(descriptor, _LARGEST_TEXT)[:_LARGEST_TEXT].decode("utf-8", "replace")
    found = dict(line.partition("=")[::2] for line in untrusted.splitlines() if "=" in line and line[0] not in ";[")
    given = found.get("msg_id", "").strip()
    if _MSG_ID.fullmatch(given):
        return given, True
    told = "\0".join(found.get(k, "") for k in ("msg_id", "origtime", "callerchan", "origmailbox"))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32], False
