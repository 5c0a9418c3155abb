"""`redactor vault`, `log` and `accounts` as an operator calls them."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from redactor.audit_log import KeyRing, LastCheck, entries
from redactor.errors import ConfigurationError

CANARY = b"Dana Whitlock metformin 555-0142"
FIRST = b"correct horse battery\n"


@pytest.fixture(params=["age", "aes-256-gcm"])
def sealed(run, tmp_path, request):
    """A state folder with one recording in its vault; the recording's id."""
    state, keys = tmp_path / "state", tmp_path / "keys"
    made = run("vault", "keygen", "--out", keys, "--cipher", request.param)
    assert made.returncode == 0, made.stderr
    state.mkdir()
    (state / "recipients.txt").write_bytes((keys / "recipients.txt").read_bytes())
    recording = tmp_path / "whitlock-5550142.wav"
    recording.write_bytes(CANARY * 9)
    done = run("vault", "seal", recording, "--state", state)
    assert done.returncode == 0, done.stderr
    return state, keys, json.loads(done.stdout)["id"]


def test_a_recording_from_sealing_to_its_end(run, tmp_path, sealed):
    state, keys, number = sealed
    shown = [json.loads(line) for line in run("vault", "list", "--state", state).stdout.splitlines()]
    assert {(i["id"], i["kind"], i["matter"]) for i in shown} == {(number, "meta", None), (number, "original", None)}
    out = tmp_path / "out.wav"
    opening = ("vault", "open", number, "--state", state, "--out", out, "--identity")
    assert run(*opening, keys / "organisation.key").returncode == 64  # a reason is asked for
    assert run(*opening, keys / "organisation.key", "--reason", "Dana called").returncode == 78
    assert run(*opening, keys / "organisation.key", "--reason", "ticket-17").returncode == 0
    assert out.read_bytes() == CANARY * 9
    assert out.stat().st_mode & 0o777 == 0o600
    assert run(*opening, keys / "recovery.key", "--reason", "ticket-17").returncode == 73  # never over a file
    meta = run(
        "vault",
        "open",
        number,
        "--state",
        state,
        "--out",
        "-",
        "--identity",
        keys / "recovery.key",
        "--kind",
        "meta",
        "--reason",
        "x",
    )
    assert json.loads(meta.stdout)["name"] == "whitlock-5550142.wav"

    assert run("vault", "hold", number[:12], "--matter", "case-9", "--state", state).returncode == 0
    refused = run("vault", "purge", number, "--yes", "--state", state)
    assert (refused.returncode, b"legal hold" in refused.stderr) == (77, True)
    assert run("vault", "release", number[:12], "--state", state).returncode == 0
    assert run("vault", "purge", "--older-than", "1", "--yes", "--state", state).stdout == b""
    assert b'"purged": false' in run("vault", "purge", "--older-than", "0", "--dry-run", "--state", state).stdout
    assert run("vault", "purge", number, "--state", state, input=b"n\n").returncode == 130
    assert run("vault", "purge", "--older-than", "0", "--yes", "--state", state).returncode == 0
    out.unlink()
    assert run(*opening, keys / "organisation.key", "--reason", "x").returncode == 66

    told = [e["event"] for e in entries(state / "trail")]
    assert [t for t in told if t.startswith("vault")] == [
        "vault-sealed",
        "vault-sealed",
        "vault-opened",
        "vault-opened",
        "vault-held",
        "vault-released",
        "vault-purged",
        "vault-purged",
    ]
    written = b"".join(p.read_bytes() for p in state.rglob("*") if p.is_file())
    assert not any(word in written for word in (*CANARY.split(), b"whitlock", b"5550142"))


def test_new_recipients(run, tmp_path, sealed):
    state, keys, number = sealed
    cipher = "age" if "AGE-SECRET" in (keys / "organisation.key").read_text() else "aes-256-gcm"
    assert run("vault", "keygen", "--out", tmp_path / "new", "--cipher", cipher).returncode == 0
    done = run(
        "vault",
        "rotate",
        "--recipients",
        tmp_path / "new" / "recipients.txt",
        "--identity",
        keys / "organisation.key",
        "--state",
        state,
    )
    assert json.loads(done.stdout) == {"items": 2}
    opening = ("vault", "open", number, "--state", state, "--out", "-", "--reason", "x", "--identity")
    assert run(*opening, keys / "organisation.key").returncode == 77
    assert run(*opening, tmp_path / "new" / "organisation.key").stdout == CANARY * 9


def test_the_vault_opens_nothing_that_was_changed(run, sealed):
    state, keys, number = sealed
    content = next(p for p in (state / "vault" / "sealed").rglob("*.original.*"))
    content.write_bytes(content.read_bytes()[:-1])
    done = run(
        "vault",
        "open",
        number,
        "--state",
        state,
        "--out",
        "-",
        "--reason",
        "x",
        "--identity",
        keys / "organisation.key",
    )
    assert (done.returncode, done.stdout) == (76, b"")


def test_the_trail_is_checked_exported_and_anchored(run, tmp_path, sealed):
    state, _, number = sealed
    anchor = run("log", "anchor", "--state", state).stdout
    (tmp_path / "anchors").write_bytes(anchor)
    assert run("log", "rotate-key", "--state", state).returncode == 0
    run("vault", "hold", number[:12], "--matter", "case-9", "--state", state)
    done = run("log", "verify", "--state", state, "--anchor", tmp_path / "anchors")
    assert (done.returncode, json.loads(done.stdout)["entries"]) == (0, 6)
    noted = LastCheck.load(state / "trail.anchor", KeyRing.load(state / "trail.keys"))
    assert (noted.last, noted.problems, 0 <= time.time() - noted.at < 60) == (6, 0, True)
    out = tmp_path / "export.jsonl"
    assert json.loads(run("log", "export", "--out", out, "--state", state, "--since", "2020-01-01").stdout) == {
        "first": 1,
        "last": 6,
    }
    assert run("log", "export", "--out", out, "--state", state).returncode == 73
    assert run("log", "export", "--out", tmp_path / "x", "--state", state, "--until", "yesterday").returncode == 78
    checked = run("log", "verify", "--state", state, "--export", out)
    assert (checked.returncode, json.loads(checked.stdout)["problems"]) == (0, [])
    out.write_bytes(out.read_bytes().replace(b'"by":"user:', b'"by":"user:9', 1))
    assert run("log", "verify", "--state", state, "--export", out).returncode == 76

    segment = state / "trail" / "trail-000001.jsonl"
    whole = segment.read_bytes()
    segment.write_bytes(whole.replace(number[:8].encode(), b"00000000", 1))
    done = run("log", "verify", "--state", state)
    assert done.returncode == 76
    problems = json.loads(done.stdout)["problems"]
    assert problems
    noted = LastCheck.load(state / "trail.anchor", KeyRing.load(state / "trail.keys"))
    assert (noted.last, noted.problems) == (7, len(problems))  # with that of the export
    assert run("log", "export", "--out", tmp_path / "y", "--state", state).returncode == 76
    segment.write_bytes(whole)
    last = state / "trail" / "trail-000002.jsonl"
    last.write_bytes(last.read_bytes()[:-1])
    assert run("log", "verify", "--state", state).returncode == 76
    assert run("vault", "release", number[:12], "--state", state).returncode == 76
    (tmp_path / "anchors").write_text("no anchor")
    assert run("log", "verify", "--state", state, "--anchor", tmp_path / "anchors").returncode == 78
    assert run("log", "verify", "--state", tmp_path / "nowhere").returncode == 76


@pytest.fixture
def service(tmp_path):
    config = tmp_path / "redactor.toml"
    config.write_text(f'[service]\nspool = "{tmp_path}/spool"\nstate = "{tmp_path}/state"\nroots = ["{tmp_path}"]\n')
    (tmp_path / "state").mkdir()
    return config


def test_accounts_from_making_to_disabling(run, service, tmp_path):
    add = ("accounts", "add", "--config", service)
    done = run(*add, "Dana.W", "--role", "reviewer", "--role", "auditor", input=FIRST)
    assert json.loads(done.stdout) == {"id": 1, "name": "dana.w", "roles": ["auditor", "reviewer"]}, done.stderr
    assert run(*add, "dana.w", "--role", "lead", input=FIRST).returncode == 78
    assert run(*add, "kim", "--role", "emperor", input=FIRST).returncode == 78
    weak = run(*add, "kim", "--role", "lead", input=b"whitlock\n")
    assert (weak.returncode, b"whitlock" in weak.stderr) == (78, False)
    assert (
        run("accounts", "reset", "dana.w", "--codes", "--config", service, input=b"another horse battery\n").returncode
        == 0
    )
    assert run("accounts", "reset", "nobody", "--config", service, input=FIRST).returncode == 66
    assert run("accounts", "disable", "dana.w", "--config", service).returncode == 0
    shown = json.loads(run("accounts", "list", "--config", service).stdout)
    assert shown == {
        "id": 1,
        "name": "dana.w",
        "roles": ["auditor", "reviewer"],
        "disabled": True,
        "codes": False,
        "must_change_password": True,
    }
    assert run("accounts", "enable", "dana.w", "--config", service).returncode == 0
    token = run("accounts", "token", "exporter", "--scope", "export", "--config", service).stdout.decode().strip()
    assert re.fullmatch(r"rdt_[\w-]{43}", token)
    listed = run("accounts", "tokens", "--config", service).stdout
    assert token.encode() not in listed
    assert json.loads(listed)["scopes"] == ["export"]
    assert run("accounts", "revoke", "1", "--config", service).returncode == 0
    assert run("accounts", "revoke", "1", "--config", service).returncode == 66
    events = [(e["event"], e.get("what", "")) for e in entries(tmp_path / "state" / "trail")][1:]
    assert events == [
        ("account-made", ""),
        ("account-changed", "password-reset"),
        ("account-changed", "totp-reset"),
        ("account-changed", "disabled"),
        ("account-changed", "enabled"),
        ("token-made", ""),
        ("token-revoked", ""),
    ]
    assert run("log", "verify", "--config", service).returncode == 0


def test_the_installed_command_says_what_to_do(tmp_path):
    command = Path(sys.executable).with_name("redactor")
    done = subprocess.run(
        [command, "vault", "seal", tmp_path / "555-0142.wav", "--state", tmp_path], capture_output=True, check=False
    )
    assert done.returncode == 66
    assert b"555-0142" not in done.stderr
    assert done.stderr.count(b"\n") == 2


def test_there_is_no_way_to_give_a_password_in_a_command_line(run):
    for command in ("add", "reset"):
        assert b"--password" not in run("accounts", command, "--help").stdout


def test_the_new_commands_cost_the_old_ones_nothing():
    """Their libraries load when they are used."""
    code = (
        "import sys, redactor.cli.app; print([m for m in ('argon2', 'pyotp', 'pyrage', 'cryptography', "
        "'sqlalchemy', 'jinja2', 'fastapi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout.strip() == "[]"


def test_settings_name_the_places(tmp_path, service):
    from redactor.log_and_vault import places_of

    places = places_of(service, None)
    assert (places.trail, places.anchor, places.vault) == tuple(
        tmp_path / "state" / n for n in ("trail", "trail.anchor", "vault")
    )
    text = service.read_text()
    service.write_text(text + '[keeping]\nanchor = "/mnt/other/anchor"\nrecipients = "/etc/r.txt"\n')
    places = places_of(service, None)
    assert (places.anchor, places.recipients) == (Path("/mnt/other/anchor"), Path("/etc/r.txt"))
    service.write_text(text + '[keeping]\nvault = "vault"\n')
    with pytest.raises(ConfigurationError):
        places_of(service, None)


def test_an_export_that_the_trail_cannot_be_told_of_is_not_given_out(run, tmp_path, sealed, monkeypatch):
    from redactor.audit_log import Trail
    from redactor.errors import OutOfSpace

    state, _, _ = sealed
    out = tmp_path / "export.jsonl"
    real = Trail.append

    def append(self, event):
        if type(event).__name__ == "TrailExported":
            assert out.read_bytes() == b""
            raise OutOfSpace("The disk is full or failing.")
        return real(self, event)

    monkeypatch.setattr(Trail, "append", append)
    assert run("log", "export", "--out", out, "--state", state).returncode == 74
    assert [p for p in tmp_path.iterdir() if p.is_file() and p.suffix != ".wav"] == []
    monkeypatch.undo()
    assert run("log", "export", "--out", out, "--state", state).returncode == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert run("log", "verify", "--state", state, "--export", out).returncode == 0


def test_an_original_that_could_not_be_written_whole_is_not_left_in_clear(run, tmp_path, sealed, monkeypatch):
    state, keys, number = sealed
    out, real = tmp_path / "out.wav", os.fdopen

    def fdopen(handle, mode, *given):
        file = real(handle, mode, *given)
        if mode != "wb" or not out.exists():
            return file
        file.write(CANARY)
        file.close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", fdopen)
    opening = ("vault", "open", number, "--state", state, "--out", out, "--reason", "x", "--identity")
    assert run(*opening, keys / "organisation.key").returncode == 74
    assert not out.exists()


def test_a_trail_that_was_removed_is_no_missing_input(run, sealed):
    state, _, _ = sealed
    shutil.rmtree(state / "trail")
    gone = run("log", "verify", "--state", state)
    assert (gone.returncode, json.loads(gone.stdout)["entries"]) == (76, 0)
    (state / "trail.anchor").unlink()
    assert run("log", "verify", "--state", state).returncode == 76
    assert run("vault", "list", "--state", state).returncode == 76
