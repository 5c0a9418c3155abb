"""The files for other programs: they parse, are complete, and their commands do what they should."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from redactor import config as s
from redactor.hook.settings import read_toml
from redactor.hook.ticket import read_ticket
from redactor.service.ingest.spool_reader import SpoolReader

UNITS = Path(s.__file__).parent / "service" / "deploy"
PROGRAM = Path(sys.executable).with_name("redactor")


def read(name):
    return (UNITS / name).read_text(encoding="utf-8")


def uncommented():
    """The example with every default and every table active."""
    return re.sub(r"^# (?=\[|\w+ = )", "", read("redactor.toml"), flags=re.MULTILINE)


def test_the_example_shows_every_setting_with_its_default(tmp_path):
    written = tmp_path / "c.toml"
    written.write_text(uncommented())
    found = read_toml(written)
    for table, field in s.Settings.model_fields.items():
        kind = field.annotation.model_fields
        shown = {re.sub(r"_file$", "", name) if name not in kind else name for name in found[table]}
        assert shown == set(kind), table
    for name, value in found["redaction"].items():
        if not name.endswith("_file"):
            assert value == s.RedactionTable.model_fields[name].default, name
    for table, kind in (("service", s.ServiceTable), ("sweep", s.SweepTable), ("http", s.HttpTable)):
        for name, one in kind.model_fields.items():
            if name in found[table] and name not in (
                "spool",
                "state",
                "roots",
                "sent",
                "results",
                "public_url",
            ):
                assert found[table][name] == one.default, name


def test_the_example_loads_as_it_is_and_with_everything_active(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(read("redactor.toml"))
    assert s.load_settings(path).service.queue_limit == 10_000
    secret = tmp_path / "secret"
    text = (
        re.sub(r'_file = "[^"]*"', f'_file = "{secret}"', uncommented())
        .replace('transcripts = ""', "")
        .replace("hash_key_file", "#")
    )
    secret.write_text("0" * 64)
    path.write_text(text)
    assert s.load_settings(path).twilio.token


@pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed (the package systemd)"
)
def test_the_unit_is_one_and_is_hardened(tmp_path):
    unit = tmp_path / "redactor.service"
    unit.write_text(read("redactor.service").replace("/opt/redactor/bin/redactor", str(PROGRAM)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "redactor.service" in line]
    assert not ours
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True, timeout=60, check=False
    )
    score = re.search(r"exposure level for redactor.service: ([\d.]+)", rated.stdout)
    assert score, rated.stdout + rated.stderr
    assert float(score[1]) < 3.0


def test_the_unit_leaves_no_memory_on_disk():
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(read("redactor.service"))
    service = unit["Service"]
    assert (service["LimitCORE"], service["MemorySwapMax"]) == ("0", "0")
    assert (service["NoNewPrivileges"], service["KeyringMode"], service["ProtectProc"]) == (
        "yes",
        "private",
        "invisible",
    )
    allowed = set(service["SystemCallFilter"].split())
    assert {"@system-service", "@mount", "landlock_restrict_self", "seccomp"} <= allowed


@pytest.fixture
def install(tmp_path):
    """Runs a command of a snippet through a shell, like telephone systems; returns the tickets that it left."""
    monitor = tmp_path / "monitor"
    monitor.mkdir()
    config = tmp_path / "c.toml"
    config.write_text(f'[service]\nspool = "{tmp_path}/spool"\nroots = ["{monitor}"]\n')

    def go(command, **filled):
        command = command.replace("/opt/redactor/bin/redactor hook", f"{PROGRAM} hook --config {config}")
        for name, value in filled.items():
            command = command.replace(name, value)
        assert "{" not in command
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        spool = SpoolReader(tmp_path / "spool")
        return [read_ticket(spool.read(p)) for p in spool.waiting()]

    go.monitor = monitor
    return go


def test_asterisk_voicemail(install):
    conf = configparser.ConfigParser(comment_prefixes=(";",), delimiters=("=",))
    conf.read_string(read("voicemail.conf"))
    command = conf["general"]["externnotify"]
    assert len(f"{command} {'c' * 20} {'1' * 10} 99 99 99 &") < 160
    (ticket,) = install(f"{command} default 100 1 0 0")
    assert (ticket.source, ticket.context, ticket.mailbox) == ("asterisk", "default", "100")
    mailcmd = re.search(r"^;mailcmd=(.*)$", read("voicemail.conf"), re.MULTILINE)
    assert mailcmd[1].endswith("hook mailcmd")


def test_asterisk_mixmonitor(install):
    command = re.search(r"MixMonitor\(([^,]+),b,(.*)\)$", read("extensions.conf"), re.MULTILINE)[2]
    (install.monitor / "1764.1.wav").write_bytes(b"RIFF")
    names = {"^{MIXMONITOR_FILENAME}": f"{install.monitor}/1764.1.wav", "^{UNIQUEID}": "1764.1"}
    (ticket,) = install(command, **names)
    assert (ticket.source, ticket.id) == ("mixmonitor", "1764.1")
    assert not re.search("CALLERID", command)


def test_freeswitch(install):
    uuid = "0d9d5b5e-6c1f-4c3e-9d6e-0a6d8f0f6a11"
    (install.monitor / f"{uuid}.wav").write_bytes(b"RIFF")
    data = {
        a.get("data").partition("=")[0]: a.get("data").partition("=")[2]
        for a in ET.fromstring(read("freeswitch.xml")).iter("action")
    }
    names = {"${uuid}": uuid, "${recorded_to}": f"{install.monitor}/{uuid}.wav"}
    kind, _, command = data["record_post_process_exec_api"].partition(":")
    assert kind == "bg_system"
    assert len(install(command, **names)) == 1
    kind, _, command = data["api_hangup_hook"].partition(" ")
    assert kind == "bg_system"
    first, second = install(command, **names)
    assert (first.id, first.path) == (second.id, second.path)
    (install.monitor / f"{uuid}.wav").unlink()
    assert len(install(command, **names)) == 2  # nothing was recorded: nothing to do, and no error
