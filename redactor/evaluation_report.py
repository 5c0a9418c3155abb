"""Renders what `redactor evaluate` measured as one HTML file: figures, losses by label and cause, the worst with their
sound.

The page holds labelled PHI; everything is in the file itself, and it has no scripts.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from redactor.audio import recognition_audio
from redactor.errors import ConfigurationError
from redactor.evaluation import CAUSES, Loss
from redactor.types import RECOGNITION_RATE, Recording

MOST = 60
"""Spans that are shown."""
AROUND = 0.7
"""Seconds of sound before and after a span."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A loss of the recording with this number, and its sound as a WAV file in base64."""

    item: int
    loss: Loss
    sound: str = field(repr=False)


class WorstLosses:
    """The losses of most seconds, with their sound; `add` one recording at a time."""

    def __init__(self, most: int = MOST) -> None:
        self.count = 0
        self._most = most
        self._kept: list[tuple[float, int, Snippet]] = []

    def add(self, item: int, recording: Recording, losses: Iterable[Loss]) -> None:
        for loss in losses:
            self.count += 1
            key = (loss.seconds, -self.count)
            if len(self._kept) == self._most and key <= self._kept[0][:2]:
                continue
            entry = (*key, Snippet(item, loss, _sound(recording, loss)))
            (heapq.heappush if len(self._kept) < self._most else heapq.heapreplace)(self._kept, entry)

    def snippets(self) -> list[Snippet]:
        """The worst first."""
        return [snippet for *_, snippet in sorted(self._kept, key=lambda kept: kept[:2], reverse=True)]


def render(figures: Mapping[str, Any], worst: WorstLosses) -> str:
    """The page. `figures`: as `EvaluationTotals.figures`, with "model", "second_ear" and "policy".

    Raises:
        ConfigurationError: Jinja2 is not installed.
    """
    needs()
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("redactor"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("evaluation.css").render()
    labels = sorted(figures["labels"].items(), key=lambda row: -(row[1]["audible_percent"] or 0) * row[1]["seconds"])
    page: str = environment.get_template("evaluation.html.j2").render(
        figures=figures,
        labels=labels,
        causes=CAUSES,
        worst=worst.snippets(),
        losses=worst.count,
        percent=lambda value: "-" if value is None else f"{value:.1f} %",
        style=style,
        digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    return page


def needs() -> None:
    """Fail before anything is recognised.

    Raises:
        ConfigurationError: Jinja2 is not installed.
    """
    from importlib.util import find_spec

    if find_spec("jinja2") is None:
        raise ConfigurationError("The report needs Jinja2.", hint="pip install 'voicemail-redactor[serve]'")


def _sound(recording: Recording, loss: Loss) -> str:
    import numpy as np
    import soundfile

    first, last = (
        round(max(0.0, t) * RECOGNITION_RATE) for t in (loss.start - AROUND, min(recording.duration, loss.end + AROUND))
    )
    samples = np.asarray(recognition_audio(recording, loss.channel)[first:last], dtype=np.float32)
    file = io.BytesIO()
    soundfile.write(file, samples[::2] if len(samples) else np.zeros(1), RECOGNITION_RATE // 2, "PCM_16", format="WAV")
    return base64.b64encode(file.getvalue()).decode()
