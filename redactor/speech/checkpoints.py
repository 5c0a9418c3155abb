"""Which checkpoint: a folder, a shipped name, the Hugging Face cache, a download, or `auto`.

    resolve("auto")             best stock checkpoint in the cache, else download small.en (CPU) or large-v3-turbo (CUDA)
    resolve("base.en")          models/ shipped with redactor, else the cache, else download
    resolve("owner/repo")       the cache, else download
    resolve("path/to/folder")   a CTranslate2 Whisper folder

`auto` never picks a shipped checkpoint: voicemail-micro knows synthetic speech only. Names and repositories are those of
faster-whisper; the cache, HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are huggingface_hub's. A stock checkpoint is
recognised by the digest of its weights, wherever it lies (stock.toml has its settings). A folder may hold model.json, which comes first:

    {"name": "voicemail-micro", "version": "2", "synthetic_only": true, "max_window": 6, "min_margin": 1.0, "beam": 5,
     "timestamps": false, "sha256": {"model.bin": "…"}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from redactor.errors import ConfigurationError, ModelUnavailable

from . import hub, stock
from .device import pick_device
from .digests import sha256
from .hub import Progress

RANK = tuple(known.name for known in stock.table())
"""Stock checkpoints, best on English telephone speech first; on a CPU the slow ones come last (see `_ranked`)."""

DOWNLOAD = {"cpu": "small.en", "cuda": "large-v3-turbo"}
STOCK_MAX_WINDOW = 28.0  # seconds of Whisper's 30, so that its last word is never at the edge
BEAM = 5
HOW_TO_GET = (
    "On a connected machine run `redactor models get small.en` and copy its Hugging Face cache (HF_HOME) here; "
    "or set HF_ENDPOINT to a mirror; or pass --model FOLDER with a CTranslate2 Whisper checkpoint; "
    "or, for synthetic demonstration recordings only, --model voicemail-micro."
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A validated checkpoint folder.

    Attributes:
        name: as the user knows it.
        path: the folder with model.bin.
        revision: the hub's commit hash, or "version" of model.json, "" if unknown.
        source: "path", "shipped", "cache" or "download".
        max_window: longest window it reads well, seconds.
        margin: seconds of silence that it needs after a trimmed window: min_margin of model.json, or that of stock.toml
            for Whisper's own checkpoints; None for any other: windows are filled up to 30 s.
        timestamps: whether it reads better when asked for segment times (word times come from alignment either way).
        synthetic_only: must not be trusted with human speech.
        size: bytes of model.bin.
        beam: beam width that it reads best with.
        measured: whether margin, max_window and beam were measured with these weights.
        stock: name of the stock checkpoint that it is, "" if it is none.
    """

    name: str
    path: Path
    revision: str
    source: str
    max_window: float = STOCK_MAX_WINDOW
    margin: float | None = None
    timestamps: bool = True
    synthetic_only: bool = False
    size: int = 0
    description: str = field(default="", compare=False)
    beam: int = BEAM
    measured: bool = False
    stock: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of `redactor models list`; `state`: "shipped", "downloaded", "not downloaded" or "damaged"; `size` in bytes."""

    name: str
    state: str
    path: Path | None = None
    size: int = 0
    synthetic_only: bool = False


def resolve(
    model: str = "auto",
    *,
    device: str = "auto",
    revision: str | None = None,
    allow_download: bool = True,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> Checkpoint:
    """Find a checkpoint, download it if need be, and check it.

    Args:
        model: "auto", a path, a shipped name, a faster-whisper name or a hub repository "owner/name".
        device: "auto", "cpu" or "cuda"; only model "auto" looks at it.
        revision: branch, tag or commit of the hub repository.
        allow_download: False = what is here already.
        cache_dir: instead of huggingface_hub's own (HF_HOME, HF_HUB_CACHE).
        progress: told the bytes while downloading.

    Raises:
        ModelUnavailable: with a hint that names the ways to get one.
    """
    if model == "auto":
        return _auto(
            device=device, revision=revision, allow_download=allow_download, cache_dir=cache_dir, progress=progress
        )
    shipped = shipped_models()
    folder = Path(model).expanduser()
    here = shipped.get(model) or (folder if model not in hub.names() and folder.is_dir() else None)
    if here is not None:
        if revision is not None:
            raise ConfigurationError("A checkpoint folder has no revisions.", hint="Leave --revision out.")
        return inspect(here, name=here.name, source="shipped" if model in shipped else "path")
    repo = hub.repository(model)
    if repo is None or folder.is_absolute() or model.startswith((".", "~")):
        raise _unknown(model, tuple(shipped))
    cached = hub.find_cached(repo, revision=revision, cache_dir=cache_dir)
    if cached is not None:
        try:
            return inspect(cached.path, name=model, source="cache", revision=cached.commit)
        except ModelUnavailable:
            if not allow_download:
                raise
    elif not allow_download:
        raise ModelUnavailable(f"The checkpoint {model} is not on this machine.", hint=HOW_TO_GET)
    fetched = hub.download(repo, revision=revision, cache_dir=cache_dir, progress=progress, hint=HOW_TO_GET)
    return inspect(fetched.path, name=model, source="download", revision=fetched.commit)


def list_checkpoints(*, cache_dir: Path | None = None) -> tuple[Listed, ...]:
    """Shipped checkpoints, then the stock ones, best first, present or not. Never touches the network."""
    rows = [_listed(name, path, "shipped") for name, path in sorted(shipped_models().items())]
    for known in stock.table():
        cached = hub.find_cached(known.repository, revision=None, cache_dir=cache_dir)
        rows.append(_listed(known.name, cached.path, "downloaded") if cached else Listed(known.name, "not downloaded"))
    return tuple(rows)


def _listed(name: str, path: Path, state: str) -> Listed:
    try:
        found = inspect(path, name=name, source=state)
    except ModelUnavailable:
        return Listed(name, "damaged", path)
    return Listed(name, state, path, found.size, found.synthetic_only)


def shipped_models() -> dict[str, Path]:
    """Name → folder of the checkpoints that come with redactor: models/ of a source checkout, or the installed wheel's."""
    package = Path(__file__).resolve().parent.parent
    found: dict[str, Path] = {}
    for root in (package.parent / "models", package / "_models"):
        if root.is_dir():
            found |= {folder.name: folder for folder in sorted(root.iterdir()) if (folder / "model.bin").is_file()}
    return found


def inspect(path: Path, *, name: str, source: str, revision: str = "") -> Checkpoint:
    """Check a folder's files, and their SHA-256 where model.json gives it.

    Raises:
        ModelUnavailable: it is no CTranslate2 Whisper checkpoint, or not all of one.
    """
    _check_files(path, name)
    card = _read_card(path, name)
    for file, expected in _mapping(card.get("sha256")).items():
        if sha256(path / file) != str(expected).lower():
            raise ModelUnavailable(
                f"The checkpoint {name} is damaged: {Path(file).name} does not have the checksum of its model.json.",
                hint="Copy or install it again.",
            )
    known = _stock(path, name=name, source=source)
    max_window = card.get("max_window", known.max_window if known else STOCK_MAX_WINDOW)
    margin = card.get("min_margin", known.margin if known else None)
    beam, timestamps = card.get("beam", known.beam if known else BEAM), card.get("timestamps", True)
    if not (margin is None or (isinstance(margin, (int, float)) and 0 <= margin <= 30)) or not isinstance(
        timestamps, bool
    ):
        raise ModelUnavailable(f"The checkpoint {name} has a model.json whose min_margin or timestamps cannot be used.")
    if not isinstance(max_window, (int, float)) or not 2 <= max_window <= 30:
        raise ModelUnavailable(f"The checkpoint {name} has a model.json whose max_window is not 2 … 30 seconds.")
    if not isinstance(beam, int) or not 1 <= beam <= 20:
        raise ModelUnavailable(f"The checkpoint {name} has a model.json whose beam is not 1 … 20.")
    return Checkpoint(
        name=str(card.get("name") or (known.name if known and source == "path" else name)),
        path=path,
        revision=revision or str(card.get("version") or ""),
        source=source,
        max_window=float(max_window),
        margin=None if margin is None else float(margin),
        timestamps=timestamps,
        synthetic_only=bool(card.get("synthetic_only", False)),
        size=(path / "model.bin").stat().st_size,
        description=str(card.get("description") or ""),
        beam=beam,
        measured=known.measured if known else "min_margin" in card,
        stock=known.name if known else "",
    )


def _stock(path: Path, *, name: str, source: str) -> stock.Stock | None:
    """The stock checkpoint of a folder: of the hub's copies by the repository, of any other by the digest of the weights."""
    if source == "shipped":
        return None
    return (stock.by_name(name) if source != "path" else None) or stock.recognize(path / stock.WEIGHTS)


def _auto(
    *, device: str, revision: str | None, allow_download: bool, cache_dir: Path | None, progress: Progress | None
) -> Checkpoint:
    device = pick_device(device)
    for name in _ranked(device):
        cached = hub.find_cached(str(hub.repository(name)), revision=revision, cache_dir=cache_dir)
        if cached is not None:
            # A damaged one is passed over: `models list` shows it.
            with suppress(ModelUnavailable):
                return inspect(cached.path, name=name, source="cache", revision=cached.commit)
    if not allow_download:
        raise ModelUnavailable("No speech checkpoint for calls is on this machine.", hint=HOW_TO_GET)
    return resolve(DOWNLOAD[device], device=device, revision=revision, cache_dir=cache_dir, progress=progress)


def _ranked(device: str) -> list[str]:
    # On a CPU a large checkpoint that somebody happens to have would be slower than real time.
    last = device != "cuda"
    return [known.name for known in sorted(stock.table(), key=lambda known: last and known.slow_on_cpu)]


def _check_files(path: Path, name: str) -> None:
    weights = path / "model.bin"
    if not weights.is_file():
        foreign = [
            p for p in ("model.safetensors", "pytorch_model.bin", "model.safetensors.index.json") if (path / p).exists()
        ]
        if foreign:
            raise ModelUnavailable(
                f"The checkpoint {name} is a Transformers folder, not a CTranslate2 one.",
                hint="Convert it: ct2-transformers-converter --model FOLDER --output_dir NEW --quantization float16 "
                "--copy_files tokenizer.json preprocessor_config.json",
            )
        if any(path.glob("*.pt")):
            raise ModelUnavailable(
                f"The checkpoint {name} is an OpenAI Whisper .pt file, not a CTranslate2 folder.",
                hint="Use the same model by its name (small.en, large-v3-turbo …), or convert it with ct2-transformers-converter.",
            )
        raise ModelUnavailable(f"The checkpoint {name} has no model.bin: it is incomplete.", hint=_again(name))
    # Without tokenizer.json faster-whisper would fetch one from the network, and not the right one.
    missing = [file for file in ("config.json", "tokenizer.json") if not (path / file).is_file()]
    if not any(path.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    if missing:
        raise ModelUnavailable(f"The checkpoint {name} is incomplete: no {', '.join(missing)}.", hint=_again(name))
    if weights.stat().st_size < 1024:
        raise ModelUnavailable(
            f"The checkpoint {name} is incomplete: model.bin has {weights.stat().st_size} bytes.",
            hint="If it came by git, run `git lfs pull`; " + _again(name),
        )


def _again(name: str) -> str:
    return (
        f"Fetch it again: redactor models get {name}." if hub.repository(name) else "Copy it again, with all its files."
    )


def _read_card(path: Path, name: str) -> Mapping[str, Any]:
    card = path / "model.json"
    if not card.is_file():
        return {}
    try:
        return _mapping(json.loads(card.read_text("utf-8")))
    except ValueError as error:
        raise ModelUnavailable(f"The checkpoint {name} has a model.json that is not JSON.") from error


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _unknown(model: str, shipped: tuple[str, ...]) -> ModelUnavailable:
    if "/" in model or "\\" in model:
        return ModelUnavailable("There is no checkpoint folder at that path.", hint="Check --model; " + HOW_TO_GET)
    near = get_close_matches(model.lower(), [*shipped, *hub.names()], n=3, cutoff=0.5)
    known = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join([*shipped, *RANK])}."
    return ModelUnavailable("There is no checkpoint of that name.", hint=known)
