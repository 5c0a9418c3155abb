"""Shared by the benchmarks of time and memory: the stamp on a result, tables, files."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # models/ and sample_audio/ are not part of the installed package
    sys.path.append(str(ROOT))
RESULTS = ROOT / "benchmarks" / "results"
LIBRARIES = ("faster-whisper", "ctranslate2", "onnxruntime", "presidio-analyzer", "spacy", "numpy", "av", "soundfile")

Row = dict[str, Any]


def stamp(model: Path | None = None, *, cores: int | None = None) -> Row:
    """Commit, machine, libraries and the load it carried at the start, for results that are kept.

    Args:
        model: folder of the checkpoint that was used.
        cores: that the runs were held to.
    """
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        usable = os.cpu_count() or 1
    out: Row = {
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]).replace(f"{ROOT}/", ""),
        "date": dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "cpu": cpu_model(),
        "cores": usable,
        "cores_used": cores or usable,
        "load_at_start": round(os.getloadavg()[0], 2),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: installed(name) for name in LIBRARIES},
    }
    return out | ({"model": model_stamp(model)} if model else {})


def folder_of(model: str) -> Path:
    """The folder of an installed checkpoint, given as a folder or as a name that `redactor models get` knows."""
    from redactor.speech import resolve

    return resolve(model, device="cpu").path


def commit() -> str:
    """Short hash of HEAD, with "+" if tracked files differ from it (except results)."""
    head = _git("rev-parse", "--short", "HEAD")
    changed = [
        line for line in _git("status", "--porcelain", "--untracked-files=no").splitlines() if "results/" not in line
    ]
    return head + ("+" if changed else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def cpu_model() -> str:
    """The processor's name according to the kernel, or the architecture."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def model_stamp(folder: Path) -> Row:
    """Name, version and the start of model.bin's SHA-256."""
    card = folder / "model.json"
    known = json.loads(card.read_text(encoding="utf-8")) if card.exists() else {}
    from redactor.speech import stock

    digest = hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()
    listed = stock.by_digest(digest)
    return {
        "name": known.get("name") or (listed.name if listed else folder.name),
        "version": known.get("version", ""),
        "sha256": digest[:16],
    }


def headline(stamped: Row) -> str:
    """The stamp in one line, for a table's caption."""
    model = stamped.get("model")
    named = f", {model['name']} {model['version']}".rstrip() if model else ""
    return (
        f"{stamped['cpu']}, {stamped['cores_used']} cores, load {stamped['load_at_start']} at the start, "
        f"commit {stamped['commit']}, {stamped['date']}{named}"
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Markdown; None is "-", floats as `shown`."""
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    lines += ["| " + " | ".join(shown(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def shown(value: Any) -> str:
    """Three figures of a float, more only before the point.

    >>> [shown(x) for x in (None, 12.345, 0.01234, 1234.5, "a")]
    ['-', '12.3', '0.0123', '1,234', 'a']
    """
    if value is None:
        return "-"
    if isinstance(value, float):
        if value == 0 or abs(value) >= 1000:
            return f"{value:,.0f}"
        digits = max(0, 2 - int(f"{value:e}".partition("e")[2]))
        return f"{value:.{digits}f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def save(path: Path, document: Row) -> None:
    """JSON, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed.

    >>> percentile([3, 1, 2, 4], 0.5), percentile([3, 1, 2, 4], 0.95)
    (2, 4)
    """
    ordered = sorted(values)
    return ordered[max(0, -(-round(share * 1000) * len(ordered) // 1000) - 1)]


def progress(text: str) -> None:
    print(f"[{dt.datetime.now(dt.timezone.utc):%H:%M:%S}] {text}", file=sys.stderr, flush=True)
