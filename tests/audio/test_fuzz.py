"""Damage of every kind gives a recording or an InputError: never another exception, and never less than was
promised.
"""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redactor.audio import Limits, Source, decode
from redactor.errors import InputError
from redactor.types import Recording

LIMITS = Limits(max_seconds=300, max_decoded_bytes=64 << 20)
RULES = settings(deadline=None, max_examples=12, derandomize=True, suppress_health_check=list(HealthCheck))


def attempt(data: bytes, suffix: str) -> Recording | None:
    try:
        recording = decode(Source.of(data, suffix), limits=LIMITS)
    except InputError:
        return None
    assert recording.samples.ndim == 2
    assert recording.frames > 0
    assert recording.samples.dtype in (np.int16, np.int32, np.float32, np.float64)
    assert recording.samples.shape[1] == recording.format.channels
    return recording


@RULES
@given(data=st.data())
def test_changed_bytes(case, make, data):
    source = make(case)
    spoilt = bytearray(source.untrusted_data)
    # Headers decide more than samples do: half of the changes go there.
    for _ in range(data.draw(st.integers(1, 4))):
        reach = min(len(spoilt), data.draw(st.sampled_from([128, 1 << 30])))
        spoilt[data.draw(st.integers(0, reach - 1))] = data.draw(
            st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255)
        )
    attempt(bytes(spoilt), source.suffix)


@RULES
@given(data=st.data())
def test_cut_and_shortened(case, make, data):
    source = make(case)
    whole = source.untrusted_data
    at = data.draw(st.integers(0, len(whole) - 1))
    removed = data.draw(st.integers(1, len(whole)))
    attempt(whole[:at] + whole[at + removed :], source.suffix)
    recording = attempt(whole[:at], source.suffix)
    if recording is not None and case.container not in ("RAW", "AMR", "ADTS"):
        assert recording.frames >= decode(source).frames


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    head=st.sampled_from(
        [
            b"RIFF\0\0\0\0WAVE",
            b"RF64\xff\xff\xff\xffWAVEds64",
            b"FORM\0\0\0\0AIFC",
            b".snd",
            b"fLaC",
            b"OggS\0",
            b"\0\0\0\x18ftypM4A ",
            b"\x1aE\xdf\xa3",
            b"#!AMR\n",
            b"#!AMR-WB\n",
            b"ID3\4\0\0\0\0\0\0",
            b"\xff\xfb\x90\x64",
            b"\xff\xf1\x50\x80",
            bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
            b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0",
            b"",
        ]
    ),
    body=st.binary(max_size=400),
    suffix=st.sampled_from([".wav", ".mp3", ".ulaw", ".g722", ".g729", ".g723", ".vox", ".gsm", ".g726-24", ""]),
)
def test_arbitrary_bytes(head, body, suffix):
    attempt(head + body, suffix)
