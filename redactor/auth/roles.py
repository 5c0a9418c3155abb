"""Roles and their permissions, as data. Auditors see what happened but no speech; reviewers do not see the log."""

from __future__ import annotations

from collections.abc import Iterable

PERMISSIONS = {
    "message.list": "see the list of messages, their findings and redacted words",
    "message.add": "add messages",
    "message.hear_redacted": "hear the redacted audio",
    "message.hear_original": "hear the original audio and read the unredacted words, with a typed reason",
    "redaction.edit": "change what is redacted",
    "redaction.edit_many": "redact the same words in many messages at once",
    "message.release": "release recordings that were withheld, or decide that they cannot be released",
    "finding.decide": "accept and reject findings, submit reviews",
    "claim.take_over": "go on with a message that somebody else has opened",
    "adjudicate": "decide where reviews differ",
    "sample.draw": "draw samples",
    "report.read": "see the dashboard",
    "export": "export decisions and reports",
    "trail.read": "read and export the audit log",
    "emergency.open": "raise one's own rights in an emergency",
    "emergency.acknowledge": "see and acknowledge uses of emergency access",
    "vault.hold": "put messages under a legal hold",
    "vault.purge": "destroy originals",
}

_OPERATOR = {"message.list", "message.add", "message.hear_redacted", "emergency.open"}
_REVIEWER = _OPERATOR | {
    "message.hear_original",
    "redaction.edit",
    "message.release",
    "finding.decide",
    "report.read",
}
ROLES: dict[str, frozenset[str]] = {
    "operator": frozenset(_OPERATOR),
    "reviewer": frozenset(_REVIEWER),
    "lead": frozenset(
        _REVIEWER
        | {
            "claim.take_over",
            "redaction.edit_many",
            "adjudicate",
            "sample.draw",
            "export",
            "emergency.acknowledge",
            "vault.hold",
            "vault.purge",
        }
    ),
    "auditor": frozenset({"message.list", "report.read", "export", "trail.read"}),
}
LOCAL = frozenset(
    {
        "message.list",
        "message.hear_redacted",
        "message.hear_original",
        "redaction.edit",
        "redaction.edit_many",
        "message.release",
        "finding.decide",
        "trail.read",
    }
)
"""Permissions of the person who reviews an archive on their own machine."""
EMERGENCY = frozenset({"message.list", "message.hear_redacted", "message.hear_original"})
"""Permissions during emergency access."""
SCOPES = ("hook", "jobs", "retry", "export")
"""Scopes of tokens for programs: report recordings (/webhook, /s3), read jobs and dead letters (/jobs, /dead-letters),
retry them (/dead-letters/N/retry), fetch /export.
"""


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """All permissions of these roles; an unknown role has none."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
