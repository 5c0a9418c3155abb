"""Callbacks: what is told, of which end, and what becomes of those that nobody takes."""

import json

import pytest

from redactor.doors.serve.callbacks import Callbacks
from redactor.doors.serve.queue import NewJob, Queue
from redactor.doors.serve.settings import CallbackTable, Secret
from redactor.keep.sealing import Sealer
from redactor.types import Outcome, Status

SHA = "a" * 64
DONE = Outcome(1, SHA, Status.REDACTED)


@pytest.fixture
def queue(tmp_path):
    made = Queue(f"sqlite:///{tmp_path}/q.sqlite", Sealer(bytes(32)), worker="w", callbacks=True)
    made.prepare()
    yield made
    made.close()


def callbacks(queue, url="http://127.0.0.1:9/", **kwargs):
    return Callbacks(CallbackTable(url=url, secret=Secret(b"s" * 24), **kwargs), queue)


def ended(queue, state="redacted", outcome=DONE, *, source="file", **details):
    """The number of a job that has come to its end."""
    queue.add(NewJob(source, "m", SHA, {"kind": "file", "id": "17", **details}))
    (job,) = queue.claim(1, idle=True)
    assert queue.settle(job, state, outcome)
    return job.id


PATH = "/r/from_Dana_Whitlock_5550142.wav"


@pytest.mark.parametrize(
    ("source", "details", "told"),
    [
        ("file", {"id": "call 17", "path": PATH}, "call 17"),
        ("asterisk", {"kind": "mailbox", "id": "1764000001-00000001", "path": "/v/100/INBOX/msg0000.wav"}, "1764000001-00000001"),
        ("webhook", {"kind": "url", "id": "msg_1", "url": "https://h.example/5550142"}, "msg_1"),
        ("sweep", {"id": PATH, "path": PATH}, ""),
        ("file", {"id": PATH, "path": PATH}, ""),
        ("file", {"id": PATH[3:], "path": PATH}, ""),
        ("webhook", {"kind": "url", "id": "https://h.example/5550142", "url": "https://h.example/5550142"}, ""),
        ("s3", {"kind": "s3", "bucket": "calls", "key": "Dana_5550142.wav", "id": "Dana_5550142.wav"}, ""),
    ],
)  # fmt: skip
def test_the_senders_own_id_is_told_and_no_path(queue, source, details, told):
    message = callbacks(queue).message(ended(queue, source=source, **details))
    assert message["data"]["id"] == told
    assert message["data"]["audio"] == SHA
    assert "5550142" not in json.dumps(message)
