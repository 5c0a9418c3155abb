"""Who may do what: accounts, sessions, roles, emergency access, tokens for programs (45 CFR 164.312(a), (d)).

roles: permissions as data · accounts, passwords, codes: name, argon2id, TOTP · throttle: growing delays · sessions:
tokens of which only a hash is kept ·
emergencies: rights raised at once, loudly · tokens: for hooks and exports · guard: what a route asks for · login,
account, alarm: the pages.

Every change and every refusal is an event of the audit trail; where that cannot be written, nothing is given.
"""

from redactor.auth.dependencies import SECURITY_HEADERS, AccessGuard, Holder, Person
from redactor.auth.factory import Access, build_access
from redactor.auth.forms import form_of
from redactor.auth.roles import PERMISSIONS, ROLES
from redactor.auth.store import AccessSettings, AccessStore

__all__ = [
    "PERMISSIONS",
    "ROLES",
    "SECURITY_HEADERS",
    "Access",
    "AccessGuard",
    "AccessSettings",
    "AccessStore",
    "Holder",
    "Person",
    "build_access",
    "form_of",
]
