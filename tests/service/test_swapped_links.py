"""Somebody who may write below the service's folders swaps one for a link at the worst moment: nothing outside is read,
written or removed.

The moments are made certain: the swap happens inside the call of the system, or of ours, that follows the last look.
"""

import os

import pytest
from desk_of_tests import AUDIO
from site_of_tests import settled

from redactor.errors import RedactorError
from redactor.hook.spool import Spool
from redactor.hook.ticket import Ticket
from redactor.review.version_store import VersionStore
from redactor.service.ingest import sweeper as intakes

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


def test_the_spool_is_swapped_before_a_ticket_is_removed(desk, outside, monkeypatch):
    path = desk.file()
    desk.tell(path)
    (ticket,) = desk.new.glob("*.ticket")
    there = outside(ticket.name)
    really = desk.queue.add

    def add(*args, **kwargs):
        there.swap(desk.new)
        return really(*args, **kwargs)

    monkeypatch.setattr(desk.queue, "add", add)
    desk.take()
    assert desk.rows()
    assert there.is_as_it_was()


def test_the_spool_is_swapped_before_a_ticket_is_refused(desk, outside, monkeypatch):
    (desk.new / "1.ticket").write_bytes(b"{}")
    there = outside("1.ticket")
    really = intakes.read_ticket

    def read(untrusted):
        there.swap(desk.new)
        return really(untrusted)

    monkeypatch.setattr(intakes, "read_ticket", read)
    desk.take()
    assert "a ticket was refused" in desk.notes[0]
    assert there.is_as_it_was()


def test_a_link_in_the_place_of_the_spool_holds_no_mail(desk, outside):
    name = f"{'a' * 32}.wav"
    there = outside(name)
    desk.mail()
    there.swap(desk.new)
    os.utime(there.folder / name, (1.0, 1.0))
    for action in (desk.intake.take_tickets, desk.intake.sweep):
        with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
            action()
    assert desk.queue.counts() == {}
    assert there.is_as_it_was()
    assert not desk.held.exists()


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


def test_versions_behind_a_link_are_neither_given_nor_removed(tmp_path, outside):
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
