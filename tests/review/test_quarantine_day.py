"""An operator's day: the 20 recordings that an archive run withheld, with the keyboard alone."""

import statistics
import time

import pytest
from archive_site import LONG, REASON, SET, SURE, TWIN, WITHHELD, ArchiveSite, logged
from browsing import ready, saved
from review_site import CANARY

COUNT = 20
TOOK = 40.0
"""Seconds: each of the recordings that are listened to takes less."""
LISTENED = 4
"""So many are played to the end of the doubtful stretch, one of each kind; the rest is stopped, to save time."""
REFUSED = "Two patients speak at once."
SAID = (
    LONG,
    "this is Rowan from the practice again for Dana Whitlock about metformin please call 555-0142 goodbye",
    "good morning Dana Whitlock from the practice the doctor would like to see you soon thank you",
)
DAYS = ("uncovers", "leaves covered", "refuses", "covers more")
"""What the operator does, in turn."""


class Keyboard:
    """Presses keys and counts them; on this page everything is done with keys."""

    def __init__(self, page):
        self.page, self.pressed = page, 0

    def __call__(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        self.pressed += len(keys)

    def types(self, text):
        self.page.keyboard.type(text)
        self.pressed += len(text)


@pytest.fixture
def site(tmp_path, monkeypatch, capsys):
    site = ArchiveSite(tmp_path, monkeypatch, capsys)  # two withheld files with the same bytes, and a redacted one
    for n in range(1, COUNT):
        site.add(f"desk{n % 3}/msg1{n:03d}", 100 + n, SAID[n % len(SAID)], cut=True)
    return site


def decide(page, keys, what, *, listen):
    """One recording, from the open page to the next."""
    keys("d")  # hear the stretch for which it was withheld
    page.locator("#play", has_text="Pause").wait_for()
    if not listen:
        keys("Space")
    page.locator("#play", has_text="Play").wait_for()
    if what == "uncovers":
        keys("x", "s")
    elif what == "covers more":
        keys(".", "x", "s")
    if what in ("uncovers", "covers more"):
        saved(page, 2)
    keys("G" if what == "refuses" else "g")
    keys.types(REFUSED if what == "refuses" else REASON)
    keys("Enter")


def test_a_quarantine_of_twenty_is_cleared_with_the_keyboard(site, window_of):
    code, err, rows = site.redact()
    assert (code, list(rows.values()).count("quarantined")) == (3, COUNT)
    assert f"{COUNT + 1} recordings were withheld" in err
    names = {id_: name for name, id_ in site.ids.items() if name != TWIN}
    done, took, pressed, views = {}, [], [], {}
    with site.review(served=True) as client:
        page = window_of(client)
        keys = Keyboard(page)
        page.goto(client.link)
        page.wait_for_url("**/messages")
        page.get_by_role("button", name="Review the next recording").focus()
        keys("Enter")
        for n in range(COUNT):
            page.wait_for_selector(".word")
            ready(page)
            begin, before, message = time.monotonic(), keys.pressed, page.url.partition("?")[0].rsplit("/", 1)[1]
            what = DAYS[n % len(DAYS)]
            assert message in names
            assert message not in done
            assert page.get_by_text("Withheld", exact=True).is_visible()
            assert page.locator("#doubt-count").inner_text() == "1"
            shown = page.evaluate("fetch(location.pathname + '/view.json').then((r) => r.json())")
            decide(page, keys, what, listen=n < LISTENED)
            settled = "refused" if what == "refuses" else "released"
            page.wait_for_url(f"**?{settled}={message}", wait_until="commit")
            took.append(time.monotonic() - begin)
            pressed.append(keys.pressed - before)
            done[message], views[message] = what, shown
        ready(page)
        assert page.url.partition("?")[0].endswith(site.ids[SURE])  # then what was redacted
        page.goto(f"{client.base_url}/messages?outcome=withheld")
        assert page.get_by_text("Nothing matches these filters.").is_visible()
        page.goto(f"{client.base_url}/messages?outcome=refused")
        listed = page.locator("tbody tr").count()
    assert set(done) == set(names) - {site.ids[SURE]}
    refused = [m for m, what in done.items() if what == "refuses"]
    assert listed == len(refused) == COUNT // len(DAYS)
    check(site, done, names, views)
    # A later run leaves all of it as it is.
    written = {path: path.read_bytes() for name in names.values() for path in site.artefacts(name).values()}
    code, err, rows = site.redact()
    assert {m: site.status(rows, names[m]) for m in refused} == dict.fromkeys(refused, "quarantined")
    assert {site.status(rows, names[m]) for m in done if m not in refused} == {"skipped"}
    assert written == {path: path.read_bytes() for name in names.values() for path in site.artefacts(name).values()}
    print(f"seconds: {[round(t, 1) for t in took]}, keys: {pressed}")
    assert max(took[:LISTENED]) < TOOK
    assert statistics.median(took) < TOOK


def check(site, done, names, views):
    """What the output folder holds of each recording, and the audit log of what was decided."""
    told = logged(site)
    assert told.count("message-released") == sum(what != "refuses" for what in done.values())
    assert told.count("release-refused") == sum(what == "refuses" for what in done.values())
    for message, what in done.items():
        name = names[message]
        made = site.artefacts(name)
        if what == "refuses":
            assert not made
            continue
        assert set(made) == SET
        for suffix in SET - {".wav"}:
            text = made[suffix].read_text()
            assert not any(c in text for c in CANARY)
            assert ("UNTRANSCRIBED" in text) == (what != "uncovers") or suffix == ".json"
        original, out = site.samples(site.archive / f"{name}.wav"), site.samples(made[".wav"])
        assert original.shape == out.shape
        words = views[message]["words"]
        lost = next(w for w in words if w["label"] == "UNTRANSCRIBED")
        middle = slice(int((lost["start"] + 0.5) * 8000), int((lost["end"] - 0.5) * 8000))
        assert (abs(original[middle] - out[middle]).max() < 0.01) == (what == "uncovers")
        for w in words:
            part = slice(int((w["start"] + 0.02) * 8000), int((w["end"] - 0.02) * 8000))
            if w["label"] and w["label"] != "UNTRANSCRIBED":
                assert abs(original[part] - out[part]).max() > 0.05, w["label"]
        if what == "covers more":
            more = words[words.index(lost) + 1]
            part = slice(int((more["start"] + 0.02) * 8000), int((more["end"] - 0.02) * 8000))
            assert abs(original[part] - out[part]).max() > 0.05
    assert set(site.artefacts(TWIN)) == (SET if done[site.ids[WITHHELD]] != "refuses" else set())
