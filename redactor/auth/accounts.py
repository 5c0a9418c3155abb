"""Accounts can be added, reset and disabled, but never deleted: the audit log refers to people by number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from redactor.audit_log import events
from redactor.auth import passwords
from redactor.auth import totp as codes
from redactor.auth.roles import ROLES, permissions_of
from redactor.auth.store import AccessStore, accounts, recovery, sessions
from redactor.errors import Busy, ConfigurationError, NoInput

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Account:
    """`enrolled`: one-time codes are set up."""

    id: int
    name: str
    roles: frozenset[str]
    must_change: bool
    enrolled: bool
    disabled: bool
    made: float
    hashed: str = field(default="", repr=False)

    @property
    def permissions(self) -> frozenset[str]:
        return permissions_of(self.roles)


def check_new_account(name: str, password: str) -> None:
    """Check the name and password of a new account.

    Raises:
        ConfigurationError: they are not accepted.
    """
    if not _NAME.fullmatch(name.lower()):
        raise ConfigurationError(
            "A log-in name consists of up to 64 lower-case letters, digits, dots, dashes, underscores or @.",
            hint="Use the name that the person has elsewhere.",
        )
    passwords.check_new(password, name)


class Accounts:
    """`by` in all methods: the actor for the audit log."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def add(self, name: str, password: str, roles: Iterable[str], *, by: str, own_password: bool = False) -> int:
        """Add an account. Returns its number.

        Args:
            own_password: its owner has chosen the password; otherwise it must be changed at the first log-in.

        Raises:
            ConfigurationError: an invalid name or one in use, an unknown role, a weak password.
        """
        name, wanted = name.lower(), sorted(set(roles))
        if not wanted or not set(wanted) <= set(ROLES):
            raise ConfigurationError(f"Roles are {', '.join(ROLES)}.", hint="Give one or more with --role.")
        check_new_account(name, password)
        values = {
            "name": name,
            "roles": ",".join(wanted),
            "password": passwords.hash_password(password),
            "must_change": int(not own_password),
            "made": self._store.clock(),
        }
        try:
            with self._store.engine.begin() as c:
                key = c.execute(insert(accounts).values(**values)).inserted_primary_key
                number = int(key[0])  # type: ignore[index]
                # Inside the transaction: no account may exist that is not logged.
                self._store.trail.append(events.AccountMade(by=by, person=number, roles=",".join(wanted)))
        except IntegrityError:
            raise ConfigurationError(
                "There is already an account with this name.", hint="See `redactor accounts list`."
            ) from None
        except SQLAlchemyError:
            raise Busy("The accounts database is unavailable.") from None
        return number

    def list(self) -> list[Account]:
        with self._store.begin() as c:
            return [_account(row) for row in c.execute(select(accounts).order_by(accounts.c.id))]

    def by_name(self, name: str) -> Account | None:
        with self._store.begin() as c:
            row = c.execute(select(accounts).where(accounts.c.name == name.lower())).first()
        return _account(row) if row else None

    def named(self, name: str) -> Account:
        """The account with this name.

        Raises:
            NoInput: there is none.
        """
        found = self.by_name(name)
        if found is None:
            raise NoInput("There is no such account.", hint="See `redactor accounts list`.")
        return found

    def get(self, number: int) -> Account | None:
        with self._store.begin() as c:
            row = c.execute(select(accounts).where(accounts.c.id == number)).first()
        return _account(row) if row else None

    def reset(self, name: str, password: str, *, codes_too: bool, by: str) -> None:
        """Set a password that must be changed at log-in, and end all sessions. `codes_too`: also reset the one-time
        codes.

        Raises:
            NoInput, ConfigurationError
        """
        account = self.named(name)
        passwords.check_new(password, account.name)
        values: dict[str, Any] = {"password": passwords.hash_password(password), "must_change": 1}
        changes: list[events.Event] = [events.AccountChanged(by=by, person=account.id, what="password-reset")]
        if codes_too:
            values |= {"totp": None, "totp_new": None}
            changes.append(events.AccountChanged(by=by, person=account.id, what="totp-reset"))
        with self._store.begin() as c:
            c.execute(update(accounts).where(accounts.c.id == account.id).values(**values))
            c.execute(delete(sessions).where(sessions.c.account == account.id))
            if codes_too:
                c.execute(delete(recovery).where(recovery.c.account == account.id))
            self._store.trail.append_many(changes)

    def disable(self, name: str, *, by: str, disabled: bool = True) -> None:
        """Disable an account and end its sessions, or enable it again."""
        account = self.named(name)
        with self._store.begin() as c:
            c.execute(update(accounts).where(accounts.c.id == account.id).values(disabled=int(disabled)))
            c.execute(delete(sessions).where(sessions.c.account == account.id))
            what = "disabled" if disabled else "enabled"
            self._store.trail.append(events.AccountChanged(by=by, person=account.id, what=what))

    def is_right(self, account: Account | None, password: str) -> bool:
        """Whether the password is right; takes the same time without an account."""
        return bool(self.verified(account, password))

    def verified(self, account: Account | None, password: str) -> str:
        """The current hash if the password is right, else "". A hash made with older settings is replaced."""
        right = passwords.is_right(account.hashed if account else passwords.decoy_hash(), password)
        if account is None or not right:
            return ""
        if not passwords.is_old(account.hashed):
            return account.hashed
        fresh = passwords.hash_password(password)
        return fresh if self._replace(account, password=fresh) else ""

    def change_password(self, account: Account, password: str) -> None:
        """Change the password on the owner's request.

        Raises:
            ConfigurationError: it is weak or not new, or the account was reset or disabled meanwhile.
        """
        passwords.check_new(password, account.name)
        if passwords.is_right(account.hashed, password):
            raise ConfigurationError("The new password is the same as the old one.", hint="Choose another one.")
        event = events.AccountChanged(by=f"person:{account.id}", person=account.id, what="password")
        if not self._replace(account, event, password=passwords.hash_password(password), must_change=0):
            raise ConfigurationError("Somebody else changed the account meanwhile.", hint="Log in again.")

    def _replace(self, account: Account, event: events.Event | None = None, **values: Any) -> bool:
        """Change an account if its password is still the one that was checked; else return false."""
        same = (accounts.c.id == account.id, accounts.c.password == account.hashed, accounts.c.disabled == 0)
        with self._store.begin() as c:
            if c.execute(update(accounts).where(*same).values(**values)).rowcount != 1:
                return False
            if event is not None:
                self._store.trail.append(event)
        return True

    # --- one-time codes

    def new_secret(self, account: Account) -> str:
        """A new secret, to be shown once. It takes effect when `enrol` gets a code from it."""
        secret = codes.new_secret()
        with self._store.begin() as c:
            c.execute(update(accounts).where(accounts.c.id == account.id).values(totp_new=self._store.seal(secret)))
        return secret

    def enrol(self, account: Account, code: str) -> tuple[str, ...] | None:
        """Put the new secret into effect. Returns recovery codes, to be shown once; None if the code is wrong."""
        with self._store.begin() as c:
            row = c.execute(select(accounts).where(accounts.c.id == account.id).with_for_update()).one()
            secret = self._store.unseal(row.totp_new)
            step = codes.step_of(secret, code, at=self._store.clock(), after=0) if secret else 0
            if not step:
                return None
            made = [codes.new_recovery_code() for _ in range(codes.RECOVERY_CODES)]
            c.execute(
                update(accounts)
                .where(accounts.c.id == account.id)
                .values(totp=row.totp_new, totp_new=None, totp_step=step)
            )
            c.execute(delete(recovery).where(recovery.c.account == account.id))
            c.execute(
                insert(recovery), [{"hash": codes.recovery_hash(account.id, m), "account": account.id} for m in made]
            )
            self._store.trail.append(events.AccountChanged(by=f"person:{account.id}", person=account.id, what="totp"))
        return tuple(made)

    def use_code(self, account: Account, code: str) -> bool:
        """Whether the code is a current one-time code or a recovery code; each works once."""
        with self._store.begin() as c:
            row = c.execute(select(accounts).where(accounts.c.id == account.id).with_for_update()).one()
            secret = self._store.unseal(row.totp)
            step = codes.step_of(secret, code, at=self._store.clock(), after=row.totp_step) if secret else 0
            if step:
                mine = (accounts.c.id == account.id, accounts.c.totp_step < step)
                return c.execute(update(accounts).where(*mine).values(totp_step=step)).rowcount == 1
            hashed = codes.recovery_hash(account.id, code)
            mine = (recovery.c.account == account.id, recovery.c.hash == hashed)
            if c.execute(delete(recovery).where(*mine)).rowcount != 1:
                return False
            self._store.trail.append(
                events.AccountChanged(by=f"person:{account.id}", person=account.id, what="recovery-used")
            )
        return True


def _account(row: Any) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        roles=frozenset(row.roles.split(",")),
        must_change=bool(row.must_change),
        enrolled=row.totp is not None,
        disabled=bool(row.disabled),
        made=row.made,
        hashed=row.password,
    )
