"""Prometheus metrics. Labels are fixed words (states, reasons, sources, routes): no names, numbers or addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.exc import SQLAlchemyError

from redactor.audio.sandbox import LAYERS
from redactor.service.jobs.queue import Job, Queue
from redactor.types import Outcome

SECONDS = (0.25, 0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60, 120, 300, 900, 3600)
STATES = ("queued", "claimed", "redacted", "quarantined", "releasing", "failed", "superseded")


class Metrics:
    """Counters of this process, and gauges that are read from the queue when they are scraped."""

    def __init__(self, queue: Queue) -> None:
        self.registry = CollectorRegistry()
        self._queue = queue
        self.ends = Counter(
            "redactor_jobs_ended", "Ends of jobs.", ["source", "state", "reason"], registry=self.registry
        )
        self.waited = Histogram(
            "redactor_seconds_to_result",
            "Time from the hook's call to the result.",
            ["source"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.stages = Counter("redactor_stage_seconds", "Processing time by stage.", ["stage"], registry=self.registry)
        self.audio = Counter("redactor_audio_seconds", "Length of the redacted audio.", registry=self.registry)
        self.requests = Counter("redactor_http_requests", "HTTP answers.", ["route", "status"], registry=self.registry)
        self.reported = Counter("redactor_reports", "Recordings reported.", ["via", "what"], registry=self.registry)
        self.callbacks = Counter("redactor_callbacks", "Callbacks.", ["what"], registry=self.registry)
        self.sandbox = Gauge(
            "redactor_sandbox",
            "1 for each layer that confines the decoding of recordings.",
            ["layer"],
            registry=self.registry,
        )
        self.registry.register(self)

    def set_sandbox_layers(self, layers: Sequence[str]) -> None:
        """Set the gauge of the sandbox's layers: an alarm can be set on a missing one."""
        for layer in LAYERS:
            self.sandbox.labels(layer).set(layer in layers)

    def ended(self, job: Job, state: str, outcome: Outcome, *, seconds: float) -> None:
        """Count the end of a job.

        Args:
            seconds: since the hook was called.
        """
        self.ends.labels(job.source, state, outcome.reason).inc()
        if state in ("redacted", "quarantined", "failed"):
            self.waited.labels(job.source).observe(max(0.0, seconds))
        for stage, spent in outcome.seconds:
            self.stages.labels(stage).inc(spent)
        if state == "redacted":
            self.audio.inc(outcome.duration)

    def collect(self) -> Iterator[Any]:
        """The queue's gauges."""
        depth = GaugeMetricFamily("redactor_jobs", "Jobs by state.", labels=["state"])
        age = GaugeMetricFamily("redactor_oldest_open_seconds", "Time that the oldest open job has waited.")
        waiting = GaugeMetricFamily(
            "redactor_jobs_for_people",
            "Withheld recordings and dead letters, which wait for a person, by reason.",
            labels=["state", "reason"],
        )
        try:
            counts = self._queue.counts()
            for state in STATES:
                depth.add_metric([state], counts.get(state, 0))
            age.add_metric([], self._queue.oldest())
            for state, reason, count in self._queue.reasons():
                waiting.add_metric([state, reason], count)
        except SQLAlchemyError:
            return
        yield depth
        yield age
        yield waiting

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
