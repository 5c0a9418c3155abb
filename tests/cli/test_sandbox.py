"""`redact --sandbox`, and what is said of it."""

import json
import os
import shutil

import pytest

from redactor.errors import ConfigurationError
from redactor.factory import layers_of, sandboxed


def test_redact_in_a_sandbox(run, message, tmp_path):
    audio, transcript = message
    done = run(
        "redact", audio, "--no-verify", "--transcript", transcript, "--out", tmp_path / "out", "--sandbox", "auto"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/msg0001.redacted.wav").is_file()


def test_recordings_are_confined_unless_somebody_says_otherwise(run_here, message, tmp_path):
    """And no layer is left out without a word."""
    audio, transcript = message
    said = {}
    for name, env, words in (
        ("as it is", dict(os.environ), ()),
        ("no bwrap", {**os.environ, "PATH": str(tmp_path)}, ()),
        ("off", dict(os.environ), ("--sandbox", "off")),
    ):
        out = tmp_path / name
        done = run_here("redact", audio, "--transcript", transcript, "--no-verify", "--out", out, *words, env=env)
        assert done.returncode == 0, done.stderr
        said[name] = (set(json.loads((out / "summary.json").read_text())["sandbox"]), b" ".join(done.stderr.split()))
    assert said["as it is"][0] >= {"limits"}
    assert ("bubblewrap" in said["as it is"][0]) == (
        b"bubblewrap" not in said["as it is"][1].partition(b"sandbox for decoding")[0]
    )
    assert "bubblewrap" not in said["no bwrap"][0]
    assert b"install the package bubblewrap" in said["no bwrap"][1]
    assert said["off"][0] == set()
    assert b"sandbox for decoding" in said["off"][1]


def test_what_is_lacking_is_told_in_sentences(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    told = []
    with sandboxed("auto", warn=told.append) as decoder:
        assert "limits" in layers_of(decoder)
    assert any("install the package bubblewrap" in sentence for sentence in told)
    told.clear()
    with sandboxed("limits", warn=told.append):
        assert not any("bubblewrap" in sentence for sentence in told)


def test_a_system_without_such_processes_says_so(monkeypatch):
    from redactor import factory as job

    monkeypatch.setattr(job.os, "name", "nt")
    told = []
    with sandboxed("auto", warn=told.append) as decoder:
        assert layers_of(decoder) == ()
    assert "without a sandbox" in told[0]
    with pytest.raises(ConfigurationError):
        sandboxed("limits")


def test_a_required_sandbox_that_is_missing_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ConfigurationError, match="required"):
        sandboxed("required")


def test_off_means_this_process():
    with sandboxed("off") as decoder:
        assert decoder is None
