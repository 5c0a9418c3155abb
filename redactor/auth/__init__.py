"""Who may do what: accounts, sessions, roles, emergency access, tokens for programs (45 CFR 164.312(a), (d)).

`roles` permissions as data · `accounts`, `passwords`, `totp` names, argon2id, one-time codes · `throttle` growing
delays · `sessions` of which only a hash is stored · `emergencies` emergency access · `tokens` for hooks and exports ·
`dependencies` for routes · `login`, `account`, `emergency_routes` the pages · `local` one person on this machine,
without an account.

Every change and every refusal is logged. If the audit log cannot be written, access is refused.
"""

from redactor.auth.dependencies import SECURITY_HEADERS, AccessGuard, Holder, Person
from redactor.auth.factory import Access, build_access
from redactor.auth.forms import form_of
from redactor.auth.local import LocalGuard, local_routes
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
    "LocalGuard",
    "Person",
    "build_access",
    "form_of",
    "local_routes",
]
