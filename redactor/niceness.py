"""Makes niceness effective: Linux first divides processor time among sessions, and considers niceness only within
each of them.
"""

from __future__ import annotations

import os
from contextlib import suppress

AUTOGROUP = "/proc/self/autogroup"


def follow_niceness() -> None:
    """Apply this process's niceness to the session that it, or process 1 (bubblewrap, a container), leads (sched(7),
    "autogroup").

    Services of systemd and processes in bubblewrap each lead a session, which would otherwise get as large a share as
    a whole telephone system.
    """
    with suppress(AttributeError, OSError):  # not Linux, no /proc, or changed too often
        if os.getsid(0) in (1, os.getpid()) and (niceness := os.nice(0)) > 0:
            # open() and not pathlib: this runs before anything large is imported.
            with open(AUTOGROUP, "w", encoding="ascii") as file:  # noqa: PTH123
                file.write(str(niceness))
