"""Callbacks: announce the outcome of each recording with a signed request, and repeat it less and less often until the
receiver answers 2xx.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime, timezone
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from redactor import __version__
from redactor.config import CallbackTable
from redactor.service.jobs.pending_callbacks import PendingCallbacks
from redactor.service.jobs.queries import FOR_PEOPLE, OPEN
from redactor.service.jobs.queue import Queue
from redactor.webhook_signatures import webhook_headers

AT_ONCE = 16
SECONDS = 15.0
FIRST_DELAY, LONGEST_DELAY = 5.0, 3600.0


class Callbacks:
    """Sends what is due.

    Args:
        count: called with "sent", "again" or "dead" for the metrics.
        actions: what a person can do about a job that waits for one, by what the queue shows of it.
    """

    def __init__(
        self,
        settings: CallbackTable,
        queue: Queue,
        *,
        count: Callable[[str], None] = lambda _: None,
        actions: Callable[[Mapping[str, Any]], Mapping[str, str]] = lambda _: {},
    ) -> None:
        self._settings, self._queue, self._count, self._actions = settings, queue, count, actions
        self._pending = PendingCallbacks(queue.engine)

    def send_due(self, stopping: threading.Event) -> int:
        """One round; returns how many callbacks were tried."""
        due = self._pending.due(AT_ONCE, hold=4 * SECONDS)
        for call in due:
            if stopping.is_set():
                self._pending.end(call, "waiting")
                continue
            status = self._send(call.job)
            state, delay = "waiting", min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(call.attempt - 1, 16))
            if status is not None and 200 <= status < 300:
                state = "sent"
            elif status == 410 or call.attempt >= self._settings.tries:  # 410 Gone: the receiver wants no more
                state = "dead"
            if self._pending.end(call, state, delay=delay):
                self._count("again" if state == "waiting" else state)
        return len(due)

    def _send(self, number: int) -> int | None:
        """The status of the answer; None if there is none."""
        message = self.message(number)
        if message is None:
            return 410
        body = json.dumps(message).encode()
        # The same at every attempt, so that the receiver recognises a repetition; another for another end of the job.
        ended = datetime.fromisoformat(message["timestamp"]).timestamp()
        message_id = f"redactor-job-{number}-{ended * 1000:.0f}"
        try:
            return self._post(message_id, body)
        except Exception:  # noqa: BLE001
            # Whatever it is (an invalid name, no route, no HTTP): it was not delivered.
            return None

    def _post(self, message_id: str, body: bytes) -> int:
        parts = urlsplit(self._settings.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"redactor/{__version__}",
            **webhook_headers(self._settings.secret, message_id, body),
        }
        with closing(kind(parts.hostname or "", parts.port, timeout=SECONDS)) as connection:
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
            with connection.getresponse() as answer:
                return answer.status

    def message(self, number: int) -> dict[str, Any] | None:
        """The body of a callback: the sender's own id of the message ("" if there is none), states and reasons; never
        speech, paths or addresses.
        """
        shown, sealed = self._queue.summary(number), self._queue.unsealed(number)
        if shown is None or sealed is None or shown["state"] in OPEN:  # retried: its next end is announced
            return None
        names = ("source", "direction", "audio", "reason", "message", "hint", "duration", "bleeped")
        data = {"job": number, "id": _own_id(shown["source"], sealed[0]), **{name: shown[name] for name in names}}
        if shown["state"] in FOR_PEOPLE:
            data["act"] = dict(self._actions(shown))
        return {
            "type": f"recording.{shown['state']}",
            "timestamp": datetime.fromtimestamp(shown["ended"], timezone.utc).isoformat(),
            "data": data,
        }


def _own_id(source: str, details: Mapping[str, Any]) -> str:
    """The sender's id of the message; "" if that is a path or file name: those hold callers' names and numbers."""
    identity = str(details.get("id", ""))
    named = PurePath(str(details.get("path", ""))).name
    return "" if source in ("sweep", "s3") or "/" in identity or identity == named else identity
