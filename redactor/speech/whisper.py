"""faster-whisper as an engine: windows of audio → words with times, with its model, tokenizer, features and alignment.

`WhisperModel.transcribe` is not suitable for redaction: it drops segments of zero length and, below a threshold, whole
windows; it shortens words at segment boundaries; it seeks by the model's own time tokens; and it handles one file. Here
windows of many files share one call:

    prepare   a window → features and the context that it needs: its length and a margin, on a grid of GRID frames
    decode    windows of one bucket → encode · one search · gate · one alignment → words
              a window whose greedy text is doubtful comes back, to be searched again with others of its length

Guards against invented text: windows are cut by sound (`activity`), the preceding text is never a prompt, a repetitive
or improbable result is decoded again in the full context (`gate`), and a window's length limits its tokens. None
removes words where somebody speaks; speech without words is reported by `coverage`, guesses by `understanding`.
"""

from __future__ import annotations

import math
import threading
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from redactor.batching import Requeued
from redactor.errors import ModelUnavailable, RecognitionFailed
from redactor.types import RECOGNITION_RATE, ModelInfo, Mono, TimedText

from .alignment import words_of
from .boundaries import FRAME, BoundaryModel, refine
from .checkpoints import Checkpoint
from .decoding import DecodingOptions
from .engine import Prepared
from .gate import DecodedWindow, best, is_accepted, is_confident
from .loading import load_model

LONGEST = 30.0  # seconds: Whisper's context
FRAMES_PER_SECOND = 100  # of features
GRID = 50
"""Frames. Contexts are multiples of it, so that windows of similar length share a batch; contexts of more than 20 steps
are on a grid twice as wide, and so on, so that no more than a tenth is added.
"""
TRIMMED_WINDOW = 20.0
"""The longest window, in seconds, if its padding is trimmed. The encoder's time grows faster than its context: for
base's shape on one CPU thread 180 us a frame at 600 frames, 420 at 3,000 (benchmarks/BENCHMARKS.md)."""
CAREFUL_MARGIN = 3.0  # seconds of silence after a window in which words were missed
OWN_LANGUAGE = 0.5
"""Probability of the expected language below which a window is in another (base). Of 60 windows of ordinary messages
the lowest was 0.86, of a telephone's ring 0.62; of Spanish and French the highest was 0.05.
"""
SHORTEST_FOR_LANGUAGE = 2.0  # seconds: "okay, bye" could be said in many languages
TOKENS_PER_SECOND = 20  # fast speech is 5 to 7 words a second, 1 to 3 tokens each
SPARE_TOKENS = 24
FULL_STEP = 10  # seconds: windows in the full context share a batch if their token limits agree in these steps
DECODED_AGAIN_TOGETHER = {"cpu": 1, "cuda": 4}
"""Rejected windows that are decoded again at once: CTranslate2 keeps the decoder's view of a window for each text of
the beam, 0.2 GB per window for base and half a gigabyte for small. On a CPU several take as long as one by one.
"""
CALLS_PER_SECOND_SEARCH = 4  # of this many concurrent calls, one at a time may decode again: it needs the same memory
SECOND_BEAM = 5
"""The least beam width of a rejected window's second search; a greedy checkpoint has few of them."""
SEARCH_MEMORY = 120_000_000
"""Bytes that the decoder of one call may keep of its windows: its view of each, for each text of the beam. Of base, 18
MB for a window of 15 s. With this, a run over messages of 15 to 31 s peaks at 1.27 GB with base, with half as much
again at 1.47 (200 voicemails, two calls at once)."""
DECODER_LAYERS = {384: 4, 512: 6, 768: 12, 1024: 24}
"""Layers of Whisper's decoders by the width of their states (Radford et al. 2022, table 1)."""
MOST_LAYERS = 32
REJECTED = 0.3
"""The highest confidence of words whose text the gate rejected in the full context as well: they are guesses."""


class WhisperEngine:
    """A loaded checkpoint: a `BatchEngine`. Thread-safe: CTranslate2 runs as many concurrent calls as it has
    workers.
    """

    def __init__(
        self,
        model: Any,
        *,
        info: ModelInfo,
        max_window: float,
        margin: float | None = None,
        timestamps: bool = True,
        delay: float = 0.0,
        options: DecodingOptions | None = None,
        boundaries: BoundaryModel | None = None,
    ) -> None:
        """Wrap a loaded `faster_whisper.WhisperModel`; see `load` and `Checkpoint`.

        `boundaries`: its network for word times; None: times are as aligned.
        """
        self._model = model
        self._info = info
        self._max_window = min(max_window, LONGEST)
        self._margin = margin
        self._timestamps = timestamps
        self._delay = delay
        self._options = options or DecodingOptions()
        self.boundaries = boundaries
        language = self._options.language
        if language not in model.supported_languages:
            raise ModelUnavailable(
                f"This checkpoint does not support the language {language!r}.",
                hint="Use a multilingual --model (a name without .en), or --language en.",
            )
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self._tokenizer: Any = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )
        self._prompt = self._make_prompt()
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]))
        self._multilingual: bool = model.model.is_multilingual
        self._full: int = model.feature_extractor.nb_max_frames
        # On a CPU the encoder is cheaper one window at a time (its working set stays in the cache), the decoder in a
        # batch.
        self.encode_together = info.device != "cpu"
        self._second_searches = threading.BoundedSemaphore(max(1, model.model.num_workers // CALLS_PER_SECOND_SEARCH))
        self._decoded_again_together = DECODED_AGAIN_TOGETHER.get(info.device, 1)

    @classmethod
    def load(
        cls,
        checkpoint: Checkpoint,
        *,
        device: str = "auto",
        compute_type: str = "default",
        cpu_threads: int = 0,
        workers: int = 1,
        full: bool = False,
        options: DecodingOptions | None = None,
    ) -> WhisperEngine:
        """Load a checkpoint.

        Args:
            device: "auto" (CUDA if CTranslate2 sees a GPU), "cpu" or "cuda".
            compute_type: CTranslate2's name; "default" is int8 on CPU and float16 on CUDA.
            cpu_threads: of each call; 0 = CTranslate2's choice.
            workers: concurrent calls.
            full: decode every window in the full 30 s context, even if the checkpoint needs less.

        Raises:
            ModelUnavailable: the folder does not load, or the device or compute type is not available.
        """
        model, info = load_model(
            checkpoint, device=device, compute_type=compute_type, cpu_threads=cpu_threads, workers=workers
        )
        margin = None if full else checkpoint.margin
        boundaries = BoundaryModel.of(checkpoint.stock)
        if boundaries is not None and boundaries.width != _width(model):
            boundaries = None  # a folder of the hub's cache with other weights than its name says
        return cls(
            model,
            info=replace(info, exact_times=boundaries is not None),
            max_window=checkpoint.max_window if margin is None else min(checkpoint.max_window, TRIMMED_WINDOW),
            margin=margin,
            timestamps=checkpoint.timestamps,
            delay=checkpoint.delay,
            options=options,
            boundaries=boundaries,
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

    def recognize(
        self, windows: Iterable[Mono], *, careful: bool = False, hotwords: str | None = None
    ) -> list[list[TimedText]]:
        """See `WindowEngine.recognize`. Windows of one context share a call; `Batcher` does so across threads."""
        waiting = {
            place: self.prepare(window, careful=careful, hotwords=hotwords) for place, window in enumerate(windows)
        }
        out: list[list[TimedText]] = [[] for _ in waiting]
        while waiting:
            bucket = min(window.bucket for window in waiting.values())
            places = [place for place, window in waiting.items() if window.bucket == bucket]
            for place, found in zip(places, self.decode([waiting.pop(place) for place in places]), strict=True):
                if isinstance(found, Requeued):
                    waiting[place] = found.piece
                else:
                    out[place] = found
        return out

    def prepare(self, window: Mono, *, careful: bool = False, hotwords: str | None = None) -> Prepared:
        """See `BatchEngine.prepare`."""
        if len(window) > LONGEST * RECOGNITION_RATE:
            raise ValueError("a window is at most 30 s long")
        seconds = len(window) / RECOGNITION_RATE
        if len(window) < RECOGNITION_RATE // 50:  # one encoder frame, 20 ms
            return Prepared(np.zeros((0, 0), np.float32), seconds, 0, 0)
        features = self._model.feature_extractor(np.ascontiguousarray(window, np.float32))
        features = features[:, : min(features.shape[-1] - 1, self._full)]
        context = self._context(features.shape[-1], careful=careful)
        prompt = tuple(self._make_prompt(hotwords)) if hotwords else ()
        return Prepared(features, seconds, context, self._limit(seconds, context, len(prompt or self._prompt)), prompt)

    def decode(self, batch: Sequence[Prepared]) -> list[list[TimedText] | Requeued[Prepared]]:
        """See `BatchEngine.decode`."""
        if not batch or not batch[0].context:
            return [[] for _ in batch]
        try:
            return self._decode(batch, batch[0].context)
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            # The library's message and traceback are dropped: they could quote what it decoded.
            memory = isinstance(error, MemoryError) or "out of memory" in str(error).lower()
            raise RecognitionFailed(
                f"The speech engine failed ({'out of memory' if memory else type(error).__name__}).",
                hint="Choose a smaller --model, --batch-size or --compute-type." if memory else None,
            ) from None

    def rehearse(self, windows: int, *, seconds: float = 6.0, tokens: int = 32) -> None:
        """Do the work of `windows` windows of speech in one call, on noise, to measure arrangements.

        The end of text is suppressed, so that every rehearsal decodes the same number of tokens.
        """
        frames = round(seconds * FRAMES_PER_SECOND)
        rng = np.random.default_rng(0)
        bands = self._model.feature_extractor.mel_filters.shape[0]
        batch = [
            Prepared(rng.normal(0, 0.3, (bands, frames)).astype(np.float32), seconds, self._context(frames), tokens)
            for _ in range(windows)
        ]
        try:
            encoded = self._encode(batch, batch[0].context)
            width = None if self.encode_together else 1  # as `_first`
            found = self._search(encoded, batch, width=width, forbidden=(self._tokenizer.eot,))
            self._align(encoded, batch, found)
        except RuntimeError as error:
            raise RecognitionFailed(f"A rehearsal failed ({type(error).__name__}).") from None

    def _decode(self, batch: Sequence[Prepared], context: int) -> list[list[TimedText] | Requeued[Prepared]]:
        if batch[0].first is not None:
            encoded, found = self._second_search(batch)
            return [*self._words(encoded, batch, found, context)]
        encoded = self._encode(batch, context)
        other_language = self._in_another_language(encoded, batch)
        if len(other_language) == len(batch):
            return [[] for _ in batch]
        # On a GPU a batch cannot be split into rows, and a beam costs little.
        greedy_first = self._options.beam_size > 1 and not self.encode_together
        first = self._search(encoded, batch, width=1 if greedy_first else None)
        doubtful = [
            i for i, result in enumerate(first) if greedy_first and i not in other_language and not is_confident(result)
        ]
        settled = [None if i in other_language or i in doubtful else result for i, result in enumerate(first)]
        out: list[list[TimedText] | Requeued[Prepared]] = [*self._words(encoded, batch, settled, context)]
        for i in doubtful:
            # Copied, so that the other rows need not stay in memory.
            states = np.array(np.asarray(encoded)[i : i + 1])
            out[i] = Requeued(replace(batch[i], first=(states, first[i])))
        return out

    def _words(
        self, encoded: Any, batch: Sequence[Prepared], found: Sequence[DecodedWindow | None], context: int
    ) -> list[list[TimedText]]:
        """The words of each window: of what was found if that is accepted, else of another search in the full
        context.
        """
        rejected = [i for i, result in enumerate(found) if result is not None and not is_accepted(result)]
        words = self._align(encoded, batch, [None if i in rejected else result for i, result in enumerate(found)])
        if not self._options.second_tries:
            return words
        for first in range(0, len(rejected), self._decoded_again_together):
            chunk = rejected[first : first + self._decoded_again_together]
            texts = [text for i in chunk if (text := found[i]) is not None]
            for i, better in zip(chunk, self._decode_again([batch[i] for i in chunk], context, texts), strict=True):
                words[i] = better
        return words

    def _in_another_language(self, encoded: Any, batch: Sequence[Prepared]) -> set[int]:
        """Windows in another language, for which any text in this language would be invented.

        English-only checkpoints cannot detect it; there the words' confidence is low (`understanding`).
        """
        if not self._multilingual:
            return set()
        heard = self._model.model.detect_language(self._every_second_state(encoded))
        needed = f"<|{self._options.language}|>"
        return {
            i
            for i, (window, ranked) in enumerate(zip(batch, heard, strict=True))
            if window.seconds >= SHORTEST_FOR_LANGUAGE and dict(ranked).get(needed, 0.0) < OWN_LANGUAGE
        }

    def _every_second_state(self, encoded: Any) -> Any:
        """Every second state of the encoder: enough to detect the language, in two thirds of the time."""
        if self.encode_together:
            return encoded
        from ctranslate2 import StorageView

        return StorageView.from_array(np.ascontiguousarray(np.asarray(encoded)[:, ::2]))

    def _second_search(self, batch: Sequence[Prepared]) -> tuple[Any, list[DecodedWindow]]:
        """A search with the full beam for windows whose greedy text is not probable enough: (states, what was found).

        A beam of five costs three to five times as much as a greedy search, and finds the same text where every token
        is nearly certain. A batch of four costs 0.6 of one by one (tiny.en).
        """
        from ctranslate2 import StorageView

        encoded = StorageView.from_array(np.concatenate([window.first[0] for window in batch]))
        found = self._search(encoded, batch)
        for i, (wider, window) in enumerate(zip(found, batch, strict=True)):
            greedy = window.first[1]
            if is_accepted(greedy) and not is_accepted(wider):
                found[i] = greedy
        return encoded, found

    def _decode_again(
        self, batch: Sequence[Prepared], context: int, first: Sequence[DecodedWindow]
    ) -> list[list[TimedText]]:
        """Decode rejected windows in the full context; the words of a text that is rejected there as well are guesses.

        Whisper's own next step, sampling at rising temperatures, is left out: where the most probable text is
        rejected, a sampled one is invented, and another one in every run.
        """
        biased = any(window.prompt for window in batch)
        if biased:  # hot words of a recording may be what made its text improbable
            batch = [replace(window, prompt=()) for window in batch]
        encoded = self._encode(batch, self._full)
        width = max(SECOND_BEAM, self._options.beam_size)
        searched_already = context == self._full and width == self._options.beam_size and not biased
        found = first
        if not searched_already:
            with self._second_searches:
                found = self._search(encoded, batch, width=width)
        chosen = [
            again if is_accepted(again) else best((again, before)) for again, before in zip(found, first, strict=True)
        ]
        return [
            words if is_accepted(text) else [word._replace(confidence=min(word.confidence, REJECTED)) for word in words]
            for words, text in zip(self._align(encoded, batch, chosen), chosen, strict=True)
        ]

    def _context(self, frames: int, *, careful: bool = False) -> int:
        """Feature frames for the encoder: the window and at least its margin of zeros, on the grid, up to 30 s."""
        if self._margin is None:
            return self._full
        margin = max(self._margin, CAREFUL_MARGIN) if careful else self._margin
        needed = frames + round(margin * FRAMES_PER_SECOND)
        grid = GRID
        while needed > 20 * grid:
            grid *= 2
        return min(self._full, -(-needed // grid) * grid)

    def _limit(self, seconds: float, context: int, prompt: int) -> int:
        """The most tokens of a window's text; of its context if that is trimmed, so that windows share a call."""
        if context == self._full:
            longest: float = math.ceil(seconds / FULL_STEP) * FULL_STEP
        else:
            longest = context / FRAMES_PER_SECOND - (self._margin or 0.0)
        limit = SPARE_TOKENS + math.ceil(TOKENS_PER_SECOND * longest)
        return int(min(limit, self._model.max_length - prompt))

    def _encode(self, batch: Sequence[Prepared], context: int) -> Any:
        padded = np.zeros((len(batch), batch[0].features.shape[0], context), np.float32)
        for row, window in zip(padded, batch, strict=True):
            row[:, : window.features.shape[1]] = window.features
        if self.encode_together or len(batch) == 1:
            return self._model.encode(padded)
        from ctranslate2 import StorageView

        single = [np.asarray(self._model.encode(row)) for row in padded]
        return StorageView.from_array(np.concatenate(single))

    def _search(
        self,
        encoded: Any,
        batch: Sequence[Prepared],
        *,
        width: int | None = None,
        forbidden: Sequence[int] = (),
    ) -> list[DecodedWindow]:
        width = width or self._options.beam_size
        together = self._searched_together(encoded, width)
        if together < len(batch):
            from ctranslate2 import StorageView

            rows = np.asarray(encoded)
            return [
                found
                for at in range(0, len(batch), together)
                for found in self._search(
                    StorageView.from_array(rows[at : at + together]),
                    batch[at : at + together],
                    width=width,
                    forbidden=forbidden,
                )
            ]
        prompts = [list(window.prompt) or self._prompt for window in batch]
        limit = len(prompts[0]) + batch[0].limit
        results = self._model.model.generate(
            encoded,
            prompts,
            beam_size=width,
            max_length=limit,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[*self._suppressed, *forbidden],
            max_initial_timestamp_index=round(1.0 / self._model.time_precision),
        )
        return [self._decoded_window(result, limit - len(prompts[0])) for result in results]

    def _searched_together(self, encoded: Any, width: int) -> int:
        """Windows of a batch that are searched at once, in parts of equal size, so that memory stays bounded."""
        windows, states, numbers = encoded.shape
        if self.encode_together:
            return int(windows)
        view = width * 2 * DECODER_LAYERS.get(numbers, MOST_LAYERS) * states * numbers * 4  # keys and values, float32
        parts = -(-windows * view // SEARCH_MEMORY)
        return int(-(-windows // parts))

    def _decoded_window(self, result: Any, limit: int) -> DecodedWindow:
        sequence = result.sequences_ids[0]
        tokens = tuple(token for token in sequence if token < self._tokenizer.eot)
        text = self._tokenizer.decode(list(tokens)).strip().encode()
        return DecodedWindow(
            tokens,
            # The score is a mean over the tokens; Whisper includes the end of text.
            result.scores[0] * len(sequence) / (len(sequence) + 1),
            result.no_speech_prob,
            len(text) / len(zlib.compress(text)) if text else 1.0,
            ended=len(sequence) < limit,
        )

    def _align(
        self, encoded: Any, batch: Sequence[Prepared], found: Sequence[DecodedWindow | None]
    ) -> list[list[TimedText]]:
        """The words of each window's text with their times; [] where there is none."""
        texts = [list(result.tokens) if result else [] for result in found]
        if not any(texts):
            return [[] for _ in batch]
        if self.encode_together:
            # A window without words keeps its row with a placeholder, so that the encoded batch is used unchanged.
            rows = self._aligned(encoded, [text or [self._tokenizer.eot] for text in texts], batch)
        else:
            # On a CPU one by one costs the same, and in a batch a window's padding would shift its times.
            from ctranslate2 import StorageView

            every = np.asarray(encoded)
            rows = [
                self._aligned(StorageView.from_array(every[i : i + 1]), [text], [window])[0] if text else []
                for i, (window, text) in enumerate(zip(batch, texts, strict=True))
            ]
        words = [
            words_of(pieces, duration=window.seconds, delay=self._delay) if text else []
            for pieces, window, text in zip(rows, batch, texts, strict=True)
        ]
        return words if self.boundaries is None else self._refined(self.boundaries, encoded, batch, words)

    @staticmethod
    def _refined(
        model: BoundaryModel, encoded: Any, batch: Sequence[Prepared], words: Sequence[list[TimedText]]
    ) -> list[list[TimedText]]:
        from ctranslate2 import DataType, Device

        states = np.asarray(encoded.to_device(Device.cpu).to(DataType.float32))
        return [
            refine(said, model(row[: int(window.seconds / FRAME) + 1]), duration=window.seconds) if said else []
            for row, window, said in zip(states, batch, words, strict=True)
        ]

    def _aligned(self, encoded: Any, texts: list[list[int]], batch: Sequence[Prepared]) -> list[Any]:
        frames = [window.features.shape[1] for window in batch]
        rows: list[Any] = self._model.find_alignment(self._tokenizer, texts, encoded, frames)
        return rows

    def _make_prompt(self, hotwords: str | None = None) -> list[int]:
        """The tokens before a text; `hotwords` of one recording come before those of all."""
        before: list[int] = []
        if self._options.initial_prompt:
            before = self._tokenizer.encode(" " + self._options.initial_prompt.strip())
        prompt: list[int] = self._model.get_prompt(
            self._tokenizer,
            before,
            without_timestamps=not self._timestamps,
            hotwords=", ".join(filter(None, (hotwords, self._options.hotwords))) or None,
        )
        return prompt


def _width(model: Any) -> int:
    """Numbers in a state of the model's encoder."""
    bands: int = model.feature_extractor.mel_filters.shape[0]
    return int(model.encode(np.zeros((bands, GRID), np.float32)).shape[-1])
