"""`redactor accounts …`: people who may log in to the review pages, and tokens for programs. No secret is an argument
of a command.
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
    accounts = typer.Typer(
        no_args_is_help=True, help="Accounts of people for the review pages, and tokens for programs."
    )
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
    role: Annotated[list[str], typer.Option("--role", help="operator, reviewer, lead or auditor; may be repeated.")],
    *,
    config: ConfigOption = DEFAULT,
) -> None:
    """Add an account. Asks for the first password, or reads it from standard input.

    The owner must change it, and set up one-time codes, at the first log-in.
    """
    with open_access(config) as (accounts, _):
        number = accounts.add(name, _password(), role, by=actor())
        print(json.dumps({"id": number, "name": name.lower(), "roles": sorted(set(role))}))


def show(*, config: ConfigOption = DEFAULT) -> None:
    """Print the accounts as JSON Lines."""
    with open_access(config) as (accounts, _):
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
    codes: Annotated[
        bool, typer.Option("--codes", help="Also remove the one-time codes, if the device was lost.")
    ] = False,
) -> None:
    """Set a new first password (asked for, or from standard input) and end all sessions of the account."""
    with open_access(config) as (accounts, _):
        accounts.named(name)
        accounts.reset(name, _password(), codes_too=codes, by=actor())


def disable(name: NameArgument, *, config: ConfigOption = DEFAULT) -> None:
    """Disable an account and end its sessions."""
    with open_access(config) as (accounts, _):
        accounts.disable(name, by=actor())


def enable(name: NameArgument, *, config: ConfigOption = DEFAULT) -> None:
    """Enable a disabled account."""
    with open_access(config) as (accounts, _):
        accounts.disable(name, by=actor(), disabled=False)


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the program that will use it.")],
    scope: Annotated[list[str], typer.Option("--scope", help="hook, jobs, retry or export; may be repeated.")],
    *,
    config: ConfigOption = DEFAULT,
    days: Annotated[int, typer.Option(help="Days until it expires.")] = 90,
) -> None:
    """Make a token for a program and print it, once."""
    with open_access(config) as (_, held):
        print(held.make(name, scope, days=days, by=actor()))


def tokens(*, config: ConfigOption = DEFAULT) -> None:
    """Print the tokens, without their secrets, as JSON Lines."""
    with open_access(config) as (_, held):
        for one in held.list():
            row = {"id": one.id, "name": one.name, "scopes": sorted(one.scopes), "until": one.until, "used": one.used}
            print(json.dumps({**row, "revoked": bool(one.revoked)}))


def revoke(
    number: Annotated[int, typer.Argument(metavar="ID", help="Number of the token, from `redactor accounts tokens`.")],
    *,
    config: ConfigOption = DEFAULT,
) -> None:
    """Revoke a token at once."""
    with open_access(config) as (_, held):
        if not held.revoke(number, by=actor()):
            raise NoInput("There is no valid token with this number.", hint="See `redactor accounts tokens`.")


@contextmanager
def open_access(config: Path) -> Iterator[tuple[Accounts, Tokens]]:
    from redactor.cli.serve import needs_service_extra

    needs_service_extra()
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("argon2", "pyotp", "segno")):
        raise ConfigurationError(
            "The command needs packages that are not installed.", hint="pip install 'voicemail-redactor[serve]'"
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
    """The password: typed twice on a terminal, otherwise the first line of standard input.

    Raises:
        ConfigurationError
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    import getpass

    first = getpass.getpass("First password: ")
    if getpass.getpass("Again: ") != first:
        raise ConfigurationError("The two passwords differ.", hint="Run the command again.")
    return first
