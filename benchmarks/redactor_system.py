"""The pipeline as `redactor redact` builds it, for benchmarks: it processes files, records the words, and forces the
number of tokens if the weights are random.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from baselines import Words

from redactor.types import WITHHELD, ModelInfo, Mono, Speech, TimedText

TOKENS_A_SECOND = 4
"""Tokens that random weights must write: ordinary speech has 3 to 5 of Whisper's tokens per second."""


class Overhearing:
    """A Transcriber that records the words of another one, by recording.

    It marks no words as doubtful, because a withheld recording would not be processed further.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.heard: dict[str, Speech] = {}

    @property
    def info(self) -> ModelInfo:
        return self._inner.info  # type: ignore[no-any-return]

    def transcribe(self, channels: Sequence[Mono], *, recording_id: str) -> Speech:
        speech: Speech = self._inner.transcribe(channels, recording_id=recording_id)
        self.heard[recording_id] = speech
        return replace(speech, unheard=tuple(u for u in speech.unheard if u.kind not in WITHHELD))


class RedactorSystem:
    """A loaded pipeline.

    Args:
        model: folder of the checkpoint; int8 on the CPU, float16 on CUDA.
        cores: that may compute at once; the caller holds the process to them.
        forced: write a set number of tokens, for random weights.
        detector: one that was built already.
        options: of `load_transcriber`.
    """

    def __init__(
        self,
        model: Path,
        *,
        cores: int,
        device: str = "cpu",
        forced: bool = False,
        detector: Any = None,
        **options: Any,
    ) -> None:
        from redactor.malloc import keep_flat
        from redactor.phi import build_detector
        from redactor.pipeline import Pipeline
        from redactor.policy import load_policy
        from redactor.render import Replacer
        from redactor.speech import load_transcriber, resolve

        keep_flat()
        self.cpu_semaphore = threading.BoundedSemaphore(cores + 2)
        self.transcriber = load_transcriber(
            resolve(str(model)), device=device, cpu_semaphore=self.cpu_semaphore, **options
        )
        self._patches = ExitStack()
        if forced:
            self._patches.enter_context(forced_lengths(self.transcriber))
        self.in_flight = self.transcriber.in_flight
        self.overhearing = Overhearing(self.transcriber)
        self.pipeline = Pipeline(
            transcriber_for=lambda _item: self.overhearing,
            detector=detector or build_detector(),
            policy=load_policy("deidentify").with_changes(unheard_speech="bleep"),
            replacer=Replacer(),
            cpu_semaphore=self.cpu_semaphore,
        )

    def close(self) -> None:
        """End the engine's threads."""
        self.transcriber.engine.close()
        self._patches.close()

    def recognition(self, paths: Sequence[Path]) -> dict[str, Words]:
        """Read, decode, find sound and recognise, as the baselines do."""
        from redactor.audio import decode, read_source
        from redactor.concurrency import bounded_map
        from redactor.recognition import listen

        def one(path: Path) -> tuple[str, Words]:
            with self.cpu_semaphore:
                recording = decode(read_source(path))
            return path.name, words_of(listen(recording, self.transcriber, self.cpu_semaphore))

        return dict(bounded_map(one, paths, threads=self.in_flight))

    def whole(self, paths: Sequence[Path]) -> dict[str, Words]:
        """From the files to saved artefacts; messages that the checks withhold have none.

        Raises:
            SystemExit: a file failed.
        """
        from redactor.audio import looks_like_audio
        from redactor.storage import list_inputs

        with tempfile.TemporaryDirectory(prefix="redactor-bench-") as out:
            items = list_inputs(list(paths), is_audio=looks_like_audio).items
            outcomes = list(self.pipeline.run(items, Path(out), threads=self.in_flight))
        bad = [o for o in outcomes if o.status.value not in {"redacted", "quarantined"}]
        if bad:
            raise SystemExit(f"{len(bad)} of {len(outcomes)} files failed: {bad[0].reason}. {bad[0].message}")
        names = {item.number: item.path.name for item in items}
        return {names[o.item]: words_of(self.overhearing.heard[o.id]) for o in outcomes}


def words_of(speech: Speech) -> Words:
    """The words of the first channel, as the baselines give theirs."""
    return [[w.text, w.start, w.end, w.confidence] for w in speech.transcripts[0].words]


def timed(words: Words) -> list[TimedText]:
    """The other way round."""
    return [TimedText(text.strip(), start, end, sure) for text, start, end, sure in words if text.strip()]


def forced_lengths(transcriber: Any) -> ExitStack:
    """Until closed, `transcriber` writes TOKENS_A_SECOND, accepts its text, and recognises nothing twice.

    A batch writes as many tokens as the longest window of its bucket may: a little more than its share, never less.
    """
    engine = transcriber.engine.engine
    prepare, margin = engine.prepare, engine._margin  # noqa: SLF001

    def forced(window: Mono, *, careful: bool = False) -> Any:
        ready = prepare(window, careful=careful)
        longest = ready.seconds if margin is None else ready.context / 100 - margin
        return replace(ready, limit=tokens_for(max(longest, ready.seconds))) if ready.context else ready

    stack = ExitStack()
    stack.enter_context(mock.patch.object(engine, "prepare", forced))
    suppressed = [*engine._suppressed, engine._tokenizer.eot]  # noqa: SLF001
    stack.enter_context(mock.patch.object(engine, "_suppressed", suppressed))
    stack.enter_context(mock.patch.object(transcriber, "_retry", False))
    stack.enter_context(mock.patch("redactor.speech.whisper.is_accepted", return_value=True))
    return stack


def tokens_for(seconds: float) -> int:
    """Tokens for so much speech.

    >>> tokens_for(0.1), tokens_for(7.0), tokens_for(7.2)
    (1, 28, 29)
    """
    return max(1, round(TOKENS_A_SECOND * seconds))


def speech_seconds(paths: Sequence[Path]) -> dict[str, float]:
    """Seconds of each file that our windows cover; every system must write tokens for them."""
    from redactor.audio import decode, read_source, recognition_audio
    from redactor.speech.fake import FakeEngine
    from redactor.speech.recognize import Recognizer
    from redactor.speech.whisper import TRIMMED_WINDOW

    recognizer = Recognizer(FakeEngine(max_window=TRIMMED_WINDOW))
    out = {}
    for path in paths:
        recording = decode(read_source(path))
        plan = recognizer.plan(recognition_audio(recording, 0), number=0)
        out[path.name] = recording.duration - plan.skipped
    return out
