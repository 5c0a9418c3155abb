"""Totals of a run: counts of outcomes, the summary file, the exit code, the table."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from redactor.storage import outcome_row
from redactor.types import Outcome, Status

FIRST_PROBLEMS = 100
"""Problems listed in the summary itself; all of them are in outcomes.jsonl."""

LISTEN_FIRST = 10
"""Most doubtful recordings that a summary lists."""
WORTH_LISTENING = 0.2
"""Doubt from which a recording is listed."""

MOST_SERIOUS_FIRST = (74, 73, 70, 69, 78)


class Totals:
    """Sums over outcomes; memory does not grow with their number."""

    def __init__(self) -> None:
        self.items = 0
        self.audio = 0.0
        self.bleeped = 0.0
        self.statuses: Counter[Status] = Counter()
        self.reasons: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self._codes: Counter[int] = Counter()
        self._problems: list[dict[str, object]] = []
        self._doubtful: list[tuple[float, int, str]] = []

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.items += 1
        # Figures of speed and of bleeped shares are of what was redacted.
        self.audio += outcome.duration if outcome.status is not Status.QUARANTINED else 0.0
        self.bleeped += outcome.bleeped
        self.statuses[outcome.status] += 1
        self.labels.update(dict(outcome.findings))
        self._codes[outcome.exit_code] += 1
        if outcome.doubt >= WORTH_LISTENING:
            place = (outcome.doubt, -outcome.item, outcome.id)
            (heapq.heappush if len(self._doubtful) < LISTEN_FIRST else heapq.heappushpop)(self._doubtful, place)
        if outcome.reason:
            self.reasons[outcome.reason] += 1
            if len(self._problems) < FIRST_PROBLEMS:
                self._problems.append({k: v for k, v in outcome_row(outcome).items() if k not in ("schema", "seconds")})

    @property
    def listen_first(self) -> list[dict[str, object]]:
        """The redacted recordings that leave most doubt: input's number, id and doubt."""
        return [
            {"item": -number, "id": identity, "doubt": doubt}
            for doubt, number, identity in sorted(self._doubtful, reverse=True)
        ]

    @property
    def exit_code(self) -> int:
        """The most serious one: full disk, output, internal error, model, configuration; then bad input, then
        quarantine.
        """
        for code in MOST_SERIOUS_FIRST:
            if self._codes[code]:
                return code
        return 65 if self._codes[65] or self._codes[66] else max(self._codes, default=0)

    def summary(
        self, *, wall: float, passed_over: int, interrupted: bool, exit_code: int, sandbox: Sequence[str] = ()
    ) -> dict[str, object]:
        """The content of summary.json. `items`: inputs with an outcome; `speed`: seconds of audio per second;
        `sandbox`: the layers that confined decoding on every machine.
        """
        return {
            "schema": "redactor-summary/2",
            **{status.value: self.statuses[status] for status in Status},
            "items": self.items,
            "passed_over": passed_over,
            "interrupted": interrupted,
            "exit_code": exit_code,
            "audio_seconds": round(self.audio, 2),
            "bleeped_seconds": round(self.bleeped, 2),
            "wall_seconds": round(wall, 2),
            "speed": round(self.audio / wall, 2) if wall else 0.0,
            "sandbox": list(sandbox),
            "reasons": dict(sorted(self.reasons.items())),
            "labels": dict(sorted(self.labels.items())),
            "listen_first": self.listen_first,
            "problems": self._problems,
        }


def summary_table(totals: Totals, wall: float, passed_over: int, *, sandbox: Sequence[str] = ()) -> Table:
    """Totals of a run, with the reasons of failures."""
    table = Table(show_header=False, title="Summary", title_justify="left")
    for status in Status:
        if totals.statuses[status]:
            table.add_row(status.value, str(totals.statuses[status]))
    for reason, n in sorted(totals.reasons.items()):
        table.add_row(f"  {reason}", str(n))
    if passed_over:
        table.add_row("other files (skipped)", str(passed_over))
    table.add_row("audio", spell(totals.audio))
    if totals.audio:
        table.add_row("bleeped", f"{spell(totals.bleeped)} ({100 * totals.bleeped / totals.audio:.0f} %)")
        table.add_row("time", f"{wall:.1f} s ({totals.audio / wall:.1f} times faster than listening)")
    table.add_row("sandbox for decoding", ", ".join(sandbox) or "none")
    for label, n in sorted(totals.labels.items(), key=lambda p: (-p[1], p[0])):
        table.add_row(f"  {label}", str(n))
    return table


def spell(seconds: float) -> str:
    """A duration in words."""
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"
