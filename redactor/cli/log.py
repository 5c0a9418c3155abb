"""`redactor log verify|show|export|anchor|rotate-key`: the audit log."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redactor.atomic_files import Partial, as_output_error, flush_folder
from redactor.cli.options import ConfigOption, StateOption
from redactor.console import complain, notice
from redactor.errors import ConfigurationError, OutputError, TrailDamaged
from redactor.log_and_vault import DEFAULT, Places, actor, places_of

if TYPE_CHECKING:
    from redactor.audit_log import Anchor, KeyRing, LastCheck, LogReport

AnchorFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--anchor",
        metavar="FILE",
        help="File of anchors that were kept elsewhere, one per line; - for standard input; may be repeated.",
    ),
]
KeysOption = Annotated[
    Path | None, typer.Option("--keys", metavar="FILE", help="A copy of the key file, instead of the log's own.")
]


def register(app: typer.Typer) -> None:
    log = typer.Typer(no_args_is_help=True, help="The audit log: check it, show it, export it, anchor it elsewhere.")
    log.command()(verify)
    log.command()(show)
    log.command()(export)
    log.command()(anchor)
    log.command("rotate-key")(rotate_key)
    app.add_typer(log, name="log")


def verify(
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    anchors: AnchorFiles = None,
    keys: KeysOption = None,
    exported: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Check an exported file instead of the log.")
    ] = None,
    vault: Annotated[
        bool, typer.Option(help="Also compare the vault with the log; use --no-vault where the vault cannot be read.")
    ] = True,
) -> None:
    """Check every entry and its place, the end against the anchors, and the vault against the log.

    Exit code 76 if anything was changed, added, lost, moved, or reset to an older state.
    """
    from redactor.audit_log import LastCheck, verify_export

    begun = int(time.time())

    places = places_of(config, state)
    ring = _keys(keys or places.keys)
    if exported is not None:
        held, problems = verify_export(exported, ring)
        print(json.dumps({"first": held.first, "last": held.last, "problems": problems}))
    else:
        # If the folder is gone while key or anchor exist, the log was removed: `verify` says so.
        before = LastCheck.load(places.anchor, ring)
        report, in_vault, items = _verified(places, ring, _anchors(anchors or []), before, vault=vault)
        problems = report.problems + in_vault
        print(
            json.dumps(
                {
                    "entries": report.entries,
                    "last": report.last,
                    "segments": report.segments,
                    "problems": problems,
                    "interruptions": report.interruptions,
                    "unfinished_bytes": report.unfinished,
                    "after_anchor": report.after_anchor,
                    "head": report.head,
                    "vault": {"items": items, "problems": in_vault} if vault else None,
                }
            )
        )
        # What a sound log once reached stays known even if this one is not sound: otherwise checking an older copy
        # would make it look sound.
        known, head = (
            (report.last, report.head) if report.sound else (before.reached, before.head) if before else (0, "")
        )
        _note(LastCheck(begun, report.last, len(problems), known, head), places, ring)
        if report.unfinished:
            notice("The log ends with an unfinished write of a killed process; the next event records it.")
    for problem in problems:
        notice(problem)
    if problems:
        error = TrailDamaged("The audit log, or the vault that it describes, is not as it was written.")
        complain(error)
        raise typer.Exit(error.exit_code)


def show(
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    kind: Annotated[
        str,
        typer.Option(
            help="Only entries of this kind, such as stretch-uncovered: which stretch was un-bleeped, by whom, when."
        ),
    ] = "",
    by: Annotated[
        str, typer.Option(metavar="ACTOR", help="Only entries of this actor, such as person:3 or user:1000.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most entries to print.")] = 100,
) -> None:
    """Print entries as JSON Lines, newest first, unchecked (`verify` checks). Reading is itself recorded."""
    from redactor.audit_log import events, newest

    if kind and kind not in events.KINDS:
        raise ConfigurationError("--kind names no kind of entry.", hint=f"One of: {', '.join(sorted(events.KINDS))}.")
    trail = places_of(config, state).open_trail()
    found = newest(trail.folder, kind=kind, by=by, limit=limit).entries
    numbers = [int(entry["n"]) for entry in found] or [0]
    trail.append(events.TrailRead(by=actor(), first=min(numbers), last=max(numbers)))
    for entry in found:
        print(json.dumps({name: value for name, value in entry.items() if name != "mac"}))


def export(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="File to write; an existing file is never overwritten.")
    ],
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="First day or moment (ISO 8601, UTC).")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day or moment (ISO 8601, UTC) before which it ends.")
    ] = None,
) -> None:
    """Write entries as JSON Lines with a proof that the keys can check, to keep for as long as the law asks."""
    from redactor.audit_log import Anchor, Export, KeyRing, events, export, verify

    places = places_of(config, state)
    begin, end = _moment(since), _moment(until)
    trail = places.open_trail()
    ring = KeyRing.load(places.keys)
    if not verify(places.trail, ring, anchor=Anchor.load(places.anchor)).sound:
        # A fresh proof over changed entries would make them look sound.
        raise TrailDamaged("The audit log is not as it was written, so it is not exported.")
    held = Export(0, 0)
    partial = Partial(out, mode=0o600)
    try:
        os.close(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # the name is ours from here on, and empty
    except FileExistsError:
        raise OutputError("The --out file exists already.", hint="Choose another name.") from None
    except OSError as error:
        raise as_output_error(error) from None
    done = False
    try:
        with os.fdopen(os.open(partial.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for part in export(places.trail, ring, since=begin, until=end):
                if isinstance(part, Export):
                    held = part
                else:
                    file.write(part)
            file.flush()
            os.fsync(file.fileno())
        # Before the file gets its name: what cannot be recorded does not happen.
        trail.append(events.TrailExported(by=actor(), first=held.first, last=held.last))
        partial.commit()
        done = True
        flush_folder(out.parent)
    except OSError as error:
        raise as_output_error(error) from None
    finally:
        if not done:
            partial.discard()
            out.unlink(missing_ok=True)
    print(json.dumps({"first": held.first, "last": held.last}))


def anchor(*, config: ConfigOption = DEFAULT, state: StateOption = None) -> None:
    """Print a line that pins all entries until now. Keep it where this host cannot write: on paper, or with the
    auditor.
    """
    print(places_of(config, state).open_trail().now().text())


def rotate_key(*, config: ConfigOption = DEFAULT, state: StateOption = None) -> None:
    """Start using a new key. Older entries are still checked with the old keys, which stay in the key file."""
    places = places_of(config, state)
    print(json.dumps({"key": places.open_trail().rotate(by=actor())}))
    notice("Give the auditor a new copy of the key file.")


def _verified(
    places: Places, ring: KeyRing, anchors: list[Anchor], before: LastCheck | None, *, vault: bool
) -> tuple[LogReport, tuple[str, ...], int]:
    """What is wrong with the log and with the vault, and how many items the vault must contain."""
    from redactor.audit_log import Anchor, verify
    from redactor.vault import VaultCheck, files

    def once() -> tuple[LogReport, tuple[str, ...], int]:
        check = VaultCheck()
        take = check.take if vault else None
        report = verify(
            places.trail, ring, anchor=Anchor.load(places.anchor), outside=anchors, take=take, checked=before
        )
        return report, check.problems(places.vault) if vault else (), check.items

    found = once()
    if found[1] and places.vault.is_dir():
        # Something may have been sealed between the two halves; with the vault's lock nothing is.
        with files.locked(places.vault):
            found = once()
    return found


def _note(check: LastCheck, places: Places, ring: KeyRing) -> None:
    try:
        check.save(places.anchor, ring)
    except OutputError:
        notice("The time of this check could not be saved beside the anchor.")


def _keys(path: Path) -> KeyRing:
    from redactor.audit_log import KeyRing

    return KeyRing.load(path)


def _anchors(paths: list[Path]) -> list[Anchor]:
    from redactor.audit_log import Anchor

    found: list[Anchor] = []
    for path in paths:
        try:
            text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="ascii")
        except (OSError, ValueError):
            raise ConfigurationError(
                "An --anchor file cannot be read.",
                hint="Check its path and permissions; it contains lines of `redactor log anchor`.",
            ) from None
        found.extend(Anchor.parse(line) for line in text.splitlines() if line.strip())
    return found


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ConfigurationError(
            "--since or --until is not a date.", hint="Write it as 2026-11-26 or 2026-11-26T12:00 (UTC)."
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
