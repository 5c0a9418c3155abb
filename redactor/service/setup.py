"""The first settings of a service: one TOML file, the vault's keys and the folders. Nothing that exists is overwritten.

Other programs' files are never touched: the settings file, the keys and the state folder must not exist (empty folders
may), and if a step fails, what the steps before it made is removed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from redactor.atomic_files import as_output_error
from redactor.config import Settings, load_settings
from redactor.crypto import read_or_make_key
from redactor.errors import ConfigurationError, OutputError
from redactor.hook.settings import DEFAULT
from redactor.hook.spool import Spool
from redactor.log_and_vault import needs_vault_extra

KEYS = ("recipients.txt", "organisation.key", "recovery.key")
SYSTEM_STATE, SYSTEM_SPOOL = Path("/var/lib/redactor"), Path("/var/spool/redactor")


@dataclass(frozen=True, slots=True)
class NewService:
    """What the settings file will say. All paths are absolute.

    Attributes:
        config: the settings file; the keys are written beside it.
        roots: folders of recordings; `sent`: those among or below them with messages that staff left.
        voicemail: Asterisk's CONTEXT/MAILBOX folder; None: none.
        model: checkpoint, as the setting `redaction.model`.
        port: of the review pages, on this machine alone.
    """

    config: Path = field(repr=False)
    state: Path = field(repr=False)
    spool: Path = field(repr=False)
    roots: tuple[Path, ...] = field(repr=False)
    sent: tuple[Path, ...] = field(default=(), repr=False)
    voicemail: Path | None = field(default=None, repr=False)
    model: str = "auto"
    port: int = 8470

    @classmethod
    def at(
        cls,
        config: Path,
        *,
        state: Path | None = None,
        incoming: tuple[Path, ...] = (),
        sent: tuple[Path, ...] = (),
        voicemail: Path | None = None,
        model: str = "auto",
        port: int = 8470,
    ) -> NewService:
        """A service with the usual folders: /var/lib and /var/spool for the system's settings file, and folders beside
        any other.

        Args:
            incoming: folders of recordings of which no direction is known.

        Raises:
            ConfigurationError: a folder does not exist, or none is named.
        """
        config = _absolute(config)
        is_system = str(config) == DEFAULT
        spool = SYSTEM_SPOOL if is_system else config.parent / "spool"
        given = state or (SYSTEM_STATE if is_system else config.parent / "state")
        sent, mailboxes = tuple(map(_absolute, sent)), voicemail and _absolute(voicemail)
        named = list(dict.fromkeys([*map(_absolute, incoming), *([mailboxes] if mailboxes else []), *sent]))
        if not named:
            raise ConfigurationError(
                "No folder with recordings is named.",
                hint="Give folders, --sent FOLDER for messages that your staff left, or --voicemail FOLDER.",
            )
        if not all(folder.is_dir() for folder in named):
            raise ConfigurationError(
                "A folder with recordings does not exist, or is no folder.",
                hint="Create it first, or name another one.",
            )
        # A folder below another one is no root of its own: its recordings would have two places.
        roots = tuple(f for f in named if not any(f != other and f.is_relative_to(other) for other in named))
        return cls(config, _absolute(given), spool, roots, sent, mailboxes or None, model, port)

    @property
    def keys(self) -> tuple[Path, ...]:
        return tuple(self.config.parent / name for name in KEYS)

    def check_unused(self) -> None:
        """Check that nothing would be overwritten.

        Raises:
            ConfigurationError: the settings file, a key or the content of the state folder exists.
        """
        for path, what in ((self.config, "settings file"), *((key, "key of the vault") for key in self.keys)):
            if os.path.lexists(path):
                raise ConfigurationError(
                    f"There is a {what} already; nothing was changed.",
                    hint=f"It is in {path.parent}. Edit it, or name another settings file with --config.",
                )
        if os.path.lexists(self.state) and not (self.state.is_dir() and not list(self.state.iterdir())):
            raise ConfigurationError(
                "The state folder is in use already; nothing was changed.",
                hint=f"It is {self.state}. Name another one with --state.",
            )

    def text(self) -> str:
        """The settings file."""
        shown = {
            "spool": str(self.spool),
            "state": str(self.state),
            "roots": list(map(str, self.roots)),
            "sent": list(map(str, self.sent)),
            "voicemail": str(self.voicemail or ""),
            "listen": f"127.0.0.1:{self.port}",
            "model": self.model,
            "recipients": str(self.keys[0]),
            "identity": str(self.keys[1]),
            "folder": str(self.state / "review"),
            "public_url": f"http://localhost:{self.port}",
        }
        v = {name: json.dumps(value, ensure_ascii=False) for name, value in shown.items()}
        sent = f"sent = {v['sent']}" if self.sent else "# sent = []"
        asterisk = f"\n[asterisk]\nvoicemail = {v['voicemail']}\n" if self.voicemail else ""
        return f"""\
# Settings of `redactor serve` and `redactor hook`, made by `redactor service init`. docs/configuration.md lists all.

[service]
spool = {v["spool"]}    # where the telephone system's hook leaves tickets
state = {v["state"]}    # queue, keys, audit log, vault; only the service may read it
roots = {v["roots"]}    # folders with recordings; no recording outside of these is opened
{sent}    # folders below them with messages that staff left; they come up for review
{asterisk}
[http]
listen = {v["listen"]}    # this machine alone; a proxy in front provides TLS

[redaction]
model = {v["model"]}

[keeping]
recipients = {v["recipients"]}    # public keys
identity = {v["identity"]}    # opens originals for reviewers

[review]
folder = {v["folder"]}
public_url = {v["public_url"]}    # https://HOST once a proxy is in front
# recipients = "sent.csv"    # whom each message was left for; absolute path
# consents = "consents.csv"    # what they have permitted
"""


@contextmanager
def written(new: NewService) -> Iterator[Settings]:
    """Write everything, and remove it again if the block fails.

    Yields:
        The checked settings.

    Raises:
        ConfigurationError: something exists already, or a path cannot stand in the file. OutputError
    """
    needs_vault_extra()
    from redactor.vault import make_keys

    new.check_unused()
    made = _Made()
    try:
        made.folder(new.config.parent, 0o750)
        made.folder(new.state, 0o700)
        made.folder(new.spool.parent, 0o750)
        if not os.path.lexists(new.spool):
            made.folders.append(new.spool)
        Spool(str(new.spool), limit=1).prepare()
        made.files += make_keys(new.config.parent, "age")
        read_or_make_key(new.state / "key")
        made.content.append(new.state)
        made.write(new.config, new.text())
        yield load_settings(new.config)
    except BaseException as error:
        made.remove()
        if isinstance(error, OSError):
            raise as_output_error(error) from None
        raise


class _Made:
    """What this run has made, so that it can be removed."""

    def __init__(self) -> None:
        self.files: list[Path] = []
        self.folders: list[Path] = []
        self.content: list[Path] = []

    def folder(self, path: Path, mode: int) -> None:
        missing = [p for p in (path, *path.parents) if not p.exists()]
        for one in reversed(missing):
            one.mkdir(mode=mode)
            self.folders.append(one)
        if not path.is_dir():
            raise OutputError("A folder of the service cannot be created: there is a file in its place.")

    def write(self, path: Path, text: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        self.files.append(path)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        for path in self.files:
            path.unlink(missing_ok=True)
        for folder in self.content:  # it was empty when this run began
            for inside in list(folder.iterdir()):
                shutil.rmtree(inside) if inside.is_dir() and not inside.is_symlink() else inside.unlink()
        for folder in reversed(self.folders):
            with suppress(OSError):
                for inside in folder.iterdir():
                    inside.rmdir()  # the spool's own folders, which are empty
                folder.rmdir()


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - links stay as they are written
