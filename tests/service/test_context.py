"""What is known about a message, from the hook and the API to the worker: sealed on its way, and told to nobody."""

import hashlib
import json
import logging
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from service_site import settled, signed_bytes, voicemail, wait_for
from test_web import SECRET, store

from redactor import builders
from redactor.cli.app import main as command
from redactor.crypto import Sealer
from redactor.phi import build_detector
from redactor.recording_context import sealed
from redactor.service.api import build_app
from redactor.service.api.dependencies import ServiceContext
from redactor.types import IDENTIFIERS

SAID = "Hi I talked to my brother all side about it please call me back thank you very much indeed"
ALCIDE = json.dumps({"patient": {"name": "Alcide Broussard", "phone": "337-555-0148"}})
PRIVATE = (b"Alcide", b"Broussard", b"0148", b"Kahananui")


@pytest.fixture
def known(site, monkeypatch, caplog):
    """The site with a detector that knows no names by itself; nothing known may be in the log at the end."""
    monkeypatch.setattr(builders, "build_detector", lambda *_: build_detector(labels=IDENTIFIERS, ner="none"))
    caplog.set_level(logging.DEBUG)
    yield site
    assert not any(value.decode() in caplog.text for value in PRIVATE)


def text_of(site, name="a"):
    return (site.recordings / f"{name}.redacted.txt").read_text()


def assert_sealed(site):
    """Neither the database nor anything else in the state folder holds a word of what is known."""
    content = b"".join(p.read_bytes() for p in (site.folder / "state").rglob("*") if p.is_file())
    assert len(content) > 1000
    assert not [value for value in PRIVATE if value in content]


def test_from_the_hook_to_the_result(known):
    path = known.record("a.wav", said=SAID)
    other = known.record("b.wav", 2, said=SAID)
    with known.service() as service:
        known.hook("file", path, "--id", "1", "--context", ALCIDE)
        known.hook("file", other, "--id", "2")
        assert settled(service, 2) == {"redacted": 2}
        shown = json.dumps([service.queue.summary(number) for number in (1, 2)])
        metrics = service.metrics.text()
        assert_sealed(known)
    assert "all side" not in text_of(known)
    assert "all side" in text_of(known, "b")
    assert not any(value.decode() in shown or value in metrics for value in PRIVATE)
    assert not any(value in (known.recordings / "a.redacted.json").read_bytes() for value in PRIVATE)
    assert not list((known.folder / "spool/new").iterdir())


def test_a_context_that_arrives_late_is_used_nevertheless(known):
    path = known.record("a.wav", said=SAID)
    with known.service() as service:
        known.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"redacted": 1}
        assert "all side" in text_of(known)
        known.hook("file", path, "--id", "1", "--context", ALCIDE)
        wait_for(lambda: "all side" not in text_of(known))
        assert settled(service, 1) == {"redacted": 1}
        made = (known.recordings / "a.redacted.json").stat().st_mtime_ns
        known.hook("file", path, "--id", "1", "--context", ALCIDE)
        wait_for(lambda: not list((known.folder / "spool/new").iterdir()))
        assert settled(service, 1) == {"redacted": 1}
        assert (known.recordings / "a.redacted.json").stat().st_mtime_ns == made


def test_the_sites_directory_is_for_all_messages(known, tmp_path):
    (tmp_path / "key").write_bytes(bytes(32))
    (tmp_path / "people").write_bytes(
        sealed(b"file,role,name\n,staff,Leilani Kahananui\n17,patient,Alcide Broussard\n", bytes(32))
    )
    known.record("a.wav", said=SAID)
    known.record("b.wav", 2, said="Hi I talked to kahananui about it please call me back thank you very much")
    lines = f'context = "{tmp_path}/people"\ncontext_key = "{tmp_path}/key"\n'
    base = 'model = "none"\nverify_transcripts = false\nner = "none"\nunheard = "bleep"\n'
    with known.service(redaction=base + lines) as service:
        known.hook("file", known.recordings / "a.wav", "--id", "17")
        known.hook("file", known.recordings / "b.wav", "--id", "18")
        assert settled(service, 2) == {"redacted": 2}
        assert_sealed(known)
    assert "all side" not in text_of(known)
    assert "kahananui" not in text_of(known, "b").lower()


def test_a_bad_directory_is_reported_before_the_start(known, tmp_path, monkeypatch, capsys):
    (tmp_path / "people").write_text("role,name\nBroussard,Alcide\n")
    known.settings(redaction=f'model = "none"\nner = "none"\ncontext = "{tmp_path}/people"\n')
    monkeypatch.setattr("os.nice", lambda by: 0)  # the tests that follow stay as nice as they were
    monkeypatch.setattr("sys.argv", ["redactor", "serve", "--config", str(known.config), "--check"])
    with pytest.raises(SystemExit) as stop:
        command()
    printed = capsys.readouterr()
    assert stop.value.code == 78
    assert "Row 2" in printed.err
    assert not any(value.decode() in printed.out + printed.err for value in PRIVATE)


def test_a_webhook_brings_a_context(known, tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    with store() as held:
        tables = {"webhook": f'secret_file = "{tmp_path}/secret"\nhosts = ["{held.url}"]\n'}
        data, transcript = voicemail(1, said=SAID)
        held.files["/a.wav"] = data
        (known.transcripts / f"{hashlib.sha256(data).hexdigest()}.json").write_text(transcript)
        with known.service(**tables) as service:
            context = ServiceContext(
                settings=service._settings,
                queue=service.queue,
                results=service._results,
                metrics=service.metrics,
                notices=service._notices,
                trouble=lambda: service.trouble,
                alive=lambda: True,
                wake=service.worker.wake,
            )
            client = TestClient(build_app(context), raise_server_exceptions=False, client=("127.0.0.1", 1))

            def post(given):
                body = json.dumps({"id": "1", "url": f"{held.url}/a.wav", "context": given}).encode()
                headers = {"content-type": "application/json", **signed_bytes(body, SECRET)}
                return client.post("/webhook", content=body, headers=headers)

            for bad in ({"Broussard": "x"}, {"caller": 5}, {"caller": {"Broussard": "x"}}, {"caller": "x" * 201}, []):
                answer = post(bad)
                assert (answer.status_code, answer.json()) == (400, {"error": "bad-request"})
            assert post(json.loads(ALCIDE)).status_code == 202
            assert settled(service, 1) == {"redacted": 1}
            assert_sealed(known)
            result = service.queue.unsealed(1)[1]
    assert "all side" not in Path(result.replace(".json", ".txt")).read_text()


def test_only_the_services_key_opens_it(known):
    path = known.record("a.wav", said=SAID)
    with known.service() as service:
        known.hook("file", path, "--id", "1", "--context", ALCIDE)
        assert settled(service, 1) == {"redacted": 1}
        with service.queue.engine.connect() as c:
            (stored,) = c.exec_driver_sql("SELECT known FROM redactor_jobs").scalars()
        assert json.loads(service.queue.sealer.open(stored))[0]["name"] == "Alcide Broussard"
        assert Sealer(bytes(32)).open(stored) is None
