"""The systems ours is compared with: each is loaded once, takes files and gives the words of each.

    naive      faster-whisper's WhisperModel.transcribe, file after file: beam 5, word times, its other options as they come
    batched    faster-whisper's BatchedInferencePipeline, the same

Their decoding of the file is part of their work, as it is of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Words = list[list[Any]]
"""[text, start, end, confidence] of each word, seconds."""
Run = Callable[[Sequence[Path]], dict[str, Words]]
"""Files → words of each, by file name."""


def load(
    name: str,
    model: Path,
    *,
    threads: int,
    workers: int,
    device: str = "cpu",
    forced: Mapping[str, int] | None = None,
    fallback: bool = True,
) -> Run:
    """A rival, loaded.

    Args:
        name: "naive" or "batched".
        threads: CPU threads of a model call.
        workers: calls at once, each fed by a thread that has a file of its own.
        forced: number of tokens to write for each file name (random weights): no end of text, no second try, no time tokens.
        fallback: False: no second tries at higher temperatures.
    """
    from faster_whisper import BatchedInferencePipeline

    loaded = _model(model, device=device, threads=threads, workers=workers, forced=forced is not None)
    transcribe: Any = BatchedInferencePipeline(loaded).transcribe if name == "batched" else loaded.transcribe
    options: dict[str, Any] = {} if fallback else {"temperature": 0.0}
    if forced is not None:
        options = {
            "suppress_tokens": [-1, loaded.hf_tokenizer.token_to_id("<|endoftext|>")],
            "temperature": 0.0,
            "without_timestamps": True,
            "compression_ratio_threshold": None,
            "log_prob_threshold": None,
            "no_speech_threshold": None,
        }

    def one(path: Path) -> Words:
        limit = {} if forced is None else {"max_new_tokens": forced[path.name]}
        segments, _ = transcribe(str(path), beam_size=5, word_timestamps=True, **options, **limit)
        words = (word for segment in segments for word in segment.words or ())
        return [[word.word, float(word.start), float(word.end), float(word.probability)] for word in words]

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
        """Goes on after the whole window: `transcribe` seeks to the last word's end, which random weights put anywhere."""

        def add_word_timestamps(self, segments: Any, *rest: Any, **named: Any) -> Any:
            value = super().add_word_timestamps(segments, *rest, **named)
            for group in segments:
                if group and group[-1].get("words"):
                    group[-1]["words"][-1]["end"] = FAR
            return value

    kind = Forward if forced else WhisperModel
    return kind(str(folder), device=device, compute_type=COMPUTE[device], cpu_threads=threads, num_workers=workers)
