"""The list of an archive: the pages do not wait for it, and what has not changed is not written again."""

import random
import threading

import pytest
import review_start
from sqlalchemy import event, select

from redactor.audio import looks_like_audio
from redactor.crypto import Sealer
from redactor.database import connect
from redactor.errors import InUse
from redactor.review.archive import listing as module
from redactor.review.archive.listing import ArchiveListing
from redactor.review.archive.run import ArchiveRun
from redactor.review.kept_words import KeptWords
from redactor.review.repository import Filters, ReviewRepository
from redactor.review.schema import files, messages
from redactor.storage import ArchiveJournal, Inputs

COUNT = 40


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    review_start.fill(folder, COUNT, random.Random(1))
    return folder


@pytest.fixture
def site(made, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TOGETHER", 10)
    return ListedArchive(made, tmp_path)


class ListedArchive:
    def __init__(self, folder, state):
        self.folder, self.engine = folder, connect(f"sqlite:///{state}/review.sqlite")
        self.store, self.sealer = ReviewRepository(self.engine), Sealer(b"k" * 32)
        self.store.prepare()
        self.kept = KeptWords(self.engine, self.sealer)

    def listing(self, items=None):
        out = self.folder / "out"
        inputs = Inputs([self.folder / "archive"], is_audio=looks_like_audio, outside=out)
        return ArchiveListing(ArchiveRun(out, "keep"), items or inputs, self.store, self.sealer, self.kept)

    def items(self):
        return list(Inputs([self.folder / "archive"], is_audio=looks_like_audio, outside=self.folder / "out"))

    def rows(self):
        with self.engine.connect() as c:
            return c.execute(select(messages.c.id)).scalars().all()


def test_the_pages_do_not_wait_for_the_whole_list(site):
    reached, go_on = threading.Event(), threading.Event()

    def slowly():
        for item in site.items():
            if item.number == 11:
                reached.set()
                assert go_on.wait(60)
            yield item

    listing = site.listing(slowly())
    listing.start(patience=0.0)
    assert not listing.done
    assert listing.counts.total() == 10
    assert len(site.store.page(Filters(urgent=True)).rows) == 10
    assert reached.wait(60)
    go_on.set()
    assert listing._complete.wait(60)
    assert listing.counts == {"redacted": COUNT - COUNT // 20, "withheld": COUNT // 20}
    assert len(site.rows()) == COUNT


def test_what_has_not_changed_is_not_written_again(site):
    first = site.listing().all()
    written = []
    event.listen(
        site.engine,
        "before_cursor_execute",
        lambda *given: written.append(given[2]) if not given[2].lstrip().upper().startswith(("SELECT", "BEGIN")) else 0,
    )
    assert site.listing().all() == first
    assert not written


def test_what_is_ended_early_is_continued_and_the_missing_are_gone(site):
    listing = site.listing()
    listing._ending.set()
    listing.start()
    assert 0 < len(site.rows()) < COUNT
    assert site.listing().all().total() == COUNT
    rest = site.items()[5:]
    assert site.listing(rest).all().total() == COUNT - 5
    assert site.store.counts("outcome")["gone"] == 5
    with site.engine.connect() as c:
        assert len(c.execute(select(files.c.mark)).scalars().all()) == COUNT - 5
    assert site.listing().all().total() == COUNT
    assert "gone" not in site.store.counts("outcome")


def test_the_kept_words_of_recordings_that_nobody_has_opened_are_found(site):
    site.listing().all()
    document = next(iter(sorted((site.folder / "out").rglob("*.redacted.json"))))
    word = document.read_text().split('"text": "')[1].split('"')[0]
    found = site.store.page(Filters(words=site.kept.marks_of(word)), limit=COUNT).rows
    said = [p for p in (site.folder / "out").rglob("*.redacted.json") if f'"text": "{word}"' in p.read_text()]
    assert len(found) == len(said) > 0


def test_a_run_in_progress_is_said_at_once(site):
    journal = ArchiveJournal(site.folder / "out", naming="keep")
    try:
        with pytest.raises(InUse):
            site.listing().start()
    finally:
        journal.close()
