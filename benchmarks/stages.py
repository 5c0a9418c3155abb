"""Measures the CPU seconds of every step of an archive run, and the share of the steps other than voice detector,
features and model.

    python benchmarks/stages.py [--files 60] [--repeats 3] [--model base] [--json FILE] [--plot FILE.png]

One process runs `Pipeline.run` as `redactor redact` builds it, restricted to --cores cores. Each step's function is
wrapped in a clock that counts CPU seconds of the calling thread alone (time.thread_time), minus those of wrapped
functions that it calls. The model's seconds are those of CTranslate2's own threads, read from the kernel. "Not wrapped"
is the rest of the process: threads, locks, queues and the clocks themselves.

If all cores are busy, a share of CPU time is a share of wall time; "cores busy" shows how close that is.

Caveats: other work changes CPU seconds little, but hyper-threads and saturated memory buses do. Linux only. The shares
depend on the checkpoint: with a larger one the model takes more time and the other steps take the same.

"The limit" is the time of the encoder, one greedy search and one alignment of each window of the same files alone, with
one single-threaded call per core. No arrangement of the same three steps can be faster.
"""

from __future__ import annotations

import argparse
import functools
import os
import resource
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import voicemails
from report import folder_of, headline, progress, save, stamp, table

MODEL, VAD, FEATURES = "model", "voice detector", "features"
NAMED = (MODEL, VAD, FEATURES)
"""Steps that every recogniser needs; the rest is "other"."""


class Stopwatch:
    """CPU seconds by step; nested steps are taken out of the step around them."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._local = threading.local()
        self._lock = threading.Lock()

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            outer = getattr(self._local, "inside", None)
            self._local.inside = 0.0
            began = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                spent = time.thread_time() - began
                own = spent - self._local.inside
                self._local.inside = None if outer is None else outer + spent
                with self._lock:
                    self.cpu[name] += own
                    self.calls[name] += 1

        return timed

    def reset(self) -> None:
        with self._lock:
            self.cpu.clear()
            self.calls.clear()


STEPS: dict[str, tuple[str, ...]] = {
    "read": ("redactor.pipeline.read_source",),
    "resample for recognition": ("redactor.recognition.recognition_audio", "redactor.recognition.same_as"),
    VAD: ("redactor.speech.recognize.listen",),
    "two voices at once": ("redactor.speech.recognize.overlaps",),
    "windows": ("redactor.speech.recognize.plan_windows",),
    "around the model": ("redactor.speech.whisper.WhisperEngine.decode",),
    FEATURES: ("redactor.speech.whisper.WhisperEngine.prepare",),
    "join words": tuple(f"redactor.speech.recognize.ChannelPlan.{n}" for n in ("join", "retry", "patch", "finish")),
    "plan": ("redactor.pipeline.make_plan",),
    "bleep": ("redactor.pipeline.bleep",),
    "encode": ("redactor.pipeline.encode",),
    "check": ("redactor.verification.Verification.samples",),
    "render": (
        *(f"redactor.pipeline.{n}" for n in ("tokens", "document")),
        *(f"redactor.render.formats.{n}" for n in ("plain_text", "srt", "vtt", "json.dumps")),
    ),
    "save": ("redactor.pipeline.save_set",),
}
"""Step → its functions, by the module in which they are looked up."""


class Timed:
    """A detector whose work is timed whole: `search` gives its results lazily."""

    def __init__(self, inner: Any, watch: Stopwatch) -> None:
        self._inner = inner
        self.search = watch.wrapped("detect", lambda transcripts: list(inner.search(transcripts)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def engine_threads() -> set[int]:
    """Threads of this process that Python did not start: CTranslate2's and the like."""
    known = {t.native_id for t in threading.enumerate()}
    return {int(task.name) for task in Path("/proc/self/task").iterdir()} - {n for n in known if n}


def cpu_of(threads: set[int]) -> float:
    """Their CPU seconds so far; the kernel counts nanoseconds."""
    spent = (Path(f"/proc/self/task/{thread}/schedstat").read_text(encoding="ascii").split() for thread in threads)
    return sum(int(fields[0]) for fields in spent) / 1e9


def process_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def one_run(system: Any, watch: Stopwatch, paths: list[Path], model_threads: set[int]) -> dict[str, Any]:
    from redactor.audio import looks_like_audio
    from redactor.storage import list_inputs

    watch.reset()
    calls = system.transcriber.engine.calls
    before = (
        process_cpu(),
        cpu_of(model_threads),
        time.perf_counter(),
        calls.counts.busy,
        calls.counts.pieces,
        calls.counts.batches,
    )
    with tempfile.TemporaryDirectory(prefix="redactor-bench-") as out:
        items = list_inputs(paths, is_audio=looks_like_audio).items
        outcomes = list(system.pipeline.run(items, Path(out), threads=system.in_flight))
    after = (
        process_cpu(),
        cpu_of(model_threads),
        time.perf_counter(),
        calls.counts.busy,
        calls.counts.pieces,
        calls.counts.batches,
    )
    total, model, wall, busy, pieces, batches = (b - a for a, b in zip(before, after, strict=True))
    steps = {MODEL: model, **watch.cpu}
    steps["not wrapped"] = total - sum(steps.values())
    return {
        "audio_seconds": sum(o.duration for o in outcomes),
        "wall_seconds": wall,
        "cpu_seconds": total,
        "model_busy_seconds": busy,
        "windows": pieces,
        "batches": batches,
        "steps": steps,
        "other_share": 1 - sum(steps.get(name, 0.0) for name in NAMED) / total,
    }


def limit(model: Path, paths: list[Path], *, cores: int) -> dict[str, float]:
    """Wall seconds of the three steps of the model alone, every window once, each core with windows of its own."""
    from concurrent.futures import ThreadPoolExecutor

    from redactor.audio import decode, read_source, recognition_audio
    from redactor.speech import resolve
    from redactor.speech.recognize import Recognizer
    from redactor.speech.whisper import WhisperEngine

    engine = WhisperEngine.load(resolve(str(model)), device="cpu", cpu_threads=1, workers=cores)
    recognizer = Recognizer(engine)
    windows = []
    for path in paths:
        channel = recognition_audio(decode(read_source(path)), 0)
        windows += [engine.prepare(w.of(channel)) for w in recognizer.plan(channel, number=0).windows]
    windows = [window for window in windows if window.context]
    spent: dict[str, float] = {}
    with ThreadPoolExecutor(cores) as pool:

        def timed(name: str, step: Callable[..., Any], *each: Any) -> list[Any]:
            list(pool.map(step, *(part[:cores] for part in each)))
            began = time.perf_counter()
            done = list(pool.map(step, *each))
            spent[name] = round(time.perf_counter() - began, 2)
            return done

        encoded = timed("encoder", lambda w: engine._encode([w], w.context), windows)  # noqa: SLF001
        search = engine._search  # noqa: SLF001
        found = timed("greedy search", lambda e, w: search(e, [w], width=1), encoded, windows)
        timed("alignment", lambda e, w, f: engine._align(e, [w], f), encoded, windows, found)  # noqa: SLF001
    return {**spent, "all": round(sum(spent.values()), 2)}


def measure(model: Path, paths: list[Path], *, cores: int, repeats: int) -> dict[str, Any]:
    """Medians over the repeats of one process."""
    from redactor_system import RedactorSystem

    watch = Stopwatch()
    with ExitStack() as stack:
        for name, targets in STEPS.items():
            for target in targets:
                where, _, attribute = target.rpartition(".")
                owner: Any = resolved(where)
                stack.enter_context(mock.patch.object(owner, attribute, watch.wrapped(name, getattr(owner, attribute))))
        system = RedactorSystem(model, cores=cores)
        system.pipeline.detector = Timed(system.pipeline.detector, watch)
        system.pipeline.decoder = watch.wrapped("decode", system.pipeline.decoder)
        system.whole(paths[:2])
        threads = engine_threads()
        runs = []
        for turn in range(repeats):
            runs.append(one_run(system, watch, paths, threads))
            progress(
                f"stages, run {turn + 1}: {runs[-1]['cpu_seconds']:.1f} s CPU, other {runs[-1]['other_share']:.1%}"
            )
    middle = {key: statistics.median(r[key] for r in runs) for key in runs[0] if key != "steps"}
    names = dict.fromkeys(name for r in runs for name in r["steps"])
    steps = {name: statistics.median(r["steps"].get(name, 0.0) for r in runs) for name in names}
    return {**middle, "repeats": repeats, "steps": dict(sorted(steps.items(), key=lambda item: -item[1]))}


def resolved(path: str) -> Any:
    import importlib

    parts = path.split(".")
    for size in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:size]))
        except ModuleNotFoundError:
            continue
        for name in parts[size:]:
            found = getattr(found, name)
        return found
    raise LookupError(path)


def caption(document: dict[str, Any]) -> str:
    busy = document["cpu_seconds"] / (document["wall_seconds"] * document["cores_used"])
    return (
        f"{document['files']} files, {document['audio_seconds'] / 60:.0f} min, medians of {document['repeats']} runs; "
        f"{document['windows']:.0f} windows in {document['batches']:.0f} calls; cores busy {busy:.0%}; "
        f"{document['wall_seconds']:.1f} s wall. The limit: "
        + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in document["limit"].items())
        + "."
    )


def shown_table(document: dict[str, Any]) -> str:
    total, audio = document["cpu_seconds"], document["audio_seconds"]
    rows = [
        [name, round(spent, 2), f"{100 * spent / total:.1f} %", round(1000 * spent / audio, 2)]
        for name, spent in document["steps"].items()
    ]
    rows.append(["**all**", round(total, 2), "100 %", round(1000 * total / audio, 2)])
    rows.append(
        [
            "**neither model, voice detector nor features**",
            round(total * document["other_share"], 2),
            f"{100 * document['other_share']:.1f} %",
            None,
        ]
    )
    return table(["step", "CPU s", "share", "ms a second of audio"], rows)


def plot(document: dict[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots()
    total = document["cpu_seconds"]
    names = list(document["steps"])[::-1]
    shares = [100 * document["steps"][name] / total for name in names]
    axes.barh(names, shares, color=["tab:blue" if name in NAMED else "tab:orange" for name in names])
    axes.set_xlabel("% of CPU time (orange: neither model, voice detector nor features)", fontsize=8)
    axes.tick_params(labelsize=7)
    figure.savefig(path, dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", default="base", help="name or folder of a checkpoint")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    labels = voicemails.archive(given.files)
    folder = folder_of(given.model)
    stamped = stamp(folder, cores=given.cores)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    paths = [voicemails.FOLDER / row["file"] for row in labels]
    measured = measure(folder, paths, cores=given.cores, repeats=given.repeats)
    document = {**stamped, "files": given.files, **measured, "limit": limit(folder, paths, cores=given.cores)}
    print(headline(stamped))
    print(caption(document) + "\n")
    print(shown_table(document))
    if given.json:
        save(given.json, document)
    if given.plot:
        plot(document, given.plot)


if __name__ == "__main__":
    main()
