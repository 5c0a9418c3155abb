"""The review of an archive run, when something goes wrong: disks, kills, runs in between, keys, wrong folders."""

import errno
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from archive_site import REASON, SET, SURE, TWIN, WITHHELD, ArchiveSite, logged, page
from review_site import CANARY, HTML, post, send

from redactor.atomic_files import as_output_error
from redactor.errors import ConfigurationError, InUse, OutOfSpace, VerificationHit
from redactor.review.archive.run import key_path
from redactor.storage import ArchiveJournal


@pytest.fixture
def site(tmp_path, monkeypatch, capsys):
    return ArchiveSite(tmp_path, monkeypatch, capsys)


@pytest.fixture
def reviewed(site):
    """A run, and its review with the link opened."""
    site.redact()
    with site.opened() as client:
        yield client


def test_a_failed_check_withholds_it_again(site, reviewed, monkeypatch):
    message = site.ids[WITHHELD]
    page(reviewed, message)
    with monkeypatch.context() as patch:

        def heard(*_given, reread=True, **_named):
            if reread:
                raise VerificationHit("PHI was heard when the redacted audio was recognised again: 1 PERSON.")
            return {}

        patch.setattr("redactor.verification.Verification.check", heard)
        answer = post(reviewed, f"/messages/{message}/release", version="1", reason=REASON)
    assert answer.status_code == 409
    assert "PHI was heard" in answer.text
    assert REASON in answer.text  # what was typed is not lost
    assert not site.artefacts(WITHHELD)
    assert "Withheld" in page(reviewed, message)


def test_a_full_disk_leaves_nothing_and_the_button_works_again(site, reviewed, monkeypatch):
    message = site.ids[WITHHELD]
    page(reviewed, message)
    with monkeypatch.context() as patch:

        def full(_files):
            raise OutOfSpace("The disk is full or failing.")

        patch.setattr("redactor.pipeline.save_set", full)
        answer = post(reviewed, f"/messages/{message}/release", version="1", reason=REASON)
    assert answer.status_code == 503
    assert "The disk is full" in answer.text
    assert not site.artefacts(WITHHELD)
    assert "release-failed" in logged(site)
    code, _, rows = site.redact()  # the ledger says what it said before
    assert (code, site.status(rows, WITHHELD)) == (3, "quarantined")
    assert post(reviewed, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303
    assert set(site.artefacts(WITHHELD)) == SET
    assert site.redact()[0] == 0


def test_a_folder_that_is_read_only_is_reported(site, reviewed, monkeypatch):
    message = site.ids[SURE]
    page(reviewed, message)
    edit = {"kind": "cover", "channel": 0, "first": 0, "last": 1}
    with monkeypatch.context() as patch:

        def refused(_files):
            raise as_output_error(OSError(errno.EROFS, "read-only"))

        patch.setattr("redactor.pipeline.save_set", refused)
        answer = send(reviewed, f"/messages/{message}/edits", {"version": 1, "edits": [edit]})
    assert answer.json()["version"] == 2
    assert "still holds the version before" in answer.json()["note"]
    assert "does not hold redaction 2 yet" in page(reviewed, message)
    assert message[:12] in reviewed.get("/messages?state=new", headers=HTML).text
    assert post(reviewed, f"/messages/{message}/done", version="2").status_code == 303
    assert "hi" not in site.artefacts(SURE)[".txt"].read_text().split()


def test_a_run_in_progress_is_waited_for_by_the_person(site, reviewed):
    message = site.ids[WITHHELD]
    page(reviewed, message)
    other = ArchiveJournal(site.out, naming="auto")
    answer = post(reviewed, f"/messages/{message}/release", version="1", reason=REASON)
    assert answer.status_code == 503
    assert "Another run" in answer.text
    other.close()
    assert post(reviewed, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303


KILLED = """
import os, sys
sys.path[:0] = [{tests!r}, {root!r}]
import pytest
from pathlib import Path
from types import SimpleNamespace
from archive_site import ArchiveSite
from review_site import HTML, post
from redactor.storage import ArchiveJournal

site = ArchiveSite(Path({folder!r}), pytest.MonkeyPatch())
with site.opened() as client:
    message = site.ids["old/msg0002"]
    client.get(f"/messages/{{message}}", headers=HTML)
    ArchiveJournal.finish = lambda *_: os._exit(9)
    post(client, f"/messages/{{message}}/release", version="1", reason="Heard; it names nobody else.")
"""


@pytest.mark.parametrize("run_between", [False, True])
def test_a_release_that_is_killed_before_the_ledger_is_finished_the_next_time(site, run_between):
    site.redact()
    here = Path(__file__).parent
    script = KILLED.format(tests=str(here), root=str(here.parents[1]), folder=str(site.folder))
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert killed.returncode == 9, killed.stderr
    assert site.artefacts(TWIN)  # the first of both files: written, but no run believes it
    if run_between:
        _, _, rows = site.redact()
        assert site.status(rows, WITHHELD) == "quarantined"
        assert not site.artefacts(TWIN)
    with site.opened() as client:
        until = time.monotonic() + 30
        while site.ids[WITHHELD][:12] not in client.get("/messages?outcome=released", headers=HTML).text:
            assert time.monotonic() < until
            time.sleep(0.1)
    for name in (WITHHELD, TWIN):
        assert set(site.artefacts(name)) == SET
    code, _, rows = site.redact()
    assert (code, set(rows.values())) == (0, {"skipped"})


def test_work_survives_a_restart(site):
    site.redact()
    message = site.ids[WITHHELD]
    with site.opened() as client:
        page(client, message)
        edit = {"kind": "cover", "channel": 0, "first": 0, "last": 2}
        send(client, f"/messages/{message}/edits", {"version": 1, "edits": [edit]})
    with site.opened() as client:
        assert 'redaction <b id="version">2</b>' in page(client, message)
        assert post(client, f"/messages/{message}/release", version="2", reason=REASON).status_code == 303
    with site.opened() as client:
        assert "released" in page(client, message)


def test_what_the_review_keeps_is_private_and_no_words_lie_beside_the_outputs(site):
    site.redact()
    with site.opened() as client:
        page(client, site.ids[WITHHELD])
        page(client, site.ids[SURE])
    state = site.out / ".redactor-review"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    key = key_path(site.out)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert site.out not in key.parents
    kept = b"".join(p.read_bytes() for p in state.rglob("*") if p.is_file())
    for word in (*CANARY, "msg0002"):
        assert word.encode() not in kept
    assert len(site.redact()[2]) == 2  # the run does not take them for recordings
    elsewhere = site.command("redact", site.out, "--out", site.folder / "again", "--sandbox", "off", "--no-verify")
    assert elsewhere[0] == 66  # there is no recording in an output folder


def test_a_key_that_is_gone_is_reported(site):
    site.redact()
    with site.review():
        pass
    key = key_path(site.out)
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(ConfigurationError, match="key of this review is missing"), site.review():
        pass
    key.write_bytes(bytes(32))
    with pytest.raises(ConfigurationError, match="not the one"), site.review():
        pass
    key.write_bytes(kept)
    with site.review():
        pass


def test_one_review_at_a_time(site):
    site.redact()
    with site.review(), pytest.raises(InUse), site.review():
        pass


def test_without_a_run_there_is_nothing_to_review(site):
    for words in (("review", site.archive, "--out", site.out), ("review", "--out", site.out, site.archive)):
        code, err = site.command(*words)
        assert code == 66
        assert "redactor redact" in err
    assert not site.out.exists()
    assert site.command("review", "add", "--help")[0] == 0
    assert site.command("review", "--help")[0] == 0
    assert site.command("review")[0] in (0, 2, 64)


def test_paths_that_the_run_did_not_have_are_reported(site):
    site.redact()
    other = site.folder / "other"
    other.mkdir()
    (other / "x.wav").write_bytes((site.archive / f"{SURE}.wav").read_bytes())
    code, err = site.command("review", other, "--out", site.out)
    assert code == 78
    assert "knows none of these recordings" in err


def test_a_run_of_an_earlier_version_must_be_repeated(site):
    site.redact()
    with closing(sqlite3.connect(site.out / ".redactor-ledger.sqlite")) as c, c:
        c.execute("DELETE FROM meta WHERE name = 'options'")
    code, err = site.command("review", site.archive, "--out", site.out)
    assert code == 78
    assert "Run `redactor redact` again" in err


def test_the_command_serves_the_link_and_ends_with_ctrl_c(site):
    site.redact("--operator", "mask")
    command = [sys.executable, "-m", "redactor.cli.app", "review", str(site.archive), "--out", str(site.out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        link = re.search(r"http://\S+", process.stdout.readline())[0]
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert site.ids[WITHHELD][:12] in browser.open(link, timeout=30).read().decode()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(link, timeout=30)
        code, err = site.command("review", site.archive, "--out", site.out)
        assert code == 75
        assert "Another review" in err
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    assert str(site.folder) not in err
    assert "msg000" not in err


def test_other_options_of_a_later_run_bring_a_recording_up_again(site):
    site.redact()
    message = site.ids[WITHHELD]
    with site.opened() as client:
        page(client, message)
        post(client, f"/messages/{message}/release", version="1", reason=REASON)
    site.redact("--bleep", "silence")  # made again with other settings: withheld again
    assert not site.artefacts(WITHHELD)
    with site.opened() as client:
        assert message[:12] in client.get("/messages?outcome=withheld", headers=HTML).text
        page(client, message)
        assert post(client, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303
    assert set(site.artefacts(WITHHELD)) == SET
    assert site.redact("--bleep", "silence")[0] == 0


def test_a_recording_that_changed_is_not_shown(site):
    site.redact()
    message = site.ids[SURE]
    path = site.archive / f"{SURE}.wav"
    path.write_bytes(path.read_bytes()[:-100])
    with site.opened() as client:
        answer = client.get(f"/messages/{message}", headers=HTML)
        assert answer.status_code == 409
        assert "removed or changed" in answer.text


def test_of_two_clicks_one_releases(site, reviewed):
    message = site.ids[WITHHELD]
    page(reviewed, message)
    codes = []

    def click():
        codes.append(post(reviewed, f"/messages/{message}/release", version="1", reason=REASON).status_code)

    threads = [threading.Thread(target=click) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 409, 409]
    assert logged(site).count("message-released") == 1
    assert set(site.artefacts(WITHHELD)) == SET


def test_a_key_that_cannot_be_written_is_reported(site):
    site.redact()
    blocked = site.folder / "file"
    blocked.write_text("")
    code, err = site.command("review", site.archive, "--out", site.out, "--key", blocked / "key")
    assert code == 73
    assert "--key" in err
