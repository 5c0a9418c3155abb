"""`redactor log verify|export|anchor|rotate-key`: the audit trail from outside."""

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
    typer.Option("--anchor", metavar="FILE", help="Anchors that were kept elsewhere, one a line; may be given again."),
]
KeysOption = Annotated[
    Path | None, typer.Option("--keys", metavar="FILE", help="A copy of the key file, instead of the trail's own.")
]


def register(app: typer.Typer) -> None:
    log = typer.Typer(no_args_is_help=True, help="The audit trail: check it, export it, anchor it elsewhere.")
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
        Path | None, typer.Option("--export", metavar="FILE", help="Check an exported file instead of the trail.")
    ] = None,
    vault: Annotated[
        bool, typer.Option(help="Also hold the vault against the trail; without it where the vault cannot be read.")
    ] = True,
) -> None:
    """Check every entry, its place, and the end against the anchors; and that the vault holds what the trail says.

    Exit code 76 if anything was changed, added, lost, moved, or put back to an older state.
    """
    from redactor.audit_log import LastCheck, verify_export

    begun = int(time.time())

    places = places_of(config, state)
    ring = _keys(keys or places.keys)
    if exported is not None:
        held, problems = verify_export(exported, ring)
        print(json.dumps({"first": held.first, "last": held.last, "problems": problems}))
    else:
        # A folder that is gone while key or anchor is there is a trail that was removed: `verify` says so.
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
        # What a sound trail once reached stays known when this one is not sound: else checking an older copy would make
        # it good.
        known, head = (
            (report.last, report.head) if report.sound else (before.reached, before.head) if before else (0, "")
        )
        _note(LastCheck(begun, report.last, len(problems), known, head), places, ring)
        if report.unfinished:
            notice("The end holds bytes of a write that was killed; the next event records them.")
    for problem in problems:
        notice(problem)
    if problems:
        error = TrailDamaged("The audit trail, or what it says of the vault, is not what was written.")
        complain(error)
        raise typer.Exit(error.exit_code)


def show(
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    kind: Annotated[
        str,
        typer.Option(
            help="Only entries of this kind, such as stretch-uncovered: what a reviewer un-bleeped, who, when."
        ),
    ] = "",
    by: Annotated[str, typer.Option(metavar="ACTOR", help="Only of person:3, user:1000 …")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
) -> None:
    """Print entries as JSON Lines, newest first, unchecked (`verify` checks). Looking is an entry, too."""
    from redactor.audit_log import events, newest

    if kind and kind not in events.KINDS:
        raise ConfigurationError("There is no such kind of entry.", hint=f"One of: {', '.join(sorted(events.KINDS))}.")
    trail = places_of(config, state).open_trail()
    found = newest(trail.folder, kind=kind, by=by, limit=limit).entries
    numbers = [int(entry["n"]) for entry in found] or [0]
    trail.append(events.TrailRead(by=actor(), first=min(numbers), last=max(numbers)))
    for entry in found:
        print(json.dumps({name: value for name, value in entry.items() if name != "mac"}))


def export(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write; never over a file that is there.")
    ],
    *,
    config: ConfigOption = DEFAULT,
    state: StateOption = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="First day or moment (ISO 8601, UTC).")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day or moment (ISO 8601, UTC) before which it ends.")
    ] = None,
) -> None:
    """Write entries as JSON Lines with a proof that the keys can check: for the years that records must be kept."""
    from redactor.audit_log import Anchor, Export, KeyRing, events, export, verify

    places = places_of(config, state)
    begin, end = _moment(since), _moment(until)
    trail = places.open_trail()
    ring = KeyRing.load(places.keys)
    if not verify(places.trail, ring, anchor=Anchor.load(places.anchor)).sound:
        # A fresh proof over changed entries would make them look good.
        raise TrailDamaged("The audit trail is not what was written, so it is not exported.")
    held = Export(0, 0)
    partial = Partial(out, mode=0o600)
    try:
        os.close(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # the name is ours from here on, and empty
    except FileExistsError:
        raise OutputError("There is a file of this name already.", hint="Give another --out.") from None
    except OSError as error:
        raise as_output_error(error) from None
    given = False
    try:
        with os.fdopen(os.open(partial.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for part in export(places.trail, ring, since=begin, until=end):
                if isinstance(part, Export):
                    held = part
                else:
                    file.write(part)
            file.flush()
            os.fsync(file.fileno())
        # Before it is given out: what the trail cannot be told of does not happen.
        trail.append(events.TrailExported(by=actor(), first=held.first, last=held.last))
        partial.commit()
        given = True
        flush_folder(out.parent)
    except OSError as error:
        raise as_output_error(error) from None
    finally:
        if not given:
            partial.discard()
            out.unlink(missing_ok=True)
    print(json.dumps({"first": held.first, "last": held.last}))


def anchor(*, config: ConfigOption = DEFAULT, state: StateOption = None) -> None:
    """Print a line that binds all entries until now: keep it where this host cannot write (print it, mail it to the
    auditor).
    """
    print(places_of(config, state).open_trail().now().text())


def rotate_key(*, config: ConfigOption = DEFAULT, state: StateOption = None) -> None:
    """Put a new key in force; entries until now are checked with the old ones, which stay in the key file."""
    places = places_of(config, state)
    print(json.dumps({"key": places.open_trail().rotate(by=actor())}))
    notice("Copy the key file to where the auditor is.")


def _verified(
    places: Places, ring: KeyRing, anchors: list[Anchor], before: LastCheck | None, *, vault: bool
) -> tuple[LogReport, tuple[str, ...], int]:
    """What is wrong with the trail, and with the vault; and how many items the vault must hold."""
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
        notice("When this check was could not be noted beside the anchor.")


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
            raise ConfigurationError("A file of anchors cannot be read.", hint="Give the file with --anchor.") from None
        found.extend(Anchor.parse(line) for line in text.splitlines() if line.strip())
    return found


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ConfigurationError("A date is written 2026-11-26 or 2026-11-26T12:00.", hint="Give it so.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
