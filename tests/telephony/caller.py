"""A caller: sipp plays a recording into a call, then hangs up."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_HEAD = """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "Dana Whitlock" <sip:5550142@[local_ip]:[local_port]>;tag=[pid]T[call_number]
"""

SCENARIO = f"""<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="says something and hangs up">
<send retrans="500"><![CDATA[
INVITE sip:{{extension}}@[remote_ip]:[remote_port] SIP/2.0
{_HEAD}To: <sip:{{extension}}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:5550142@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP[local_ip_type] [local_ip]
s=call
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rtd="true"/>
<send><![CDATA[
ACK sip:{{extension}}@[remote_ip]:[remote_port] SIP/2.0
{_HEAD}[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<nop><action><exec rtp_stream="{{audio}},1,0,PCMU/8000"/></action></nop>
<pause milliseconds="{{milliseconds}}"/>
<send retrans="500"><![CDATA[
BYE sip:{{extension}}@[remote_ip]:[remote_port] SIP/2.0
{_HEAD}[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""


def missing() -> str:
    return "" if shutil.which("sipp") else "sipp is not installed (the package sip-tester)"


def call(extension: str, ulaw: Path, seconds: float, *, port: int, here: Path) -> None:
    """Call, say the headerless µ-law file, hang up after `seconds`."""
    scenario = here / f"{extension}.xml"
    scenario.write_text(SCENARIO.format(extension=extension, audio=ulaw, milliseconds=round(seconds * 1000)))
    done = subprocess.run(
        [
            "sipp",
            "-sf",
            scenario,
            "-m",
            "1",
            "-i",
            "127.0.0.1",
            "-mi",
            "127.0.0.1",
            "-p",
            str(port + 1),
            "-mp",
            "16200",
            "-nostdin",
            "-timeout",
            "60s",
            f"127.0.0.1:{port}",
        ],
        cwd=here,
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
