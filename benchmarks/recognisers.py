"""The systems that throughput.py compares: each takes files and gives the words of each, timed in a process of its own.

    naive          faster-whisper's WhisperModel.transcribe, file after file: beam 5, word times, its other options as they come
    batched        faster-whisper's BatchedInferencePipeline, the same, batch_size 16
    recognition    ours without the rest: read, decode, find sound, recognise, word times
    whole          ours from the file to the saved artefacts: Pipeline.run

"-2x1" behind a rival is one model with two threads, "-1x2" one thread and two workers, fed by two Python threads. Ours has one thread and as
many workers as cores, its default.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from redactor.types import ModelInfo, Mono, Speech, TimedText

Words = list[list[Any]]
"""[text, start, end] of each word, seconds."""

BATCH = 16
Forced = dict[str, int]
"""File → number of tokens to be written for it (random weights); empty: as many as the model likes."""


def naive(model: Path, *, threads: int, workers: int, forced: Forced) -> Callable[[Sequence[Path]], dict[str, Words]]:
    """One `transcribe` a file."""
    loaded = _whisper(model, threads=threads, workers=workers, forced=bool(forced))
    options = _random_options(loaded) if forced else {}

    def one(path: Path) -> Words:
        limit = {"max_new_tokens": forced[path.name]} if forced else {}
        segments, _ = loaded.transcribe(str(path), beam_size=5, word_timestamps=True, **options, **limit)
        return _words(segments)

    return lambda paths: _each(one, paths, workers)


def batched(model: Path, *, threads: int, workers: int, forced: Forced) -> Callable[[Sequence[Path]], dict[str, Words]]:
    """One call of the batched pipeline a file."""
    from faster_whisper import BatchedInferencePipeline

    loaded = _whisper(model, threads=threads, workers=workers, forced=bool(forced))
    pipeline = BatchedInferencePipeline(loaded)
    options = _random_options(loaded) if forced else {}

    def one(path: Path) -> Words:
        limit = {"max_new_tokens": forced[path.name]} if forced else {}
        segments, _ = pipeline.transcribe(
            str(path), beam_size=5, word_timestamps=True, batch_size=BATCH, **options, **limit
        )
        return _words(segments)

    return lambda paths: _each(one, paths, workers)


def _each(one: Callable[[Path], Words], paths: Sequence[Path], workers: int) -> dict[str, Words]:
    if workers == 1:
        return {path.name: one(path) for path in paths}
    with ThreadPoolExecutor(workers) as pool:
        return dict(zip([path.name for path in paths], pool.map(one, paths), strict=True))


def _words(segments: Any) -> Words:
    return [[word.word, float(word.start), float(word.end)] for segment in segments for word in segment.words or ()]


def _whisper(model: Path, *, threads: int, workers: int, forced: bool) -> Any:
    from faster_whisper import WhisperModel

    class Forced(WhisperModel):
        """Moves on by whole windows: `transcribe` would seek to the last word's end, which random weights put anywhere."""

        def add_word_timestamps(self, segments: Any, tokenizer: Any, encoder_output: Any, num_frames: int, *rest: Any, **named: Any) -> Any:  # fmt: skip
            value = super().add_word_timestamps(segments, tokenizer, encoder_output, num_frames, *rest, **named)
            for group in segments:
                if group and group[-1].get("words"):
                    group[-1]["words"][-1]["end"] = 1e4
            return value

    kind = Forced if forced else WhisperModel
    return kind(str(model), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=workers)


def _random_options(model: Any) -> dict[str, Any]:
    """No end of text, no fallback, no time tokens: random weights write what they are told to."""
    return {
        "suppress_tokens": [-1, model.hf_tokenizer.token_to_id("<|endoftext|>")],
        "temperature": 0.0,
        "without_timestamps": True,
        "compression_ratio_threshold": None,
        "log_prob_threshold": None,
        "no_speech_threshold": None,
    }


class Overhearing:
    """A Transcriber that remembers what another one said."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.heard: dict[str, Speech] = {}

    @property
    def info(self) -> ModelInfo:
        return self._inner.info

    def transcribe(self, channels: Sequence[Mono], *, recording_id: str) -> Speech:
        speech = self._inner.transcribe(channels, recording_id=recording_id)
        self.heard[recording_id] = speech
        return speech


class Ours:
    """Our engine and pipeline as `redactor redact` builds them."""

    def __init__(self, model: Path, *, cores: int, forced: bool = False, detector: Any = None, **options: Any) -> None:
        """`detector`: one that was built already; `options`: of `load_transcriber`."""
        from redactor.phi import build_detector
        from redactor.pipeline import Pipeline
        from redactor.policy import load_policy
        from redactor.render import Replacer
        from redactor.speech import load_transcriber, resolve

        self.turn = threading.BoundedSemaphore(cores + 2)
        self.transcriber = load_transcriber(resolve(str(model)), device="cpu", turn=self.turn, **options)
        if forced:
            force_lengths(self.transcriber)
        self.in_flight = self.transcriber.in_flight
        self.overhearing = Overhearing(self.transcriber)
        self.pipeline = Pipeline(
            transcriber_for=lambda _item: self.overhearing,
            detector=detector or build_detector(),
            policy=load_policy("deidentify").having(unheard_speech="bleep"),
            replacer=Replacer(),
            turn=self.turn,
        )

    def close(self) -> None:
        """End the engine's threads."""
        self.transcriber.engine.close()

    def recognition(self, paths: Sequence[Path]) -> dict[str, Words]:
        from redactor.audio import decode, read_source
        from redactor.flow import spread
        from redactor.pipeline import listen

        def one(path: Path) -> tuple[str, Speech]:
            source = read_source(path)
            with self.turn:
                recording = decode(source)
            return path.name, listen(recording, self.transcriber, self.turn)

        return {name: said(speech) for name, speech in spread(one, paths, threads=self.in_flight)}

    def whole(self, paths: Sequence[Path]) -> dict[str, Words]:
        from redactor.audio import looks_like_audio, read_source
        from redactor.keep import list_inputs

        with tempfile.TemporaryDirectory(prefix="redactor-bench-") as out:
            items = list_inputs(list(paths), is_audio=looks_like_audio).items
            outcomes = list(self.pipeline.run(items, Path(out), threads=self.in_flight))
        bad = [o for o in outcomes if o.status.value != "redacted"]
        if bad:
            raise SystemExit(f"{len(bad)} of {len(outcomes)} files were not redacted: {bad[0].reason}, {bad[0].message}")
        self.names = {o.id: o.item for o in outcomes}
        by_number = {item.number: item.path.name for item in items}
        return {by_number[self.names[i]]: said(speech) for i, speech in self.overhearing.heard.items() if i in self.names}


def said(speech: Speech) -> Words:
    """The words of the first channel."""
    return [[w.text, w.start, w.end] for w in speech.transcripts[0].words]


def timed(words: Words) -> list[TimedText]:
    """The other way round."""
    return [TimedText(str(text).strip(), start, end, 1.0) for text, start, end in words if str(text).strip()]


TOKENS_A_SECOND = 4


def force_lengths(transcriber: Any) -> None:
    """Make our engine write TOKENS_A_SECOND for the longest window of each bucket, and believe it: random weights know no end."""
    from dataclasses import replace
    from unittest import mock

    engine = transcriber.engine.engine
    engine._suppressed = [*engine._suppressed, engine._tokenizer.eot]  # noqa: SLF001
    prepare = engine.prepare

    def forced(window: Mono, *, careful: bool = False) -> Any:
        ready = prepare(window, careful=careful)
        seconds = ready.context / 100 - (engine._margin or 0.0) if engine._margin is not None else ready.seconds  # noqa: SLF001
        return replace(ready, limit=max(1, round(TOKENS_A_SECOND * -(-seconds // 1)))) if ready.context else ready

    engine.prepare = forced
    transcriber._retry = False  # noqa: SLF001
    mock.patch("redactor.speech.whisper.believed", lambda _: True).start()
