"""One recording that is sent to several people: a message for each, by what each of them has allowed."""

import json

import pytest
from review_site import SAID, recording
from service_site import settled, wait_for
from sqlalchemy import text
from test_recipients import id_of, on_hold, with_list
from test_sent import rows, trail_of
from test_serving import add, named_transcripts
from test_serving import house as house  # noqa: PLC0414 - the fixture

from redactor.audio import Source
from redactor.compliance.recipients import Sending
from redactor.log_and_vault import places_in
from redactor.policy import Edit
from redactor.review.schema import sendings
from redactor.speech import TranscriptReader

REGISTER = "recipient,scopes,restrictions,part2\nr1,,,no\nr2,,no-voicemail,no\n"


@pytest.fixture
def consents(house):
    path = house.folder / "consents.csv"
    path.write_text(REGISTER)
    return f'consents = "{path}"\n'


def test_the_same_bytes_are_audited_for_each_whom_they_were_sent_to(house, consents):
    _, tables = with_list(house, "file,recipient,caller\na.wav,r1,c1\nb.wav,r2,c1\n")
    tables["review"] += consents
    one, other = house.record("a.wav", 1), house.record("b.wav", 1)
    with house.service(**tables) as service:
        for number, path in enumerate((one, other), 1):
            house.hook("file", path, "--id", number, "--direction", "out")
            assert settled(service, number) == {"redacted": number}
        service.queue.repeat(1)
        service.queue.repeat(2)
        settled(service, 2)
        second, first = rows(service)
        mark = service.queue.sealer.mark
        assert [row["mailbox"] for row in (first, second)] == [mark(r).hex() for r in (b"r1", b"r2")]
        assert first["id"] == first["audio"] == second["audio"] == id_of(one) != second["id"]
        store, versions = service._review.context.store, service._review.context.versions
        broken = [
            {f["rule"] for f in store.findings(row["id"]) if f["verdict"] == "findings"} for row in (first, second)
        ]
        assert broken[1] - broken[0] == {"V17"}
        assert [versions.name(row["id"], by="test", reason="test") for row in (first, second)] == ["a.wav", "b.wav"]
        # Each has redactions of its own; the recording is sealed once.
        assert versions.edit(second["id"], 1, [Edit("cover", 0, 3, 4)], by="test", reason="test") == 2
        second, first = rows(service)
        assert (first["version"], second["version"]) == (1, 2)
        assert versions.original(second["id"], "g", by="test", reason="test") is not None
    kinds = sorted(item.kind for item in places_in(house.settings(**tables)).open_vault().items())
    made = second["id"][:12]
    assert kinds == ["meta", f"meta-{made}", "original", "plan", f"plan-{made}"]
    assert trail_of(house).count('"event":"message-added"') == 2


def test_a_message_of_an_earlier_version_does_not_come_up_again(house):
    path = house.record("a.wav", 1)
    with house.service(**house.tables) as service:
        house.hook("file", path, "--id", "1", "--direction", "out")
        settled(service, 1)
        store = service._review.context.store
        with store.engine.begin() as c:
            c.execute(sendings.delete())
            c.execute(text("DROP TABLE redactor_schema"))
        store.prepare()
        knows = service._review.importer.knows
        assert knows(id_of(path), place=str(path))
        assert knows(id_of(path), place=str(path))
        assert not knows(id_of(path), place="/elsewhere")


def test_one_who_is_not_on_the_list_is_not_passed_over_for_another_who_is(house, monkeypatch):
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    _, tables = with_list(house, "file,recipient\na.wav,r1\n", patience=2.0)
    one, other = house.record("a.wav", 1), house.record("b.wav", 1)
    with house.service(**tables) as service:
        house.hook("file", one, "--id", "1", "--direction", "out")
        settled(service, 1)
        house.hook("file", other, "--id", "2", "--direction", "out")
        wait_for(lambda: on_hold(service))
        settled(service, 2)
        assert [bool(row["mailbox"]) for row in rows(service)] == [False, True]


def test_what_the_command_added_the_service_does_not_add_again(house):
    one, other = house.record("a.wav", 1), house.record("b.wav", 1)
    named_transcripts(house)
    who = house.folder / "who.csv"
    who.write_text("file,recipient\na.wav,r1\nb.wav,r2\n")
    first = json.loads(add(house, house.recordings, "--recipients", who).output.splitlines()[-1])
    assert sum(first.values()) == 2
    assert "known" not in first
    assert json.loads(add(house, house.recordings).output.splitlines()[-1]) == {"known": 2}
    with house.service(**house.tables) as service:
        house.hook("file", one, "--id", "1", "--direction", "out")
        house.hook("file", other, "--id", "2", "--direction", "out")
        settled(service, 2)
        assert len(rows(service)) == 2


def test_edits_follow_the_recognition_that_the_message_was_judged_by(site):
    """Another model may have heard the second time."""
    data, _ = recording(40, SAID)
    source, ids = Source.of(data, ".wav"), []
    shorter = SAID.rsplit(" ", 2)[0]
    for place, said in (("p1", SAID), ("p2", shorter)):
        heard = site.folder / f"{place}.json"
        heard.write_text(recording(40, said)[1])
        site.versions.add(source, TranscriptReader(heard), Sending(), by="service", place=place, before_save=ids.append)
    words = [len(site.versions.original(i, f"grant-{i}", by="test", reason="test")[1]) for i in ids]
    assert words == [len(SAID.split()), len(shorter.split())]


def test_a_reviewer_is_led_to_the_other_sendings(site):
    data, transcript = recording(41, SAID)
    heard, ids = site.folder / "heard.json", []
    heard.write_text(transcript)
    for place in ("p1", "p2"):
        site.versions.add(
            Source.of(data, ".wav"),
            TranscriptReader(heard),
            Sending(),
            by="service",
            place=place,
            before_save=ids.append,
        )
    client = site.client("ray")
    for own, other in (ids, ids[::-1]):
        page = client.get(f"/messages/{own}").text
        assert f'href="/messages/{other}"' in page
        assert ids[0] in page
    alone = site.add(42, SAID)
    assert "sent more than once" not in client.get(f"/messages/{alone}").text
    lines = site.client("lee").get("/export/messages.csv").text.splitlines()
    assert lines[0].endswith(",audio")
    assert sum(line.endswith(f",{ids[0]}") for line in lines) == 2
