"""`redact --sandbox`."""

import shutil

import pytest

from redactor.doors.job import sandboxed
from redactor.errors import ConfigurationError


def test_redact_in_a_sandbox(run, message, tmp_path):
    audio, transcript = message
    done = run(
        "redact", audio, "--no-verify", "--transcript", transcript, "--out", tmp_path / "out", "--sandbox", "auto"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/msg0001.redacted.wav").is_file()


def test_a_required_sandbox_that_is_missing_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ConfigurationError, match="required"):
        sandboxed("required")


def test_off_means_this_process():
    with sandboxed("off") as decoder:
        assert decoder is None
