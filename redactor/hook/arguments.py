"""The front ends: arguments of each telephone system → a ticket. A message about arguments never repeats one."""

from __future__ import annotations

import os
import re

from redactor.errors import NoInput, RefusedInput
from redactor.hook.ticket import Ticket
from redactor.safe_open import opened

TYPE_CHECKING = False  # see settings
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO, TypeAlias

    Made: TypeAlias = list[tuple[Ticket, bytes]]
    """Tickets, each with the recording that comes with it (or nothing)."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

USAGE = """\
usage: redactor hook [--config FILE] FRONT …

  asterisk CONTEXT MAILBOX [NEW OLD URGENT]            externnotify: a mailbox changed
  mailcmd                                              mailcmd: the mail on standard input, with its recording
  mixmonitor FILE ID [in|out]                          the command of MixMonitor
  freeswitch UUID FILE [in|out]                        record_post_process_exec_api, or after a voicemail event
  freeswitch hangup UUID FILE                          api_hangup_hook: no recording is no error
  file PATH --id ID [--direction in|out]               anything else

Writes the job durably and returns. Exit codes: 0 taken, 64 usage, 65 refused (path, link, device, no recording), 75 try
again
(the spool is full or cannot be written), 78 settings.
"""


class Usage(Exception):
    """The command line is not understood."""


class HookCall:
    """What a front end is given: the arguments behind its name, and where recordings may lie."""

    __slots__ = ("roots", "stdin", "words")

    def __init__(self, words: list[str], roots: tuple[str, ...], stdin: BinaryIO | None) -> None:
        self.words, self.roots, self.stdin = words, roots, stdin


def asterisk(call: HookCall) -> Made:
    """Counts are not looked at: with delete=yes they are 0 0 0, and a visit to VoiceMailMain changes them as well."""
    if len(call.words) not in (2, 5) or not all(w.isdigit() for w in call.words[2:]):
        raise Usage
    return [(Ticket("asterisk", context=call.words[0], mailbox=call.words[1]), b"")]


def mailcmd(call: HookCall) -> Made:
    """Sendmail's arguments (-t …) are taken and ignored: the mail goes nowhere else."""
    from redactor.hook.mail import recordings_in  # the e-mail parser is half of all that is imported

    if not all(w.startswith("-") for w in call.words):
        raise Usage
    if call.stdin is None:
        raise RefusedInput("There is no mail: standard input is closed.", hint="Pass the mail on standard input.")
    return [
        (Ticket("mail", id=identity, audio=f"{os.urandom(16).hex()}{suffix}", direction="in"), audio)
        for audio, suffix, identity in recordings_in(call.stdin)
    ]


def mixmonitor(call: HookCall) -> Made:
    if len(call.words) not in (2, 3):
        raise Usage
    path, *rest = call.words
    return _file("mixmonitor", path, *rest, roots=call.roots)


def freeswitch(call: HookCall) -> Made:
    hangup = call.words[:1] == ["hangup"]
    words = call.words[hangup:]
    if not 2 <= len(words) <= 3 - hangup:
        raise Usage
    if not _UUID.fullmatch(words[0]):
        raise RefusedInput("The call's id is no UUID.", hint="Pass ${uuid}, before the file.")
    return _file("freeswitch", words[1], words[0].lower(), *words[2:], roots=call.roots, removed_ok=hangup)


def file(call: HookCall) -> Made:
    paths: list[str] = []
    given: dict[str, str] = {}
    rest = iter(call.words)
    for word in rest:
        name, has_value, value = word.partition("=")
        if name in ("--id", "--direction") and name not in given:
            given[name] = value if has_value else next(rest, "")
        else:
            paths.append(word)
    if len(paths) != 1 or "--id" not in given:
        raise Usage
    return _file("file", paths[0], given["--id"], given.get("--direction", ""), roots=call.roots)


def _file(
    source: str, path: str, identity: str, direction: str = "", *, roots: tuple[str, ...], removed_ok: bool = False
) -> Made:
    ticket = Ticket(source, id=identity, path=path, direction=direction, removed_ok=removed_ok)
    try:
        with opened(path, roots):
            pass
    except NoInput as error:
        if not removed_ok:
            # 66 would be its own code; callers know "bad data" and "try again".
            raise RefusedInput(error.message, hint=error.hint) from None
        raise
    return [(ticket, b"")]


FRONTS: dict[str, Callable[[HookCall], Made]] = {
    "asterisk": asterisk,
    "mailcmd": mailcmd,
    "mixmonitor": mixmonitor,
    "freeswitch": freeswitch,
    "file": file,
}
