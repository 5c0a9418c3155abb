"""Periodic tasks of the service, each in a thread of its own. A task that fails logs that, and goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from redactor.errors import RedactorError

log = logging.getLogger("redactor.serve")


class PeriodicTask:
    """Calls `action` every `every` seconds (from the end of one call to the start of the next), and less often while it
    fails.

    Args:
        slowest: longest pause in seconds.

    Attributes:
        trouble: why the last call failed, "" if it did not.
    """

    def __init__(self, name: str, action: Callable[[], object], *, every: float, slowest: float = 10.0) -> None:
        self.name, self.trouble = name, ""
        self._action, self._every, self._slowest = action, every, max(slowest, every)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, patience: float = 5.0) -> None:
        """Tell the task to end, and wait for that for `patience` seconds."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=patience)

    @property
    def stopping(self) -> threading.Event:
        """Set once the task should end."""
        return self._stop

    def _run(self) -> None:
        wait = self._every
        while not self._stop.is_set():
            trouble = self._once()
            if trouble and trouble != self.trouble:
                log.warning("%s: %s", self.name, trouble)
            wait = min(self._slowest, max(wait, 0.25) * 2) if trouble else self._every
            self.trouble = trouble
            self._stop.wait(wait)

    def _once(self) -> str:
        try:
            self._action()
        except RedactorError as error:
            return error.reason
        except SQLAlchemyError:
            return "database-unavailable"
        except Exception as error:  # noqa: BLE001 - the task survives every failure; messages may hold paths
            return f"unexpected {type(error).__name__}"
        return ""
