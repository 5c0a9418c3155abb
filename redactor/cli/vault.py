"""`redactor vault …`: keys, and the sealed items."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from redactor.atomic_files import as_output_error
from redactor.cli.options import ConfigOption, StateOption
from redactor.console import notice
from redactor.errors import ConfigurationError, NoInput, OutputError, Refused
from redactor.log_and_vault import DEFAULT, actor, needs_vault_extra, places_of

if TYPE_CHECKING:
    from redactor.vault import SealedItem, Vault

IdentityOption = Annotated[
    Path | None, typer.Option("--identity", metavar="FILE", help="Private key that opens items.")
]
RecipientsOption = Annotated[
    Path | None,
    typer.Option("--recipients", metavar="FILE", help="Public keys to seal for, instead of keeping.recipients."),
]
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="SHA-256 of the recording, or its first 8 digits or more.")
]
KindOption = Annotated[str, typer.Option("--kind", help="Kind of the item: original, transcript, meta …")]


def register(app: typer.Typer) -> None:
    vault = typer.Typer(no_args_is_help=True, help="The vault: originals and unredacted transcripts, encrypted.")
    vault.command()(keygen)
    vault.command()(seal)
    vault.command("open")(open_item)
    vault.command("list")(show)
    vault.command()(bind)
    vault.command()(rotate)
    vault.command()(hold)
    vault.command()(release)
    vault.command()(purge)
    app.add_typer(vault, name="vault")


def keygen(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the keys; nothing in it is overwritten.")
    ],
    *,
    cipher: Annotated[Literal["age", "aes-256-gcm"], typer.Option(help="Cipher that the keys are for.")] = "age",
) -> None:
    """Make the organisation's key pair and the recovery key pair."""
    needs_vault_extra()
    from redactor.vault import make_keys

    for path in make_keys(out, cipher):
        print(path)
    notice(
        "Keep recovery.key offline, and organisation.key where originals are opened. A host that only seals needs "
        "only recipients.txt."
    )


def seal(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Recordings; or one file of another --kind, with --id.")
    ],
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    recipients: RecipientsOption = None,
    kind: KindOption = "original",
    id: Annotated[  # noqa: A002
        str | None, typer.Option("--id", help="The recording that a file of another kind belongs to.")
    ] = None,
    again: Annotated[bool, typer.Option("--replace", help="Replace an item of this kind that is there.")] = False,
    alone: Annotated[
        bool, typer.Option("--without-recovery", help="Accept a single recipient, without a recovery key.")
    ] = False,
) -> None:
    """Seal copies of files and print their ids. Names and times are sealed with them; the files themselves stay."""
    if (kind != "original") != (id is not None) or (id is not None and len(paths) != 1):
        raise ConfigurationError(
            "--id goes with one file of a kind other than original.", hint="See `redactor vault seal --help`."
        )
    vault = places_of(config, state).open_vault(recipients=recipients, alone=alone)
    for path in paths:
        content, meta = _read(path)
        number = vault.full_id(id) if id else sha256(content).hexdigest()
        new = vault.seal(number, kind, content, by=actor(), replace=again)
        if kind == "original" and (again or not vault.holds(number, "meta")):
            vault.seal(number, "meta", json.dumps(meta).encode(), by=actor(), replace=True)
        print(json.dumps({"id": number, "kind": kind, "new": new}))


def open_item(
    id: IdArgument,  # noqa: A002
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE", help="New file to write, mode 0600; - for standard output."),
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            metavar="WORD",
            help="Reason for the audit log: one word or number, such as a ticket's; no names.",
        ),
    ],
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    identity: IdentityOption = None,
    kind: KindOption = "original",
) -> None:
    """Decrypt an item. The audit log records it before anything is read."""
    if os.path.lexists(out):
        raise OutputError("The --out file exists already.", hint="Choose another name.")
    vault = places_of(config, state).open_vault(identity=identity)
    try:
        content = vault.open(vault.full_id(id), kind, by=actor(), reason=reason)
    except ValueError:
        raise ConfigurationError(
            "--reason must be one short word without spaces.", hint="Give the number of a ticket, for example."
        ) from None
    if str(out) == "-":
        sys.stdout.buffer.write(content)
        return
    _write(out, content)


def bind(
    id: IdArgument,  # noqa: A002
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE", help="New file to write the item to, for you to look at, mode 0600."),
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            metavar="WORD",
            help="Reason for the audit log: one word or number, such as a ticket's; no names.",
        ),
    ],
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    identity: IdentityOption = None,
    kind: KindOption = "original",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: you have looked at it already.")] = False,
) -> None:
    """Record an item in a new audit log that does not know it yet, once you have looked at it."""
    if os.path.lexists(out):
        raise OutputError("The --out file exists already.", hint="Choose another name.")

    def looked(content: bytes) -> bool:
        _write(out, content)
        return yes or typer.confirm(f"Look at {out}. Is it this message's {kind}?", err=True)

    vault = places_of(config, state).open_vault(identity=identity)
    id = vault.full_id(id)  # noqa: A001
    try:
        vault.bind(id, kind, by=actor(), reason=reason, confirm=looked)
    except ValueError:
        raise ConfigurationError(
            "--reason must be one short word without spaces.", hint="Give the number of a ticket, for example."
        ) from None
    print(json.dumps({"id": id, "kind": kind, "bound": True}))


def _write(out: Path, content: bytes) -> None:
    """Write decrypted content to a new file, completely or not at all."""
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise OutputError("The --out file exists already.", hint="Choose another name.") from None
    except OSError as error:
        with suppress(OSError):
            out.unlink()  # half a decrypted recording helps nobody
        raise as_output_error(error) from None


def show(
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    purged: Annotated[bool, typer.Option("--purged", help="Also list purged items.")] = False,
) -> None:
    """Print the items in the vault as JSON Lines: ids, kinds, sizes, times, legal holds."""
    vault = places_of(config, state).open_vault(alone=True)
    for item in vault.items(purged=purged):
        print(json.dumps({**asdict(item), "matter": vault.held(item.id)}))


def rotate(
    recipients: Annotated[Path, typer.Option("--recipients", metavar="FILE", help="The new public keys.")],
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    identity: IdentityOption = None,
    alone: Annotated[
        bool, typer.Option("--without-recovery", help="Accept a single recipient, without a recovery key.")
    ] = False,
) -> None:
    """Encrypt all items' keys for new recipients. Set keeping.recipients to the new file first, so that nothing
    more is sealed for the old ones.
    """
    from redactor.vault import Recipients

    vault = places_of(config, state).open_vault(identity=identity)
    print(json.dumps({"items": vault.rotate(Recipients.load(recipients, alone=alone), by=actor())}))


def hold(
    id: IdArgument,  # noqa: A002
    matter: Annotated[str, typer.Option("--matter", help="Number of the legal matter; no names.")],
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
) -> None:
    """Put a message under a legal hold: it cannot be purged until it is released."""
    vault = places_of(config, state).open_vault(alone=True)
    vault.hold(vault.full_id(id), matter, by=actor())


def release(
    id: IdArgument,  # noqa: A002
    *,
    matter: Annotated[str, typer.Option("--matter", help="Number of the matter, if several hold the message.")] = "",
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
) -> None:
    """End a legal hold. The message stays held while another matter holds it."""
    vault = places_of(config, state).open_vault(alone=True)
    vault.release(vault.full_id(id), matter=matter, by=actor())


def purge(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID…", help="Ids of messages, or their first 8 digits or more.")
    ] = None,
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    older_than: Annotated[
        float | None,
        typer.Option(metavar="DAYS", min=0.0, help="Instead of ids: all messages sealed more than this many days ago."),
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only items of this kind.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be destroyed, and destroy nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy items for good: their keys are overwritten and removed.

    Messages under a legal hold stay (exit code 77 if one was named). Half-sealed leftovers of killed processes are
    destroyed, too.
    """
    if bool(ids) == (older_than is not None):
        raise ConfigurationError("Give ids, or --older-than DAYS.", hint="See `redactor vault purge --help`.")
    vault = places_of(config, state).open_vault(alone=True)
    if not dry_run and (swept := vault.sweep(by=actor())):
        notice(f"Leftovers of {swept} half-sealed items were destroyed.")
    chosen = (
        _named(vault, ids) if ids else [i for i in vault.items() if i.sealed < time.time() - (older_than or 0) * 86_400]
    )
    chosen = [i for i in chosen if kind in (None, i.kind)]
    held = [i for i in chosen if vault.held(i.id) is not None]
    chosen = [i for i in chosen if i not in held]
    if not dry_run and chosen and not yes:
        typer.confirm(f"Destroy {len(chosen)} items for good?", abort=True, err=True)
    for item in chosen:
        if not dry_run:
            try:
                vault.purge(item, by=actor(), why="asked" if ids else "age")
            except Refused as error:
                # Put under a hold or sealed again meanwhile: this item stays, the others go.
                held.append(item)
                notice(error.message)
                continue
        print(json.dumps({"id": item.id, "kind": item.kind, "purged": not dry_run}))
    if held:
        notice(f"{len(held)} items stay: they are under a legal hold, or were sealed again meanwhile.")
        if ids:
            raise Refused(
                "Some of these messages are under a legal hold.", hint="Release them first: redactor vault release ID."
            )


def _named(vault: Vault, ids: list[str]) -> list[SealedItem]:
    wanted = {vault.full_id(digits) for digits in ids}
    found = [item for item in vault.items() if item.id in wanted]
    if wanted - {item.id for item in found}:
        raise NoInput("Some of these ids are not in the vault.", hint="See `redactor vault list`.")
    return found


def _read(path: Path) -> tuple[bytes, dict[str, object]]:
    """A file's content, and its metadata to seal beside it."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            state = os.fstat(file.fileno())
            return file.read(), {"name": path.name, "modified": state.st_mtime, "size": state.st_size}
    except OSError:
        raise NoInput("A file to seal is missing, not readable, or a symbolic link.") from None
