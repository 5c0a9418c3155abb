"""Callbacks: their content, which end of a job they announce, and those that nobody accepts."""

import http.server
import json
import threading
from contextlib import contextmanager

import pytest

from redactor.config import CallbackTable, Secret
from redactor.crypto import Sealer
from redactor.service.jobs.callbacks import Callbacks
from redactor.service.jobs.pending_callbacks import PendingCallbacks
from redactor.service.jobs.queue import NewJob, Queue
from redactor.service.jobs.schema import calls
from redactor.types import Outcome, Status

SHA = "a" * 64
SECRET = Secret(b"s" * 24)
DONE, FAILED = Outcome(1, SHA, Status.REDACTED), Outcome(1, SHA, Status.FAILED, reason="no-input")


@pytest.fixture
def queue(tmp_path):
    made = Queue(f"sqlite:///{tmp_path}/q.sqlite", Sealer(bytes(32)), worker="w", callbacks=True)
    made.prepare()
    yield made
    made.close()


def callbacks(queue, url="http://127.0.0.1:9/"):
    return Callbacks(CallbackTable(url=url, secret=SECRET), queue)


def ended(queue, state="redacted", outcome=DONE, *, source="file", **details):
    """The number of a job that has ended."""
    queue.add(NewJob(source, "m", SHA, {"kind": "file", "id": "17", **details}))
    (job,) = queue.claim(1, idle=True)
    assert queue.settle(job, state, outcome)
    return job.id


PATH = "/r/from_Dana_Whitlock_5550142.wav"


@pytest.mark.parametrize(
    ("source", "details", "told"),
    [
        ("file", {"id": "call 17", "path": PATH}, "call 17"),
        (
            "asterisk",
            {"kind": "mailbox", "id": "1764000001-00000001", "path": "/v/100/INBOX/msg0000.wav"},
            "1764000001-00000001",
        ),
        ("webhook", {"kind": "url", "id": "msg_1", "url": "https://h.example/5550142"}, "msg_1"),
        ("sweep", {"id": PATH, "path": PATH}, ""),
        ("file", {"id": PATH, "path": PATH}, ""),
        ("file", {"id": PATH[3:], "path": PATH}, ""),
        ("webhook", {"kind": "url", "id": "https://h.example/5550142", "url": "https://h.example/5550142"}, ""),
        ("s3", {"kind": "s3", "bucket": "calls", "key": "Dana_5550142.wav", "id": "Dana_5550142.wav"}, ""),
    ],
)
def test_a_callback_holds_the_senders_id_and_no_path(queue, source, details, told):
    message = callbacks(queue).message(ended(queue, source=source, **details))
    assert message["data"]["id"] == told
    assert message["data"]["audio"] == SHA
    assert "5550142" not in json.dumps(message)


def at_once(queue):
    """Let every callback be due."""
    with queue.engine.begin() as c:
        c.execute(calls.update().values(not_before=0.0))


@pytest.mark.parametrize("host", ["hooks..example.org", f"{'a' * 64}.example.org", "127.0.0.1:9"])
def test_an_unreachable_receiver_is_given_up_in_the_end(queue, host):
    ended(queue)
    noted = []
    sender = Callbacks(CallbackTable(url=f"https://{host}/x", secret=SECRET, tries=3), queue, count=noted.append)
    for _ in range(3):
        at_once(queue)
        assert sender.send_due(threading.Event()) == 1
    at_once(queue)
    assert sender.send_due(threading.Event()) == 0
    assert noted == ["again", "again", "dead"]
    assert PendingCallbacks(queue.engine).counts() == {"dead": 1}


@contextmanager
def receiver(taken):
    """The address of a host that calls `taken` with (webhook-id, type) of whatever it is sent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            taken(self.headers["webhook-id"], body["type"])
            self.send_response(204)
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def retried(queue, number):
    """A dead letter is tried again, and succeeds."""
    assert queue.retry([number]) == 1
    (job,) = queue.claim(1, idle=True)
    assert queue.settle(job, "redacted", DONE)


def test_another_end_of_a_job_has_another_id(queue):
    told = []
    number = ended(queue, "failed", FAILED)
    with receiver(lambda *what: told.append(what)) as url:
        sender = callbacks(queue, url)
        assert sender.send_due(threading.Event()) == 1
        at_once(queue)
        with queue.engine.begin() as c:
            c.execute(calls.update().values(state="waiting"))
        assert sender.send_due(threading.Event()) == 1
        retried(queue, number)
        assert sender.send_due(threading.Event()) == 1
    assert [kind for _, kind in told] == ["recording.failed", "recording.failed", "recording.redacted"]
    first, same, other = (identity for identity, _ in told)
    assert first == same != other
    assert "." not in other


def test_an_end_during_the_callback_of_another_is_announced_as_well(queue):
    told = []
    number = ended(queue, "failed", FAILED)

    def slow(_identity, kind):
        told.append(kind)
        if len(told) == 1:
            retried(queue, number)

    with receiver(slow) as url:
        sender = callbacks(queue, url)
        while sender.send_due(threading.Event()):
            pass
    assert told == ["recording.failed", "recording.redacted"]
    assert PendingCallbacks(queue.engine).counts() == {"sent": 1}


def test_a_job_that_is_being_retried_has_no_end_to_announce(queue):
    number = ended(queue, "failed", FAILED)
    sender = callbacks(queue)
    assert queue.retry([number]) == 1
    assert sender.message(number) is None
