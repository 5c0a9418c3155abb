"""Real calls end to end: sipp calls a real Asterisk, which records, and tells the hook as it tells anybody.

Asterisk is prepared once, into the folder that REDACTOR_ASTERISK names (about 90 MB of Debian packages are downloaded; nothing is installed).
"""

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import asterisk
import caller
import pytest
import soundfile

FOLDER = os.environ.get("REDACTOR_ASTERISK", "")


def why_not() -> str:
    if not FOLDER:
        return "set REDACTOR_ASTERISK=FOLDER to have an Asterisk prepared there (downloads 90 MB of Debian packages)"
    return caller.missing() or ("" if asterisk.is_prepared(Path(FOLDER)) else asterisk.missing())


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture(scope="module")
def prepared():
    folder = Path(FOLDER).absolute()
    if not asterisk.is_prepared(folder):
        try:
            asterisk.prepare(folder)
        except (RuntimeError, subprocess.SubprocessError) as error:
            pytest.skip(f"Asterisk cannot be prepared: {error}")
    return folder


def test_calls_end_to_end(tmp_path, prepared, running, said):
    here = tmp_path / "pbx"
    service = running(
        tmp_path / "service", [here / "spool/voicemail", here / "spool/monitor"], here / "spool/voicemail"
    )
    pbx = asterisk.Asterisk(prepared, here, hook=service.hook)
    inbox, twins = pbx.voicemail / "default/100/INBOX", pbx.voicemail / "default/100/redacted"

    def call(extension, *, seconds=5):
        caller.call(extension, said, seconds, port=asterisk.SIP, here=tmp_path)

    def documents():
        return {p.name: json.loads(p.read_text()) for p in twins.glob("*.redacted.json")}

    with service, pbx:
        # A voicemail: externnotify fires, the twin appears beside the mailbox under Asterisk's id of the message.
        call("vm")
        service.wait_for(lambda: service.ended() == 1)
        facts = dict(
            line.partition("=")[::2] for line in (inbox / "msg0000.txt").read_text().splitlines() if "=" in line
        )
        doc = documents()[f"{facts['msg_id']}.redacted.json"]
        assert doc["words"]
        original, twin = inbox / "msg0000.wav", twins / f"{facts['msg_id']}.redacted.wav"
        assert soundfile.info(original).frames == soundfile.info(twin).frames
        assert twin.read_bytes() != original.read_bytes()

        # A visit to VoiceMailMain: externnotify fires, there is nothing new.
        call("main", seconds=2)
        time.sleep(1)
        service.quiet()
        assert (service.ended(), len(documents())) == (1, 1)

        # A second message; then the first is deleted and the second becomes msg0000, as VoiceMailMain does it.
        call("vm")
        service.wait_for(lambda: service.ended() == 2)
        for ending in ("wav", "gsm", "txt"):
            (inbox / f"msg0001.{ending}").replace(inbox / f"msg0000.{ending}")
        assert (
            subprocess.run(
                [*shlex.split(service.hook), "asterisk", "default", "100", "1", "0", "0"], check=False
            ).returncode
            == 0
        )
        service.quiet()
        assert (service.ended(), len(documents())) == (2, 2)
        call("vm")  # the third is msg0001 again
        service.wait_for(lambda: service.ended() == 3)
        assert len(documents()) == 3

        # delete=yes: the mail has the one copy, the mailbox is empty, externnotify says 0 0 0.
        call("vmd")
        service.wait_for(lambda: service.ended() == 4)
        assert not list((pbx.voicemail / "default/101").rglob("msg*"))
        (mailed,) = (service.here / "state/results/mail").glob("*.redacted.json")
        assert json.loads(mailed.read_text())["words"]

        # MixMonitor: its command is called when the files are closed.
        call("mix")
        service.wait_for(lambda: service.ended() == 5)
        (mixed,) = pbx.monitor.glob("*.redacted.json")
        assert json.loads(mixed.read_text())["channels"] == 1
        service.quiet()
        assert [job["source"] for job in service.jobs()] == ["asterisk"] * 3 + ["mail", "mixmonitor"]
    for secret in ("5550142", "Whitlock", "msg0000"):
        assert secret not in service.log.read_text()
