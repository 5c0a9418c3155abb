"""Builds the objects of a run from plain values: policy, engines, transcripts, detector, decoder."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redactor import __version__
from redactor.console import DownloadBar, notice
from redactor.errors import ConfigurationError, ModelUnavailable, NoInput, TranscriptError
from redactor.policy import Policy, load_policy
from redactor.storage import Inputs, Item

if TYPE_CHECKING:
    from redactor.kept_transcripts import KeptTranscriber, KeptTranscripts
    from redactor.speech import Checkpoint


def policy_from(name: str, *, padding: float | None, unheard: str | None, max_doubt: float | None = None) -> Policy:
    return load_policy(name).with_changes(padding=padding, unheard_speech=unheard, max_doubt=max_doubt)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionOptions:
    """How recordings are recognised. The defaults are those of the command line.

    Attributes:
        model: a checkpoint's name, its folder, or "auto".
        revision: the hub's commit to use; None: the newest on this machine.
        device: "auto", "cpu" or "cuda"; compute_type: CTranslate2's, None: by device.
        threads, workers, batch_size: 0: chosen by the number of cores and by device.
        window: "auto" (as short as the checkpoint was measured to read well) or "full" (30 s).
        beam: width of the second search; None: the checkpoint's own.
        probe: measure which arrangement is fastest before the run.
    """

    model: str = "auto"
    revision: str | None = None
    device: str = "auto"
    compute_type: str | None = None
    threads: int = 0
    workers: int = 0
    batch_size: int = 0
    window: str = "auto"
    beam: int | None = None
    language: str | None = None
    hotwords: str | None = None
    initial_prompt: str | None = None
    probe: bool = False


def build_transcriber(given: RecognitionOptions, *, cpu_semaphore: AbstractContextManager[Any] | None = None) -> Any:
    """Resolve and load a checkpoint; warn if it is for demonstrations only."""
    return _loaded(resolve_checkpoint(given), given, cpu_semaphore)


def build_kept_transcriber(
    given: RecognitionOptions,
    kept: KeptTranscripts,
    *,
    raw: str | None,
    cpu_semaphore: AbstractContextManager[Any] | None = None,
) -> KeptTranscriber:
    """The same, but transcripts that are kept are taken from there, and the checkpoint is loaded only for others.

    `raw`: format of headerless audio.
    """
    from redactor.kept_transcripts import KeptTranscriber
    from redactor.speech import checkpoint_digest, expected_info, usable_cores
    from redactor.speech.batcher import BATCH_SIZE, BATCHES_IN_FLIGHT

    checkpoint = resolve_checkpoint(given)
    info = expected_info(checkpoint, device=given.device, compute_type=given.compute_type or "default")
    settings = (
        __version__,
        info.engine,
        checkpoint_digest(checkpoint),
        (checkpoint.max_window, checkpoint.margin, checkpoint.timestamps, checkpoint.delay, checkpoint.floors),
        info.compute_type,
        info.device,
        given.window,
        given.beam or checkpoint.beam,
        given.language or "en",
        given.hotwords,
        given.initial_prompt,
        raw,
    )
    return KeptTranscriber(
        kept,
        info=info,
        # About as many as the loaded engine wants.
        in_flight=min(256, BATCHES_IN_FLIGHT["cpu"] * BATCH_SIZE["cpu"] * (given.workers or usable_cores())),
        load=lambda: _loaded(checkpoint, given, cpu_semaphore),
        settings=settings,
    )


def resolve_checkpoint(given: RecognitionOptions) -> Checkpoint:
    """Find a checkpoint, download it if necessary; warn if it is for demonstrations only."""
    from redactor.speech import resolve

    with DownloadBar() as bar:
        checkpoint = resolve(given.model, device=given.device, revision=given.revision, progress=bar, notify=notice)
    if checkpoint.synthetic_only:
        notice(
            f"{checkpoint.name} is for synthetic demonstration speech only: on human speech it INVENTS words. Use "
            "--model auto for real calls."
        )
    return checkpoint


def _loaded(
    checkpoint: Checkpoint, given: RecognitionOptions, cpu_semaphore: AbstractContextManager[Any] | None
) -> Any:
    from redactor.speech import load_transcriber

    return load_transcriber(
        checkpoint,
        device=given.device,
        compute_type=given.compute_type,
        threads=given.threads,
        workers=given.workers,
        batch_size=given.batch_size,
        probe=given.probe,
        full=given.window == "full",
        cpu_semaphore=cpu_semaphore,
        beam_size=given.beam,
        language=given.language,
        hotwords=given.hotwords,
        initial_prompt=given.initial_prompt,
    )


def build_second(
    model: str, first: Any, given: RecognitionOptions, *, cpu_semaphore: AbstractContextManager[Any] | None
) -> Any:
    """The transcriber of --verify, in addition to `first`, which `build_transcriber` made from `given`.

    `model` "auto": a smaller checkpoint on this machine, or else the first one's weights with another search; if the
    transcript was made elsewhere (`first` None), the checkpoint of `given`.
    """
    from redactor.speech import resolve, second_checkpoint, second_transcriber

    other: Checkpoint | None
    if first is not None and model == "auto":
        checkpoint = resolve(given.model, device=given.device, revision=given.revision)
        other = second_checkpoint(checkpoint, language=given.language)
    else:
        name, revision = (given.model, given.revision) if model == "auto" else (model, None)
        with DownloadBar() as bar:
            other = resolve(name, device=given.device, revision=revision, progress=bar, notify=notice)
    return second_transcriber(
        first,
        other,
        cpu_semaphore=cpu_semaphore,
        device=given.device,
        compute_type=given.compute_type,
        threads=given.threads,
        workers=given.workers,
        batch_size=given.batch_size,
        full=given.window == "full",
        language=given.language,
        hotwords=given.hotwords,
        initial_prompt=given.initial_prompt,
    )


def build_second_ear(
    model: str,
    given: RecognitionOptions,
    *,
    cpu_semaphore: AbstractContextManager[Any] | None = None,
    kept: KeptTranscripts | None = None,
    raw: str | None = None,
) -> Any:
    """The transcriber of --second-ear, beside the one that `build_transcriber` makes from `given`.

    `model` "auto": a smaller checkpoint on this machine. `kept`, `raw`: see `build_kept_transcriber`.

    Raises:
        ModelUnavailable: there is none, or it cannot be loaded.
        ConfigurationError: it is the first one.
    """
    from redactor.speech import resolve, second_checkpoint

    first = resolve(given.model, device=given.device, revision=given.revision)
    with DownloadBar() as bar:
        other = (
            second_checkpoint(first, language=given.language)
            if model == "auto"
            else resolve(model, device=given.device, progress=bar, notify=notice)
        )
    if other is None:
        raise ModelUnavailable(
            f"There is no smaller checkpoint than {first.name} here for --second-ear.",
            hint="Get one with `redactor models get tiny.en`, or name one.",
        )
    if other.path == first.path:
        raise ConfigurationError(
            f"--second-ear is {first.name}, which recognises already.", hint="Name another checkpoint, or auto."
        )
    second = replace(given, model=str(other.path), revision=None, beam=None)
    if kept is not None:
        return build_kept_transcriber(second, kept, raw=raw, cpu_semaphore=cpu_semaphore)
    return build_transcriber(second, cpu_semaphore=cpu_semaphore)


TRANSCRIPT_SUFFIXES = (".json", ".vtt", ".srt", ".ctm")


def transcripts_for(transcript: Path, inputs: Inputs, *, any_language: bool = False) -> Callable[[Item], Any]:
    """A function that gives the transcript reader of an item: of the one file, or of the file in a folder with the
    recording's name. One file may have the documents of several recordings, as `redactor transcribe` prints them.

    Nothing is guessed: a transcript of another recording would bleep the wrong places. `any_language` is
    `TranscriptReader`'s.

    Raises:
        NoInput: there is no such path. ConfigurationError: one transcript for several recordings.
    """
    from redactor.speech import TranscriptReader, WordsDocuments

    if not os.path.exists(transcript):  # noqa: PTH110 - as below
        raise NoInput("The --transcript path does not exist.", hint="Check the path.")
    single = not transcript.is_dir()
    recordings = inputs.count() or 0 if single else 0
    fewest = 1 if recordings > 1 else 2
    documents = WordsDocuments(transcript) if single and WordsDocuments.count(transcript) >= fewest else None
    if documents is None and recordings > 1:
        raise ConfigurationError(
            f"--transcript is one file, and there are {recordings} recordings.",
            hint="Give a folder with one transcript for each recording, named like the recordings, or the lines that "
            "`redactor transcribe` printed for them.",
        )

    def reader(item: Item) -> Any:
        if single:
            return TranscriptReader(transcript, any_language=any_language, documents=documents)
        if item.has_namesake:
            raise TranscriptError(
                "Another recording of this run has the same name, so its transcript cannot be told apart.",
                hint="Redact one archive at a time.",
            )
        base = transcript / item.relative
        candidates = [base.with_name(base.name + suffix) for suffix in TRANSCRIPT_SUFFIXES]
        if not item.shares_stem:
            candidates += [base.with_suffix(suffix) for suffix in TRANSCRIPT_SUFFIXES]
        for candidate in candidates:
            if os.path.isfile(candidate):  # noqa: PTH113 - False, not an error, for a name that is too long
                return TranscriptReader(candidate, any_language=any_language)
        raise NoInput(
            "The --transcript folder contains no transcript of this recording.",
            hint="Name it like the recording (a.json, .vtt, .srt or .ctm for a.wav); add the recording's suffix if "
            "several recordings differ only in that (a.wav.json).",
        )

    return reader


def build_detector(ner: str = "auto") -> Any:
    from redactor.phi import build_detector as build

    return build(ner=ner)


def build_decoder(raw: str | None, *, decoder: Any = None) -> Any:
    """The decoder for --raw CODEC[:RATE[:CHANNELS]], or the plain one; `decoder`: a sandboxed one."""
    from functools import partial

    from redactor.audio import RawFormat
    from redactor.audio import decode as decode_here

    decode = decoder or decode_here
    if raw is None:
        return decode
    codec, _, rest = raw.partition(":")
    rate, _, channels = rest.partition(":")
    try:
        given = RawFormat(codec, int(rate) if rate else 16_000 if codec == "g722" else 8_000, int(channels or 1))
    except ValueError as error:
        raise ConfigurationError(
            "The raw format must be CODEC, CODEC:RATE or CODEC:RATE:CHANNELS, with a known codec.",
            hint="For example --raw ulaw:8000:1.",
        ) from error
    return partial(decode, raw=given)


LONGEST_KEY = 4096


def read_key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:  # a pipe will do, so its size is not known beforehand
            key = file.read(LONGEST_KEY + 1)
    except OSError:
        raise ConfigurationError("The hash key file cannot be read.", hint="Check its path and permissions.") from None
    if len(key) > LONGEST_KEY:
        raise ConfigurationError(
            f"The hash key file is longer than {LONGEST_KEY} bytes.", hint="Give a file that contains only the key."
        )
    return key
