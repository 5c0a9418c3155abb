"""A sample of a run: drawn from what was redacted, reviewed, and turned into the run's miss rate."""

import json

import pytest
from archive_site import SHORT, ArchiveSite
from review_site import HTML, post, send
from sqlalchemy import insert

from redactor.database import connect
from redactor.errors import NoInput
from redactor.review.misses import miss_report
from redactor.review.repository import ReviewRepository
from redactor.review.schema import messages, sampled, samples, versions


@pytest.fixture
def site(tmp_path, monkeypatch, capsys):
    return ArchiveSite(tmp_path, monkeypatch, capsys)


def figures(site, *more):
    code, _ = site.command("evaluate", "--from-review", site.out, "--json", *more)
    assert code == 0
    return json.loads(site.printed)


def test_a_sample_is_drawn_reviewed_and_counted(site):
    for number, name in enumerate(("msg0004", "msg0005"), 4):
        site.add(name, number, SHORT)
    assert site.redact()[0] == 3
    code, err = site.command("sample", site.archive, "--out", site.out, "-n", 2, "--seed", 5)
    assert (code, "Sample 1: 2 of 3 redacted recordings" in err) == (0, True)
    found = figures(site)
    assert (found["of"], found["drawn"], found["reviewed"], found["missed"]) == (3, 2, 0, None)
    with site.opened() as client:
        first = post(client, "/messages/next").headers["location"].removeprefix("/messages/")
        assert first in {site.ids[name] for name in ("msg0001", "msg0004", "msg0005")}  # not what is withheld
        assert client.get(f"/messages/{first}", headers=HTML).status_code == 200
        word = next(w for w in client.get(f"/messages/{first}/view.json").json()["words"] if w["text"] == "goodbye")
        edit = {"kind": "cover", "channel": 0, "first": word["first"], "last": word["last"], "label": "PERSON"}
        assert send(client, f"/messages/{first}/edits", {"version": 1, "edits": [edit]}).status_code == 200
        assert post(client, f"/messages/{first}/done", version="2").status_code == 303
        second = post(client, "/messages/next").headers["location"].removeprefix("/messages/")
        assert client.get(f"/messages/{second}", headers=HTML).status_code == 200
        assert post(client, f"/messages/{second}/done", version="1").status_code == 303
    found = figures(site)
    assert (found["reviewed"], found["missed"]["hits"], found["missed"]["n"]) == (2, 1, 2)
    assert found["missed"]["low"] < 0.5 < found["missed"]["high"]
    assert found["labels"] == [["PERSON", 1]]
    assert found["needless"]["hits"] == 0


def test_labels_and_a_review_are_two_questions(site):
    site.redact()
    code, err = site.command("evaluate", "labels.jsonl", "--from-review", site.out)
    assert (code, "Give one of them" in err) == (78, True)
    code, err = site.command("evaluate")
    assert (code, "--from-review" in err) == (78, True)
    code, err = site.command("evaluate", "--from-review", site.out)
    assert (code, "redactor sample" in err) == (66, True)


@pytest.fixture
def engine(tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/review.sqlite")
    ReviewRepository(engine).prepare()
    yield engine
    engine.dispose()


def reviewed(c, name, edits, *, state="reviewed", probability=1.0):
    blank = dict.fromkeys("kind verdict severity rule rules ruleset caller mailbox folder".split(), "")
    row = {**blank, "id": name, "added": 1.0, "duration": 1.0, "state": state, "needed": 1, "version": 2, "turn": 0}
    c.execute(insert(messages).values(**row))
    version = {"message": name, "version": 2, "folder": "", "by": "x", "at": 1.0, "edits": json.dumps(edits)}
    c.execute(insert(versions).values(**version))
    c.execute(insert(sampled).values(sample=1, message=name, stratum="all", probability=probability))


def test_what_was_added_counts_as_missed_and_what_was_removed_as_needless(engine):
    edit = {"channel": 0, "first": 0, "last": 1, "start": 0.0, "end": 0.0}
    with engine.begin() as c:
        values = {"id": 1, "at": 1.0, "by": "x", "seed": 1, "size": 4, "of": 9, "reviews": 1, "plan": "{}"}
        c.execute(insert(samples).values(**values))
        reviewed(
            c, "a", [{**edit, "kind": "cover", "label": "MEDICATION"}, {**edit, "kind": "region", "label": "PERSON"}]
        )
        reviewed(c, "b", [{**edit, "kind": "uncover", "label": "REDACTED"}])
        reviewed(c, "c", [])
        reviewed(c, "d", [{**edit, "kind": "cover", "label": "PERSON"}], state="new")  # not done yet
    found = miss_report(engine)
    assert (found.of, found.drawn, found.reviewed) == (9, 4, 3)
    assert (found.missed.hits, found.needless.hits, found.missed.n) == (1, 1, 3)
    assert found.labels == (("MEDICATION", 1), ("PERSON", 1))


def test_without_a_sample_there_is_nothing_to_tell(engine):
    with pytest.raises(NoInput, match="No sample"):
        miss_report(engine)
    with pytest.raises(NoInput, match="No sample"):
        miss_report(engine, 7)
