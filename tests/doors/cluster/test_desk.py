"""A worker's desk, where its pipeline and its driver meet."""

import threading
from pathlib import Path

from redactor.doors.cluster.worker import Desk
from redactor.errors import RedactorError
from redactor.keep import Claim, Item


def test_a_worker_without_a_driver_asks_in_vain_and_ends():
    """Both a question that waits, and one that comes only after: else its thread lives for ever, and the process with it."""
    desk = Desk()
    claim = Claim(Item(1, Path("a.wav"), Path("a.wav"), Path("a")), "0" * 64, ".wav", "settings", Path("a"))
    caught = []

    def ask():
        try:
            desk.begin(claim)
        except RedactorError as error:
            caught.append(error.reason)

    first = threading.Thread(target=ask)
    first.start()
    desk.report(patience=10)
    desk.abandon()
    first.join(timeout=10)
    ask()
    assert len(caught) == 2
    assert list(desk.items()) == []
