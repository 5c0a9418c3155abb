"""Blind reviews, disputes, and who may settle them: nobody in a cause of their own, nobody who has read."""

import re

from review_site import CLEAN, HTML, SAID, judged, post


def test_blind_reviews_a_dispute_and_the_leads_word(site):
    messages = [site.add(seed, SAID) for seed in (41, 42)]
    lead = site.client("lee")
    drawn = post(lead, "/samples", size="100", least="1", seed="7", reviews="2", by_verdict="1")
    assert drawn.status_code == 303
    assert "sample-drawn" in site.events()
    message = messages[0]
    undecided = post(
        site.client("ray"), f"/messages/{message}/review", version="1", verdict="pass", comment="keep these words"
    )
    assert undecided.status_code == 409
    assert "keep these words" in undecided.text
    assert judged(site, "ray", message, "findings", missed="V05").status_code == 303
    # The second reader learns nothing of the first.
    rita = site.client("rita")
    for path in (f"/messages/{message}", f"/messages/{message}/view.json", "/messages", "/dashboard"):
        text = rita.get(path, headers=HTML).text
        assert "from ray" not in text
        assert "V05 at" not in text
    assert rita.get(f"/messages/{message}/view.json").json()["mine"]["missed"] == []
    assert lead.get(f"/messages/{message}/adjudication").status_code == 404
    assert judged(site, "rita", message, "pass", answer="reject").status_code == 303
    assert site.store.find(message)["state"] == "disputed"
    page = lead.get(f"/messages/{message}/adjudication").text
    assert "from ray" in page
    assert "from rita" in page
    turn = re.search(r'name="turn" value="(\d+)"', page)[1]
    answers = {f"finding_{f['number']}": "accept" for f in site.store.findings(message)}
    stale = post(
        lead,
        f"/messages/{message}/adjudication",
        turn=str(int(turn) - 1),
        verdict="findings",
        comment="my long text",
        **answers,
    )
    assert stale.status_code == 409
    assert "my long text" in stale.text
    assert (
        post(
            lead, f"/messages/{message}/adjudication", turn=turn, verdict="findings", missed_V05="1", **answers
        ).status_code
        == 303
    )
    assert site.store.find(message)["state"] == "adjudicated"
    assert "adjudicated" in site.events()
    # What two agree on needs no lead.
    for name in ("ray", "rita"):
        assert judged(site, name, messages[1], "findings").status_code == 303
    assert site.store.find(messages[1])["state"] == "reviewed"
    third = post(lead, f"/messages/{messages[1]}/review", version="1", verdict="pass")
    assert third.status_code == 409


def test_nobody_settles_a_dispute_of_their_own_and_reading_a_review_ends_blindness(site):
    message, other = site.add(81, SAID), site.add(82, CLEAN)
    lead = site.client("lee")
    assert judged(site, "lee", message, "findings").status_code == 303
    assert judged(site, "ray", other, "pass").status_code == 303
    assert "from ray" in lead.get(f"/messages/{other}/adjudication").text
    post(lead, "/samples", size="5000", least="1", seed="7", reviews="2", by_verdict="1")
    blind = post(lead, f"/messages/{other}/review", version="1", verdict="pass")
    assert blind.status_code == 409
    assert "blind" in blind.text
    assert judged(site, "rita", message, "pass", answer="reject").status_code == 303
    page = lead.get(f"/messages/{message}/adjudication").text
    assert "another lead must decide" in page
    assert 'name="turn"' not in page
    turn = site.store.find(message)["turn"]
    refused = post(lead, f"/messages/{message}/adjudication", turn=str(turn), verdict="findings")
    assert refused.status_code == 409
    assert site.store.find(message)["state"] == "disputed"


def test_the_export_of_judgments_ends_blindness_and_its_event_counts_its_rows(site):
    message = site.add(83, CLEAN)
    assert judged(site, "ray", message, "pass").status_code == 303
    rows = site.client("lee").get("/export/judgments.csv").text.count("\r\n") - 1
    assert f'"what":"judgments","rows":{rows}' in site.events().replace(" ", "")
    post(site.client("lee"), "/samples", size="5000", least="1", seed="8", reviews="2", by_verdict="1")
    assert post(site.client("lee"), f"/messages/{message}/review", version="1", verdict="pass").status_code == 409
    assert judged(site, "rita", message, "pass").status_code == 303
