"""`redactor serve --check`: folders, spool, model and sandbox, before anything starts."""

import pytest

from redactor.cli.main import main as command
from redactor.errors import ConfigurationError
from redactor.service.checks import check_folders


def test_usable_folders_pass(site):
    check_folders(site.settings())


def test_every_unusable_folder_is_named_by_its_setting(site):
    (site.folder / "file").write_text("")
    (site.folder / "spool").write_text("")
    tables = {
        "service": f'sent = ["{site.recordings}/none"]\n',
        "review": f'folder = "{site.folder}/file/review"\npublic_url = "http://localhost"\n',
        "keeping": f'recipients = "{site.folder}/r"\nidentity = "{site.folder}/i"\n',
    }
    settings = site.settings(**tables)
    site.voicemail.rmdir()
    with pytest.raises(ConfigurationError) as told:
        check_folders(settings)
    assert told.value.message.splitlines() == [
        "The setting service.roots[1] names a folder that does not exist, or that this user must not see.",
        "The setting service.sent[0] names a folder that does not exist, or that this user must not see.",
        "The setting asterisk.voicemail names a folder that does not exist, or that this user must not see.",
        "The setting service.spool names a folder that is no folder.",
        "The setting review.folder names a folder that does not exist and that this user cannot make.",
    ]
    assert str(site.folder) not in told.value.message
    assert str(site.config) in told.value.hint


def test_rights_are_checked(site, monkeypatch):
    import os

    settings = site.settings()
    denied = {str(site.recordings): os.W_OK, str(site.voicemail): os.R_OK}
    really = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: really(path, mode) and not denied.get(str(path), 0) & mode)
    with pytest.raises(ConfigurationError) as told:
        check_folders(settings)
    assert "service.roots[0] names a folder that this user cannot write to." in told.value.message
    assert "service.roots[1] names a folder that this user cannot read." in told.value.message


def checked(site, monkeypatch, capsys):
    monkeypatch.setattr("os.nice", lambda by: 0)  # the tests that follow stay as nice as they were
    monkeypatch.setattr("sys.argv", ["redactor", "serve", "--config", str(site.config), "--check"])
    with pytest.raises(SystemExit) as stop:
        command()
    printed = capsys.readouterr()
    return stop.value.code, printed.out, printed.err


def test_the_model_is_loaded(site, monkeypatch, capsys):
    site.settings(redaction='model = "voicemail-micro"\nner = "none"\n')
    code, out, _ = checked(site, monkeypatch, capsys)
    assert code == 0
    assert out.splitlines()[0] == "The settings are valid."
    assert "The speech checkpoint is voicemail-micro (" in out
    assert not (site.folder / "spool").exists()  # a check makes nothing
    assert not (site.folder / "state").exists()


def test_a_model_that_is_missing_is_found_by_the_check(site, monkeypatch, capsys):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    site.settings(redaction=f'model = "{site.folder}/none"\nner = "none"\n')
    code, out, err = checked(site, monkeypatch, capsys)
    assert code in (66, 69, 78)
    assert "checkpoint" not in out
    assert "redactor models" in err or "checkpoint" in err
