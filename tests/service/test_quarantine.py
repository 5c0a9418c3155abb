"""Withheld recordings in the service: the notice in the result's place, the lists, the metrics, the callback."""

import hashlib
import io
import json
import threading
from pathlib import Path

import pytest
import soundfile
from fastapi.testclient import TestClient
from service_site import settled, wait_for
from test_callbacks import receiver

from redactor.cli.main import main as command
from redactor.service.api import build_app
from redactor.service.api.dependencies import ServiceContext
from redactor.service.quarantine_notices import SCHEMA

SAMPLES = Path(__file__).parents[2] / "sample_audio"
ROW = json.loads((SAMPLES / "labels.jsonl").read_text().partition("\n")[0])
MISSING = 10.0
"""Seconds from which on the transcript has no words."""
REDACTION = 'model = "none"\nverify_transcripts = false\nner = "none"\nunheard = "quarantine"\n'


def withheld(site, name="a.wav", seed=1, *, folder=None):
    """A recording whose transcript ends too early; returns its path and the time at which words are missing."""
    samples, rate = soundfile.read(SAMPLES / ROW["file"], dtype="float32")
    held = io.BytesIO()
    soundfile.write(held, samples * (1 - seed / 100), rate, format="WAV", subtype="PCM_16")
    words = [w for w in ROW["channels"][0]["words"] if w["start"] < MISSING]
    said = [{"word": f" {w['text']}", "start": w["start"], "end": w["end"], "probability": 0.9} for w in words]
    text = "".join(w["word"] for w in said)
    segment = {"id": 0, "start": said[0]["start"], "end": said[-1]["end"], "text": text, "words": said}
    spoken = json.dumps({"text": text, "segments": [segment], "language": "en"})
    (site.transcripts / f"{hashlib.sha256(held.getvalue()).hexdigest()}.json").write_text(spoken)
    path = (folder or site.recordings) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(held.getvalue())
    return path, said[-1]["end"]


def notice(path):
    return json.loads(path.with_suffix(".quarantined.json").read_text())


def test_a_withheld_recording_leaves_a_notice_without_words(site):
    path, begin = withheld(site)
    with site.service(redaction=REDACTION) as service:
        site.hook("file", path, "--id", "17")
        assert settled(service, 1) == {"quarantined": 1}
        where = service.queue.unsealed(1)[1]
    assert {p.name for p in site.recordings.iterdir()} == {"a.wav", "a.quarantined.json"}
    assert where == str(site.recordings / "a.quarantined.json")
    found = notice(path)
    assert found["schema"] == SCHEMA
    assert found["id"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found["job"], found["outcome"], found["reason"]) == (1, "quarantined", "untranscribed-speech")
    assert found["act"]["retry"] == f"redactor queue retry 1 --config {site.config}"
    assert found["act"]["where"] == f"redactor queue where 1 --config {site.config}"
    (only,) = {s["kind"] for s in found["stretches"]}
    assert only == "speech"
    assert all(begin - 0.3 < s["start"] < s["end"] <= found["duration"] for s in found["stretches"])
    assert sum(s["end"] - s["start"] for s in found["stretches"]) > 3
    text = path.with_suffix(".quarantined.json").read_text()
    spoken = {w["text"].strip(",.").casefold() for w in ROW["channels"][0]["words"]} & set(text.casefold().split())
    assert spoken <= {"a", "is", "of", "this", "have", "may"}  # of the fixed sentences
    assert "a.wav" not in text


def test_names_follow_the_rules_of_results(site):
    path, _ = withheld(site, "Dana_Whitlock_5550142.wav")
    with site.service(service="beside = false\n", redaction=REDACTION) as service:
        site.hook("file", path, "--id", "1")
        settled(service, 1)
    identity = hashlib.sha256(path.read_bytes()).hexdigest()
    assert [str(p.relative_to(site.folder)) for p in site.folder.rglob("*.quarantined.json")] == [
        f"results/recordings/{identity}.quarantined.json"
    ]
    assert [p.name for p in site.recordings.iterdir()] == [path.name]


def test_the_notice_of_a_mailbox_is_in_its_folder_of_results(site):
    site.message(0, 3)
    inbox = site.voicemail / "default" / "100" / "INBOX"
    withheld(site, "msg0000.wav", 3, folder=inbox)
    with site.service(redaction=REDACTION) as service:
        site.hook("asterisk", "default", "100")
        assert settled(service, 1) == {"quarantined": 1}
    assert [p.name for p in (inbox.parent / "redacted").iterdir()] == ["1764000003-00000003.quarantined.json"]


def test_the_notice_goes_once_there_is_a_result(site):
    path, _ = withheld(site)
    with site.service(redaction=REDACTION) as service:
        site.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"quarantined": 1}
    with site.service() as service:  # the policy bleeps unheard speech now
        assert service.queue.retry([1]) == 1
        service.worker.wake()
        assert settled(service, 1) == {"redacted": 1}
    assert not path.with_suffix(".quarantined.json").exists()
    assert path.with_suffix(".redacted.json").exists()


def test_a_withheld_recording_removes_the_result_of_the_one_before_it(site):
    path = site.record("a.wav", 1)
    with site.service(redaction=REDACTION) as service:
        site.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"redacted": 1}
        withheld(site, "a.wav", 2)
        site.hook("file", path, "--id", "2")
        assert settled(service, 2) == {"redacted": 1, "quarantined": 1}
    assert {p.name for p in site.recordings.iterdir()} == {"a.wav", "a.quarantined.json"}


def test_a_recording_that_is_gone_by_then_has_no_file_of_the_service_beside_the_next_one(site, monkeypatch):
    """The job's recording was replaced by another while it was recognised: the notice would describe the wrong one."""
    from redactor.policy import plan

    path, _ = withheld(site)
    before = plan._unheard

    def replaced(*given):
        path.write_bytes(b"RIFF another recording")
        return before(*given)

    monkeypatch.setattr(plan, "_unheard", replaced)
    with site.service(redaction=REDACTION) as service:
        site.hook("file", path, "--id", "1")
        wait_for(lambda: service.queue.counts().get("quarantined"))
    assert not path.with_suffix(".quarantined.json").exists()


def test_a_notice_that_cannot_be_written_leaves_the_job_on_the_list(site, monkeypatch):
    from redactor.errors import OutOfSpace
    from redactor.service import quarantine_notices

    def full(_):
        raise OutOfSpace("The disk is full.")

    path, _ = withheld(site)
    monkeypatch.setattr(quarantine_notices, "save_set", full)
    with site.service(redaction=REDACTION) as service:
        site.hook("file", path, "--id", "1")
        assert settled(service, 1) == {"quarantined": 1}
        (row,) = service.queue.list_jobs("quarantined")
    assert row["reason"] == "untranscribed-speech"


def test_a_link_in_the_notices_place_is_not_followed(site):
    path, _ = withheld(site)
    outside = site.folder / "outside.json"
    outside.write_text("theirs")
    path.with_suffix(".quarantined.json").symlink_to(outside)
    with site.service(redaction=REDACTION) as service:
        site.hook("file", path, "--id", "1")
        settled(service, 1)
    assert outside.read_text() == "theirs"
    assert notice(path)["job"] == 1


def test_metrics_count_by_reason(site):
    path, _ = withheld(site)
    site.bad("b.wav", b"no recording at all" * 40)
    with site.service(redaction=REDACTION) as service:
        site.hook("file", path, "--id", "1")
        site.hook("file", site.recordings / "b.wav", "--id", "2")
        settled(service, 2)
        text = service.metrics.text().decode()
    assert 'redactor_jobs_for_people{reason="untranscribed-speech",state="quarantined"} 1.0' in text
    assert 'redactor_jobs_for_people{reason="unsupported-audio",state="failed"} 1.0' in text
    ended = 'redactor_jobs_ended_total{reason="untranscribed-speech",source="file",state="quarantined"} 1.0'
    assert ended in text
    assert "redactor_audio_seconds_total 0.0" in text  # nothing was redacted


def test_the_callback_says_what_to_do(site, tmp_path):
    (tmp_path / "secret").write_text("s" * 32)
    told = []
    path, _ = withheld(site)
    with receiver(lambda _identity, kind: told.append(kind)) as url:
        callback = f'url = "{url}"\nsecret_file = "{tmp_path}/secret"\n'
        with site.service(redaction=REDACTION, callback=callback) as service:
            site.hook("file", path, "--id", "17")
            settled(service, 1)
            message = service.callbacks.message(1)
            service.callbacks.send_due(threading.Event())
            wait_for(lambda: told)
    assert told == ["recording.quarantined"]
    assert message["data"]["act"]["retry"].startswith("redactor queue retry 1")
    assert message["data"]["reason"] == "untranscribed-speech"
    assert message["data"]["duration"] > 5


def test_the_api_lists_and_shows_the_withheld(site, tmp_path):
    (tmp_path / "token").write_text("0123456789abcdef")
    http = f'listen = ""\npublic_url = "https://redactor.example.org/"\ntoken_file = "{tmp_path}/token"\n'
    path, _ = withheld(site)
    with site.service(redaction=REDACTION, http=http) as service:
        site.hook("file", path, "--id", "1")
        settled(service, 1)
        context = ServiceContext(
            settings=service._settings,
            queue=service.queue,
            results=service._results,
            metrics=service.metrics,
            notices=service._notices,
            trouble=lambda: "",
            alive=lambda: True,
        )
        client = TestClient(build_app(context))
        client.headers["authorization"] = "Bearer 0123456789abcdef"
        (row,) = client.get("/jobs").json()
        assert (
            client.get("/jobs?state=quarantined").json()
            == [row]
            == client.get("/dead-letters?state=quarantined").json()
        )
        assert client.get("/jobs/1").json() == row
        assert row["act"]["job"] == "https://redactor.example.org/jobs/1"
        assert client.get("/jobs?state=failed").json() == client.get("/dead-letters").json() == []
        assert client.get("/jobs?state=quarantine").status_code == 422
        assert client.get("/jobs/1/files/json").json() == notice(path)
        assert client.get("/jobs/1/files/audio").status_code == 404
        path.with_suffix(".quarantined.json").write_text('{"id": "planted"}')
        assert client.get("/jobs/1/files/json").status_code == 404
        assert "a.wav" not in json.dumps(row)


def listed(site, monkeypatch, capsys, *words):
    monkeypatch.setattr("sys.argv", ["redactor", "queue", "list", "--config", str(site.config), *words])
    with pytest.raises(SystemExit) as stop:
        command()
    printed = capsys.readouterr()
    return stop.value.code, [json.loads(line) for line in printed.out.splitlines()], printed.err


def test_the_queue_lists_what_waits_for_a_person(site, monkeypatch, capsys):
    withheld(site)
    site.bad("b.wav", b"no recording at all" * 40)
    site.record("c.wav", 7)
    with site.service(redaction=REDACTION) as service:
        service.sweeper.sweep()
        settled(service, 3)
    code, rows, _ = listed(site, monkeypatch, capsys)
    assert code == 0
    assert sorted(row["state"] for row in rows) == ["failed", "quarantined"]
    assert all(row["act"]["retry"].startswith(f"redactor queue retry {row['id']}") for row in rows)
    _, (only,), _ = listed(site, monkeypatch, capsys, "--state", "quarantined")
    assert only["duration"] > 5
    _, (done,), _ = listed(site, monkeypatch, capsys, "--state", "redacted")
    assert "act" not in done


@pytest.mark.parametrize("given", ["quarantine", "foo", "Dana Whitlock"])
def test_a_wrong_state_is_answered_with_the_possible_ones(site, monkeypatch, capsys, given):
    code, rows, said = listed(site, monkeypatch, capsys, "--state", given)
    assert (code, rows) == (64, [])
    assert "--state must be one of failed, quarantined, queued, claimed, releasing, redacted, superseded." in said
    assert "foo" not in said
    assert "Dana" not in said
