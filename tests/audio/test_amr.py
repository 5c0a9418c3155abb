"""AMR keeps its clock through silence."""

import av
import numpy as np
import pytest

from redactor.audio import Source, decode
from redactor.errors import EmptyAudio, UnsupportedAudio


def amr_frames(seconds=3.0, *, dtx):
    encoder = av.CodecContext.create("libopencore_amrnb", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 8000, "mono", "s16", 12_200
    encoder.options = {"dtx": "1"} if dtx else {}
    encoder.open()
    rng = np.random.default_rng(0)
    n = round(seconds * 50) * 160
    tone = np.sin(2 * np.pi * 440 * np.arange(n) / 8000) * 6000
    tone[n // 4 : 3 * n // 4] = 0
    samples = (tone + rng.integers(-3, 4, n)).astype(np.int16)
    packets = []
    for at in range(0, n, 160):
        frame = av.AudioFrame.from_ndarray(samples[None, at : at + 160], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 8000, at
        packets += [bytes(p) for p in encoder.encode(frame)]
    return packets[: n // 160], samples


needs_amr = pytest.mark.skipif("libopencore_amrnb" not in av.codecs_available, reason="this FFmpeg has no AMR encoder")


@needs_amr
def test_amr_silence_frames_keep_their_time():
    """With FFmpeg's own decoder the SID frames vanish and everything after the pause is early."""
    packets, samples = amr_frames(dtx=True)
    kinds = {p[0] >> 3 & 15 for p in packets}
    assert {7, 8, 15} <= kinds, "speech, SID and no-data frames"
    recording = decode(Source.of(b"#!AMR\n" + b"".join(packets), ".amr"))
    assert recording.frames == len(samples)
    loud = np.abs(recording.samples[:, 0].astype(float)) > 1500
    back = np.flatnonzero(loud[len(samples) // 2 :])[0] + len(samples) // 2
    assert abs(back - 3 * len(samples) // 4) < 0.02 * 8000, "sound returns when it did"


@needs_amr
def test_amr_cut_inside_a_frame_or_damaged_fails(fails):
    data = b"#!AMR\n" + b"".join(amr_frames(1.0, dtx=False)[0])
    fails(data[:-1], ".amr")
    fails(data[: 6 + 32 * 5] + b"\x64" + data[6 + 32 * 5 + 1 :], ".amr")
    fails(b"#!AMR\n", ".amr", EmptyAudio)
    fails(b"#!AMR_MC1.0\n" + data, ".amr", UnsupportedAudio)


@needs_amr
def test_amr_in_3gp_keeps_its_time_too(kit):
    data = kit.ffmpeg(kit.voice(2.0, 8000), 8000, "libopencore_amrnb", "3gp", bit_rate=12_200)
    recording = decode(Source.of(data, ".3gp"))
    assert (recording.format.container, recording.format.codec) == ("MP4", "amrnb")
    assert 16_000 <= recording.frames <= 16_320


@pytest.mark.skipif("libopencore_amrwb" not in av.codecs_available, reason="this FFmpeg has no AMR-WB decoder")
def test_wide_band_amr_counts_every_frame():
    sid, nothing = bytes([9 << 3 | 4]) + bytes(5), bytes([15 << 3 | 4])
    data = b"#!AMR-WB\n" + (bytes([4]) + bytes(17)) * 10 + (sid + nothing * 7) * 5
    recording = decode(Source.of(data, ".awb"))
    assert (recording.sample_rate, recording.frames) == (16_000, 50 * 320)
