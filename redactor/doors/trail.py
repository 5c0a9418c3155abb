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

from redactor.doors.keeping import DEFAULT, ConfigOption, Places, StateOption, actor, places_of
from redactor.doors.terminal import complain, notice
from redactor.durable import Partial, as_output_error, flush_folder
from redactor.errors import ConfigurationError, OutputError, TrailDamaged

if TYPE_CHECKING:
    from redactor.keep.trail import Anchor, KeyRing, LastCheck

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
) -> None:
    """Check every entry, its place, and the end against the anchors. Exit code 76 if anything was changed, added, lost or moved."""
    from redactor.keep.trail import Anchor, LastCheck, verify, verify_export

    begun = int(time.time())

    places = places_of(config, state)
    ring = _keys(keys or places.keys)
    if exported is not None:
        held, problems = verify_export(exported, ring)
        print(json.dumps({"first": held.first, "last": held.last, "problems": problems}))
    else:
        # A folder that is gone while key or anchor is there is a trail that was removed: `verify` says so.
        report = verify(places.trail, ring, anchor=Anchor.load(places.anchor), outside=_anchors(anchors or []))
        problems = report.problems
        print(
            json.dumps(
                {
                    "entries": report.entries, "last": report.last, "segments": report.segments, "problems": problems,
                    "interruptions": report.interruptions, "unfinished_bytes": report.unfinished, "after_anchor": report.after_anchor,
                    "head": report.head,
                }
            )
        )  # fmt: skip
        _note(LastCheck(begun, report.last, len(problems)), places, ring)
        if report.unfinished:
            notice("The end holds bytes of a write that was killed; the next event records them.")
    for problem in problems:
        notice(problem)
    if problems:
        error = TrailDamaged("The audit trail is not what was written.")
        complain(error)
        raise typer.Exit(error.exit_code)


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
    from redactor.keep.trail import Anchor, Export, KeyRing, events, export, verify

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
    """Print a line that binds all entries until now: keep it where this host cannot write (print it, mail it to the auditor)."""
    print(places_of(config, state).open_trail().now().text())


def rotate_key(*, config: ConfigOption = DEFAULT, state: StateOption = None) -> None:
    """Put a new key in force; entries until now are checked with the old ones, which stay in the key file."""
    places = places_of(config, state)
    print(json.dumps({"key": places.open_trail().rotate(by=actor())}))
    notice("Copy the key file to where the auditor is.")


def _note(check: LastCheck, places: Places, ring: KeyRing) -> None:
    try:
        check.save(places.anchor, ring)
    except OutputError:
        notice("When this check was could not be noted beside the anchor.")


def _keys(path: Path) -> KeyRing:
    from redactor.keep.trail import KeyRing

    return KeyRing.load(path)


def _anchors(paths: list[Path]) -> list[Anchor]:
    from redactor.keep.trail import Anchor

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
