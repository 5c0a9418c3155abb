"""The checks of an encoded output before it is saved: its samples always, a second reading on request.

decode the encoded bytes → same length → no bleep missing, none moved → (recognise again → compare with the plan →
search)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from redactor.audio import Decoder, Encoded, Source
from redactor.errors import VerificationHit
from redactor.phi import KnownSearch
from redactor.policy import Policy, make_plan
from redactor.render import ResidualHit, altered, band_levels, compare, exposed, hits, muted, still_audible
from redactor.speech import Transcriber
from redactor.types import KEYED_DIGITS, Finding, Interval, Plan, Recording, Speech, WithheldStretch

LONGER = 0.1
"""Seconds by which an output's length may differ."""


SMEARED = {"tone": 0.2, "silence": 0.3}
"""Seconds of one bleep that may be neither tone nor silence, by style: codecs smear (GSM rings on)."""


class Verification:
    """Checks of one pipeline.

    Args:
        decoder: of the encoded bytes.
        listen: recognises a recording with a transcriber.
        search: findings of every transcript of a Speech, with their channels, given what is known beforehand.
        style: of the bleeps.
        second: recognises the output again; None: no second reading.
        every: whether every output is read again, or only those of transcripts made elsewhere.
        cpu_semaphore: held while computing.
    """

    def __init__(
        self,
        *,
        decoder: Decoder,
        listen: Callable[[Recording, Transcriber], Speech],
        search: Callable[[Speech, KnownSearch | None], Sequence[Finding]],
        style: str = "tone",
        second: Transcriber | None = None,
        every: bool = True,
        cpu_semaphore: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.style = style
        self.second = second
        self.every = every
        self._decoder, self._listen, self._search = decoder, listen, search
        self._cpu_semaphore = cpu_semaphore or nullcontext()

    def check(
        self,
        recording: Recording,
        plan: Plan,
        encoded: Encoded,
        policy: Policy,
        known: KnownSearch | None = None,
        *,
        reread: bool = True,
    ) -> dict[str, Any]:
        """Check an output; returns what the JSON document says about the check.

        Args:
            reread: false: without the second reading, for drafts that nobody gets.

        Raises:
            VerificationHit: the output is not the recording with the plan's bleeps, or PHI was heard in it.
        """
        with self._cpu_semaphore:
            output = self._decoder(Source.of(encoded.data, encoded.suffix))
            fault = self.samples(recording, output, plan)
        if fault:
            raise VerificationHit(fault)
        again = reread and self.second is not None and (self.every or plan.speech.model.engine == "transcript")
        result: dict[str, Any] = {
            "bleeps_checked": len(plan.intervals),
            "recognised_again": again,
        }
        if again and self.second is not None:
            found = self.again(output, plan, policy, known)
            if found:
                labels = ", ".join(f"{n} {label}" for label, n in sorted(Counter(h.label for h in found).items()))
                raise VerificationHit(
                    f"PHI was heard when the redacted audio was recognised again: {labels}.",
                    stretches=[WithheldStretch(h.channel, h.start, h.end, "audible") for h in found],
                )
            result |= {"recognised_by": self.second.info.name, "hits": 0}
        return result

    def samples(self, recording: Recording, output: Recording, plan: Plan) -> str:
        """What is wrong with the output's samples; "" if nothing."""
        if abs(output.duration - recording.duration) > LONGER:
            return f"The output lasts {output.duration:.2f} s, the recording {recording.duration:.2f} s."
        audible = still_audible(recording, output, plan.intervals)
        if audible:
            return f"{len(audible)} bleeped stretches still resemble the original."
        levels = band_levels(recording, output)
        parts = exposed(recording, output, plan.intervals, levels=levels)
        if parts:
            return f"{sum(p.end - p.start for p in parts):.1f} s of the bleeped stretches are still the original."
        if self.style != "noise":
            _, bleeps = muted(output, plan.intervals, style=self.style)
            missing = sum(_uncovered(i, bleeps) for i in plan.intervals if _uncovered(i, bleeps) > SMEARED[self.style])
            if missing:
                return f"{missing:.1f} s that should be bleeped contain no bleep."
        changed = altered(recording, output, plan.intervals, levels=levels)
        if changed:
            return f"{sum(c.end - c.start for c in changed):.1f} s that were kept differ from the original."
        return ""

    def again(
        self, output: Recording, plan: Plan, policy: Policy, known: KnownSearch | None = None
    ) -> list[ResidualHit]:
        """The second reading: PHI that was heard in the output and not kept on purpose."""
        assert self.second is not None
        with self._cpu_semaphore:
            quiet, bleeps = muted(output, plan.intervals, style=self.style)
        speech = self._listen(quiet, self.second)
        keys = [t for t in speech.key_tones if policy.labels.get(KEYED_DIGITS, "redact") == "redact"]
        audible = [
            ResidualHit("uncovered", KEYED_DIGITS, t.channel, t.start, t.end, t.end - t.start, 1.0) for t in keys
        ]
        readings = compare(plan, speech.transcripts, bleeps)
        if not any(r.fresh or r.uncovered for r in readings):
            return audible
        # As many transcripts as the plan's: those that were not heard differently are the plan's own.
        theirs = {r.channel: r.transcript for r in readings if r.fresh}
        # The first reader's floor says nothing about another checkpoint's confidence, which is lower in a bleeped text.
        text = replace(plan.speech, transcripts=tuple(theirs.values()), unheard=(), key_tones=(), least_confidence=0.0)
        found = self._search(text, known) if theirs else ()
        whole = tuple(theirs.get(t.channel, t) for t in plan.speech.transcripts)
        again = make_plan(output, replace(text, transcripts=whole), found, policy)
        return audible + hits(readings, again)


def _uncovered(interval: Interval, bleeps: Sequence[Interval]) -> float:
    """Seconds of an interval without a bleep."""
    mine = [b for b in bleeps if b.channel == interval.channel]
    covered = sum(max(0.0, min(interval.end, b.end) - max(interval.start, b.start)) for b in mine)
    return interval.end - interval.start - covered
