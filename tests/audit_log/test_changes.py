"""Every single change of a trail, and of an export, is found."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trails import checked, event, exported, opened, segment

from redactor.audit_log import Export, KeyRing, verify_export


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    """Three segments, two keys, one recorded interruption; bytes by path."""
    folder = tmp_path_factory.mktemp("specimen")
    trail = opened(folder)
    trail.append_many([event(n) for n in range(8)])
    trail.rotate(by="user:1")
    trail.append_many([event(n) for n in range(8)])
    with segment(folder, 2).open("ab") as file:
        file.write(b'{"n":12,"torn')
    trail.append_many([event(n) for n in range(8)])
    trail.rotate(by="user:1")
    trail.append_many([event(n) for n in range(5)])
    assert checked(folder).sound
    return folder, {p: p.read_bytes() for p in (folder / "trail").glob("*.jsonl")}


@st.composite
def changes(draw, files):
    """One change of the segments: new contents by path (None: the file is gone)."""
    path = draw(st.sampled_from(sorted(files)))
    content = files[path]
    lines = content.splitlines(keepends=True)
    one, two = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
    other = draw(st.sampled_from(sorted(files)))
    kind = draw(
        st.sampled_from(
            ["flip", "remove", "double", "swap", "insert", "truncate", "gone", "exchange", "junk", "cut out"]
        )
    )
    if kind == "flip":
        at = draw(st.integers(0, len(content) - 1))
        changed = content[:at] + bytes([content[at] ^ draw(st.integers(1, 255))]) + content[at + 1 :]
    elif kind == "remove":
        changed = b"".join(lines[:one] + lines[one + 1 :])
    elif kind == "double":
        changed = b"".join([*lines[: one + 1], lines[one], *lines[one + 1 :]])
    elif kind == "swap":
        lines[one], lines[two] = lines[two], lines[one]
        changed = b"".join(lines)
    elif kind == "insert":
        extra = draw(st.sampled_from(files[other].splitlines(keepends=True)))
        changed = b"".join([*lines[:one], extra, *lines[one:]])
    elif kind == "truncate":
        changed = content[: draw(st.integers(0, len(content) - 1))]
    elif kind == "junk":
        at = draw(st.integers(0, len(content) - 1))
        changed = content[:at] + draw(st.binary(min_size=1, max_size=50)) + content[at:]
    elif kind == "cut out":
        at = draw(st.integers(0, len(content) - 1))
        changed = content[:at] + content[at + draw(st.integers(1, 600)) :]
    elif kind == "exchange":
        return {path: files[other], other: content}
    else:
        return {path: None}
    return {path: changed}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_change_is_found(specimen, data):
    folder, files = specimen
    changed = data.draw(changes(files))
    if all(files[path] == content for path, content in changed.items()):
        return
    try:
        for path, content in changed.items():
            path.unlink() if content is None else path.write_bytes(content)
        assert not checked(folder).sound
    finally:
        for path in changed:
            path.write_bytes(files[path])


def test_every_removal_doubling_and_exchange_of_neighbours_is_found(specimen):
    folder, files = specimen
    for path, content in files.items():
        lines = content.splitlines(keepends=True)
        try:
            for n in range(len(lines)):
                others = [lines[:n] + lines[n + 1 :], lines[: n + 1] + lines[n:]]
                others += [[*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]]] if n + 1 < len(lines) else []
                for changed in others:
                    path.write_bytes(b"".join(changed))
                    assert not checked(folder).sound, (path.name, n)
        finally:
            path.write_bytes(content)


def test_every_truncation_is_found(specimen):
    folder, files = specimen
    last = max(files)
    try:
        for size in range(len(files[last])):
            last.write_bytes(files[last][:size])
            assert not checked(folder).sound, size
    finally:
        last.write_bytes(files[last])


def test_a_part_of_another_trail_under_the_same_key_does_not_fit(tmp_path, monkeypatch):
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    opened(first).append(event(1))
    ring = KeyRing.load(first / "keys")
    monkeypatch.setattr(KeyRing, "make", lambda path: ring.save(path) or ring)
    opened(second).append(event(1))
    assert (second / "keys").read_bytes() == (first / "keys").read_bytes()
    segment(first).write_bytes(segment(second).read_bytes())
    assert not checked(first).sound


# --- exports


def test_an_export_carries_its_own_proof(tmp_path, specimen):
    folder, _ = specimen
    ring, out = KeyRing.load(folder / "keys"), tmp_path / "export.jsonl"
    held = exported(folder, out)
    assert isinstance(held, Export)
    found, problems = verify_export(out, ring)
    assert (found.first, found.last, problems) == (1, held.last, ())
    assert all(json.loads(line) for line in out.read_text().splitlines())
    assert verify_export(out, KeyRing((b"x" * 32,)))[1]


def test_an_export_by_time_is_a_stretch(tmp_path):
    trail = opened(tmp_path)
    trail.append(event(1))
    time.sleep(0.01)
    middle = time.time()
    trail.append(event(2))
    trail.rotate(by="user:1")
    trail.append(event(3))
    ring, out = KeyRing.load(tmp_path / "keys"), tmp_path / "late"
    assert exported(tmp_path, out, since=middle).first == 3
    assert verify_export(out, ring)[1] == ()
    assert exported(tmp_path, out, until=middle).last == 2
    assert verify_export(out, ring)[1] == ()
    nothing = exported(tmp_path, out, since=time.time() + 60)
    assert (nothing.first, nothing.last) == (0, 0)
    assert verify_export(out, ring)[1] == ()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_of_an_export_is_found(specimen, data):
    folder, _ = specimen
    out = folder / "whole.jsonl"
    if not out.exists():
        exported(folder, out)
    whole = {out: out.read_bytes()}
    content = data.draw(changes(whole).filter(lambda c: c[out] not in (None, whole[out])))[out]
    changed = folder / "changed.jsonl"
    changed.write_bytes(content)
    assert verify_export(changed, KeyRing.load(folder / "keys"))[1]
