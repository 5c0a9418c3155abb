"""Whose message is it: rows of `review.recipients`, recordings that are called alike, and rows that come late."""

import hashlib
import os
import time

import pytest
from service_site import settled, wait_for
from test_sent import rows
from test_serving import house as house  # noqa: PLC0414 - the fixture

from redactor.audio import Limits
from redactor.errors import OnHold
from redactor.log_and_vault import places_in
from redactor.review import importer
from redactor.review.importer import KnownSendings
from redactor.service.ingest.sources import Recordings
from redactor.service.jobs.queue import Job


def with_list(house, content=None, *, patience=3600.0, **tables):
    """The list's path, and settings that name it."""
    path = house.folder / "sent.csv"
    if content is not None:
        path.write_text(content)
    lines = f'recipients = "{path}"\nrecipients_seconds = {patience}\n'
    return path, {**house.tables, **tables, "review": house.tables["review"] + lines}


def called(service):
    """Message → marks of caller and recipient."""
    return {row["id"]: (row["caller"], row["mailbox"]) for row in rows(service)}


def id_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_one_persons_row_does_not_answer_for_a_message_of_the_same_name_below_another_root(house):
    one = house.record("2026/out-1.wav", 1)
    other = house.record("2026/out-1.wav", 2, folder=house.voicemail)
    _, tables = with_list(
        house,
        f"file,recipient,caller\n2026/out-1.wav,of-site-a,alice\n{other},of-site-b,bob\n",
        patience=0.0,
        asterisk="",
    )
    with house.service(**tables) as service:
        house.hook("file", one, "--id", "1", "--direction", "out")
        house.hook("file", other, "--id", "2", "--direction", "out")
        settled(service, 2)
        found = called(service)
        assert found[id_of(one)] == ("", "")  # whose row the first is cannot be told
        assert found[id_of(other)][1] == service.queue.sealer.mark(b"of-site-b").hex()


@pytest.mark.parametrize(
    ("asterisk", "more", "relative"),
    [
        ("voicemail", [], True),  # holds mailboxes alone
        ("", [], False),
        ("voicemail", ["recordings/site"], False),  # one root in another
        ("voicemail", ["recordings/"], True),  # the same twice
    ],
)
def test_a_path_below_its_root_is_a_name_where_the_settings_rule_out_another_like_it(house, asterisk, more, relative):
    lines = f'voicemail = "{house.voicemail}"\n' if asterisk else ""
    house.settings(asterisk=lines)
    named = "".join(f', "{house.folder}/{root}"' for root in more)
    house.config.write_text(
        house.config.read_text().replace(f'roots = ["{house.recordings}"', f'roots = ["{house.recordings}"{named}')
    )
    from redactor.config import load_settings

    names = Recordings(load_settings(house.config), held=house.folder, limits=Limits()).names
    path = f"{house.recordings}/a/1.wav"
    job = Job(1, "k", "file", "out", "0" * 64, 1, 0.0, {"kind": "file", "path": path, "id": "7"})
    assert names(job) == [path, *(["a/1.wav"] if relative else []), "7"]


def test_nothing_is_recognised_before_the_list_can_be_read(house, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    tried, made = [], []
    path, tables = with_list(house)
    sent = house.record("s.wav", 1)
    with house.service(**tables) as service:
        put_off, redact = service.queue.put_off, service._pipeline.redact
        monkeypatch.setattr(service.queue, "put_off", lambda *a, **k: tried.append(1) or put_off(*a, **k))
        monkeypatch.setattr(service._pipeline, "redact", lambda *a, **k: made.append(1) or redact(*a, **k))
        house.hook("file", sent, "--id", "1", "--direction", "out")
        wait_for(lambda: len(tried) > 2)
        assert not made
        path.write_text("file,recipient\ns.wav,r1\n")
        assert settled(service, 1) == {"redacted": 1}
        assert len(made) == len(rows(service)) == 1


def on_hold(service):
    return [row for row in service.queue.list_jobs("queued") if row["reason"] == "on-hold"]


def test_a_row_may_come_after_its_message(house, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    path, tables = with_list(house, "file,recipient,caller\n", service='originals = "seal"\n')
    sent, left = house.record("s.wav", 1), house.record("l.wav", 2)
    with house.service(**tables) as service:
        house.hook("file", sent, "--id", "1", "--direction", "out")
        house.hook("file", left, "--id", "2", "--direction", "in")
        wait_for(lambda: on_hold(service) and service.queue.counts().get("redacted") == 1)
        assert not rows(service)
        # It may be long, and the recording may go meanwhile.
        assert places_in(house.settings(**tables)).open_vault().holds(id_of(sent), "original")
        path.write_text("file,recipient,caller\ns.wav,r1,c1\n")
        assert settled(service, 2) == {"redacted": 2}
        assert called(service)[id_of(sent)][1] == service.queue.sealer.mark(b"r1").hex()


@pytest.mark.parametrize("off", [False, True])
def test_a_row_that_does_not_come_is_told_to_the_reviewers(house, monkeypatch, off):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    _, tables = with_list(house, "file,recipient\nother.wav,r1\n", patience=2.0)
    if off:
        (house.folder / "rules.toml").write_text('name = "ours"\nversion = "1"\n[practice]\noff = ["V17"]\n')
        tables["review"] += f'rules = "{house.folder}/rules.toml"\n'
    sent = house.record("s.wav", 1)
    with house.service(**tables) as service:
        house.hook("file", sent, "--id", "1", "--direction", "out")
        wait_for(lambda: on_hold(service))
        assert settled(service, 1) == {"redacted": 1}
        (row,) = rows(service)
        assert row["verdict"] != "pass"
        assert row["mailbox"] == ""
        (told,) = [f for f in service._review.context.store.findings(row["id"]) if f["rule"] == "V17"]
        assert (told["missing"], told["severity"], told["verdict"]) == ("recipient", "S1", "undetermined")


def test_a_list_that_is_being_written_is_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "sent.csv"
    path.write_text("file,recipient\na.wav,r1")  # … of r17, perhaps
    known = KnownSendings(path)
    with pytest.raises(OnHold, match="being written"):
        known.of(["a.wav"])
    before = time.time() - 60
    os.utime(path, (before, before))
    assert known.of(["a.wav"]).recipient == "r1"  # not every list ends its last line
    assert known.of(["b.wav"]) is None

    read = importer.read_sendings
    monkeypatch.setattr(importer, "read_sendings", lambda p: (read(p), p.write_text("file,recipient\na.wav,r17\n"))[0])
    path.write_text("file,recipient\n")
    with pytest.raises(OnHold, match="being written"):
        known.of(["a.wav"])
    monkeypatch.undo()
    assert known.of(["a.wav"]).recipient == "r17"
