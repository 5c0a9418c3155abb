"""The configuration of a run as plain values, and the pipeline that it describes, built here or on other machines."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redactor import builders
from redactor.builders import RecognitionOptions
from redactor.errors import ConfigurationError, ModelUnavailable
from redactor.malloc import keep_flat
from redactor.policy import Policy
from redactor.storage import Item

if TYPE_CHECKING:
    from redactor.kept_transcripts import KeptTranscripts
    from redactor.pipeline import Pipeline
    from redactor.recording_context import RecordingContext, RecordingContexts


@dataclass(frozen=True, slots=True, kw_only=True)
class JobConfiguration:
    """Everything that shapes the artefacts.

    Attributes:
        recognition: None if no engine is needed.
        only_transcripts: each recording has a transcript made elsewhere; `recognition` is for the second reading only.
        verify: recognise each output again. verify_transcripts: outputs of recordings with a transcript.
        sandbox: where recordings are decoded: "off" (in this process), or see `sandboxed`.
        verify_model: checkpoint of the second reading, see `builders.build_second`.
        second_ear: checkpoint whose findings are added, see `builders.build_second_ear`; None: none.
        context: what is known beforehand about the recordings; None: nothing. context_hotwords: see `Pipeline`.
        hash_key: secret of the operator "hash".
    """

    policy: Policy
    operator: str
    style: Any
    names: str
    raw: str | None
    ner: str
    verify: bool
    recognition: RecognitionOptions | None
    in_flight: int = 0
    sandbox: str = "auto"
    verify_model: str = "auto"
    verify_transcripts: bool = False
    second_ear: str | None = None
    only_transcripts: bool = False
    context_hotwords: bool = False
    context: RecordingContexts | None = field(default=None, repr=False)
    hash_key: bytes | None = field(default=None, repr=False)

    def elsewhere(self) -> JobConfiguration:
        """The same with absolute paths, for a process with another working directory."""
        given = self.recognition and replace(self.recognition, model=_in_full(self.recognition.model))
        return replace(
            self,
            recognition=given,
            ner=_in_full(self.ner),
            verify_model=_in_full(self.verify_model),
            second_ear=self.second_ear and _in_full(self.second_ear),
        )


@dataclass(frozen=True, slots=True)
class Assembled:
    """A pipeline, its engine (or None), and how many recordings should be in progress at once."""

    pipeline: Pipeline
    engine: Any
    in_flight: int


def assemble(
    job: JobConfiguration,
    *,
    reader: Callable[[Item], Any] | None = None,
    cores: int = 0,
    source: Callable[[Item], Any] | None = None,
    policy_for: Callable[[Item], Policy] | None = None,
    context_for: Callable[[Item, str], RecordingContext | None] | None = None,
    before_save: Callable[..., None] | None = None,
    decoder: Any = None,
    kept: KeptTranscripts | None = None,
) -> Assembled:
    """Build the objects, load the models.

    Args:
        reader: gives the reader of an item's own transcript, or None for an item that is to be recognised.
        source: gives the bytes of an item (a `Source`); None: those of its file.
        policy_for, before_save: see `Pipeline`. context_for: the same; None: by the job's own context.
        decoder: a sandboxed decoder; None: this process decodes.
        kept: transcripts of earlier runs, which are not recognised again; None: none are kept.
        cores: number of cores to use; 0: all that this process may run on.

    Raises:
        ConfigurationError, ModelUnavailable
    """
    from redactor.pipeline import Pipeline
    from redactor.render import Replacer
    from redactor.speech import usable_cores

    keep_flat()
    # Two more than cores: some of the threads that hold it wait for the disk.
    cpu_semaphore = threading.BoundedSemaphore((cores or usable_cores()) + 2)
    if job.context is not None:
        job.context.prepare()
    replacer = Replacer(job.operator, key=job.hash_key)
    decode = builders.build_decoder(job.raw, decoder=decoder)
    engine: Any = None
    second: Any = None
    second_ear: Any = None
    settings: tuple[Any, ...] = (job.raw, job.ner)
    if job.recognition is not None:
        given = job.recognition
        settings += (given.beam, given.language, given.hotwords, given.initial_prompt, given.window)
        if cores and not given.workers and given.device != "cuda":
            given = replace(given, workers=max(1, cores // (given.threads or 1)))
        if not job.only_transcripts:
            engine = (
                builders.build_transcriber(given, cpu_semaphore=cpu_semaphore)
                if kept is None
                else builders.build_kept_transcriber(given, kept, raw=job.raw, cpu_semaphore=cpu_semaphore)
            )
            if job.second_ear:
                second_ear = builders.build_second_ear(
                    job.second_ear, given, cpu_semaphore=cpu_semaphore, kept=kept, raw=job.raw
                )
        if job.verify or job.verify_transcripts:
            settings += ("second reading" if job.verify else "second reading of transcripts",)
            second = _second(job, engine, given, cpu_semaphore)
    pipeline = Pipeline(
        transcriber_for=lambda item: (reader and reader(item)) or engine,
        detector=builders.build_detector(job.ner),
        policy=job.policy,
        replacer=replacer,
        decoder=decode,
        style=job.style,
        verify_with=second,
        verify_all=job.verify,
        second_ear=second_ear,
        names=job.names,
        extra_settings=repr(settings),
        cpu_semaphore=cpu_semaphore,
        reader=source,
        policy_for=policy_for,
        context_for=context_for or (job.context.of if job.context else None),
        context_hotwords=job.context_hotwords,
        before_save=before_save,
    )
    return Assembled(pipeline, engine, job.in_flight or (engine.in_flight if engine else (cores or usable_cores()) + 2))


def _second(
    job: JobConfiguration, engine: Any, given: RecognitionOptions, cpu_semaphore: AbstractContextManager[Any]
) -> Any:
    try:
        return builders.build_second(job.verify_model, engine, given, cpu_semaphore=cpu_semaphore)
    except ModelUnavailable as error:
        if engine is not None:
            raise
        raise ModelUnavailable(
            f"Transcripts made elsewhere are checked by recognition, which needs a checkpoint. {error.message}",
            hint=f"{error.hint} To skip the check: --no-verify, or redaction.verify_transcripts = false.",
        ) from error


def sandboxed(sandbox: str, *, warn: Callable[[str], None] = lambda _: None) -> AbstractContextManager[Any]:
    """The decoder of a sandbox, or None if this process decodes.

    Args:
        sandbox: "required" (bubblewrap and the filter of system calls, or an error), "auto" (what of them works),
            "limits" (without bubblewrap), "off".
        warn: called with a sentence for each layer of confinement that is missing.

    Raises:
        ConfigurationError: it is required and does not work, or this system cannot confine processes.
    """
    if sandbox == "off":
        return nullcontext()
    if os.name != "posix":
        if sandbox != "auto":
            raise ConfigurationError("This system cannot confine processes.", hint="Use --sandbox auto or off.")
        warn("Recordings are decoded without a sandbox: this system cannot confine processes.")
        return nullcontext()
    from redactor.audio.sandbox import SandboxedDecoder

    decoder = SandboxedDecoder(bubblewrap={"required": True, "auto": None, "limits": False}[sandbox])
    for sentence in decoder.lacking:
        warn(f"The sandbox is incomplete: {sentence}")
    return decoder


def layers_of(decoder: Any) -> tuple[str, ...]:
    """The layers that confine decoding; none if this process decodes."""
    return tuple(decoder.layers) if decoder is not None else ()


def _in_full(name: str) -> str:
    """The absolute path, if a file or folder of this name exists."""
    return os.path.abspath(name) if os.path.exists(name) else name  # noqa: PTH100, PTH110


def in_full(item: Item) -> Item:
    """The item with its absolute path; links are not followed."""
    within = None if item.within is None else Path(os.path.abspath(item.within))  # noqa: PTH100
    return replace(item, path=Path(os.path.abspath(item.path)), within=within)  # noqa: PTH100
