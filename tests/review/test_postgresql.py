"""The same store on PostgreSQL: everything that is asked of the database, asked once there."""

import postgresql
import pytest
from review_site import SAID, ReviewSite, post, send

from redactor.review.report import report
from redactor.review.repository import Filters

pytestmark = pytest.mark.skipif(bool(postgresql.missing()), reason=postgresql.missing())


def test_a_day_on_postgresql(tmp_path):
    with postgresql.server() as url:
        site = ReviewSite(tmp_path, url=url)
        messages = [site.add(seed, SAID) for seed in (1, 2, 3)]
        lead, ray, rita = (site.client(name) for name in ("lee", "ray", "rita"))
        assert (
            post(lead, "/samples", size="3", least="1", seed="7", reviews="2", by_verdict="1", by_rule="1").status_code
            == 303
        )
        found = post(ray, "/messages/next").headers["location"].rsplit("/", 1)[1]
        assert found in messages
        assert (
            send(
                ray,
                f"/messages/{found}/edits",
                {"version": 1, "edits": [{"kind": "region", "channel": 0, "start": 0.1, "end": 0.4}]},
            ).status_code
            == 200
        )
        assert post(ray, f"/messages/{found}/original", reason="a good enough reason").status_code == 303
        assert ray.get(f"/messages/{found}/view.json").json()["revealed"]
        for client, answer in ((ray, "accept"), (rita, "reject")):
            for f in site.store.findings(found):
                body = {"finding": f["number"], "rule": f["rule"], "decision": answer}
                assert send(client, f"/messages/{found}/decisions", body).status_code == 200
            verdict = "findings" if answer == "accept" else "pass"
            assert post(client, f"/messages/{found}/review", version="2", verdict=verdict).status_code == 303
        assert site.store.find(found)["state"] == "disputed"
        answers = {f"finding_{f['number']}": "accept" for f in site.store.findings(found)}
        turn = str(site.store.find(found)["turn"])
        assert (
            post(lead, f"/messages/{found}/adjudication", turn=turn, verdict="findings", **answers).status_code == 303
        )
        assert report(site.engine, 1).precision.share == 1.0
        seen, after = [], ""
        while True:
            page = site.store.page(Filters(rule="V16", sample=1), after=after, limit=1)
            seen += [row["id"] for row in page.rows]
            if not (after := page.following):
                break
        assert sorted(seen) == sorted(messages)
        assert lead.get("/export/judgments.csv").text.count(found) > 2
        site.engine.dispose()
