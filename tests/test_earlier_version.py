"""An installation with data of an earlier version goes on working: archive run, queue, accounts, review, vault, log.

tests/data/make_earlier_version.py says what is in it and how it was made.
"""

import json
import subprocess
import sys
import tarfile
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pyotp
import pytest
from fastapi.testclient import TestClient
from service_site import Finder, settled
from sqlalchemy import text

from redactor import builders
from redactor.audit_log import entries
from redactor.config import load_settings
from redactor.crypto import Sealer
from redactor.database import HEAD, connect
from redactor.job_config import job_configuration_of
from redactor.log_and_vault import places_in
from redactor.review.plan_codec import unpack
from redactor.service.app import Service

ROOT = Path(__file__).parents[1]
HTML = {"accept": "text/html", "origin": "http://127.0.0.1:8470"}


class Installation:
    """Unpacked below `folder`. Paths, which the earlier version kept absolute, are made those of this place."""

    def __init__(self, folder: Path) -> None:
        with tarfile.open(ROOT / "tests/data/earlier-version.tar.xz") as tar:
            # Modes count (spool, keys), and "data" would change them; older Pythons have no filters.
            tar.extractall(folder, **({"filter": "fully_trusted"} if hasattr(tarfile, "data_filter") else {}))
        self.folder, self.site = folder, folder / "site"
        self.facts = json.loads((folder / "facts.json").read_text())
        self.config = self.site / "redactor.toml"
        self._was, self._is = self.facts["root"], str(folder)
        for path in (self.config, *(self.site / "spool/new").iterdir()):
            path.write_text(path.read_text().replace(self._was, self._is))
        self._relocate_jobs()

    def _relocate_jobs(self) -> None:
        sealer = Sealer((self.site / "state/key").read_bytes())
        with self.database() as c:
            for job, sealed, result in c.execute(text("SELECT id, sealed, result FROM redactor_jobs")).all():
                values = [v and sealer.open(v) for v in (sealed, result)]
                assert values[0], "sealed by the earlier version"
                moved = [v and sealer.seal(v.replace(self._was.encode(), self._is.encode())) for v in values]
                c.execute(
                    text("UPDATE redactor_jobs SET sealed = :sealed, result = :result WHERE id = :id"),
                    {"id": job, "sealed": moved[0], "result": moved[1]},
                )

    @contextmanager
    def database(self):
        engine = connect(f"sqlite:///{self.site}/state/queue.sqlite")
        with engine.begin() as c:
            yield c
        engine.dispose()

    @property
    def settings(self):
        return load_settings(self.config)

    @contextmanager
    def service(self):
        settings = self.settings
        service = Service(settings, job_configuration_of(settings))
        try:
            service.start()
            yield service
        finally:
            service.stop()


@pytest.fixture
def old(tmp_path, monkeypatch):
    monkeypatch.setattr(builders, "build_detector", lambda *_: Finder())
    return Installation(tmp_path)


def test_an_archive_run_continues_with_the_file_that_is_missing(tmp_path):
    archive = Installation(tmp_path).folder / "archive"
    before = {p.name: p.read_bytes() for p in (archive / "out").glob("toy-*")}
    words = ["redact", archive / "in", "--out", archive / "out", "--model", ROOT / "models/voicemail-micro"]
    command = [Path(sys.executable).with_name("redactor"), *words, "--names", "keep"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 3), done.stderr
    outcomes = [json.loads(line) for line in (archive / "out/outcomes.jsonl").read_text().splitlines()]
    assert {o["item"]: o["status"] for o in outcomes} == {1: "skipped", 2: "skipped", 3: "redacted"}
    after = {p.name: p.read_bytes() for p in (archive / "out").glob("toy-*")}
    assert {name: after[name] for name in before} == before
    assert len(list((archive / "out").glob("toy-2.redacted.*"))) == 5


def test_the_database_is_migrated_and_open_jobs_are_worked(old):
    assert old.facts["states"] == {"claimed": 1, "failed": 1, "queued": 1, "redacted": 1}
    with old.database() as c:
        assert c.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 'redactor_schema'")).scalar() == 0
    with old.service() as service:
        # The claimed one comes back, since the program that had it has ended; the ticket is a fifth.
        assert settled(service, 5) == {"redacted": 4, "failed": 1}
    assert len(list((old.site / "recordings").glob("*.redacted.wav"))) == 4
    with old.database() as c:
        assert c.execute(text("SELECT version_num FROM redactor_schema")).scalar() == HEAD
        assert c.execute(text("SELECT count(*) FROM redactor_jobs WHERE result IS NOT NULL")).scalar() == 4


def logged_in(old, service):
    client = TestClient(service._review.app, base_url="http://127.0.0.1:8470", follow_redirects=False)
    page = client.get("/login", headers=HTML)
    assert page.status_code == 200
    first = client.post("/login", headers=HTML, data={"name": old.facts["name"], "password": old.facts["password"]})
    assert (first.status_code, first.headers["location"]) == (303, "/login/code"), first.text
    code = pyotp.TOTP(old.facts["secret"]).at(datetime.now(timezone.utc))
    second = client.post("/login/code", headers=HTML, data={"code": code})
    assert second.status_code == 303, second.text
    return client


def test_a_reviewer_logs_in_and_goes_on_with_the_edited_version(old):
    message = old.facts["edited"]
    with old.service() as service:
        client = logged_in(old, service)
        listed = client.get("/messages", headers=HTML)
        assert all(m in listed.text for m in old.facts["messages"])
        assert client.get(f"/messages/{message}", headers=HTML).status_code == 200
        view = client.get(f"/messages/{message}/view.json").json()
        assert view["version"] == 2
        audio = client.get(f"/messages/{message}/audio")
        assert audio.headers["content-type"] == "audio/wav"
        assert client.get(f"/messages/{message}/files/audio").content[:4] == b"RIFF"
        word = next(w for w in view["words"] if w["text"] == "please")
        edit = {"kind": "cover", "channel": 0, "first": word["first"], "last": word["last"]}
        page = client.get(f"/messages/{message}", headers=HTML).text
        csrf = page.split('name="csrf" value="')[1].split('"')[0]
        body = {"version": 2, "edits": [edit]}
        answer = client.post(f"/messages/{message}/edits", json=body, headers={"X-CSRF-Token": csrf})
        assert answer.json() == {"version": 3}
        said = client.get(f"/messages/{message}/files/text").text
        assert "please" not in said
        assert "call" not in said  # of the edit that the earlier version made


def test_the_vault_opens_and_everything_in_it_is_what_the_log_names(old):
    vault = places_in(old.settings).open_vault()
    kinds = sorted((item.id, item.kind) for item in vault.items())
    assert kinds == sorted((m, kind) for m in old.facts["messages"] for kind in ("original", "plan", "meta"))
    sent = {p.read_bytes() for p in (old.site / "sent").iterdir()}
    originals = [vault.open(m, "original", by="user:0", reason="test") for m in old.facts["messages"]]
    assert set(originals) == sent
    for message in old.facts["messages"]:
        plan, suffix = unpack(vault.open(message, "plan", by="user:0", reason="test"))
        assert suffix == ".wav"
        assert "555-0142" in plan.speech.transcripts[0].text


def log(old, *words):
    command = [Path(sys.executable).with_name("redactor"), "log", *words, "--config", old.config]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_log_verifies_with_its_anchor_and_is_continued(old):
    first = log(old, "verify")
    assert first.returncode == 0, first.stderr
    places = places_in(old.settings)
    before = list(entries(places.trail))
    assert {"vault-sealed", "message-added", "redaction-edited", "account-made"} <= {e["event"] for e in before}
    places.open_vault().open(old.facts["edited"], "meta", by="user:0", reason="test")
    after = list(entries(places.trail))
    assert after[: len(before)] == before
    assert after[-1]["event"] == "vault-opened"
    second = log(old, "verify")
    assert second.returncode == 0, second.stderr
