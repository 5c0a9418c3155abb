"""The trail: what is appended stays, whoever else appends and whoever is killed; and every single change of it is
found.
"""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from trails import MESSAGE, checked, event, exported, opened, segment

from redactor.audit_log import Anchor, KeyRing, entries, events, verify, verify_export
from redactor.audit_log import log as trail_module
from redactor.errors import ConfigurationError, OutputError, TrailDamaged


def test_what_is_appended_is_there_in_order_and_verifies(tmp_path):
    trail = opened(tmp_path)
    assert [trail.append(event(n)) for n in range(5)] == [2, 3, 4, 5, 6]
    assert [e["version"] for e in entries(tmp_path / "trail") if e["event"] == "message-opened"] == [0, 1, 2, 3, 4]
    report = checked(tmp_path)
    assert report.sound
    assert (report.entries, report.last, report.after_anchor, report.unfinished) == (6, 6, 0, 0)


def test_files_are_for_their_owner_only(tmp_path):
    opened(tmp_path).append(event())
    assert {oct(p.stat().st_mode & 0o777) for p in tmp_path.rglob("*") if p.is_file()} == {"0o600"}


@pytest.mark.parametrize("said", ["hi this is dana", "metformin refill", "café", "a" * 200, "../x", "x\n"])
def test_speech_does_not_fit_into_an_event(said):
    with pytest.raises(ValueError, match="cannot be logged") as caught:
        events.OriginalHeard(by="person:1", message=MESSAGE, version=1, reason=said)
    assert said not in str(caught.value)
    with pytest.raises(ValueError, match="cannot be logged"):
        events.MessageOpened(by="person:1", message=said, version=1)


def test_every_event_has_a_name_of_its_own():
    assert len(events.KINDS) == len(events.NAMES) > 30
    assert events.KINDS["original-heard"] is events.OriginalHeard


def test_a_mark_tells_the_same_text_again_and_nothing_else(tmp_path):
    trail = opened(tmp_path)
    mark = trail.mark("patient dana called")
    trail.rotate(by="user:1")
    assert opened(tmp_path).mark("patient dana called") == mark != trail.mark("patient dana calls")
    assert "dana" not in mark
    (tmp_path / "other").mkdir()
    assert opened(tmp_path / "other").mark("patient dana called") != mark


def test_threads_and_other_objects_append_to_one_chain(tmp_path):
    trails = [opened(tmp_path), opened(tmp_path)]

    def work(trail):
        for n in range(10):
            trail.append(event(n))

    threads = [threading.Thread(target=work, args=(t,)) for t in trails * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = checked(tmp_path)
    assert (report.sound, report.entries) == (True, 41)


WRITER = """
import sys
from pathlib import Path
from redactor.audit_log import Trail, events
folder = Path(sys.argv[1])
trail = Trail.open(folder / "trail", key=folder / "keys", anchor=folder / "second" / "anchor")
event = events.MessageOpened(by="person:1", message="ab" * 32, version=1)
for _ in range(int(sys.argv[2])):
    print(trail.append_many([event] * 20), flush=True)
"""


def test_processes_append_to_one_chain_and_roll_segments_together(tmp_path):
    opened(tmp_path).rotate(by="user:1")
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, "8"], stdout=subprocess.PIPE) for _ in range(3)
    ]
    trail = opened(tmp_path)
    for _ in range(3):
        trail.rotate(by="user:1")
        time.sleep(0.1)
    for one in running:
        one.communicate(timeout=60)
        assert one.returncode == 0
    report = checked(tmp_path)
    assert report.sound
    assert sum(e["event"] == "message-opened" for e in entries(tmp_path / "trail")) == 3 * 8 * 20


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path):
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, "100000"], stdout=subprocess.PIPE, text=True
        ) as one:
            seen = [int(one.stdout.readline()) for _ in range(6)]
            os.kill(one.pid, signal.SIGKILL)
            rest = one.stdout.read()
            seen += [int(n) for n in rest.split("\n")[:-1]]
        trail = opened(tmp_path)
        assert trail.append(event()) > seen[-1]
        assert checked(tmp_path).sound
        assert sum(1 for _ in entries(tmp_path / "trail")) > seen[-1]


@pytest.mark.parametrize(
    "torn", [b'{"n":4,"t":"20', b"\0" * 700, b"\n", b"x\ny\nz", b'{"n":4,"mac":"' + b"0" * 64 + b'"}']
)
def test_a_torn_write_is_recorded_and_stays(tmp_path, torn):
    trail = opened(tmp_path)
    trail.append_many([event(1), event(2)])
    with segment(tmp_path).open("ab") as file:
        file.write(torn)
    assert checked(tmp_path).unfinished == len(torn)
    assert trail.append(event(3)) == 5
    trail.append(event(4))
    assert torn in segment(tmp_path).read_bytes()
    told = [e for e in entries(tmp_path / "trail") if e.get("event") == "interrupted"]
    assert [e["size"] for e in told] == [len(torn)]
    for report in (checked(tmp_path), checked(tmp_path)):
        assert (report.sound, report.interruptions, report.entries) == (True, 1, 6)
    content = segment(tmp_path).read_bytes()
    segment(tmp_path).write_bytes(content.replace(torn + b"\n{", b"{", 1))
    assert not checked(tmp_path).sound


@pytest.mark.parametrize("left", range(1, 200, 13))
def test_a_write_that_stopped_anywhere_is_taken_up(tmp_path, left):
    trail = opened(tmp_path)
    trail.append(event(1))
    anchor, size = trail.anchor.read_bytes(), segment(tmp_path).stat().st_size
    trail.append_many([event(2), event(3)])
    trail.anchor.write_bytes(anchor)
    os.truncate(segment(tmp_path), segment(tmp_path).stat().st_size - left)
    assert segment(tmp_path).stat().st_size >= size
    again = opened(tmp_path)
    again.append(event(4))
    report = checked(tmp_path)
    assert (report.sound, report.unfinished) == (True, 0)
    assert report.interruptions == (left > 1)
    exported(tmp_path, tmp_path / "e")
    assert verify_export(tmp_path / "e", KeyRing.load(tmp_path / "keys"))[1] == ()


def test_entries_that_a_killed_writer_left_before_its_anchor_stand(tmp_path):
    trail = opened(tmp_path)
    trail.append(event(1))
    old = (tmp_path / "second" / "anchor").read_bytes()
    trail.append_many([event(2), event(3)])
    (tmp_path / "second" / "anchor").write_bytes(old)
    assert checked(tmp_path).after_anchor == 2
    assert opened(tmp_path).append(event(4)) == 5
    assert checked(tmp_path).sound


def cut_last_entry(folder):
    content = segment(folder).read_bytes()
    segment(folder).write_bytes(content[: content.rindex(b"\n", 0, -1) + 1])


def empty_folder(folder):
    for path in (folder / "trail").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "done",
    [
        cut_last_entry,
        empty_folder,
        lambda f: (f / "second" / "anchor").unlink(),
        lambda f: (f / "keys").unlink(),
        lambda f: (f / "second" / "anchor").write_text("x"),
        lambda f: segment(f).write_bytes(b""),
    ],
    ids=["tail cut", "folder emptied", "anchor gone", "keys gone", "anchor overwritten", "segment emptied"],
)
def test_nothing_is_written_to_a_trail_that_was_cut(tmp_path, done):
    trail = opened(tmp_path)
    trail.append_many([event(1), event(2)])
    done(tmp_path)
    with pytest.raises(TrailDamaged):
        opened(tmp_path).append(event(3))
    if (tmp_path / "keys").exists() and "anchor" not in str(done.__code__.co_consts):
        with pytest.raises(TrailDamaged):
            trail.append(event(3))


def test_an_anchor_kept_elsewhere_binds_whoever_can_put_both_places_back(tmp_path):
    trail = opened(tmp_path)
    trail.append(event(1))
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    trail.append(event(2))
    outside = Anchor.parse(trail.now().text())
    for path, content in before.items():
        path.write_bytes(content)
    assert checked(tmp_path).sound  # as the documentation says: nothing on this host can tell
    assert not checked(tmp_path, outside).sound
    again = opened(tmp_path)
    again.append(event(7))
    assert "rewritten" in " ".join(checked(tmp_path, outside).problems)


def test_whoever_has_no_key_cannot_make_an_anchor(tmp_path):
    trail = opened(tmp_path)
    trail.append_many([event(1), event(2)])
    cut_last_entry(tmp_path)
    content = segment(tmp_path).read_bytes()
    now = trail.anchor.read_text()
    anchor = Anchor.parse(now)
    forged = Anchor(anchor.trail, 2, content[-67:-3].decode(), 1, len(content), anchor.time).signed(b"f" * 32)
    forged.save(tmp_path / "second" / "anchor")
    assert not checked(tmp_path).sound
    with pytest.raises(TrailDamaged):
        opened(tmp_path)


def test_a_new_key_goes_on_with_the_chain_and_old_entries_still_verify(tmp_path):
    trail, other = opened(tmp_path), opened(tmp_path)
    trail.append(event(1))
    trail.rotate(by="user:1")
    other.append(event(2))  # knew only the old key
    assert len(KeyRing.load(tmp_path / "keys").keys) == 2
    report = checked(tmp_path)
    assert (report.sound, report.segments) == (True, 2)
    assert [e["event"] for e in entries(tmp_path / "trail")] == [
        "segment-opened",
        "message-opened",
        "key-changed",
        "segment-opened",
        "message-opened",
    ]
    without = KeyRing(KeyRing.load(tmp_path / "keys").keys[1:])
    assert not verify(tmp_path / "trail", without, anchor=Anchor.load(tmp_path / "second" / "anchor")).sound


def test_a_rotation_that_was_killed_after_the_key_file_is_finished(tmp_path):
    opened(tmp_path).append(event(1))
    KeyRing.load(tmp_path / "keys").with_new_key().save(tmp_path / "keys")
    opened(tmp_path).append(event(2))
    report = checked(tmp_path)
    assert (report.sound, report.segments) == (True, 2)


def test_segments_roll_by_size(tmp_path, monkeypatch):
    monkeypatch.setattr(trail_module, "SEGMENT_BYTES", 2000)
    trail = opened(tmp_path)
    for n in range(30):
        trail.append(event(n))
    report = checked(tmp_path)
    assert report.sound
    assert report.segments >= 3
    assert opened(tmp_path).append(event()) == report.last + 1


def test_links_are_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "trail").symlink_to(tmp_path / "real")
    with pytest.raises(OutputError):
        opened(tmp_path)
    (tmp_path / "trail").unlink()
    opened(tmp_path)
    (tmp_path / "keys").rename(tmp_path / "moved")
    (tmp_path / "keys").symlink_to(tmp_path / "moved")
    with pytest.raises(ConfigurationError):
        opened(tmp_path)
