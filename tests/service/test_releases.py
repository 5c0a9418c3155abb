"""Jobs of the service before reviewers: what comes up, and what a release leaves, whatever happens in between."""

import hashlib
import json
import threading
import time
from contextlib import contextmanager

import numpy as np
import postgresql
import pyotp
import pytest
import soundfile
from fastapi.testclient import TestClient
from review_site import HTML, PASSWORD, ROLES, post, send
from service_site import settled, wait_for
from sqlalchemy import create_engine, text, update
from test_quarantine import REDACTION, notice, withheld

from redactor.auth.sessions import csrf_of
from redactor.errors import OutOfSpace, VerificationHit
from redactor.log_and_vault import places_in
from redactor.review.schema import messages
from redactor.service.jobs.schema import jobs
from redactor.vault import make_keys

REASON = "Heard; it names nobody else."
SET = {".wav", ".txt", ".srt", ".vtt", ".json"}


@pytest.fixture
def house(site):
    """The site with keys for a vault and with review; `house.tables(...)` are its settings."""
    keys = make_keys(site.folder / "keys", "age")
    public = next(p for p in keys if "recipients" in p.name)
    private = next(p for p in keys if "organisation" in p.name and p != public)

    def tables(review="", redaction=REDACTION, **more):
        return {
            "keeping": f'recipients = "{public}"\nidentity = "{private}"\n',
            "review": f'folder = "{site.folder}/versions"\npublic_url = "http://localhost:8470"\n{review}',
            "redaction": redaction,
            **more,
        }

    site.tables = tables
    site.settings(**tables())
    return site


@contextmanager
def running(house, **given):
    """A service; `house.browser(name)` is a person who has logged in."""
    with house.service(**house.tables(**given)) as service:

        def browser(name):
            access = service._review.access
            if access.accounts.by_name(name) is None:
                access.accounts.add(name, "first-password-to-change-1", ROLES[name], by="user:0")
                account = access.accounts.named(name)
                access.accounts.change_password(account, PASSWORD)
                secret = access.accounts.new_secret(account)
                assert access.accounts.enrol(account, pyotp.TOTP(secret).at(int(time.time()) - 30))
            token = access.sessions.begin(access.accounts.named(name).id, "full", replacing="")
            client = TestClient(service._review.app, base_url="http://127.0.0.1", follow_redirects=False)
            client.cookies.set("redactor-session", token)
            client.csrf = csrf_of(token)
            return client

        house.browser = browser
        yield service


def quarantined(house, service, *, name="a.wav", seed=1, direction=""):
    """A withheld job; the recording and the id of its message."""
    path, _ = withheld(house, name, seed)
    before = sum(service.queue.counts().values())
    house.hook("file", path, "--id", str(seed), *(["--direction", direction] if direction else []))
    settled(service, before + 1)
    jobs = service._review.jobs
    return path, jobs.messages.message_of(before + 1) if jobs else ""


def opened(client, message):
    """The page of a message, once it is prepared."""
    return wait_for(
        lambda: (
            page if "is being recognised" not in (page := client.get(f"/messages/{message}", headers=HTML).text) else ""
        ),
        seconds=120,
    )


def view(client, message):
    return client.get(f"/messages/{message}/view.json").json()


def row_of(service, message):
    return service._review.context.store.find(message)


def artefacts(path):
    return {p.name.removeprefix(f"{path.stem}.redacted"): p for p in path.parent.glob(f"{path.stem}.redacted.*")}


def trail_of(house):
    folder = places_in(house.settings(**house.tables())).trail
    return "".join(p.read_text(errors="replace") for p in folder.rglob("*") if p.is_file())


def check_artefacts(path, message, words):
    """Read from the disk alone: the set is complete, and what its document covers is not audible any more."""
    found = artefacts(path)
    assert set(found) == SET
    doc = json.loads(found[".json"].read_text())
    assert doc["id"] == message == hashlib.sha256(path.read_bytes()).hexdigest()
    whole, rate = soundfile.read(path, always_2d=True)
    redacted, _ = soundfile.read(found[".wav"], always_2d=True)
    assert whole.shape == redacted.shape
    for i in doc["intervals"]:
        part = slice(int((i["start"] + 0.05) * rate), int((i["end"] - 0.05) * rate))
        if part.stop - part.start > rate // 10:
            assert abs(np.corrcoef(whole[part, 0], redacted[part, 0])[0, 1]) < 0.2
    for word in words:
        assert word not in found[".txt"].read_text()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, house):
    """The house on either database."""
    if request.param == "postgresql":
        if postgresql.missing():
            pytest.skip(postgresql.missing())
        url = request.getfixturevalue("postgres")
        name = f"release_{abs(hash(str(house.folder))) % 10**8}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as c:
            c.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        house.database_url = url.replace("/postgres?", f"/{name}?")
    return house


def test_a_withheld_job_is_corrected_and_released(database):
    house = database
    (house.folder / "secret").write_text("s" * 32)
    callback = f'url = "https://127.0.0.1:9/"\nsecret_file = "{house.folder}/secret"\n'
    with running(house, callback=callback) as service:
        path, message = quarantined(house, service)
        assert message == hashlib.sha256(path.read_bytes()).hexdigest()
        act = notice(path)["act"]
        assert (
            act["review"] == "http://localhost:8470/withheld/1" == service.callbacks.message(1)["data"]["act"]["review"]
        )
        ray = house.browser("ray")
        assert ray.get("/withheld/1").headers["location"] == f"/messages/{message}"
        assert post(ray, "/messages/next").headers["location"] == f"/messages/{message}"
        assert "speech without words" in ray.get("/messages?outcome=withheld", headers=HTML).text
        shown = opened(ray, message)
        assert "Speech was heard that was not recognised as words" in shown
        assert "No rule is broken" not in shown
        words = view(ray, message)
        assert words["revealed"]
        word = next(w for w in words["words"] if not w["label"] and len(w["text"]) > 4)
        edit = {"kind": "cover", "channel": word["channel"], "first": word["first"], "last": word["last"]}
        assert send(ray, f"/messages/{message}/edits", {"version": 1, "edits": [edit]}).json() == {"version": 2}
        assert not artefacts(path)
        assert service.queue.counts() == {"quarantined": 1}
        answer = post(ray, f"/messages/{message}/release", version="2", reason=REASON)
        assert answer.headers["location"] == f"/messages?none=1&released={message}", answer.text
        check_artefacts(path, message, [word["text"]])
        assert not path.with_suffix(".quarantined.json").exists()
        assert service.queue.counts() == {"redacted": 1}
        shown = service.queue.summary(1)
        assert (shown["state"], shown["reason"], shown["bleeped"] > 0) == ("redacted", "", True)
        assert service._results.read(path.with_suffix(""), message)
        told = service.callbacks.message(1)
        assert (told["type"], "act" in told["data"]) == ("recording.redacted", False)
        metrics = service.metrics.text().decode()
        assert 'redactor_jobs{state="redacted"} 1.0' in metrics
        assert "redactor_jobs_for_people{" not in metrics
        assert row_of(service, message)["outcome"] == "released"
        # A second click finds the work done.
        assert post(ray, f"/messages/{message}/release", version="2", reason=REASON).status_code == 409
        # Whoever has the job processed again gets what the person released.
        service.queue.repeat(1)
        service.worker.wake()
        settled(service, 1)
        check_artefacts(path, message, [word["text"]])
    told = trail_of(house)
    assert '"event":"message-released"' in told
    assert "names nobody" not in told


def test_who_may_not_release_may_not_hear_it_either(house):
    with running(house) as service:
        path, message = quarantined(house, service)
        ray, olive, ada = (house.browser(name) for name in ("ray", "olive", "ada"))
        opened(ray, message)
        for client in (olive, ada):
            assert client.get(f"/messages/{message}", headers=HTML).status_code == 403
            for part in ("view.json", "audio", "files/audio", "files/text", "original.wav"):
                assert client.get(f"/messages/{message}/{part}").status_code == 403
            for act in ("release", "refusal", "reopen"):
                form = {"version": "1", "reason": REASON}
                assert post(client, f"/messages/{message}/{act}", **form).status_code == 403
            assert client.get("/messages").status_code == 200
        nobody = TestClient(service._review.app, base_url="http://127.0.0.1", follow_redirects=False)
        assert nobody.get("/withheld/1").status_code == 401
        assert ray.get("/withheld/2").status_code == 404
        for reason, status in ((" ", 422), (REASON, 409)):
            answer = post(ray, f"/messages/{message}/release", version="7", reason=reason)
            assert answer.status_code == status
    assert not artefacts(path)


def test_what_cannot_be_released_is_said_everywhere(house):
    with running(house) as service:
        path, message = quarantined(house, service)
        ray, rita = house.browser("ray"), house.browser("rita")
        opened(ray, message)
        answer = post(ray, f"/messages/{message}/refusal", reason="Two patients at once")
        assert answer.headers["location"] == f"/messages?none=1&refused={message}"
        assert notice(path)["reason"] == "cannot-be-released" == service.queue.summary(1)["reason"]
        assert 'redactor_jobs_for_people{reason="cannot-be-released",state="quarantined"} 1.0' in (
            service.metrics.text().decode()
        )
        assert post(rita, "/messages/next").headers["location"] == "/messages?assigned=me&none=1"
        assert "Cannot be released" in opened(rita, message)
        service._look_after_review()  # it does not come up by itself
        assert row_of(service, message)["outcome"] == "refused"
        post(rita, f"/messages/{message}/reopen")
        assert notice(path)["reason"] == "untranscribed-speech" == service.queue.summary(1)["reason"]
        assert post(rita, "/messages/next").headers["location"] == f"/messages/{message}"
        assert post(rita, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303
        assert set(artefacts(path)) == SET
    assert "Two patients" not in trail_of(house)


@pytest.mark.parametrize(
    ("place", "error", "status"),
    [
        ("redactor.pipeline.save_set", OutOfSpace("The disk is full."), 503),
        ("redactor.verification.Verification.check", VerificationHit("PHI was heard again: 1 PERSON."), 409),
        ("redactor.service.in_place_redaction.Originals.finish", OutOfSpace("The disk is full."), 503),
    ],
)
def test_a_release_that_fails_leaves_everything_as_it_was(house, monkeypatch, place, error, status):
    with running(house) as service:
        path, message = quarantined(house, service)
        ray = house.browser("ray")
        opened(ray, message)
        before = {p.name: p.read_bytes() for p in house.recordings.iterdir()}
        with monkeypatch.context() as patch:

            def fails(*_given, **_named):
                raise error

            patch.setattr(place, fails)
            answer = post(ray, f"/messages/{message}/release", version="1", reason=REASON)
        assert answer.status_code == status
        assert error.message in answer.text
        assert {p.name: p.read_bytes() for p in house.recordings.iterdir()} == before
        assert (service.queue.counts(), row_of(service, message)["outcome"]) == ({"quarantined": 1}, "withheld")
        assert post(ray, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303
        check_artefacts(path, message, [])


def test_another_recording_of_that_name_is_not_overwritten(house):
    with running(house) as service:
        path, message = quarantined(house, service)
        ray = house.browser("ray")
        opened(ray, message)
        path.write_bytes(b"RIFF another recording")
        answer = post(ray, f"/messages/{message}/release", version="1", reason=REASON)
        assert answer.status_code == 503
        assert "changed" in answer.text
        assert not artefacts(path)
        assert service.queue.counts() == {"quarantined": 1}


def test_a_job_that_is_tried_again_meanwhile_is_not_released(house):
    with running(house) as service:
        path, message = quarantined(house, service)
        ray = house.browser("ray")
        opened(ray, message)
        with service.queue.engine.begin() as c:
            c.execute(update(jobs).values(state="claimed", worker="another", lease=time.time() + 600))
        answer = post(ray, f"/messages/{message}/release", version="1", reason=REASON)
        assert answer.status_code == 503
        assert "being processed again" in answer.text
        assert not artefacts(path)


def test_the_original_is_replaced_where_that_is_configured(house):
    with running(house, service='originals = "replace"\n') as service:
        path, message = quarantined(house, service)
        data = path.read_bytes()
        ray = house.browser("ray")
        opened(ray, message)
        assert path.read_bytes() == data
        assert post(ray, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303
        assert path.read_bytes() == artefacts(path)[".wav"].read_bytes() != data
        assert service.queue.counts() == {"redacted": 1}
        service.sweeper.sweep()
        assert service.queue.counts() == {"redacted": 1}  # it is not taken for a new recording
    places = places_in(house.settings(**house.tables()))
    assert places.open_vault().open(message, "original", by="test", reason="test") == data


def test_the_result_of_a_mailbox_is_in_its_folder(house):
    house.message(0, 3)
    inbox = house.voicemail / "default" / "100" / "INBOX"
    withheld(house, "msg0000.wav", 3, folder=inbox)
    with running(house) as service:
        service.sweeper.sweep()
        settled(service, 1)
        message = service._review.jobs.messages.message_of(1)
        ray = house.browser("ray")
        opened(ray, message)
        assert post(ray, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303
    found = {p.name for p in (inbox.parent / "redacted").iterdir()}
    assert found == {f"1764000003-00000003.redacted{suffix}" for suffix in SET}


def test_a_sent_message_that_is_released_is_judged_by_the_rules(house):
    redaction = REDACTION.replace('unheard = "quarantine"\n', 'unheard = ""\n')
    with running(house, redaction=redaction) as service:
        handler = service._handler
        handler._sent_policy = handler._job_configuration.policy  # as where sent messages are withheld, too
        path, message = quarantined(house, service, direction="out")
        ray = house.browser("ray")
        assert row_of(service, message)["direction"] == "out"
        assert "Withheld" in opened(ray, message)
        assert post(ray, f"/messages/{message}/review", version="1", verdict="pass").status_code == 409
        answer = post(ray, f"/messages/{message}/release", version="1", reason=REASON)
        assert answer.headers["location"] == f"/messages/{message}?released={message}"  # its verdict is what comes next
        check_artefacts(path, message, [])
        row = row_of(service, message)
        assert (row["outcome"], row["state"]) == ("released", "new")
        assert row["verdict"] in ("pass", "findings", "undetermined")
        assert "Your verdict on the message" in ray.get(f"/messages/{message}", headers=HTML).text


def test_a_retry_that_redacts_it_takes_it_from_the_queue(house):
    with running(house) as service:
        _, message = quarantined(house, service)
        assert row_of(service, message)["outcome"] == "withheld"
    with running(house, redaction=REDACTION.replace("quarantine", "bleep")) as service:
        service.queue.retry([1])
        service.worker.wake()
        assert settled(service, 1) == {"redacted": 1}
        assert row_of(service, message)["outcome"] == "gone"
        assert message[:12] not in house.browser("ray").get("/messages", headers=HTML).text


def test_all_jobs_come_up_if_that_is_asked(house):
    with running(house, review='take_jobs = "all"\n') as service:
        _, first = quarantined(house, service)
        done = house.record("b.wav", 7)
        house.hook("file", done, "--id", "7", "--direction", "in")
        settled(service, 2)
        second = service._review.jobs.messages.message_of(2)
        ray = house.browser("ray")
        queue = ray.get("/messages", headers=HTML).text
        assert queue.index(first[:12]) < queue.index(second[:12])
        shown = opened(ray, second)
        assert "Redacted audio and words" in shown
        word = next(w for w in view(ray, second)["words"] if w["text"] == "indeed")
        edit = {"kind": "cover", "channel": 0, "first": word["first"], "last": word["last"]}
        answer = send(ray, f"/messages/{second}/edits", {"version": 1, "edits": [edit]}).json()
        assert answer["version"] == 2
        assert "Done" in answer["note"]
        assert "indeed" in artefacts(done)[".txt"].read_text()
        assert post(ray, f"/messages/{second}/done", version="2").status_code == 303
        check_artefacts(done, second, ["indeed"])
        assert service.queue.counts() == {"quarantined": 1, "redacted": 1}
        assert row_of(service, second)["state"] == "reviewed"


def test_it_can_be_switched_off(house):
    with running(house, review='take_jobs = "none"\n') as service:
        path, message = quarantined(house, service)
        assert not message
        assert "review" not in notice(path)["act"]
        assert house.browser("ray").get("/withheld/1").status_code == 404


def test_jobs_that_were_withheld_before_come_up_later(house):
    with running(house, review='take_jobs = "none"\n') as service:
        quarantined(house, service)
    with running(house) as service:
        service._look_after_review()
        message = service._review.jobs.messages.message_of(1)
        assert row_of(service, message)["reason"] == "untranscribed-speech"


def test_what_is_kept_is_sealed_and_has_an_end(house):
    with running(house, review="keep_days = 1\n") as service:
        path, message = quarantined(house, service)
        ray = house.browser("ray")
        opened(ray, message)
        vault = service._review.jobs.messages._vault
        assert vault.holds(message, "original")
        assert vault.holds(message, "plan")
        assert b"a.wav" not in b"".join(p.read_bytes() for p in vault.folder.rglob("*") if p.is_file())
        service._look_after_review()
        assert row_of(service, message)["outcome"] == "withheld"
        with service.queue.engine.begin() as c:
            c.execute(update(messages).values(added=messages.c.added - 2 * 86_400))
        service._look_after_review()
        assert row_of(service, message)["outcome"] == "gone"
        assert not any(vault.holds(message, kind) for kind in ("original", "plan", "meta"))
        assert not list((house.folder / "versions").rglob("*.wav"))
        service._look_after_review()  # it does not come up again by itself
        assert row_of(service, message)["outcome"] == "gone"
        service.queue.retry([1])
        service.worker.wake()
        assert settled(service, 1) == {"quarantined": 1}
        assert row_of(service, message)["outcome"] == "withheld"
        assert vault.holds(message, "original")
        opened(ray, message)
        assert post(ray, f"/messages/{message}/release", version="1", reason=REASON).status_code == 303
        check_artefacts(path, message, [])


def test_two_services_do_not_release_at_once(house, monkeypatch):
    """A release that another process is at is left to it."""
    with running(house) as service:
        _, message = quarantined(house, service)
        ray = house.browser("ray")
        opened(ray, message)
        held, go = threading.Event(), threading.Event()
        finish = service._review.jobs.releases._recordings._originals.finish

        def slow(*given, **named):
            held.set()
            assert go.wait(60)
            finish(*given, **named)

        monkeypatch.setattr(service._review.jobs.releases._recordings._originals, "finish", slow)
        answers = []
        clicking = threading.Thread(
            target=lambda: answers.append(post(ray, f"/messages/{message}/release", version="1", reason=REASON))
        )
        clicking.start()
        assert held.wait(60)
        assert service.queue.counts() == {"releasing": 1}
        assert service.queue.retry([1]) == 0
        go.set()
        clicking.join(60)
        assert answers[0].status_code == 303
