"""The trail against somebody without the key who deletes more than one place, and files that are made to trip the
check.
"""

import json

import pytest
from trails import checked, event, exported, opened, segment

from redactor.audit_log import KeyRing, verify_export
from redactor.errors import TrailDamaged


def test_a_trail_that_was_removed_with_its_anchor_is_not_begun_anew(tmp_path):
    """The key file tells that there was one."""
    opened(tmp_path).append(event())
    for path in (tmp_path / "trail").iterdir():
        path.unlink()
    (tmp_path / "second" / "anchor").unlink()
    with pytest.raises(TrailDamaged):
        opened(tmp_path)
    assert [p.name for p in (tmp_path / "trail").glob("*.jsonl")] == []
    (tmp_path / "keys").unlink()
    opened(tmp_path).append(event())
    assert checked(tmp_path).sound


@pytest.mark.parametrize(
    "change",
    [
        {"mac": "é" * 64},
        {"mac": None},
        {"key": "é"},
        {"before": 5, "first": "x"},
    ],
    ids=["mac of other letters", "no mac", "key of other letters", "numbers and texts changed"],
)
def test_a_proof_that_was_made_up_is_a_finding_and_no_crash(tmp_path, change):
    opened(tmp_path).append(event())
    exported(tmp_path, tmp_path / "export")
    *lines, proof = (tmp_path / "export").read_bytes().splitlines(keepends=True)
    told = {"proof": {**json.loads(proof)["proof"], **change}}
    (tmp_path / "export").write_bytes(b"".join(lines) + json.dumps(told, separators=(",", ":")).encode() + b"\n")
    assert verify_export(tmp_path / "export", KeyRing.load(tmp_path / "keys"))[1] != ()


def test_entries_nested_without_end_are_a_finding_and_no_crash(tmp_path):
    opened(tmp_path).append(event())
    exported(tmp_path, tmp_path / "export")
    (tmp_path / "export").write_bytes(b"[" * 100_000 + b"\n")
    assert verify_export(tmp_path / "export", KeyRing.load(tmp_path / "keys"))[1] != ()
    first = segment(tmp_path)
    first.write_bytes(b"[" * 100_000 + b"\n" + first.read_bytes())
    assert not checked(tmp_path).sound
