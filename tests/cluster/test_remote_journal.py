"""The journal of a worker, where its pipeline and its driver meet."""

import threading
from pathlib import Path, PurePath

from redactor.cluster.messages import AssignedItem, Orders
from redactor.cluster.worker import RemoteJournal
from redactor.errors import RedactorError
from redactor.storage import Claim, Item, Known
from redactor.storage.journal import WAIT


def test_a_worker_without_a_driver_ends():
    """A question that waits, and one that comes later: otherwise its thread would live for ever, and the process
    with it.
    """
    journal = RemoteJournal()
    claim = Claim(Item(1, Path("a.wav"), Path("a.wav"), Path("a")), "0" * 64, ".wav", "settings", Path("a"))
    caught = []

    def ask():
        try:
            journal.begin(claim)
        except RedactorError as error:
            caught.append(error.reason)

    first = threading.Thread(target=ask)
    first.start()
    journal.report(patience=10)
    journal.abandon()
    first.join(timeout=10)
    ask()
    assert len(caught) == 2
    assert list(journal.items()) == []


def test_an_item_that_had_to_wait_may_come_again_in_the_same_orders():
    """Its twin ended between the question and the answer."""
    journal = RemoteJournal()
    item = Item(1, Path("a.wav"), PurePath("a.wav"), PurePath("a"))
    known = Known("0" * 64, "settings")
    journal.take(Orders(given=(AssignedItem(item, None, None),)))
    asked = threading.Thread(
        target=journal.begin, args=(Claim(item, "0" * 64, ".wav", "settings", Path("a")),), daemon=True
    )
    asked.start()
    assert journal.report(patience=5).asked
    journal.take(Orders(given=(AssignedItem(item, known, None),), answers=((1, WAIT),)))
    asked.join(timeout=5)
    assert journal.known(item) == known
    assert journal.reader(item) is None
