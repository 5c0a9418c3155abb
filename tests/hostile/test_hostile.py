"""The hostile clips have their stated properties, the judge is reliable, and the brief clips end as required, except
for known gaps.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redactor.audio import bleep, decode, encode, read_source
from redactor.errors import ModelUnavailable
from redactor.labels import load_labels
from redactor.types import Interval
from sample_audio.compose import RATE
from tests.hostile import effects
from tests.hostile.clips import CONTROL, IMPORTANT, catalogue
from tests.hostile.judge import KEYS_ALLOWED, _in_order, _read, judge, keys_read
from tests.hostile.make import COMMITTED, fingerprint, imported, read
from tests.hostile.run import verdicts
from tests.hostile.scene import keyed, texts

ROWS = read(COMMITTED / "labels.jsonl")
KNOWN_GAPS: set[str] = set()
"""Brief clips that do not yet end as required with `base`; a clip that begins to must be removed."""
CHANCE = {"brief-noise-1", "brief-french-1", "brief-whispered-1"}
"""The outcome of these depends on guessed words, and so on the processor's rounding; `brief-noise-1` leaked when last
measured.
"""


def test_the_catalogue_is_large_enough():
    clips = catalogue()
    assert len({clip.id for clip in clips}) == len(clips)
    sizes = Counter(clip.kind for clip in clips if not clip.brief and clip.kind != CONTROL)
    assert len(sizes) >= 20
    assert sum(sizes.values()) >= 80
    assert min(sizes[kind] for kind in IMPORTANT) >= 4


def test_all_spoken_numbers_are_fictitious():
    said = " ".join(texts().values()) + " ".join(part.text for clip in catalogue() for part in clip.parts)
    for number in re.findall(r"PHONE_NUMBER\|\{([\d-]+)", said):
        assert re.fullmatch(r"\d{3}-555-01\d\d", number)
    assert set(re.findall(r"US_SSN\|\{(\d{3})", said)) == {"900"}


def test_the_committed_clips_are_those_of_the_catalogue():
    brief = {clip.id: clip for clip in catalogue() if clip.brief}
    assert ROWS.keys() <= brief.keys()
    assert len(ROWS) >= 10
    assert all(row["made_from"] == fingerprint(brief[key]) for key, row in ROWS.items())
    files = [path for path in COMMITTED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 2_000_000
    assert {recording.path.resolve() for recording in load_labels(COMMITTED)} <= {path.resolve() for path in files}


def covered(row: dict[str, Any], folder: Path, *, uncovered: int = 0) -> Path:
    """The clip with all its spans bleeped except for the last `uncovered`."""
    recording = decode(read_source(COMMITTED / row["file"]))
    intervals = [(c["channel"], i) for c in row["channels"] for i in c["intervals"]]
    bleeps = [
        Interval(channel, max(0.0, i["start"] - 0.03), min(recording.duration, i["end"] + 0.03), ())
        for channel, i in intervals[: len(intervals) - uncovered]
    ]
    path = folder / f"{row['id']}{recording.format.suffix}"
    path.write_bytes(encode(bleep(recording, bleeps), recording.format).data)
    return path


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_judge_finds_exactly_what_is_left(row, tmp_path):
    original = COMMITTED / row["file"]
    untouched = judge(row, original, covered(row, tmp_path, uncovered=99))
    assert untouched.audible > 0.97
    assert untouched.over_bleep is None or untouched.over_bleep < 0.03
    assert untouched.leaks
    silenced = judge(row, original, covered(row, tmp_path))
    assert silenced.audible < 0.02
    assert not silenced.leaks
    assert silenced.over_bleep is None or silenced.over_bleep < 0.25
    if row["class"] != "two-at-once":  # there, what is uncovered of one lies under a bleep of the other's
        half = judge(row, original, covered(row, tmp_path, uncovered=1))
        assert half.leaks


@pytest.mark.parametrize(
    "row", [row for row in ROWS.values() if row["class"].startswith("keyed")], ids=lambda r: r["id"]
)
def test_the_tone_decoder_reads_the_keys_until_they_are_bleeped(row, tmp_path):
    original = COMMITTED / row["file"]
    assert judge(row, original, original).keys_heard == 1.0
    assert judge(row, original, covered(row, tmp_path)).keys_heard <= KEYS_ALLOWED


def test_the_tone_decoder_reads_no_number_in_speech():
    for row in ROWS.values():
        if not row["class"].startswith("keyed"):
            samples, rate = _read(COMMITTED / row["file"])
            read_there = "".join(keys_read(samples[:, 0], rate))
            for number in ("900417726", "900735518", "6055550138"):
                assert _in_order(number, read_there) <= KEYS_ALLOWED * len(number), (row["id"], read_there)


@pytest.mark.parametrize("level", [1.0, 1e-3])
@pytest.mark.parametrize("speed", [(0.03, 0.05), (0.04, 0.04), (0.25, 0.2)])
def test_the_tone_decoder_takes_slow_fast_and_faint_keys(speed, level):
    assert "".join(keys_read(level * keyed("1234567890", *speed), RATE)) == "1234567890"


NAMES = [name for name in effects.EFFECTS if name not in ("noise", "lossy")]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "gain": {"db": -6},
    "band": {"low": 300, "high": 2000},
    "clipped": {"drive": 20},
    "reverberant": {"rt60": 0.8, "direct": 6},
    "hum": {"snr": 10},
    "offset": {"share": 0.2},
    "fade": {"start": 0, "end": -20},
    "chain": {"through": ("gsm", "amr", "mulaw")},
}


@pytest.mark.parametrize("name", NAMES)
def test_effects_keep_the_clock(name):
    rng = np.random.default_rng(3)
    samples = np.zeros(3 * RATE, dtype=np.float32)
    samples[RATE : RATE + 800] = 0.5 * np.sin(2 * np.pi * 700 * np.arange(800) / RATE)
    out = effects.applied(samples, RATE, rng, ((name, ARGUMENTS.get(name, {})),))
    assert len(out) == len(samples)
    power = np.convolve((out - np.median(out)) ** 2, np.ones(800), "same")
    assert abs(int(power.argmax()) / RATE - (1 + 400 / RATE)) < 0.03


def test_the_scrambler_undoes_itself():
    samples = np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE).astype(np.float32)
    rng = np.random.default_rng(0)
    scrambled = effects.inverted(samples, RATE, rng)
    assert np.abs(np.fft.rfft(scrambled)).argmax() == 3500
    assert np.corrcoef(effects.inverted(scrambled, RATE, rng), samples)[0, 1] > 0.99


def test_tempo_changes_the_length_and_not_the_pitch():
    samples = np.sin(2 * np.pi * 500 * np.arange(2 * RATE) / RATE).astype(np.float32)
    out = effects.tempo(samples, RATE, 1.6)
    assert len(out) == 20000
    assert abs(np.abs(np.fft.rfft(out)).argmax() * RATE / len(out) - 500) < 5


@pytest.mark.parametrize(
    ("how", "first", "last", "count"),
    [
        ("shift 0.4", 0.9, 4.9, 5),
        ("drift 0.05", 0.525, 4.725, 5),
        ("untimed 1", 0.5, None, 4),
        ("instant 2", 0.5, 2.9, 5),
    ],
)
def test_imported_transcripts_have_the_stated_errors(how, first, last, count):
    words = [{"text": f"w{k}", "start": 0.5 + k, "end": 0.9 + k} for k in range(5)]
    (segment,) = imported({"words": words}, how)["segments"]
    assert len(segment["words"]) == count
    assert segment["words"][0]["start"] == pytest.approx(first)
    assert segment["words"][-1]["start"] == (last if last is None else pytest.approx(last))


def test_exactly_the_known_gaps_end_otherwise(tmp_path):
    """Strict: a clip that begins to end as required has to leave KNOWN_GAPS. TEST_CHECKPOINT names another copy of
    `base`.
    """
    from redactor.speech import resolve

    model = os.environ.get("TEST_CHECKPOINT", "base")
    try:
        resolve(model, allow_download=False)
    except ModelUnavailable:
        pytest.skip("the checkpoint base is not here: redactor models get base")
    found = verdicts(list(ROWS.values()), COMMITTED, tmp_path, model=model)
    ends = {v.row["id"]: (v.status, v.reason, v.heard) for v in found}
    assert {v.row["id"] for v in found if not v.met} - CHANCE == KNOWN_GAPS, ends
