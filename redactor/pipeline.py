"""Composes the packages: a file goes in, an Outcome comes out, and artefacts exist only if every step passed.

    read → decode → recognise → detect → plan → bleep + render → encode → check the encoded bytes → (verify) → save

Built objects are passed in; nothing here reads settings. Every failure of a recording ends at one boundary
(`Pipeline.process`) and becomes a value; the run continues.

`Pipeline.run` has many recordings in progress, each in a thread of its own that goes through these steps in sequence.
They meet where a model is faster on many pieces at once: windows of all of them share the speech engine's batches
(`speech.Batcher`), texts the detector's. `cpu_semaphore` lets as many threads compute as there are cores; a
`concurrency.MemoryBudget` limits the audio that they hold.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from redactor import __version__
from redactor.audio import (
    AUDIO_SUFFIXES,
    ECHO_REACH,
    Decoder,
    Encoded,
    Limits,
    Source,
    Style,
    bleep,
    decode,
    echoes,
    encode,
    read_source,
)
from redactor.batching import DynamicBatcher
from redactor.concurrency import Clock, MemoryBudget, bounded_map, in_order
from redactor.doubt import Doubt, accept, doubt_of
from redactor.errors import Quarantine, as_redactor_error
from redactor.output_names import NameDetector, OutputNames
from redactor.phi import KnownSearch
from redactor.policy import Edit, Policy, edited, make_plan, usual_max_doubt, with_echoes
from redactor.recognition import listen
from redactor.recording_context import RecordingContext
from redactor.render import TEXT_FORMATS, TEXT_SUFFIXES, Replacer, document, tokens
from redactor.second_ear import unconfirmed
from redactor.speech import Transcriber
from redactor.storage import (
    Claim,
    Item,
    Journal,
    NullJournal,
    Step,
    Target,
    artefact,
    fingerprints,
    has_twin,
    remove_set,
    save_set,
)
from redactor.types import Finding, Outcome, Plan, Recording, Speech, Status, Transcript, Unheard
from redactor.verification import Verification

TEXTS = 64
"""Most texts searched in one batch."""

_Text: TypeAlias = "tuple[Transcript, KnownSearch | None]"


@dataclass(frozen=True, slots=True)
class Artefacts:
    """Everything about one redacted recording, not yet written: suffix → content, the JSON document last."""

    plan: Plan
    audio: Encoded
    files: tuple[tuple[str, bytes], ...]
    doubt: Doubt


class Pipeline:
    """One configured way from recording to artefacts.

    Args:
        transcriber_for: gives the transcriber of an item: the same engine for all, or a reader of that item's own
            transcript.
        style: "tone", "silence" or "noise".
        verify_with: an engine (no reader of transcripts made elsewhere) that recognises the encoded output again: PHI
            that it hears and the plan did not keep on purpose puts the recording in quarantine (`verification`). None:
            no second reading.
        second_ear: a recogniser whose findings are added (`redactor.second_ear`); not for transcripts made elsewhere.
        verify_all: whether it hears every output, or only those of transcripts made elsewhere.
        names: "auto" (a name in which PHI is found becomes the id), "id" or "keep".
        extra_settings: other settings that shape the artefacts (hot words, beam width …): a resumed run redoes what was
            made with others.
        cpu_semaphore: held by each step that computes; give the transcriber the same one.
        audio_seconds: audio, over all channels, that the recordings in progress may hold; a longer one is processed
            alone.
        reader: gives the bytes of an item; None: those of the file at its path.
        policy_for: gives the policy of an item; None: `policy` for all.
        context_for: gives what is known beforehand about an item, by its SHA-256; None: nothing about any.
        context_hotwords: the names of its own people are hot words of the recording's recognition; if it would be
            withheld then, it is recognised again without them.
        before_save: called with each recording, its bytes and artefacts before they are saved; the recording fails with
            any error that it raises. Called without `cpu_semaphore`, since it waits for disks and databases.
    """

    def __init__(
        self,
        *,
        transcriber_for: Callable[[Item], Transcriber],
        detector: NameDetector,
        policy: Policy,
        replacer: Replacer,
        decoder: Decoder = decode,
        style: Style = "tone",
        verify_with: Transcriber | None = None,
        second_ear: Transcriber | None = None,
        verify_all: bool = True,
        names: str = "auto",
        limits: Limits | None = None,
        extra_settings: str = "",
        cpu_semaphore: AbstractContextManager[Any] | None = None,
        audio_seconds: float = 3600.0,
        reader: Callable[[Item], Source] | None = None,
        policy_for: Callable[[Item], Policy] | None = None,
        context_for: Callable[[Item, str], RecordingContext | None] | None = None,
        context_hotwords: bool = False,
        before_save: Callable[[Item, Source, Recording, Artefacts], None] | None = None,
    ) -> None:
        self.transcriber_for = transcriber_for
        self.detector = detector
        self.policy = policy
        self.replacer = replacer
        self.decoder = decoder
        self.style = style
        self.verify_with = verify_with
        self.second_ear = second_ear
        self.limits = limits or Limits()
        self.extra_settings = extra_settings
        self._read = reader or (lambda item: read_source(item.path, within=item.within, limits=self.limits))
        self._policy_for = policy_for or (lambda _: policy)
        self._context_for = context_for or (lambda _item, _identity: None)
        self._context_hotwords = context_hotwords
        self._before_save = before_save
        self._names = OutputNames(detector, mode=names, min_score=policy.min_score)
        self._cpu_semaphore = cpu_semaphore or nullcontext()
        self.verification = Verification(
            decoder=decoder,
            listen=lambda recording, transcriber: listen(recording, transcriber, self._cpu_semaphore),
            search=self.search,
            style=style,
            second=verify_with,
            every=verify_all,
            cpu_semaphore=cpu_semaphore,
        )
        self._audio = MemoryBudget(audio_seconds)
        self._large = threading.Lock()
        self._texts: DynamicBatcher[_Text, tuple[Finding, ...]] | None = None
        self._saved: set[int] = set()

    def search(self, speech: Speech, known: KnownSearch | None = None) -> tuple[Finding, ...]:
        """Findings of every transcript, with their channels; `known`: beforehand about the recording."""
        search = self._texts or self._searched
        texts = [(transcript, known) for transcript in speech.transcripts]
        return tuple(finding for findings in search(texts) for finding in findings)

    def _searched(self, texts: Sequence[_Text]) -> list[tuple[Finding, ...]]:
        transcripts = [transcript for transcript, _ in texts]
        if all(known is None for _, known in texts):
            return list(self.detector.search(transcripts))
        return list(self.detector.search(transcripts, known=[known for _, known in texts]))

    def plan(
        self,
        recording: Recording,
        transcriber: Transcriber,
        clock: Clock | None = None,
        policy: Policy | None = None,
        context: RecordingContext | None = None,
    ) -> Plan:
        """All steps up to the Plan; `policy` overrides the pipeline's own, here and below, and `context` is what is
        known beforehand.

        Raises:
            RedactorError: recognition or detection failed, or doubt (`Quarantine`).
        """
        clock = clock or Clock()
        policy = policy or self.policy
        hotwords = self._hotwords(context)
        if hotwords and transcriber.info.engine != "transcript":
            # With them recognition is less sure of its words, and more recordings would be withheld.
            with suppress(Quarantine):
                return self._planned(recording, transcriber, clock, policy, context, hotwords)
        return self._planned(recording, transcriber, clock, policy, context)

    def _planned(
        self,
        recording: Recording,
        transcriber: Transcriber,
        clock: Clock,
        policy: Policy,
        context: RecordingContext | None,
        hotwords: str | None = None,
    ) -> Plan:
        with clock.stage("recognise"):
            speech = listen(recording, transcriber, self._cpu_semaphore, hotwords=hotwords)
        with clock.stage("detect"):
            findings = self.search(speech, context)
        with clock.stage("plan", self._cpu_semaphore):
            plan = make_plan(recording, speech, findings, policy)
        if self.second_ear is not None and speech.model.engine != "transcript":
            doubts = self._second_opinion(recording, plan, self.second_ear, clock, policy, context)
            if doubts:
                with clock.stage("plan", self._cpu_semaphore):
                    speech = replace(speech, unheard=(*speech.unheard, *doubts))
                    plan = make_plan(recording, speech, findings, policy)
        with clock.stage("plan", self._cpu_semaphore):
            return _echoed(recording, plan)

    def _second_opinion(
        self,
        recording: Recording,
        plan: Plan,
        transcriber: Transcriber,
        clock: Clock,
        policy: Policy,
        context: RecordingContext | None,
    ) -> tuple[Unheard, ...]:
        """What only the second recogniser heard as PHI; nothing if it did not understand the recording."""
        with clock.stage("second ear"):
            speech = listen(recording, transcriber, self._cpu_semaphore)
        with clock.stage("detect"):
            findings = self.search(speech, context)
        with clock.stage("plan", self._cpu_semaphore), suppress(Quarantine):
            return unconfirmed(plan, make_plan(recording, speech, findings, policy))
        return ()

    def _hotwords(self, context: RecordingContext | None) -> str | None:
        return context.hotwords if context is not None and self._context_hotwords else None

    def edited(self, recording: Recording, plan: Plan, edits: Sequence[Edit], policy: Policy | None = None) -> Plan:
        """The plan after a reviewer's edits; ValueError if one does not fit."""
        with self._cpu_semaphore:
            return _echoed(recording, edited(plan, edits, policy or self.policy))

    def redact(
        self,
        recording: Recording,
        transcriber: Transcriber,
        clock: Clock | None = None,
        policy: Policy | None = None,
        context: RecordingContext | None = None,
    ) -> Artefacts:
        """All artefacts of a recording, checked on the encoded bytes; nothing is saved.

        Raises:
            VerificationHit: a bleeped stretch of the encoded output still resembles the original, or (with
            `verify_with`) PHI was
                recognised in it again.
            TooDoubtful: more doubt is left than the policy accepts.
            RedactorError: as `plan`; or the output cannot be encoded.
        """
        clock = clock or Clock()
        plan = self.plan(recording, transcriber, clock, policy, context)
        accept(plan, (policy or self.policy).max_doubt)
        return self.make(recording, plan, self.settings(transcriber, policy, context), clock, policy, context)

    def make(
        self,
        recording: Recording,
        plan: Plan,
        settings: str,
        clock: Clock | None = None,
        policy: Policy | None = None,
        context: RecordingContext | None = None,
        *,
        reread: bool = True,
    ) -> Artefacts:
        """All artefacts of a plan, checked as `redact` says (`reread`: also by a second reading), with `settings`."""
        clock = clock or Clock()
        with clock.stage("bleep", self._cpu_semaphore):
            samples = bleep(recording, plan.intervals, style=self.style)
        with clock.stage("encode", self._cpu_semaphore):
            encoded = encode(samples, recording.format)
        del samples  # of a long recording, copies are what memory is for
        with clock.stage("verify"):
            verification = self.verification.check(
                recording, plan, encoded, policy or self.policy, context, reread=reread
            )
        with clock.stage("render", self._cpu_semaphore):
            shown = tokens(plan, self.replacer)
            doc = document(plan, shown, verification=verification, warnings=encoded.warnings)
            doubt = doubt_of(plan)
            doc["doubt"] = doubt.as_json()
            doc["audio"] = encoded.suffix
            doc["settings"] = settings
            texts = [(text.suffix, text.write(shown, doc).encode()) for text in TEXT_FORMATS]
        return Artefacts(plan, encoded, ((encoded.suffix, encoded.data), *texts), doubt)

    def settings(
        self, transcriber: Transcriber, policy: Policy | None = None, context: RecordingContext | None = None
    ) -> str:
        """A fingerprint of all that shapes the artefacts: a resumed run redoes what was made with other settings."""
        policy = policy or self.policy
        parts: tuple[Any, ...] = (
            __version__,
            _stamp(transcriber),
            _stamp(self.verify_with),
            self.extra_settings,
            *policy.fingerprint_parts,
            self.style,
            self.replacer.fingerprint,
        )
        # With the usual limit and without a second ear, results of earlier versions stay valid.
        if policy.max_doubt != usual_max_doubt(policy.name):
            parts += (("max_doubt", policy.max_doubt),)
        if self.second_ear is not None:
            parts += (_stamp(self.second_ear),)
        if context is not None:
            parts += (("context", context.fingerprint, bool(self._hotwords(context))),)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    # --- files

    def target(self, item: Item, identity: str, out: Path | Target) -> Target:
        """The place of an item's outputs below `out`, without ".redacted" and suffix."""
        return (out if isinstance(out, Target) else Target(out)) / self._names.stem(item, identity)

    def save(self, target: Target, made: Artefacts) -> None:
        """Save the artefacts and remove older ones with other suffixes; OutputError as `save_set`."""
        save_set({artefact(target, suffix): content for suffix, content in made.files})
        self._discard(target, keep={suffix for suffix, _ in made.files})

    def process(self, item: Item, out: Path | Target, *, journal: Journal | None = None) -> Outcome | None:
        """Read, redact and save one file. Never raises because of the file or its processing.

        Args:
            out: folder of the outputs; below the one that the operator named, no link is followed.
            journal: decides what is to be done, and records it; the result is None for an item that it defers.
        """
        journal = journal or NullJournal()
        clock = Clock()
        identity = settings = ""
        duration = 0.0
        target: Target | None = None
        try:
            policy = self._policy_for(item)
            with clock.stage("read"):
                known = journal.known(item)
                if known is not None:
                    identity = known.source_id
                    context = self._context_for(item, identity)
                    if known.settings == self.settings(self.transcriber_for(item), policy, context):
                        skipped = Outcome(item.number, identity, Status.SKIPPED)
                        journal.finish(item, skipped, {})
                        return skipped
                source = self._read(item)
            identity = source.id
            place = self.target(item, source.id, out)
            place.check()
            transcriber = self.transcriber_for(item)
            context = self._context_for(item, source.id)
            settings = self.settings(transcriber, policy, context)
            decision = journal.begin(Claim(item, source.id, source.suffix, settings, place))
            if decision.step is not Step.PROCEED:
                if decision.outcome is not None and decision.outcome.exit_code:
                    self._forget(place, identity, settings, decision.outcome.status)
                return decision.outcome
            target = place
            with self._large if source.may_be_long else nullcontext():
                with clock.stage("decode", self._cpu_semaphore):
                    recording = self.decoder(source)
                    duration = recording.duration
                    if self._before_save is None:
                        del source  # its bytes are not needed in memory beside the samples
                with self._audio.of(recording.duration * recording.channels):
                    made = self.redact(recording, transcriber, clock, policy, context)
                    if self._before_save is not None:
                        with clock.stage("before-save"):
                            self._before_save(item, source, recording, made)
                    with clock.stage("save"):
                        self.save(target, made)
            if target.name == identity:  # two inputs can share only such a name
                self._saved.add(hash(target))
        except Exception as error:  # noqa: BLE001 - the one boundary: a failure is a value, and the run goes on
            problem = as_redactor_error(error, next(reversed(clock.spent), "start"))
            status = Status.QUARANTINED if isinstance(problem, Quarantine) else Status.FAILED
            if target is not None and journal.holds(item):
                self._forget(target, identity, settings, status)
            failed = Outcome(
                item=item.number,
                id=identity,
                status=status,
                duration=duration if status is Status.QUARANTINED else 0.0,
                reason=problem.reason,
                message=problem.message,
                hint=problem.hint,
                exit_code=problem.exit_code,
                seconds=tuple(clock.spent.items()),
                stretches=problem.stretches if isinstance(problem, Quarantine) else (),
            )
            journal.finish(item, failed, {})
            return failed
        counts = Counter(d.finding.label for d in made.plan.decisions if d.action.value == "redact")
        done = Outcome(
            item=item.number,
            id=identity,
            status=Status.REDACTED,
            duration=recording.duration,
            findings=tuple(sorted(counts.items())),
            bleeped=made.plan.bleeped_seconds,
            warnings=made.plan.warnings + tuple(made.audio.warnings),
            seconds=tuple(clock.spent.items()),
            doubt=round(made.doubt.probability, 3),
        )
        journal.finish(item, done, fingerprints(made.files))
        return done

    def run(
        self,
        items: Iterable[Item],
        out: Path | Target | Callable[[Item], Path | Target],
        *,
        journal: Journal | None = None,
        threads: int = 1,
        ordered: bool = False,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Iterator[Outcome]:
        """One Outcome for each item, as each is done.

        Args:
            items: consumed lazily, when there is room.
            out: folder of the outputs, or what gives it for each item.
            journal: see `process`.
            threads: recordings in progress at once; some dozens, so that batches fill.
            ordered: outcomes in the items' order (by their numbers) instead.
            stopping: once true, no recording is started; those in progress are finished and their outcomes yielded.
        """
        journal = journal or NullJournal()
        folder = out if callable(out) else lambda _: out
        with self._batched_detection(threads):
            outcomes = bounded_map(
                lambda item: self.process(item, folder(item), journal=journal),
                items,
                threads=threads,
                released=lambda idle: journal.released(idle=idle),
                stopping=stopping,
            )
            yield from in_order(outcomes, place=lambda outcome: outcome.item) if ordered else outcomes

    @contextmanager
    def _batched_detection(self, threads: int) -> Iterator[None]:
        """While many recordings are in progress, one thread searches the texts of all that are ready."""
        if threads == 1:
            yield
            return
        with DynamicBatcher(self._searched, size=TEXTS, linger=0.0, name="detect") as texts:
            self._texts = texts
            try:
                yield
            finally:
                self._texts = None

    def _forget(self, target: Target, identity: str, settings: str, status: Status) -> None:
        """Remove what an earlier run left under this name: it no longer describes the file.

        The same recording's artefacts with other settings, such as another policy, stay until the new ones are
        complete; but once there is doubt about the recording, they are no safer than those that are withheld now.
        """
        if target.name == identity and hash(target) in self._saved:
            return  # what this run saved there was made of the same bytes
        if status is Status.QUARANTINED or not has_twin(target, identity, settings):
            self._discard(target, keep=set())

    def _discard(self, target: Target, *, keep: set[str]) -> None:
        # On a case-insensitive disk ".WAV" and ".wav" are one file.
        kept = {suffix.lower() for suffix in keep}
        every = {*TEXT_SUFFIXES, *AUDIO_SUFFIXES, *(s.upper() for s in AUDIO_SUFFIXES)}
        remove_set(target, (suffix for suffix in every if suffix.lower() not in kept))


def _echoed(recording: Recording, plan: Plan) -> Plan:
    if recording.channels == 1:
        return plan
    return with_echoes(plan, [(i, echoes(recording, i)) for i in plan.intervals], reach=ECHO_REACH)


def _stamp(transcriber: Transcriber | None) -> tuple[str, ...]:
    """None: transcripts are given with each recording (on a cluster), or there is no second one."""
    return transcriber.info.stamp if transcriber is not None else ()
