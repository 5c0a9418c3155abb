"""`redactor accounts …`: who may log in to the review web, and tokens for programs. Secrets never stand in a command
line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redactor.cli.options import ConfigOption
from redactor.errors import ConfigurationError, NoInput
from redactor.log_and_vault import DEFAULT, actor, places_in

if TYPE_CHECKING:
    from redactor.auth.accounts import Accounts
    from redactor.auth.tokens import Tokens

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Log-in name.")]


def register(app: typer.Typer) -> None:
    accounts = typer.Typer(no_args_is_help=True, help="People and programs that may use the review web.")
    accounts.command()(add)
    accounts.command("list")(show)
    accounts.command()(reset)
    accounts.command()(disable)
    accounts.command()(enable)
    accounts.command()(token)
    accounts.command()(tokens)
    accounts.command()(revoke)
    app.add_typer(accounts, name="accounts")


def add(
    name: NameArgument,
    role: Annotated[list[str], typer.Option("--role", help="operator, reviewer, lead, auditor; may be given again.")],
    *,
    config: ConfigOption = DEFAULT,
) -> None:
    """Make an account. The first password is asked for, or read from standard input; its owner must change it and
    set up codes.
    """
    with _access(config) as (accounts, _):
        number = accounts.add(name, _password(), role, by=actor())
        print(json.dumps({"id": number, "name": name.lower(), "roles": sorted(set(role))}))


def show(*, config: ConfigOption = DEFAULT) -> None:
    """Print the accounts as JSON Lines."""
    with _access(config) as (accounts, _):
        for one in accounts.list():
            print(
                json.dumps(
                    {
                        "id": one.id,
                        "name": one.name,
                        "roles": sorted(one.roles),
                        "disabled": one.disabled,
                        "codes": one.enrolled,
                        "must_change_password": one.must_change,
                    }
                )
            )


def reset(
    name: NameArgument,
    *,
    config: ConfigOption = DEFAULT,
    codes: Annotated[bool, typer.Option("--codes", help="Also the one-time codes: the device was lost.")] = False,
) -> None:
    """Set a new first password (asked for, or from standard input), and end all sessions."""
    with _access(config) as (accounts, _):
        accounts.named(name)
        accounts.reset(name, _password(), codes_too=codes, by=actor())


def disable(name: NameArgument, *, config: ConfigOption = DEFAULT) -> None:
    """Let nobody log in with an account any more, and end its sessions."""
    with _access(config) as (accounts, _):
        accounts.disable(name, by=actor())


def enable(name: NameArgument, *, config: ConfigOption = DEFAULT) -> None:
    """Let an account log in again."""
    with _access(config) as (accounts, _):
        accounts.disable(name, by=actor(), disabled=False)


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which program it is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="hook, jobs, retry, export; may be given again.")],
    *,
    config: ConfigOption = DEFAULT,
    days: Annotated[int, typer.Option(help="How long it lasts.")] = 90,
) -> None:
    """Make a token for a program, and print it this once."""
    with _access(config) as (_, held):
        print(held.make(name, scope, days=days, by=actor()))


def tokens(*, config: ConfigOption = DEFAULT) -> None:
    """Print the tokens (not their secrets) as JSON Lines."""
    with _access(config) as (_, held):
        for one in held.list():
            row = {"id": one.id, "name": one.name, "scopes": sorted(one.scopes), "until": one.until, "used": one.used}
            print(json.dumps({**row, "revoked": bool(one.revoked)}))


def revoke(
    number: Annotated[int, typer.Argument(metavar="ID", help="Its number, from `accounts tokens`.")],
    *,
    config: ConfigOption = DEFAULT,
) -> None:
    """End a token at once."""
    with _access(config) as (_, held):
        if not held.revoke(number, by=actor()):
            raise NoInput("There is no such token in force.", hint="See `redactor accounts tokens`.")


@contextmanager
def _access(config: Path) -> Iterator[tuple[Accounts, Tokens]]:
    from redactor.cli.serve import _needs_extra

    _needs_extra()
    from importlib.util import find_spec

    if find_spec("argon2") is None or find_spec("pyotp") is None:
        raise ConfigurationError(
            "Accounts need packages that are not installed.", hint="pip install 'voicemail-redactor[serve]'"
        )
    from redactor.auth import AccessStore
    from redactor.auth.accounts import Accounts
    from redactor.auth.tokens import Tokens
    from redactor.config import load_settings
    from redactor.crypto import Sealer, read_or_make_key
    from redactor.database import connect

    settings = load_settings(config)
    trail = places_in(settings).open_trail()
    given = settings.service.key
    key = bytes.fromhex(given.decode()) if given else read_or_make_key(settings.state / "key")
    engine = connect(settings.service.database_url.decode() or f"sqlite:///{settings.state}/queue.sqlite")
    try:
        store = AccessStore(engine, trail, Sealer(key))
        store.make_tables()
        yield Accounts(store), Tokens(store)
    finally:
        engine.dispose()


def _password() -> str:
    """Typed twice on a terminal, else the first line of standard input.

    Raises:
        ConfigurationError
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    import getpass

    first = getpass.getpass("First password: ")
    if getpass.getpass("Again: ") != first:
        raise ConfigurationError("That was typed in two ways.", hint="Try again.")
    return first
