"""How much nothing a window needs behind it: the margin against word errors, leak and time; and how long windows may be.

    python benchmarks/margin.py [--files 60] [--testset FOLDER] [--json FILE] [--plot FILE.png]

Whisper was trained on 30 s with zeros behind the speech; the encoder's time grows with what it is given. The product gives it the window and
at least `margin` seconds of zeros, on a grid (redactor/speech/whisper.py), and hears a doubtful window again in the whole 30 s ("retries"). This script
recognises the same files with each margin, and at the checkpoint's own margin with windows of at most 5, 7, 10 and 15 s. The smallest margin
after which word errors and audible PHI fall no further goes into the checkpoint's model.json ("min_margin").

Words go through the detector, policy and evaluation as in throughput.py. CPU seconds are of the whole process, recognition only (decoding and
voice detector included). --testset: the recordings of `python -m models.training.testset` instead, which have no PHI labels: word errors only.

Caveats: of 60 files a difference of a point of word errors is noise. Every checkpoint has a curve of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import voicemails
from report import ROOT, headline, progress, save, stamp, table

MARGINS: tuple[float | None, ...] = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, None)
"""None: the whole 30 s."""
WINDOWS = (5.0, 7.0, 10.0, 15.0)


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
        engine = WhisperEngine(model, info=info, max_window=window, margin=margin, timestamps=checkpoint.timestamps)
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
        from ours import words_of

        from redactor.audio import decode, read_source
        from redactor.flow import spread
        from redactor.pipeline import listen

        def one(path: Path) -> tuple[str, Any]:
            return path.name, words_of(listen(decode(read_source(path)), self.transcriber))

        return dict(spread(one, paths, threads=self.transcriber.in_flight))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--testset", type=Path)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "voicemail-micro")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    stamped = stamp(given.model, cores=given.cores)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    from faster_whisper import WhisperModel

    from redactor.speech import resolve

    checkpoint = resolve(str(given.model))
    model = WhisperModel(str(given.model), device="cpu", compute_type="int8", cpu_threads=1, num_workers=given.cores)
    paths, seconds, score = _archive(given.files) if given.testset is None else _testset(given.testset)
    tried = [("margin", m, m, checkpoint.max_window) for m in MARGINS]
    tried += [("window", w, checkpoint.margin, w) for w in WINDOWS]
    rows: list[dict[str, Any]] = []
    for kind, value, margin, window in tried:
        counted = Counted(model, checkpoint, margin=margin, window=window, cores=given.cores)
        counted.words(paths[:2])
        counted.windows = counted.retries = 0
        before = _cpu()
        words = counted.words(paths)
        cpu = _cpu() - before
        counted.batcher.close()
        rows.append(
            {
                "tried": kind,
                "value": value,
                "margin": margin,
                "max_window": window,
                **score(words),
                "cpu_ms_a_second": round(1000 * cpu / seconds, 2),
                "windows": counted.windows,
                "retries": counted.retries,
            }
        )
        progress(f"margin: {kind} {'full' if value is None else value}: WER {rows[-1]['wer_percent']}, {cpu:.1f} s CPU")
    document = {**stamped, "files": len(paths), "audio_seconds": round(seconds, 1), "own_margin": checkpoint.margin, "rows": rows}  # fmt: skip
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
    from ours import timed
    from scoring import Scorer

    labels = voicemails.archive(files)
    paths = [voicemails.FOLDER / row["file"] for row in labels]
    scorer = Scorer(voicemails.FOLDER, [p.name for p in paths])

    def score(words: dict[str, Any]) -> dict[str, Any]:
        figures = scorer.score({name: timed(said) for name, said in words.items()})
        return {key: figures[key] for key in ("wer_percent", "audible_phi_percent", "over_bleep_percent")}

    return paths, scorer.seconds, score


def _testset(folder: Path) -> tuple[list[Path], float, Score]:
    import soundfile

    from redactor.evaluation import edit_distance, normalised

    rows = [json.loads(line) for line in (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    paths = [folder / row["file"] for row in rows]

    def score(words: dict[str, Any]) -> dict[str, Any]:
        errors = total = 0
        for row in rows:
            reference = normalised(row["text"])
            errors += edit_distance(reference, normalised(" ".join(w[0] for w in words[row["file"]])))
            total += len(reference)
        return {"wer_percent": round(100 * errors / total, 2), "audible_phi_percent": None, "over_bleep_percent": None}

    return paths, sum(soundfile.info(p).duration for p in paths), score


def caption(document: dict[str, Any]) -> str:
    return f"{document['files']} files, {document['audio_seconds'] / 60:.0f} min; the checkpoint's own margin is {document['own_margin']} s."


def shown_table(document: dict[str, Any]) -> str:
    rows = [
        [
            f"margin {'30 s context' if row['value'] is None else format(row['value'], 'g') + ' s'}"
            if row["tried"] == "margin"
            else f"windows up to {row['value']:g} s",
            row["wer_percent"],
            row["audible_phi_percent"],
            row["over_bleep_percent"],
            row["cpu_ms_a_second"],
            row["windows"],
            row["retries"],
        ]
        for row in document["rows"]
    ]
    columns = ["", "WER %", "audible PHI %", "over-bleep %", "CPU ms a second of audio", "windows", "heard again"]
    return table(columns, rows)


def plot(document: dict[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 2.8), layout="constrained")
    panels = {"wer_percent": "WER, %", "audible_phi_percent": "audible PHI, %", "cpu_ms_a_second": "CPU ms a second of audio"}  # fmt: skip
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
