"""`redactor service init`: from nothing to a service that runs on this machine, with a first account for its pages."""

from __future__ import annotations

import getpass
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redactor.cli.accounts import open_access
from redactor.cli.options import ConfigOption
from redactor.cli.serve import needs_service_extra
from redactor.console import notice
from redactor.errors import ConfigurationError
from redactor.log_and_vault import DEFAULT, actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from redactor.auth.accounts import Accounts

ROLE = "lead"
TRIES = 3
"""Attempts at a password or a code on a terminal."""


def register(app: typer.Typer) -> None:
    service = typer.Typer(no_args_is_help=True, help="Set up the service (`redactor serve` runs it).")
    service.callback()(_group)
    service.command()(init)
    app.add_typer(service, name="service")


def _group() -> None:
    """Set up the service (`redactor serve` runs it)."""


def init(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER…]", readable=False, help="Folders with recordings, such as a recorder's."),
    ] = None,
    *,
    config: ConfigOption = DEFAULT,
    sent: Annotated[
        list[Path] | None,
        typer.Option(
            "--sent", metavar="FOLDER", help="Messages that your staff left: they come up for review; may be repeated."
        ),
    ] = None,
    voicemail: Annotated[
        Path | None, typer.Option("--voicemail", metavar="FOLDER", help="Asterisk's folder of CONTEXT/MAILBOX.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="DIR", help="Queue, keys, audit log and vault; beside FILE if not given."),
    ] = None,
    model: Annotated[str, typer.Option(help="Speech checkpoint: a name, a folder, or auto.")] = "auto",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the review pages on this machine.")] = 8470,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="NAME", help="Log-in name of the first account; yours by default."),
    ] = None,
) -> None:
    """Write the settings, keys, folders and first account of a service on this machine. Overwrites nothing.

    Loads the speech checkpoint once, and downloads it if there is none. Asks for the password of the account (or
    reads it from standard input, one line, and the first one-time code from the next). Then `redactor serve` runs.
    """
    needs_service_extra()
    from redactor.auth.accounts import check_new_account
    from redactor.job_config import job_configuration_of
    from redactor.service.checks import check_folders, load_models
    from redactor.service.setup import NewService, written

    new = NewService.at(
        config,
        state=state,
        incoming=tuple(folders or ()),
        sent=tuple(sent or ()),
        voicemail=voicemail,
        model=model,
        port=port,
    )
    new.check_unused()
    name = (account or _own_name()).lower()
    password = _password(name, check_new_account)
    with written(new) as settings:
        job = job_configuration_of(settings)
        check_folders(settings)
        models = load_models(job, warn=notice)
        print(f"Speech checkpoint: {models.checkpoint} ({models.compute_type} on {models.device}).")
        with open_access(new.config) as (accounts, _):
            accounts.add(name, password, (ROLE,), by=actor(), own_password=True)
    print(f"Settings: {new.config}")
    print(f"Keys:     {', '.join(key.name for key in new.keys)} beside them. Move recovery.key to a place offline.")
    with open_access(new.config) as (accounts, _):
        _enrol(accounts, name)
    serve = (
        "redactor serve"
        if str(new.config) == str(DEFAULT)
        else f"redactor serve --config {shlex.quote(str(new.config))}"
    )
    print(f"\nStart it:  {serve}\nThen open  http://localhost:{port}  and log in as {name}.")


def _enrol(accounts: Accounts, name: str) -> None:
    """Show the secret of the one-time codes, and put it into effect with a first code; without one, the pages ask at
    the first log-in.
    """
    from redactor.auth import totp as codes
    from redactor.auth.qr_codes import lines_of

    found = accounts.named(name)
    secret = accounts.new_secret(found)
    print(f"\nOne-time codes of {name}: scan this with an authenticator app.\n")
    for line in lines_of(codes.uri_of(secret, name), colour=sys.stdout.isatty()):
        print(line)
    print(f"\nOr type this secret: {' '.join(re.findall('.{1,4}', secret))}")
    for _ in range(TRIES):
        code = _line("Code that the app shows (empty: set them up at the first log-in): ").strip()
        if not code:
            print("The pages will ask for one-time codes at the first log-in.")
            return
        made = accounts.enrol(found, code)
        if made is not None:
            print("\nRecovery codes: each logs you in once without the device. They are not shown again.")
            for one in made:
                print(f"  {one}")
            return
        notice("The code does not match: check the clock of the device.")
    notice("The pages will ask for one-time codes at the first log-in.")


def _line(question: str) -> str:
    """A line of standard input, asked for on a terminal; "" at its end."""
    if sys.stdin.isatty():
        print(question, end="", flush=True)
    sys.stdout.flush()  # a program that drives this one reads the secret before it answers
    return sys.stdin.readline().rstrip("\r\n")


def _password(name: str, check: Callable[[str, str], None]) -> str:
    """The password of the first account: typed twice on a terminal, otherwise the next line of standard input.

    Args:
        check: raises for a name and password that are not accepted.

    Raises:
        ConfigurationError: it is not accepted.
    """
    if not sys.stdin.isatty():
        given = _line("")
        check(name, given)
        return given
    check(name, "a password to check the name alone")
    for left in reversed(range(TRIES)):
        given = getpass.getpass(f"New password for {name}, at least 12 characters: ")
        try:
            check(name, given)
        except ConfigurationError as error:
            if not left:
                raise
            notice(f"{error.message} {error.hint}")
            continue
        if getpass.getpass("Again: ") == given:
            return given
        notice("The two passwords differ.")
    raise ConfigurationError("The two passwords differ.", hint="Run the command again.")


def _own_name() -> str:
    """The log-in name of the caller, if it is one for the pages."""
    try:
        name = getpass.getuser().lower()
    except (OSError, KeyError):
        name = ""
    return name if re.fullmatch(r"[a-z0-9][a-z0-9._@-]{0,63}", name) else "lead"
