"""Real calls end to end: sipp calls a real Asterisk, which records and calls the hook as it would any program.

Asterisk is prepared once, into the folder that REDACTOR_ASTERISK names (about 90 MB of Debian packages are downloaded;
nothing is installed).
"""

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import asterisk
import caller
import numpy as np
import pytest
import soundfile

from redactor.audio import Source, decode
from redactor.config import load_settings
from redactor.log_and_vault import places_in
from redactor.vault import make_keys

FOLDER = os.environ.get("REDACTOR_ASTERISK", "")


def why_not() -> str:
    if not FOLDER:
        return (
            "Debian 12 has no Asterisk: set REDACTOR_ASTERISK=FOLDER to have one prepared there (a download of 90 MB)"
        )
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

        # delete=yes: the mail has the only copy, the mailbox is empty, externnotify says 0 0 0.
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


def test_callers_of_the_mailbox_hear_redacted_messages(tmp_path, prepared, running, said):
    """service.originals = "replace": every format of the message, in place, with the originals in the vault."""
    keys = {path.name: path for path in make_keys(tmp_path / "keys", "age")}
    public, private = keys["recipients.txt"], keys["organisation.key"]
    here = tmp_path / "pbx"
    service = running(
        tmp_path / "service",
        [here / "spool/voicemail"],
        here / "spool/voicemail",
        service='originals = "replace"\n',
        more=f'[keeping]\nrecipients = "{public}"\nidentity = "{private}"\n',
    )
    pbx = asterisk.Asterisk(prepared, here, hook=service.hook)
    inbox = pbx.voicemail / "default/100/INBOX"
    with service, pbx:
        caller.call("vm", said, 5, port=asterisk.SIP, here=tmp_path)
        service.wait_for(lambda: service.ended() == 1)
        (document,) = (pbx.voicemail / "default/100/redacted").glob("*.json")
        doc = json.loads(document.read_bytes())
        twin = document.with_name(document.name.removesuffix(".json") + doc["audio"])
        assert (inbox / "msg0000.wav").read_bytes() == twin.read_bytes()
        # A visit to the mailbox changes nothing, and what we wrote is no new message.
        caller.call("main", said, 2, port=asterisk.SIP, here=tmp_path)
        time.sleep(1)
        service.quiet()
        assert service.ended() == 1
    vault = places_in(load_settings(service.config)).open_vault()
    kept = [vault.open(i.id, "original", by="test") for i in vault.items() if i.kind == "original"]
    files = sorted(p for p in inbox.glob("msg0000.*") if p.suffix != ".txt")
    assert len(kept) == len(files) >= 2
    redacted = [decode(Source.of(path.read_bytes(), path.suffix)) for path in files]
    assert doc["intervals"], "nothing to bleep in what was said"
    for recording in redacted:
        for interval in doc["intervals"]:
            stretch = recording.samples[
                int((interval["start"] + 0.05) * 8000) : int((interval["end"] - 0.05) * 8000), 0
            ].astype(float)
            spectrum = np.abs(np.fft.rfft(stretch * np.hanning(len(stretch))))
            assert abs(np.argmax(spectrum) * 8000 / len(stretch) - 1000) < 30  # the tone, and nothing louder
