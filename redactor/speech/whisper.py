"""faster-whisper behind the seam: windows of audio → words with times, by its model, tokenizer, features and alignment.

`WhisperModel.transcribe` is not used, because for redaction it is the wrong loop: it drops segments of zero length and, by a
threshold, whole windows; it shortens words at segment boundaries; it seeks by the model's own time tokens. Here a window is one
encode, one generate (with faster-whisper's temperature fallback) and one alignment, and what the model said is returned whole,
with its confidence. Guards against invented text: windows are cut by sound (`activity`), the text before is never a prompt, a
repetitive or improbable result is decoded again at higher temperatures, and the number of tokens is limited by the length of
the window. None of them removes words where somebody speaks; what no word stands for is reported by `coverage`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from redactor.errors import ModelUnavailable, RecognitionFailed
from redactor.types import RECOGNITION_RATE, ModelInfo, Mono, TimedText

from .activity import VadOptions
from .alignment import words_of
from .checkpoints import Checkpoint
from .device import pick_device
from .recognize import Recognizer

LONGEST = 30.0  # seconds: Whisper's context
FRAMES_PER_SECOND = 100  # of features
TOKENS_PER_SECOND = 20  # fast speech is 5 to 7 words a second, 1 to 3 tokens each
SPARE_TOKENS = 24
COMPRESSION_RATIO = 2.4  # Whisper's thresholds for decoding again (Radford et al. 2022, section 4.5)
LOG_PROBABILITY = -1.0
NO_SPEECH = 0.6
SEED = 1


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """How text is searched for, in faster-whisper's terms.

    Attributes:
        language: code of the spoken language; English-only checkpoints know "en".
        beam_size: 1 = greedy.
        temperatures: tried in turn while the text is repetitive or improbable.
        hotwords, initial_prompt: words to expect (names of the practice, drugs). Never logged: they may name people.
    """

    language: str = "en"
    beam_size: int = 5
    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6)
    hotwords: str | None = field(default=None, repr=False)
    initial_prompt: str | None = field(default=None, repr=False)


class WhisperEngine:
    """A loaded checkpoint. Thread-safe: CTranslate2 queues the calls of several threads."""

    def __init__(
        self,
        model: Any,
        *,
        info: ModelInfo,
        max_window: float,
        margin: float | None = None,
        timestamps: bool = True,
        options: DecodingOptions | None = None,
    ) -> None:
        """Wrap a loaded `faster_whisper.WhisperModel`; see `load` and `Checkpoint`."""
        self._model = model
        self._info = info
        self._max_window = min(max_window, LONGEST)
        self._margin = margin
        self._timestamps = timestamps
        self._options = options or DecodingOptions()
        self._features = threading.Lock()
        language = self._options.language
        if language not in model.supported_languages:
            raise ModelUnavailable(
                f"This checkpoint does not know the language {language!r}.",
                hint="Use a multilingual --model (a name without .en), or --language en.",
            )
        from faster_whisper.tokenizer import Tokenizer

        self._tokenizer: Any = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )
        self._prompt = self._make_prompt()

    @classmethod
    def load(
        cls,
        checkpoint: Checkpoint,
        *,
        device: str = "auto",
        compute_type: str = "default",
        cpu_threads: int = 0,
        options: DecodingOptions | None = None,
    ) -> WhisperEngine:
        """Load a checkpoint.

        Args:
            device: "auto" (CUDA if CTranslate2 sees a GPU), "cpu" or "cuda".
            compute_type: CTranslate2's name; "default" is int8 on CPU and float16 on CUDA.
            cpu_threads: 0 = CTranslate2's choice.

        Raises:
            ModelUnavailable: the folder does not load, or the device or compute type is not there.
        """
        import ctranslate2
        from faster_whisper import WhisperModel

        device = pick_device(device)
        if compute_type == "default":
            compute_type = "float16" if device == "cuda" else "int8"
        # Its own logger prints durations and thresholds only, but promises nothing about later versions.
        logging.getLogger("faster_whisper").setLevel(logging.ERROR)
        # Sampling (temperatures above 0) is then the same from run to run, as long as the windows come in the same order.
        ctranslate2.set_random_seed(SEED)
        try:
            model = WhisperModel(
                str(checkpoint.path),
                device=device,
                compute_type=compute_type,
                cpu_threads=cpu_threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelUnavailable(
                f"The checkpoint {checkpoint.name} does not load on {device} as {compute_type}.",
                hint=_load_hint(device, str(error)),
            ) from error
        info = ModelInfo(
            f"faster-whisper {_version('faster-whisper')}, CTranslate2 {ctranslate2.__version__}",
            checkpoint.name,
            checkpoint.revision,
            model.model.compute_type,
            device,
            checkpoint.synthetic_only,
        )
        return cls(
            model,
            info=info,
            max_window=checkpoint.max_window,
            margin=checkpoint.margin,
            timestamps=checkpoint.timestamps,
            options=options,
        )

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def language(self) -> str:
        return self._options.language

    @property
    def max_window(self) -> float:
        return self._max_window

    def recognize(self, windows: Sequence[Mono]) -> list[list[TimedText]]:
        """See `WindowEngine.recognize`."""
        for window in windows:
            if len(window) > LONGEST * RECOGNITION_RATE:
                raise ValueError("a window is at most 30 s long")
        try:
            return [self._recognize(window) for window in windows]
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            # Neither the library's message nor its traceback goes on: they could quote what it decoded.
            memory = isinstance(error, MemoryError) or "out of memory" in str(error).lower()
            raise RecognitionFailed(
                f"The speech engine failed ({'out of memory' if memory else type(error).__name__}).",
                hint="Choose a smaller --model or --compute-type." if memory else None,
            ) from None

    def _recognize(self, window: Mono) -> list[TimedText]:
        if len(window) < RECOGNITION_RATE // 50:  # one encoder frame, 20 ms
            return []
        from faster_whisper.audio import pad_or_trim

        with self._features:  # the extractor keeps its filter bank on itself
            features = self._model.feature_extractor(np.ascontiguousarray(window, np.float32))
        frames = min(features.shape[-1] - 1, self._model.feature_extractor.nb_max_frames)
        encoded = self._model.encode(pad_or_trim(features[:, :frames], self._context(frames)))
        limit = min(
            self._model.max_length - len(self._prompt),
            SPARE_TOKENS + round(TOKENS_PER_SECOND * len(window) / RECOGNITION_RATE),
        )
        result, _, _, _ = self._model.generate_with_fallback(
            encoded, self._prompt, self._tokenizer, self._search(max_new_tokens=limit)
        )
        tokens = [token for token in result.sequences_ids[0] if token < self._tokenizer.eot]
        if not tokens:
            return []
        (aligned,) = self._model.find_alignment(self._tokenizer, [tokens], encoded, frames)
        return words_of(aligned, duration=len(window) / RECOGNITION_RATE)

    def _context(self, frames: int) -> int:
        """Feature frames the encoder is given: the window and its margin of zeros, an even number, at most 30 s."""
        full: int = self._model.feature_extractor.nb_max_frames
        if self._margin is None:
            return full
        wanted = frames + round(self._margin * FRAMES_PER_SECOND)
        return min(full, wanted + wanted % 2)

    def _search(self, *, max_new_tokens: int) -> Any:
        from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens

        options = self._options
        return TranscriptionOptions(
            beam_size=options.beam_size,
            best_of=options.beam_size,
            patience=1.0,
            length_penalty=1.0,
            repetition_penalty=1.0,
            no_repeat_ngram_size=0,
            log_prob_threshold=LOG_PROBABILITY,
            no_speech_threshold=NO_SPEECH,  # here it only ends the fallback early; it never drops a text
            compression_ratio_threshold=COMPRESSION_RATIO,
            condition_on_previous_text=False,
            prompt_reset_on_temperature=0.5,
            temperatures=list(options.temperatures),
            initial_prompt=options.initial_prompt,
            prefix=None,
            suppress_blank=True,
            suppress_tokens=get_suppressed_tokens(self._tokenizer, [-1]),
            without_timestamps=not self._timestamps,
            max_initial_timestamp=1.0,
            word_timestamps=True,
            prepend_punctuations="",
            append_punctuations="",
            multilingual=False,
            max_new_tokens=max_new_tokens,
            clip_timestamps="0",
            hallucination_silence_threshold=None,
            hotwords=options.hotwords,
        )

    def _make_prompt(self) -> list[int]:
        before: list[int] = []
        if self._options.initial_prompt:
            before = self._tokenizer.encode(" " + self._options.initial_prompt.strip())
        prompt: list[int] = self._model.get_prompt(
            self._tokenizer, before, without_timestamps=not self._timestamps, hotwords=self._options.hotwords
        )
        return prompt


def load_transcriber(
    checkpoint: Checkpoint,
    *,
    device: str = "auto",
    compute_type: str | None = None,
    threads: int = 0,
    beam_size: int = 5,
    language: str | None = None,
    hotwords: str | None = None,
    initial_prompt: str | None = None,
    vad: VadOptions | None = None,
) -> Recognizer:
    """Load a checkpoint and make a Transcriber of it; None and 0 mean the defaults of `WhisperEngine.load` and `DecodingOptions`.

    Raises:
        ModelUnavailable: see `WhisperEngine.load`.
    """
    options = DecodingOptions(
        language=language or "en", beam_size=beam_size, hotwords=hotwords or None, initial_prompt=initial_prompt or None
    )
    engine = WhisperEngine.load(
        checkpoint, device=device, compute_type=compute_type or "default", cpu_threads=threads, options=options
    )
    return Recognizer(engine, vad=vad)


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def _load_hint(device: str, message: str) -> str:
    low = message.lower()
    if "compute type" in low:
        return "This device does not support that --compute-type; leave it out."
    if "out of memory" in low:
        return "Not enough GPU memory: choose a smaller --model or --compute-type int8_float16."
    if device == "cuda" and ("libcu" in low or "cudnn" in low or "cublas" in low):
        return "cuBLAS or cuDNN is missing: pip install nvidia-cublas-cu12 nvidia-cudnn-cu12, or use --device cpu."
    return "The files may be incomplete or of another version: `redactor models get NAME` fetches them again."
