"""Emergency access (45 CFR 164.312(a)(2)(ii)): a person raises their own rights for a while, with a typed reason.

No approval is needed. It is logged before it takes effect, and leads see a notice on every page until one of them
acknowledges it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, insert, select, update

from redactor.audit_log import events
from redactor.auth.store import SKEW, AccessStore, accounts, emergencies
from redactor.errors import ConfigurationError

SHORTEST, LONGEST = 10, 1000
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Emergency:
    id: int
    account: int
    name: str
    opened: float
    until: float
    acknowledged: float
    reason: str = field(repr=False)


class Emergencies:
    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def open(self, account: int, reason: str) -> float:
        """Raise the rights of an account; returns until when.

        Raises:
            ConfigurationError: the reason is too short or too long.
        """
        reason = reason.strip()
        if not SHORTEST <= len(reason) <= LONGEST:
            raise ConfigurationError(
                f"The reason must have {SHORTEST} to {LONGEST} characters.", hint="Describe what happened."
            )
        now = self._store.clock()
        until = now + self._store.settings.emergency_seconds
        row = {"account": account, "opened": now, "until": until, "reason": self._store.seal(reason)}
        with self._store.begin() as c:
            number = int(c.execute(insert(emergencies).values(**row)).inserted_primary_key[0])  # type: ignore[index]
            self._store.trail.append(
                events.EmergencyOpened(
                    by=f"person:{account}",
                    person=account,
                    emergency=number,
                    until=int(until),
                    reason=self._store.trail.mark(reason),
                )
            )
        return until

    def until(self, account: int) -> float:
        """Until when the rights of the account are raised; 0.0 if they are not."""
        now = self._store.clock()
        mine = (emergencies.c.account == account, emergencies.c.opened <= now + SKEW)
        with self._store.begin() as c:
            found = c.execute(select(func.max(emergencies.c.until)).where(*mine)).scalar()
        return float(found) if found and found > now else 0.0

    def end(self, account: int) -> None:
        """End the emergency access of an account."""
        now = self._store.clock()
        mine = (emergencies.c.account == account, emergencies.c.until > now)
        with self._store.begin() as c:
            ended = [int(n) for n in c.execute(select(emergencies.c.id).where(*mine)).scalars()]
            c.execute(update(emergencies).where(*mine).values(until=now))
            self._store.trail.append_many(
                [events.EmergencyEnded(by=f"person:{account}", person=account, emergency=n) for n in ended]
            )

    def unacknowledged(self) -> int:
        """Number of uses that nobody has acknowledged."""
        with self._store.begin() as c:
            query = select(func.count()).select_from(emergencies).where(emergencies.c.acknowledged == 0.0)
            return int(c.execute(query).scalar_one())

    def list(self, *, most: int = 100) -> list[Emergency]:
        """Unacknowledged uses first, then the newest; reasons unsealed."""
        query = (
            select(emergencies, accounts.c.name)
            .join(accounts, accounts.c.id == emergencies.c.account)
            .order_by(emergencies.c.acknowledged != 0.0, emergencies.c.id.desc())
            .limit(most)
        )
        with self._store.begin() as c:
            rows = c.execute(query).all()
        return [
            Emergency(
                r.id,
                r.account,
                r.name,
                r.opened,
                r.until,
                r.acknowledged,
                self._store.unseal(r.reason) or "(unreadable)",
            )
            for r in rows
        ]

    def acknowledge(self, number: int, *, by: int) -> bool:
        """Note that a lead has seen it; false if there is nothing to acknowledge, or it is the lead's own."""
        now = self._store.clock()
        open_one = (emergencies.c.id == number, emergencies.c.acknowledged == 0.0, emergencies.c.account != by)
        with self._store.begin() as c:
            account = c.execute(select(emergencies.c.account).where(*open_one)).scalar()
            if account is None:
                return False
            c.execute(update(emergencies).where(*open_one).values(acknowledged=now, acknowledged_by=by))
            self._store.trail.append(
                events.EmergencyAcknowledged(by=f"person:{by}", person=int(account), emergency=number)
            )
        return True
