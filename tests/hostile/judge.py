"""Judges redacted clips independently of the pipeline: a clip's finished sound is compared with the original.

    audible       share of the PHI's time in which the finished sound is still the original: 20 ms frames that correlate
                  with it once the bleep's tone is taken out of both
    over_bleep    share of the other words' time in which it is not
    keys_heard    share of the keyed digits that a tone decoder reads from the finished sound
    words_heard   words and numbers of the PHI that another checkpoint finds in the amplified finished sound

The first three decide; the last is only reported, since a checkpoint recognises less than a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import correlate, resample_poly

from redactor.audio import Source, decode, encode, read_source
from redactor.evaluation import normalised
from sample_audio import codecs
from sample_audio.sounds import HIGH, LOW, PAD

FRAME, HOP = 0.02, 0.01  # s
BLEEP = 1000.0  # Hz
ALIKE = 0.5
"""Correlation from which a frame is the original: a replaced one has 0.1, an untouched one 0.9 after any codec."""
QUIET_DB = -40.0
"""Frames this far below the loudest of a word are pauses between syllables or keys."""
ALLOWED = 0.05
"""Share of the PHI's time that may be audible."""
KEYS_ALLOWED = 0.34
"""Share of the digits, in order, that a tone decoder may find: some are found in any sound."""
REACH = 0.05  # s that an encoder may delay the sound
SHORTEST_RUN = 4  # digits of a number that tell whose it is
SHORTEST_WORD = 4  # letters


@dataclass(frozen=True)
class Heard:
    """The audible parts of a redacted clip; shares 0 … 1, None if there is nothing to measure."""

    audible: float | None
    over_bleep: float | None
    keys_heard: float | None
    spans: tuple[tuple[str, float], ...]

    @property
    def leaks(self) -> bool:
        return (self.audible or 0.0) > ALLOWED or (self.keys_heard or 0.0) > KEYS_ALLOWED


def judge(row: dict[str, Any], original: Path, finished: Path) -> Heard:
    """Compare a clip's finished sound with the original. row: its line of labels.jsonl."""
    before, rate = _read(original)
    after, after_rate = _read(finished)
    if after_rate != rate or abs(len(after) - len(before)) > REACH * rate or after.shape[1] != before.shape[1]:
        raise AssertionError(f"{row['id']}: the finished sound has another form than the original")
    references = (
        [before]
        if original.suffix.lower() in (".wav", ".flac") and not _lossy(original)
        else [before, _again(original)]
    )
    judged = [0.0, 0.0]
    others = [0.0, 0.0]
    spans: list[tuple[str, float]] = []
    digits, keys = "", ""
    for channel in row["channels"]:
        number = channel["channel"]
        kept = np.max([_kept(reference[:, number], after[:, number], rate) for reference in references], axis=0)
        level = levels(before[:, number], rate)
        for span in channel["spans"]:
            if not span.get("judged", True) or span.get("tier") == "may":
                continue
            frames = _frames(_words(channel, span), level)
            audible = float((kept[frames] >= ALIKE).sum())
            judged = [judged[0] + audible, judged[1] + len(frames)]
            spans.append((span["label"], round(audible / max(len(frames), 1), 3)))
        phi = _frames([w for span in channel["spans"] for w in _words(channel, span)], level)
        plain = np.setdiff1d(_frames(channel["words"], level), phi)  # where two speak, a word may lie in another's PHI
        others = [others[0] + float((kept[plain] < ALIKE).sum()), others[1] + len(plain)]
        if row["class"].startswith("keyed"):
            digits += "".join(c for span in channel["spans"] if span.get("judged") for c in span["text"] if c.isdigit())
            keys += "".join(keys_read(after[:, number], rate))
    return Heard(
        _share(judged),
        _share(others),
        round(_in_order(digits, keys) / len(digits), 3) if digits else None,
        tuple(spans),
    )


def _share(pair: Sequence[float]) -> float | None:
    return round(pair[0] / pair[1], 4) if pair[1] else None


def _words(channel: dict[str, Any], span: dict[str, Any]) -> list[dict[str, Any]]:
    return [w for w in channel["words"] if w["char_start"] < span["end"] and span["start"] < w["char_end"]]


def _frames(words: Sequence[dict[str, Any]], level: np.ndarray) -> np.ndarray:
    """Numbers of the frames in these words that are not pauses."""
    found: list[np.ndarray] = []
    for word in words:
        inside = np.arange(int(word["start"] / HOP), min(int(word["end"] / HOP) + 1, len(level)))
        if len(inside):
            found.append(inside[level[inside] > max(level[inside].max() + QUIET_DB, -150)])
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=int)


def _read(path: Path) -> tuple[np.ndarray, int]:
    return codecs.read_soundfile(path) or codecs.read_av(path)


def _lossy(path: Path) -> bool:
    return decode(read_source(path)).format.codec not in ("PCM_16", "PCM_24", "PCM_32", "ULAW", "ALAW", "FLOAT")


def _again(path: Path) -> np.ndarray:
    """The original encoded again, like every stretch that is not bleeped."""
    recording = decode(read_source(path))
    encoded = encode(recording.samples, recording.format)
    samples = decode(Source.of(encoded.data, encoded.suffix)).samples
    scale = -float(np.iinfo(samples.dtype).min) if samples.dtype.kind == "i" else 1.0
    return (samples / scale).astype(np.float32)


def _framed(samples: np.ndarray, rate: int) -> np.ndarray:
    size, hop = round(FRAME * rate), round(HOP * rate)
    padded = np.pad(samples.astype(np.float64), (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    return frames - frames.mean(axis=1, keepdims=True)


def levels(samples: np.ndarray, rate: int) -> np.ndarray:
    """DBFS of each frame."""
    return np.asarray(10 * np.log10((_framed(samples, rate) ** 2).mean(axis=1) + 1e-20))


def _kept(before: np.ndarray, after: np.ndarray, rate: int) -> np.ndarray:
    """Correlation of each frame with the original, -1 … 1; the bleep is taken out, and a constant delay is allowed."""
    length = max(len(before), len(after))
    before, after = (np.pad(x, (0, length - len(x))) for x in (before, after))
    original = _without_tone(_framed(before, rate), rate)
    found = _correlation(original, _without_tone(_framed(after, rate), rate))
    if np.median(found) < ALIKE:  # most of it was bleeped, or all of it is late
        reach = round(REACH * rate)
        correlation = correlate(after, before, "full", method="fft")[length - 1 - reach : length + reach]
        late = np.roll(after, reach - int(np.abs(correlation).argmax()))
        found = np.maximum(found, _correlation(original, _without_tone(_framed(late, rate), rate)))
    return found


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    power = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.where(power > 1e-12, (one * other).sum(axis=1) / np.maximum(power, 1e-12), 0.0)


def _without_tone(frames: np.ndarray, rate: int) -> np.ndarray:
    time = np.arange(frames.shape[1]) / rate
    basis, _ = np.linalg.qr(np.stack([np.cos(2 * np.pi * BLEEP * time), np.sin(2 * np.pi * BLEEP * time)], axis=1))
    return np.asarray(frames - frames @ basis @ basis.T)


BLOCK, STEP = 0.0255, 0.005  # s
LEAST_SHARE, LEAST_LEAD, MOST_TWIST = 0.6, 4.0, 10.0
"""Power ratios: the two tones to the block; the loudest tone to the next of its group; one tone to the other."""
LEAST_BLOCKS = 3


def keys_read(samples: np.ndarray, rate: int) -> list[str]:
    """The keys that a tone decoder reads, at any level."""
    size, step = round(BLOCK * rate), round(STEP * rate)
    blocks = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), size)[::step] * np.hanning(size)
    blocks = blocks - blocks.mean(axis=1, keepdims=True)
    turns = np.exp(-2j * np.pi * np.outer(np.arange(size) / rate, [*LOW, *HIGH]))
    power = np.abs(blocks @ turns) ** 2 * 2 / (np.hanning(size) ** 2).sum() / size  # a pure tone has the block's own
    whole = (blocks**2).mean(axis=1) * size / (np.hanning(size) ** 2).sum() * (np.hanning(size) ** 2).mean() + 1e-14
    low, high = power[:, :4], power[:, 4:]
    found: list[str] = []
    last, run = "", 0
    for row, (a, b) in enumerate(zip(low, high, strict=True)):
        first, second = np.sort(a)[::-1][:2], np.sort(b)[::-1][:2]
        clear = first[0] > LEAST_LEAD * first[1] and second[0] > LEAST_LEAD * second[1]
        even = max(first[0], second[0]) < MOST_TWIST * min(first[0], second[0])
        key = (
            PAD[int(a.argmax())][int(b.argmax())]
            if clear and even and first[0] + second[0] > LEAST_SHARE * whole[row]
            else ""
        )
        run = run + 1 if key == last else 1
        last = key
        if key and run == LEAST_BLOCKS:
            found.append(key)
    return found


def _in_order(wanted: str, found: str) -> int:
    """Length of the longest common subsequence."""
    best = [0] * (len(wanted) + 1)
    for key in found:
        before = best.copy()
        for i, digit in enumerate(wanted, 1):
            best[i] = before[i - 1] + 1 if digit == key else max(best[i], best[i - 1])
    return best[-1]


def turned_up(samples: np.ndarray, rate: int) -> np.ndarray:
    """Mono at 16 kHz, prepared as a curious listener would: without bleeps, and every half second equally loud."""
    frames = _framed(samples, rate)
    whole = (frames**2).sum(axis=1)
    bleeped = (_without_tone(frames, rate) ** 2).sum(axis=1) < 0.1 * whole
    size = round(HOP * rate)
    mask = np.repeat(bleeped, size)[: len(samples)]
    quiet = np.where(np.pad(mask, (0, len(samples) - len(mask))), 0.0, samples - samples.mean())
    power = uniform_filter1d(quiet**2, round(0.5 * rate), mode="nearest")
    out = np.clip(0.1 * quiet / np.sqrt(np.maximum(power, 1e-9)), -1, 1)
    divisor = np.gcd(rate, 16000)
    return resample_poly(out, 16000 // divisor, rate // divisor).astype(np.float32)


@cache
def _ears(model: str) -> Any:
    from faster_whisper import WhisperModel

    from redactor.speech import resolve

    return WhisperModel(str(resolve(model, device="cpu").path), device="cpu", compute_type="int8", cpu_threads=2)


def words_heard(row: dict[str, Any], sound: Path, model: str) -> tuple[int, int]:
    """How many words and numbers of the PHI another checkpoint finds in the amplified audio, and their total."""
    samples, rate = _read(sound)
    spanish = (
        "es"
        if any("/e" in voice for voice in row["voices"])
        else "fr"
        if any("/ff" in voice for voice in row["voices"])
        else "en"
    )
    language = "en" if model.endswith(".en") else spanish
    text: list[str] = []
    wanted: list[str] = []
    for channel in row["channels"]:
        segments, _ = _ears(model).transcribe(
            turned_up(samples[:, channel["channel"]], rate),
            language=language,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
        )
        text += [piece for segment in segments for piece in normalised(segment.text)]
        spans = [s["text"] for s in channel["spans"] if s.get("judged", True) and s["tier"] == "must"]
        wanted += [piece for span in spans for piece in _pieces(span)]
    digits = "".join(piece for piece in text if piece.isdigit())
    found = sum(_is_there(piece, text, digits) for piece in wanted)
    return found, len(wanted)


def _pieces(span: str) -> list[str]:
    """The longer words, and the number as a whole."""
    pieces = normalised(span)
    number = "".join(piece for piece in pieces if piece.isdigit())
    return [p for p in pieces if len(p) >= SHORTEST_WORD] + ([number] if len(number) >= SHORTEST_RUN else [])


def _is_there(piece: str, text: Sequence[str], digits: str) -> bool:
    if piece.isdigit():
        return any(piece[i : i + SHORTEST_RUN] in digits for i in range(len(piece) - SHORTEST_RUN + 1))
    return piece in text
