"""The service's settings → the configuration of its jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from redactor import builders
from redactor.config import Settings
from redactor.factory import JobConfiguration
from redactor.policy import Policy
from redactor.render import Replacer

if TYPE_CHECKING:
    from redactor.recording_context import RecordingContexts


def job_configuration_of(settings: Settings) -> JobConfiguration:
    """The job configuration that [redaction] describes, checked before anything is loaded.

    Raises:
        ConfigurationError. NoInput: the context file cannot be read.
    """
    r = settings.redaction
    only_transcripts = r.model == "none"
    verify_transcripts = bool(settings.service.transcripts) and r.verify_transcripts
    recognition = (
        None
        if only_transcripts and not (r.verify or verify_transcripts)
        else builders.RecognitionOptions(
            model="auto" if only_transcripts else r.model,
            device=r.device,
            compute_type=r.compute_type or None,
            threads=r.threads,
            workers=r.workers,
            batch_size=r.batch_size,
            window=r.window,
            beam=r.beam or None,
            language=r.language or None,
            hotwords=r.hotwords or None,
            initial_prompt=r.initial_prompt or None,
            revision=r.revision or None,
            probe=False,
        )
    )
    job = JobConfiguration(
        policy=builders.policy_from(r.policy, padding=None, unheard=r.unheard or None),
        operator=r.operator,
        style=r.bleep,
        names=r.names,
        raw=r.raw or None,
        ner=r.ner,
        verify=r.verify,
        verify_model=r.verify_model,
        verify_transcripts=verify_transcripts,
        second_ear=None if only_transcripts else r.second_ear or None,
        only_transcripts=only_transcripts,
        recognition=recognition,
        context=_contexts_of(settings),
        context_hotwords=r.context_hotwords,
        hash_key=bytes(r.hash_key) or None,
        sandbox=settings.service.sandbox,
    )
    Replacer(job.operator, key=job.hash_key)
    builders.build_decoder(job.raw)
    sent_policy_of(settings)
    return job


def _contexts_of(settings: Settings) -> RecordingContexts | None:
    r = settings.redaction
    if not r.context:
        return None
    from redactor.recording_context import read_contexts

    return read_contexts(Path(r.context), Path(r.context_key) if r.context_key else None)


def sent_policy_of(settings: Settings) -> Policy:
    """The policy of sent messages. If they are reviewed, unheard speech is bleeped and doubt withholds none: a
    person will listen.

    Raises:
        ConfigurationError
    """
    r = settings.redaction
    unheard = r.unheard or ("bleep" if settings.reviews_sent else None)
    limit = 1.0 if settings.reviews_sent else None
    return builders.policy_from(r.sent_policy or r.policy, padding=None, unheard=unheard, max_doubt=limit)
