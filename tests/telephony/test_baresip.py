"""A real call on the loopback, light enough for every run: sipp calls baresip, which records; the hook is told when
the call has ended.
"""

import json
import subprocess

import baresip
import caller
import pytest
import soundfile

why_not = baresip.missing() or caller.missing()


@pytest.mark.skipif(bool(why_not), reason=why_not)
def test_a_recorded_call_is_redacted(tmp_path, running, said):
    phone = baresip.Baresip(tmp_path / "phone")
    with running(tmp_path / "service", [phone.monitor]) as service, phone:
        caller.call("vm", said, 5, port=baresip.SIP, here=tmp_path)
        phone.wait_for_word(b"terminated (duration")
        (heard,) = phone.monitor.glob("*-dec.wav")
        before = heard.read_bytes()
        done = subprocess.run(
            [*service.hook.split(), "file", heard, "--id", "call-1", "--direction", "in"],
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        service.wait_for(lambda: service.ended() == 1)
        (job,) = service.jobs()
    assert (job["source"], job["direction"]) == ("file", "in")
    assert heard.read_bytes() == before
    (document,) = phone.monitor.glob("*.redacted.json")
    assert json.loads(document.read_text())["words"]
    twin = next(p for p in phone.monitor.glob("*.redacted.wav"))
    assert soundfile.info(twin).frames == soundfile.info(heard).frames
    assert "5550142" not in service.log.read_text()
