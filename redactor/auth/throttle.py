"""Growing delays after failed log-ins: per account and address, per account, and per address.

An attempt is counted before it is checked, so that parallel attempts gain nothing, and removed if it was right. The
delay doubles with each failure beyond the free ones, up to a limit; it never becomes a lock-out. An attempt that comes
too early is neither checked nor counted. Unknown names are counted like others, and an IPv6 /64, which belongs to one
subscriber, counts as one address. With many addresses, an attacker can try one password a minute for an account, and
can make its owner wait for a minute.
"""

from __future__ import annotations

import ipaddress

from sqlalchemy import Connection, delete, insert, select, update

from redactor.auth.store import AccessStore, attempts

FORGET = 3600.0
"""Seconds after which failures are forgotten."""
PAIR, ACCOUNT, ADDRESS = (3, 300.0), (10, 60.0), (20, 300.0)
"""Failures without a delay, and the longest delay in seconds."""


class Throttle:
    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def begin(self, what: str, who: str, address: str) -> float:
        """Count an attempt. Returns 0.0, or the seconds to wait; then it must not be checked.

        Args:
            what: "login" or "code".
            who: the name as typed, or the number of the account.
        """
        address = network_of(address)
        limits = {
            self._store.mark(what, "pair", who, address): PAIR,
            self._store.mark(what, "account", who): ACCOUNT,
            self._store.mark(what, "address", address): ADDRESS,
        }
        now = self._store.clock()
        with self._store.begin() as c:
            rows = {key: self._row(c, key, now) for key in sorted(limits)}
            wait = max(not_before for _, not_before in rows.values()) - now
            if wait > 0:
                return wait
            for key, (failures, _) in rows.items():
                free, cap = limits[key]
                count = failures + 1
                delay = min(cap, 2.0 ** (count - free - 1)) if count > free else 0.0
                c.execute(
                    update(attempts)
                    .where(attempts.c.key == key)
                    .values(failures=count, not_before=now + delay, last=now)
                )
        return 0.0

    def forgive(self, what: str, who: str, address: str) -> None:
        """Remove an attempt that was right."""
        address = network_of(address)
        keys = [self._store.mark(what, "pair", who, address), self._store.mark(what, "account", who)]
        with self._store.begin() as c:
            c.execute(delete(attempts).where(attempts.c.key.in_(keys)))
            one = attempts.c.key == self._store.mark(what, "address", address)
            c.execute(
                update(attempts)
                .where(one, attempts.c.failures > 0)
                .values(failures=attempts.c.failures - 1, not_before=0.0)
            )
            c.execute(delete(attempts).where(attempts.c.last < self._store.clock() - FORGET))

    @staticmethod
    def _row(c: Connection, key: str, now: float) -> tuple[int, float]:
        row = c.execute(select(attempts).where(attempts.c.key == key).with_for_update()).first()
        if row is None:
            c.execute(insert(attempts).values(key=key, failures=0, not_before=0.0, last=now))
            return 0, 0.0
        if row.last < now - FORGET:
            return 0, 0.0
        if row.last > now:
            # The clock was set back: keep the length of the delay.
            moved = now + row.not_before - row.last
            c.execute(update(attempts).where(attempts.c.key == key).values(not_before=moved, last=now))
            return row.failures, moved
        return row.failures, row.not_before


def network_of(address: str) -> str:
    """What counts as one address; text that is not an address stays as it is."""
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(one, ipaddress.IPv4Address):
        return str(one)
    if one.ipv4_mapped is not None:
        return str(one.ipv4_mapped)
    return str(ipaddress.ip_network((one, 64), strict=False))
