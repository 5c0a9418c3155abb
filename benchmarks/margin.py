"""Finds the best settings of recognition for a checkpoint: the margin after a window, the longest window, and the width
of the search.

    python benchmarks/margin.py --model base [--files 66] [--json FILE] [--plot FILE.png]

Whisper was trained on 30 s with zeros after the speech, and the encoder's time grows with the length of its input.
redactor gives it the window and at least `margin` seconds of zeros, on a grid (redactor/speech/whisper.py), and
recognises a doubtful window again in the whole 30 s ("heard again"). Its first search is greedy; if the text's mean log
probability is below a threshold, a beam of five searches again ("beam below"). One setting changes at a time; the
others keep the checkpoint's values. The chosen values are kept in redactor/speech/stock.toml and gate.py.

Words go through the detector, policy and evaluation as in throughput.py. CPU seconds are those of the whole process,
for recognition only (decoding and voice detector included).

Caveats: with 66 files, a difference of one point in word errors is noise. Every checkpoint has a curve of its own.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import voicemails
from report import folder_of, headline, progress, save, stamp, table

MARGINS: tuple[float | None, ...] = (0.0, 0.3, 0.6, 1.0, 1.3, 2.0, 4.0, None)
"""None: the whole 30 s."""
WINDOWS = (7.0, 10.0, 15.0, 20.0, 28.0)
BELOW: tuple[float | None, ...] = (-math.inf, -0.7, -0.5, -0.35, 0.0)
"""Mean log probabilities below which the beam searches again: never … always."""


class Counted:
    """A margin and a longest window under test: recognises files and counts the gate's retries."""

    def __init__(self, model: Any, checkpoint: Any, *, margin: float | None, window: float, cores: int) -> None:
        from redactor.speech.batcher import Batcher
        from redactor.speech.recognize import Recognizer
        from redactor.speech.whisper import WhisperEngine
        from redactor.types import ModelInfo

        info = ModelInfo(
            "faster-whisper", checkpoint.name, checkpoint.revision, "int8", "cpu", checkpoint.synthetic_only
        )
        engine = WhisperEngine(
            model, info=info, max_window=window, margin=margin, timestamps=checkpoint.timestamps, delay=checkpoint.delay
        )
        self.engine = engine
        self.windows = self.retries = 0
        decode, again = engine.decode, engine._again  # noqa: SLF001

        def counted(batch: Any) -> Any:
            self.windows += len(batch)
            return decode(batch)

        def counted_again(batch: Any, *rest: Any) -> Any:
            self.retries += len(batch)
            return again(batch, *rest)

        engine.decode, engine._again = counted, counted_again  # type: ignore[method-assign] # noqa: SLF001
        self.batcher = Batcher(engine, workers=cores)
        self.transcriber = Recognizer(self.batcher)

    def words(self, paths: Sequence[Path]) -> dict[str, Any]:
        from redactor_system import words_of

        from redactor.audio import decode, read_source
        from redactor.concurrency import bounded_map
        from redactor.recognition import listen

        def one(path: Path) -> tuple[str, Any]:
            return path.name, words_of(listen(decode(read_source(path)), self.transcriber))

        return dict(bounded_map(one, paths, threads=self.transcriber.in_flight))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=66)
    parser.add_argument("--model", default="base", help="name or folder of a checkpoint")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    folder = folder_of(given.model)
    stamped = stamp(folder, cores=given.cores)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    from faster_whisper import WhisperModel

    from redactor.speech import resolve
    from redactor.speech.gate import SURE

    checkpoint = resolve(given.model, device="cpu")
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=given.cores)
    paths, seconds, score = _archive(given.files)
    tried = [("margin", m, m, checkpoint.max_window, SURE) for m in MARGINS]
    tried += [("window", w, checkpoint.margin, w, SURE) for w in WINDOWS]
    tried += [("below", b, checkpoint.margin, checkpoint.max_window, b) for b in BELOW]
    rows: list[dict[str, Any]] = []
    for kind, value, margin, window, below in tried:
        counted = Counted(model, checkpoint, margin=margin, window=window, cores=given.cores)
        with mock.patch("redactor.speech.gate.SURE", below):
            counted.words(paths[:2])
            counted.windows = counted.retries = 0
            before = _cpu()
            words = counted.words(paths)
            cpu = _cpu() - before
        counted.batcher.close()
        rows.append(
            {
                "tried": kind,
                "value": value if value is None or math.isfinite(value) else "never",
                **score(words),
                "cpu_ms_a_second": round(1000 * cpu / seconds, 2),
                "windows": counted.windows,
                "retries": counted.retries,
            }
        )
        progress(f"margin: {kind} {'full' if value is None else value}: WER {rows[-1]['wer_percent']}, {cpu:.1f} s CPU")
    document = {
        **stamped,
        "files": len(paths),
        "audio_seconds": round(seconds, 1),
        "own_margin": checkpoint.margin,
        "own_window": checkpoint.max_window,
        "sure": SURE,
        "rows": rows,
    }
    print(headline(stamped) + "\n")
    print(shown_table(document))
    if given.json:
        save(given.json, document)
    if given.plot:
        plot(document, given.plot)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


Score = Any


def _archive(files: int) -> tuple[list[Path], float, Score]:
    from redactor_system import timed
    from scoring import Scorer

    labels = voicemails.archive(files)
    paths = [voicemails.FOLDER / row["file"] for row in labels]
    scorer = Scorer(voicemails.FOLDER, [p.name for p in paths])

    def score(words: dict[str, Any]) -> dict[str, Any]:
        figures = scorer.score({name: timed(said) for name, said in words.items()})
        return {key: figures[key] for key in ("wer_percent", "audible_phi_percent", "over_bleep_percent")}

    return paths, scorer.seconds, score


def caption(document: dict[str, Any]) -> str:
    return (
        f"{document['files']} files, {document['audio_seconds'] / 60:.0f} min; the checkpoint's own settings: "
        f"margin {document['own_margin']} s, "
        f"windows up to {document['own_window']:g} s, beam below {document['sure']}."
    )


def _named(row: dict[str, Any]) -> str:
    value = row["value"]
    if row["tried"] == "margin":
        return "margin: 30 s context" if value is None else f"margin {value:g} s"
    if row["tried"] == "window":
        return f"windows up to {value:g} s"
    return {"never": "greedy only", 0.0: "beam of 5 always"}.get(value, f"beam below {value}")


def shown_table(document: dict[str, Any]) -> str:
    keys = ("wer_percent", "audible_phi_percent", "over_bleep_percent", "cpu_ms_a_second", "windows", "retries")
    columns = ["", "WER %", "audible PHI %", "over-bleep %", "CPU ms a second of audio", "windows", "heard again"]
    return table(columns, [[_named(row), *(row[key] for key in keys)] for row in document["rows"]])


def plot(document: dict[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 2.8), layout="constrained")
    panels = {
        "wer_percent": "WER, %",
        "audible_phi_percent": "audible PHI, %",
        "cpu_ms_a_second": "CPU ms a second of audio",
    }
    for axis, (key, title) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        rows = [row for row in document["rows"] if row["tried"] == "margin" and row[key] is not None]
        names = ["30 s" if row["value"] is None else f"{row['value']:g}" for row in rows]
        axis.plot(names, [row[key] for row in rows], marker="o", markersize=3)
        axis.set_title(title, fontsize=8)
        axis.set_xlabel("margin, s", fontsize=8)
        axis.set_ylim(bottom=0)
        axis.tick_params(labelsize=7)
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
