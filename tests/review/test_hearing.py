"""What is read and heard, and what the trail and the reader are told of it."""

from review_site import CLEAN, HTML, SAID, post


def test_no_page_or_row_says_which_entry_of_a_list_matched(site):
    """The lists are public: "phrase 12" is the word that was said, for whoever looks it up."""
    from redactor.compliance.model import Audited, Breach, Evidence, Kind, RuleVerdict, Severity

    message = site.add(71, CLEAN)
    kept = site.store.find(message)
    entry = Evidence(0, 1, 2, 1.0, 1.5, 0.9, 1.0, "list: V05 hiv phrase 71")
    audited = Audited(
        "7" * 64, "t/1", Kind.OTHER, RuleVerdict.FINDINGS, (Breach("V05", Severity.S1, RuleVerdict.FINDINGS, (entry,)),)
    )
    folder = site.version_store.save("7" * 64, 1, (), listen=b"", view=site.version_store.view(message, kept["folder"]))
    assert site.store.add(audited, folder=folder, by="service")
    assert [e["matched"] for f in site.store.findings("7" * 64) for e in f["evidence"]] == ["list: V05"]
    page = site.client("olive").get(f"/messages/{'7' * 64}", headers=HTML).text
    assert "list: V05" in page
    assert "phrase 71" not in page
    assert "hiv" not in page


def test_no_piece_of_sound_or_words_is_given_without_an_event(site):
    """Asking for all but the first byte, or for byte "00", is hearing it too; the pieces of what was begun are one
    hearing.
    """
    message = site.add(91, SAID)

    def told(*names):
        return [site.events().count(f'"event":"{name}"') for name in names]

    for asked in ("bytes=1-", "bytes=00-"):
        before = told("redacted-heard")[0]
        client = site.client("olive")
        assert client.get(f"/messages/{message}/audio", headers={"Range": asked}).status_code == 206
        assert told("redacted-heard")[0] == before + 1
        client.get(f"/messages/{message}/audio", headers={"Range": "bytes=5-9"})
        assert told("redacted-heard")[0] == before + 1
    before = told("message-opened")[0]
    client = site.client("olive")
    for _ in range(2):
        client.get(f"/messages/{message}/view.json")
    assert told("message-opened")[0] == before + 1
    client.get(f"/messages/{message}", headers=HTML)
    assert told("message-opened")[0] == before + 2
    reader = site.client("ray")
    post(reader, f"/messages/{message}/original", reason="a good enough reason")
    before = told("original-heard")[0]
    reader.get(f"/messages/{message}/original.wav", headers={"Range": "bytes=1-"})
    assert told("original-heard")[0] == before + 1


def test_leave_ends_with_the_log_in_it_was_given_in(site):
    message = site.add(92, SAID)
    first, second = site.client("ray"), site.client("ray")
    post(first, f"/messages/{message}/original", reason="a good enough reason")
    assert first.get(f"/messages/{message}/original.wav").status_code == 200
    assert second.get(f"/messages/{message}/original.wav").status_code == 403
    assert not second.get(f"/messages/{message}/view.json").json()["revealed"]


def test_a_piece_of_sound_is_read_alone_and_long_sound_piece_by_piece(site, monkeypatch):
    from redactor.review import request_context as context
    from redactor.review import version_store

    message = site.add(93, SAID)
    client = site.client("ray")
    whole = client.get(f"/messages/{message}/audio").content
    asked, held = [], version_store.os.pread
    monkeypatch.setattr(version_store.os, "pread", lambda fd, n, at: asked.append(n) or held(fd, n, at))
    client.get(f"/messages/{message}/audio", headers={"Range": "bytes=100-199"})
    assert asked == [100]
    asked.clear()
    monkeypatch.setattr(context, "PIECE", 10_000)
    answer = client.get(f"/messages/{message}/audio")
    assert answer.content == whole
    assert int(answer.headers["content-length"]) == len(whole) == sum(asked)
    assert max(asked) == 10_000
    part = client.get(f"/messages/{message}/audio", headers={"Range": "bytes=50-25000"})
    assert (part.status_code, part.content) == (206, whole[50:25001])
