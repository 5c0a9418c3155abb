"""Who may do what: accounts, sessions, roles, emergency access, tokens for programs (45 CFR 164.312(a), (d)).

roles: permissions as data · accounts, passwords, codes: name, argon2id, TOTP · throttle: growing delays · sessions: tokens of which only a hash is kept ·
emergencies: rights raised at once, loudly · tokens: for hooks and exports · guard: what a route asks for · login, account, alarm: the pages.

Every change and every refusal is an event of the audit trail; where that cannot be written, nothing is given.
"""

from .build import Access, build_access
from .forms import form_of
from .guard import SECURITY_HEADERS, Guard, Holder, Person
from .roles import PERMISSIONS, ROLES
from .store import AccessSettings, AccessStore

__all__ = [
    "PERMISSIONS",
    "ROLES",
    "SECURITY_HEADERS",
    "Access",
    "AccessSettings",
    "AccessStore",
    "Guard",
    "Holder",
    "Person",
    "build_access",
    "form_of",
]
