"""`redactor log verify` and `vault bind` against whoever can write the vault's folder, or put trail and anchor back
to an older state.
"""

import json
import shutil

import pytest

from redactor.audit_log import entries


@pytest.fixture
def state(run, tmp_path):
    """A state folder with two sealed transcripts' worth of vault; `state.id` is the message."""
    folder, keys = tmp_path / "state", tmp_path / "keys"
    assert run("vault", "keygen", "--out", keys).returncode == 0
    folder.mkdir()
    shutil.copy(keys / "recipients.txt", folder)
    plan = tmp_path / "plan"
    plan.write_bytes(b"first")
    seal = ("vault", "seal", plan, "--state", folder, "--kind", "plan", "--id", "ab" * 32)
    assert run(*seal).returncode == 0
    shutil.copytree(folder, tmp_path / "older")
    plan.write_bytes(b"second")
    assert run(*seal, "--replace").returncode == 0
    return folder


def opened(run, state, tmp_path):
    return run(
        "vault",
        "open",
        "ab" * 32,
        "--state",
        state,
        "--kind",
        "plan",
        "--out",
        "-",
        "--reason",
        "x",
        "--identity",
        tmp_path / "keys" / "organisation.key",
    )


def checked(run, state, *more):
    done = run("log", "verify", "--state", state, *more)
    return done.returncode, json.loads(done.stdout)


def test_an_older_vault_beside_the_same_log_is_told_and_stays_shut(run, state, tmp_path):
    code, told = checked(run, state)
    assert (code, told["vault"]) == (0, {"items": 1, "problems": []})
    shutil.rmtree(state / "vault")
    shutil.copytree(tmp_path / "older" / "vault", state / "vault")
    code, told = checked(run, state)
    assert code == 76
    assert told["problems"] == told["vault"]["problems"]
    assert "rolled back to an older version" in told["problems"][0]
    code, told = checked(run, state, "--no-vault")
    assert (code, told["vault"]) == (0, None)
    done = opened(run, state, tmp_path)
    assert (done.returncode, done.stdout) == (76, b"")
    assert b"log verify" in done.stderr


@pytest.mark.parametrize("with_vault", [False, True])
def test_trail_and_anchor_that_were_put_back_together_are_told(run, state, tmp_path, with_vault):
    assert checked(run, state)[0] == 0  # the note of this is what knows
    shutil.rmtree(state / "trail")
    shutil.copytree(tmp_path / "older" / "trail", state / "trail")
    shutil.copy(tmp_path / "older" / "trail.anchor", state)
    if with_vault:
        shutil.rmtree(state / "vault")
        shutil.copytree(tmp_path / "older" / "vault", state / "vault")
    for _ in range(2):
        code, told = checked(run, state)
        assert code == 76
        assert "rolled back to an older state" in told["problems"][0]
    assert opened(run, state, tmp_path).returncode == 76
    if not with_vault:  # without the note as well, the vault still knows
        (state / "trail.anchor.checked").unlink()
        code, told = checked(run, state)
        assert code == 76
        assert any("log and anchor were rolled back" in problem for problem in told["problems"])


def test_a_person_looks_and_vouches_for_what_a_new_log_does_not_name(run, state, tmp_path):
    shutil.rmtree(state / "trail")
    for name in ("trail.keys", "trail.anchor"):
        (state / name).unlink()
    done = opened(run, state, tmp_path)
    assert (done.returncode, b"vault bind" in done.stderr) == (76, True)
    assert checked(run, state)[0] == 76
    out = tmp_path / "look"
    bind = (
        "vault",
        "bind",
        "ab" * 32,
        "--state",
        state,
        "--kind",
        "plan",
        "--out",
        out,
        "--identity",
        tmp_path / "keys" / "organisation.key",
        "--reason",
    )
    assert run(*bind, "two words").returncode == 78
    assert run(*bind, "new-log", input=b"n\n").returncode == 77
    assert out.read_bytes() == b"second"
    assert run(*bind, "new-log", input=b"y\n").returncode == 73  # never over a file
    out.unlink()
    done = run(*bind, "new-log", input=b"y\n")
    assert json.loads(done.stdout.splitlines()[-1]) == {"id": "ab" * 32, "kind": "plan", "bound": True}
    assert out.stat().st_mode & 0o777 == 0o600
    assert opened(run, state, tmp_path).stdout == b"second"
    assert checked(run, state)[0] == 0
    told = [e["event"] for e in entries(state / "trail") if e["event"].startswith("vault")]
    assert told == ["vault-opened", "vault-mismatch", "vault-opened", "vault-opened", "vault-bound", "vault-opened"]
