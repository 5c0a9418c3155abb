"""Sent messages that the service was told of: their own policy, and before the reviewers by themselves."""

import hashlib
import json
from contextlib import ExitStack

import pytest
from service_site import Finder, settled, wait_for
from test_serving import house as house  # noqa: PLC0414 - the fixture

from redactor import builders
from redactor.errors import ConfigurationError, OutOfSpace
from redactor.log_and_vault import places_in
from redactor.types import Finding

SAID = "Hi this is Dana Whitlock from Cedar Clinic please call 555-0142 thank you very much indeed"


def document(path):
    return json.loads(path.with_name(f"{path.stem}.redacted.json").read_text())


def rows(service):
    from redactor.review.repository import Filters

    return service._review.context.store.page(Filters()).rows


def trail_of(house):
    return "".join(p.read_text(errors="replace") for p in places_in(house.settings()).trail.rglob("*") if p.is_file())


def test_what_was_sent_comes_up_for_review_and_what_was_left_does_not(house):
    sent, left, unknown = house.record("s.wav", 1), house.record("l.wav", 2), house.record("u.wav", 3)
    with house.service(**house.tables) as service:
        house.hook("file", sent, "--id", "1", "--direction", "out")
        house.hook("file", left, "--id", "2", "--direction", "in")
        house.hook("file", unknown, "--id", "3")
        assert settled(service, 3) == {"redacted": 3}
        (row,) = rows(service)
        assert row["id"] == document(sent)["id"]
        assert row["verdict"] in ("findings", "undetermined")
        # The reviewers' version is the one beside the recording.
        view = service._review.context.versions.version_store.artefact(row["id"], row["folder"], "json")[0]
        assert json.loads(view)["intervals"] == document(sent)["intervals"]
    places = places_in(house.settings(**house.tables))
    assert places.open_vault().open(row["id"], "original", by="test", reason="test") == sent.read_bytes()
    assert trail_of(house).count('"event":"message-added"') == 1


def test_a_folder_of_sent_messages_says_so_for_its_recordings(house):
    inside = house.record("sent/deep/s.wav", 1)
    outside = house.record("sentry/o.wav", 2)
    said_otherwise = house.record("sent/i.wav", 3)
    tables = {**house.tables, "service": f'sent = ["{house.recordings}/sent"]\n'}
    with house.service(**tables) as service:
        house.hook("file", said_otherwise, "--id", "3", "--direction", "in")
        wait_for(lambda: service.queue.counts().get("redacted") == 1)
        service.sweeper.sweep()
        settled(service, 3)
        assert [row["id"] for row in rows(service)] == [hashlib.sha256(inside.read_bytes()).hexdigest()]
    assert document(outside)["policy"] == document(inside)["policy"]


def test_sent_messages_have_a_policy_of_their_own(house, monkeypatch):
    class WithNumber(Finder):
        """As every detector here, and the callback number by its right name."""

        def detect(self, text):
            found = super().detect(text)
            return tuple(
                Finding("PHONE_NUMBER", f.start, f.end, 0.9, "scripted") if "555" in text[f.start : f.end] else f
                for f in found
            )

    monkeypatch.setattr(builders, "build_detector", lambda *_: WithNumber())
    sent, left = house.record("s.wav", 1, said=SAID), house.record("l.wav", 2, said=SAID)
    redaction = (
        'model = "none"\nverify_transcripts = false\nner = "none"\nunheard = "bleep"\nsent_policy = '
        '"minimum-necessary"\n'
    )
    with house.service(redaction=redaction) as service:
        house.hook("file", sent, "--id", "1", "--direction", "out")
        house.hook("file", left, "--id", "2", "--direction", "in")
        assert settled(service, 2) == {"redacted": 2}
    assert document(sent)["policy"].startswith("minimum-necessary/")
    assert "Dana" in document(sent)["text"]
    assert "555-0142" in document(sent)["text"]
    assert "Whitlock" not in document(sent)["text"]
    assert document(left)["policy"].startswith("deidentify/")
    assert "Dana" not in document(left)["text"]


def test_it_can_be_switched_off(house):
    sent = house.record("s.wav", 1)
    tables = {**house.tables, "review": house.tables["review"] + "take_sent = false\n"}
    with house.service(**tables) as service:
        house.hook("file", sent, "--id", "1", "--direction", "out")
        assert settled(service, 1) == {"redacted": 1}
        assert not rows(service)


def test_unheard_speech_of_sent_messages_is_covered_for_a_person_will_listen(house):
    from redactor.job_config import job_configuration_of, sent_policy_of

    redaction = 'model = "none"\nverify_transcripts = false\nner = "none"\n'
    settings = house.settings(**{**house.tables, "redaction": redaction})
    assert (job_configuration_of(settings).policy.unheard_speech, sent_policy_of(settings).unheard_speech) == (
        "quarantine",
        "bleep",
    )
    assert sent_policy_of(house.settings(redaction=redaction)).unheard_speech == "quarantine"
    strict = {**house.tables, "redaction": redaction + 'unheard = "quarantine"\n'}
    assert sent_policy_of(house.settings(**strict)).unheard_speech == "quarantine"


def test_a_disk_that_fills_between_review_and_result_leaves_one_message(house, monkeypatch):
    from redactor import pipeline

    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    really, failed = pipeline.save_set, []

    def full_once(files):
        if not failed:
            failed.append(1)
            raise OutOfSpace("The disk is full.")
        return really(files)

    monkeypatch.setattr(pipeline, "save_set", full_once)
    sent = house.record("s.wav", 1)
    with house.service(**house.tables) as service:
        house.hook("file", sent, "--id", "1", "--direction", "out")
        wait_for(lambda: service.queue.counts() == {"redacted": 1})
        assert len(rows(service)) == 1
    assert failed
    assert trail_of(house).count('"event":"message-added"') == 1


def test_without_its_place_among_the_reviewers_no_message_counts_as_done(house, monkeypatch):
    from redactor.review.version_store import VersionStore

    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    really, broken = VersionStore.save, True

    def save(self, *args, **kwargs):
        if broken:
            raise OutOfSpace("The disk is full.")
        return really(self, *args, **kwargs)

    monkeypatch.setattr(VersionStore, "save", save)
    sent = house.record("s.wav", 1)
    with house.service(**house.tables) as service:
        house.hook("file", sent, "--id", "1", "--direction", "out")
        wait_for(lambda: service.queue.counts() == {"queued": 1} and service.queue.list_jobs("queued")[0]["reason"])
        assert not (house.recordings / "s.redacted.json").exists()
        broken = False
        wait_for(lambda: service.queue.counts() == {"redacted": 1})
        assert len(rows(service)) == 1


def test_who_was_called_stands_in_a_file_that_may_be_replaced(house, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    csv = house.folder / "sent.csv"
    tables = {**house.tables, "review": f'{house.tables["review"]}recipients = "{csv}"\nrecipients_seconds = 0\n'}
    by_path, by_id, not_ours, nobody = (house.record(f"sent/{n}.wav", n) for n in (1, 2, 3, 4))
    with house.service(**tables) as service:
        house.hook("file", by_path, "--id", "1", "--direction", "out")
        wait_for(lambda: [row for row in service.queue.list_jobs("queued") if row["reason"] == "on-hold"])
        csv.write_text("file,recipient,caller,direction\nsent/1.wav,r1,c1,\ncall-2,r1,c2,\ncall-3,,,in\n4.wav,r9,c9,\n")
        house.hook("file", by_id, "--id", "call-2", "--direction", "out")
        house.hook("file", not_ours, "--id", "call-3", "--direction", "out")
        house.hook(
            "file", nobody, "--id", "4", "--direction", "out"
        )  # a bare name may fit several: it is not looked at
        wait_for(lambda: service.queue.counts() == {"redacted": 4})
        found = {row["id"]: (row["caller"], row["mailbox"]) for row in rows(service)}
    first, second, last = (found[document(path)["id"]] for path in (by_path, by_id, nobody))
    assert first[1] == second[1] != ""
    assert first[0] != second[0]
    assert last == ("", "")
    assert len(found) == 3


@pytest.mark.parametrize("folder", ["relative", "/elsewhere"])
def test_folders_of_sent_messages_lie_below_the_roots(house, folder):
    with pytest.raises(ConfigurationError, match=r"service\.sent"):
        house.settings(**house.tables, service=f'sent = ["{folder}"]\n')


def test_what_a_hook_says_counts_more_than_the_sweep(house):
    """After a pause of the service the sweeper may come first."""
    sent = house.record("s.wav", 1)
    with house.service(**house.tables) as service:
        spool = service.ingest._spool
        with ExitStack() as held:
            wait_for(lambda: held.enter_context(spool.importing()))  # the other loop waits
            house.hook("file", sent, "--id", "1", "--direction", "out")
            service.ingest.take_file(str(sent), source="sweep", identity=str(sent), via="sweep")
        wait_for(lambda: not list(spool.new.iterdir()))
        wait_for(lambda: len(rows(service)) == 1)
        assert settled(service, 1) == {"redacted": 1}


def test_a_result_of_the_time_before_the_review_comes_up_all_the_same(house):
    sent = house.record("s.wav", 1)
    off = {**house.tables, "review": house.tables["review"] + "take_sent = false\n"}
    with house.service(**off) as service:
        house.hook("file", sent, "--id", "1", "--direction", "out")
        settled(service, 1)
        service.queue.repeat(1)
        settled(service, 1)
    with house.service(**house.tables) as service:
        service.queue.repeat(1)  # not before: the service that ends could take it
        wait_for(lambda: len(rows(service)) == 1)
        assert settled(service, 1) == {"redacted": 1}
        service.queue.repeat(1)
        assert settled(service, 1) == {"redacted": 1}
        assert len(rows(service)) == 1


def test_it_waits_for_the_file_of_recipients_however_long(house, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.001)
    csv, tried = house.folder / "sent.csv", []
    tables = {
        **house.tables,
        "review": f'{house.tables["review"]}recipients = "{csv}"\n',
        "service": "tries = 2\n",
    }
    sent = house.record("s.wav", 1)
    with house.service(**tables) as service:
        really = service.queue.put_off
        monkeypatch.setattr(service.queue, "put_off", lambda *a, **k: tried.append(1) or really(*a, **k))
        house.hook("file", sent, "--id", "1", "--direction", "out")
        wait_for(lambda: len(tried) > 4)
        csv.write_text("file,recipient\ns.wav,r1\n")
        assert settled(service, 1) == {"redacted": 1}


def test_edits_of_sent_messages_follow_their_policy(house):
    from redactor.policy import Edit

    sent = house.record("s.wav", 1, said=SAID)
    (house.folder / "tight.toml").write_text('name = "tight"\nversion = "1"\npadding = 0.0\n')
    redaction = f'model = "none"\nverify_transcripts = false\nner = "none"\nsent_policy = "{house.folder}/tight.toml"\n'
    with house.service(**{**house.tables, "redaction": redaction}) as service:
        house.hook("file", sent, "--id", "1", "--direction", "out")
        assert settled(service, 1) == {"redacted": 1}
        (row,) = rows(service)
        versions = service._review.context.versions
        versions.edit(row["id"], 1, [Edit("cover", 0, 0, 1)], by="test", reason="test")
        (row,) = rows(service)
        doc = json.loads(versions.version_store.artefact(row["id"], row["folder"], "json")[0])
    assert (row["version"], doc["policy"]) == (2, "tight/1")
    assert doc["intervals"][0]["start"] == 0.3  # where the word begins: the service's policy would bleep 0.25 s more


def test_doubt_withholds_no_message_that_people_review():
    from types import SimpleNamespace

    from redactor.job_config import sent_policy_of

    def limit(*, reviewed):
        redaction = SimpleNamespace(unheard="", sent_policy="", policy="deidentify")
        return sent_policy_of(SimpleNamespace(redaction=redaction, reviews_sent=reviewed)).max_doubt

    assert limit(reviewed=True) == 1.0
    assert limit(reviewed=False) < 1.0
