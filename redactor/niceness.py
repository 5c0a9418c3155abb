"""Niceness that counts: Linux shares the processors out among sessions first, and looks at niceness only within each
of them.
"""

from __future__ import annotations

import os
from contextlib import suppress

AUTOGROUP = "/proc/self/autogroup"


def follow_niceness() -> None:
    """Give the session that this process leads, or process 1 (bubblewrap, a container), its own niceness (sched(7),
    "autogroup").

    A service of systemd and a process in bubblewrap lead one each, whose share is otherwise that of a whole telephone
    system.
    """
    with suppress(AttributeError, OSError):  # no such system, no /proc, or asked for too often
        if os.getsid(0) in (1, os.getpid()) and (niceness := os.nice(0)) > 0:
            # Opened before anything large is imported.
            with open(AUTOGROUP, "w", encoding="ascii") as file:  # noqa: PTH123
                file.write(str(niceness))
