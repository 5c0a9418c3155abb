"""`redactor audit` and `redactor script`: whether messages that were sent, or are to be, say more than they may."""

from redactor.doors.audit.command import register

__all__ = ["register"]
