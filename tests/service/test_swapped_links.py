"""Somebody who may write below the service's folders swaps one for a link at the worst moment: nothing outside is read,
written or removed.

The moments are made certain: the swap happens inside the call of the system, or of ours, that follows the last look.
"""

import os

import pytest
from ingest_site import AUDIO
from service_site import settled

from redactor.errors import RedactorError
from redactor.hook.spool import Spool
from redactor.hook.ticket import Ticket
from redactor.review.version_store import VersionStore
from redactor.service.ingest import ticket_importer

SUFFIXES = (".wav", ".txt", ".srt", ".vtt", ".json")


class Outside:
    """A folder that nobody named to the service, with files that have the names of outputs."""

    def __init__(self, folder, *names):
        self.folder = folder / "outside"
        self.folder.mkdir()
        self.content = {name: f"precious {name}".encode() for name in names}
        for name, content in self.content.items():
            (self.folder / name).write_bytes(content)

    def swap(self, folder):
        """A link to it takes the folder's place."""
        if not folder.is_symlink():
            folder.rename(folder.with_name(f"{folder.name}-moved"))
            folder.symlink_to(self.folder)

    def is_as_it_was(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir()} == self.content


@pytest.fixture
def outside(tmp_path):
    return lambda *names: Outside(tmp_path, *names)


@pytest.mark.parametrize("kind", ["file", "mailbox"])
@pytest.mark.parametrize("moment", ["open", "fsync"])
def test_the_folder_of_a_result_is_swapped_while_it_is_saved(site, outside, monkeypatch, kind, moment):
    if kind == "file":
        path = site.record("calls/a.wav")
        stem, folder, words = "a", path.parent, ("file", path, "--id", "1")
    else:
        site.message(0, 1)
        stem, folder = "1764000001-00000001", site.voicemail / "default/100/redacted"
        folder.mkdir()
        words = ("asterisk", "default", "100")
    there = outside(*(f"{stem}.redacted{suffix}" for suffix in SUFFIXES))
    really, swapped, began = getattr(os, moment), [], []

    def call(first, *args, **kwargs):
        # Before the first temporary file is made, or once it is on the disk and is to be renamed.
        if not swapped and (moment == "fsync" or str(first).endswith(".part")) and began:
            swapped.append(True)
            there.swap(folder)
        return really(first, *args, **kwargs)

    with site.service() as service:
        note = service._results.note
        service._results.note = lambda *given: (began.append(True), note(*given))[1]  # the last step before the save
        monkeypatch.setattr(os, moment, call)
        site.hook(*words)
        settled(service, 1)
    assert swapped
    assert there.is_as_it_was()


def test_the_spool_is_swapped_before_a_ticket_is_removed(ingest_site, outside, monkeypatch):
    path = ingest_site.file()
    ingest_site.tell(path)
    (ticket,) = ingest_site.new.glob("*.ticket")
    there = outside(ticket.name)
    really = ingest_site.queue.add

    def add(*args, **kwargs):
        there.swap(ingest_site.new)
        return really(*args, **kwargs)

    monkeypatch.setattr(ingest_site.queue, "add", add)
    ingest_site.take()
    assert ingest_site.rows()
    assert there.is_as_it_was()


def test_the_spool_is_swapped_before_a_ticket_is_refused(ingest_site, outside, monkeypatch):
    (ingest_site.new / "1.ticket").write_bytes(b"{}")
    there = outside("1.ticket")
    really = ticket_importer.read_ticket

    def read(untrusted):
        there.swap(ingest_site.new)
        return really(untrusted)

    monkeypatch.setattr(ticket_importer, "read_ticket", read)
    ingest_site.take()
    assert "a ticket was refused" in ingest_site.notes[0]
    assert there.is_as_it_was()


def test_a_link_in_the_place_of_the_spool_holds_no_mail(ingest_site, outside):
    name = f"{'a' * 32}.wav"
    there = outside(name)
    ingest_site.mail()
    there.swap(ingest_site.new)
    os.utime(there.folder / name, (1.0, 1.0))
    for action in (ingest_site.tickets.take_tickets, ingest_site.sweeper.sweep):
        with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
            action()
    assert ingest_site.queue.counts() == {}
    assert there.is_as_it_was()
    assert not ingest_site.held.exists()


def test_the_hook_writes_to_no_other_folder(tmp_path, outside):
    there, spool = outside(), Spool(str(tmp_path / "spool"), limit=9)
    spool.prepare()
    there.swap(tmp_path / "spool/new")
    for ticket, audio in (
        (Ticket("file", id="1", path="/a.wav"), b""),
        (Ticket("mail", id="1", audio=f"{'a' * 32}.wav"), AUDIO),
    ):
        with pytest.raises(RedactorError):
            spool.put(ticket, audio)
    assert there.is_as_it_was()


def test_versions_behind_a_link_are_neither_served_nor_removed(tmp_path, outside):
    message, kept = "ab" * 32, f"2-{'0' * 10}"
    there, shelf = outside("precious.wav"), VersionStore(tmp_path / "shelf")
    (there.folder / kept).mkdir()
    for name in ("view.json", "message.redacted.txt"):
        (there.folder / kept / name).write_text("{}")
    (tmp_path / "shelf/ab").mkdir(parents=True)
    (tmp_path / "shelf/ab" / message).symlink_to(there.folder)
    shelf.keep_only(message, kept)
    shelf.drop(message, kept)
    assert (there.folder / "precious.wav").exists()
    assert len(list((there.folder / kept).iterdir())) == 2
    with pytest.raises(RedactorError):
        shelf.artefact(message, kept, "text")
    with pytest.raises(RedactorError):
        shelf.save(message, 3, ((".wav", b"x"),), listen=b"", view={})
    assert len(list(there.folder.iterdir())) == 2
