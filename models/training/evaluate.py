"""Step 7, evaluation: `python -m models.training.evaluate --model models/voicemail-micro --testset testset --out result.json`.

Each recording is cut at pauses (faster-whisper's voice activity detector) into windows of at most `--window` seconds, each decoded in an
encoder context of its own length plus `--margin` seconds of zeros; `--window 30 --full` is stock faster-whisper instead. Prints, per
kind of recording: word and character error rate, digit error rate, whole numbers, drugs and names found, word start error.
"""

import argparse
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import soundfile
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens
from faster_whisper.vad import VadOptions, get_speech_timestamps

from .text.writer import lexicon

RATE = 16000
PAD = 0.2  # seconds kept around speech


def normalised(text: str) -> list[str]:
    """Lower-case words without punctuation; hyphens separate."""
    return re.sub(r"[^a-z0-9' ]+", " ", text.lower().replace("-", " ")).split()


def distance(a: list[str] | str, b: list[str] | str) -> int:
    """Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above = row[:]
        row[0] = i
        for j, y in enumerate(b, 1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
    return row[-1]


def windows(samples: np.ndarray, longest: float) -> Iterator[tuple[float, float]]:
    """Spans in seconds, cut in pauses, as long as possible but at most `longest` where the pauses allow it."""
    options = VadOptions(min_silence_duration_ms=160, speech_pad_ms=round(PAD * 1000), max_speech_duration_s=longest)
    span: tuple[float, float] | None = None
    for part in get_speech_timestamps(samples, options):
        start, end = part["start"] / RATE, part["end"] / RATE
        if span and end - span[0] <= longest:
            span = (span[0], end)
            continue
        if span:
            yield span
        span = (start, end)
    if span:
        yield span


Heard = list[tuple[str, float, float]]
"""Words with start and end in seconds."""


class Recogniser:
    """faster-whisper's model, window by window; with `full` its own `transcribe`."""

    def __init__(self, model: Path, a: argparse.Namespace) -> None:
        self.a = a
        self._model = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=a.threads)
        self._tokenizer = Tokenizer(self._model.hf_tokenizer, self._model.model.is_multilingual)
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]))

    def words(self, samples: np.ndarray) -> Heard:
        if self.a.full:
            segments, _ = self._model.transcribe(
                samples,
                beam_size=self.a.beam,
                temperature=0.0,
                word_timestamps=True,
                condition_on_previous_text=False,
            )
            return _joined((w.word, w.start, w.end) for s in segments for w in s.words or ())
        spans = list(windows(samples, self.a.window))
        pieces = [samples[round(start * RATE) : round(end * RATE)] for start, end in spans]
        groups = [pieces] if self.a.batched else [[piece] for piece in pieces]
        decoded = [heard for group in groups if group for heard in self._decode(group)]
        return [(t, at + s, at + e) for (at, _), heard in zip(spans, decoded, strict=True) for t, s, e in heard]

    def _decode(self, pieces: list[np.ndarray]) -> list[Heard]:
        """Windows in one batch: features, zeros up to the longest and the margin, one search, one alignment."""
        features = [self._model.feature_extractor(piece) for piece in pieces]
        frames = [min(f.shape[-1] - 1, 3000) for f in features]
        context = 3000 if self.a.margin < 0 else min(3000, max(frames) + round(100 * self.a.margin))
        padded = [pad_or_trim(f[:, :n], context + context % 2) for f, n in zip(features, frames, strict=True)]
        encoded = self._model.encode(np.stack(padded))
        prompt = [self._tokenizer.sot, *(() if self.a.timestamps else (self._tokenizer.no_timestamps,))]
        results = self._model.model.generate(
            encoded,
            [prompt] * len(pieces),
            beam_size=self.a.beam,
            max_length=len(prompt) + 20 + 12 * max(frames) // 100,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            max_initial_timestamp_index=50,
        )
        tokens = [[t for t in r.sequences_ids[0] if t < self._tokenizer.eot] for r in results]
        aligned = self._model.find_alignment(self._tokenizer, tokens, encoded, frames)
        return [_joined((w["word"], float(w["start"]), float(w["end"])) for w in words) for words in aligned]


def _joined(pieces: Iterable[tuple[str, float, float]]) -> Heard:
    """Pieces to words: one without a leading space ("-0142", ".") goes on the word before it."""
    heard: Heard = []
    for text, start, end in pieces:
        if heard and not text.startswith(" "):
            heard[-1] = (heard[-1][0] + text, heard[-1][1], end if text.strip(".,?!") else heard[-1][2])
        elif text.strip():
            heard.append((text.strip(), start, end))
    return heard


def score(label: dict[str, object], heard: Heard, drugs: set[str]) -> dict[str, object]:
    """Counts that add up over recordings."""
    text = " ".join(w for w, _, _ in heard)
    said, got = normalised(label["text"]), normalised(text)
    joined = ["".join(normalised(w[0])) for w in label["words"]], ["".join(normalised(w[0])) for w in heard]
    errors: list[float] = []
    for block in SequenceMatcher(a=joined[0], b=joined[1], autojunk=False).get_matching_blocks():
        pairs = zip(heard[block.b :], label["words"][block.a :], range(block.size), strict=False)
        errors += [abs(got_word[1] - said_word[1]) for got_word, said_word, _ in pairs]
    numbers = re.findall(r"\d[\d-]{3,}\d", label["text"])
    found = re.findall(r"\d[\d-]{3,}\d", text)
    digits = re.sub(r"\D", "", label["text"])
    named_drugs = [w for w in said if w in drugs]
    return {
        "word_errors": distance(said, got),
        "words": len(said),
        "char_errors": distance("".join(said), "".join(got)),
        "chars": len("".join(said)),
        "digit_errors": distance(digits, re.sub(r"\D", "", text)),
        "digits": len(digits),
        "numbers_right": sum(n in found for n in numbers),
        "numbers": len(numbers),
        "drugs_right": sum(d in got for d in named_drugs),
        "drugs": len(named_drugs),
        "names_right": sum(n.lower() in got for n in label["names"]),
        "names": len(label["names"]),
        "starts": errors,
    }


def summary(rows: list[dict[str, object]]) -> dict[str, float | str | None]:
    total = {k: sum(r[k] for r in rows) for k in rows[0] if k != "starts"}
    starts = [e for r in rows for e in r["starts"]]

    def percent(part: str, whole: str) -> float | None:
        return round(100 * total[part] / total[whole], 1) if total[whole] else None

    return {
        "recordings": len(rows),
        "WER": percent("word_errors", "words"),
        "CER": percent("char_errors", "chars"),
        "digit error": percent("digit_errors", "digits"),
        "numbers": f"{total['numbers_right']}/{total['numbers']}",
        "drugs": f"{total['drugs_right']}/{total['drugs']}",
        "names": f"{total['names_right']}/{total['names']}",
        "start ms median": round(1000 * float(np.median(starts))) if starts else None,
        "start ms p90": round(1000 * float(np.percentile(starts, 90))) if starts else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--testset", type=Path, required=True)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--window", type=float, default=7.0, help="longest window, seconds")
    parser.add_argument("--margin", type=float, default=1.0, help="zeros after each window, seconds; -1 = up to 30 s")
    parser.add_argument("--timestamps", action="store_true", help="decode with timestamp tokens")
    parser.add_argument("--batched", action="store_true", help="all windows of a recording in one batch")
    parser.add_argument("--full", action="store_true", help="stock faster-whisper: 30 s windows, timestamps")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", help="kinds to run, for example voicemail,sentence")
    parser.add_argument("--every", type=int, default=1, help="run every n-th recording only")
    parser.add_argument("--show", type=int, default=0, help="print so many transcripts of each kind")
    parser.add_argument("--out", type=Path)
    a = parser.parse_args()
    drugs = set(lexicon()["drug"])
    recogniser = Recogniser(a.model, a)
    rows: dict[str, list[dict[str, object]]] = defaultdict(list)
    seconds = audio = 0.0
    for line in list((a.testset / "labels.jsonl").open())[:: a.every]:
        label = json.loads(line)
        if a.only and label["kind"] not in a.only.split(","):
            continue
        samples, _ = soundfile.read(a.testset / label["file"], dtype="float32")
        began = time.process_time()
        heard = recogniser.words(samples)
        seconds, audio = seconds + time.process_time() - began, audio + len(samples) / RATE
        kind = label["kind"] + (", unseen engine" if label["unseen"] else "")
        if len(rows[kind]) < a.show:
            print(f"{label['voice']}\n  said  {label['text']}\n  heard {' '.join(w for w, _, _ in heard)}")
        rows[kind].append(score(label, heard, drugs))
    result = {kind: summary(r) for kind, r in rows.items()}
    columns = list(next(iter(result.values())))
    print("| | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for kind, row in result.items():
        print(f"| {kind} | " + " | ".join("-" if row[c] is None else str(row[c]) for c in columns) + " |")
    print(f"processor time per second of audio: {seconds / audio:.3f}")
    if a.out:
        settings = {
            k: v for k, v in vars(a).items() if k in ("beam", "window", "margin", "timestamps", "batched", "full")
        }
        result = {"settings": settings, "cpu_seconds_per_second": round(seconds / audio, 3), "result": result}
        a.out.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
