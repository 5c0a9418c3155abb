"""A checkpoint folder: its files, its model.json, and the stock checkpoint that it is.

A stock checkpoint is recognised by the digest of its weights in any folder (stock.toml has its settings). A folder may
have a model.json, which takes precedence:

    {"name": "voicemail-micro", "version": "2", "synthetic_only": true, "max_window": 6, "min_margin": 1.0, "beam": 5,
     "timestamps": false, "sha256": {"model.bin": "…"}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redactor.errors import ModelUnavailable

from . import hub, stock
from .digests import sha256
from .understanding import FLOORS, Floors

STOCK_MAX_WINDOW = 28.0  # seconds of Whisper's 30, so that its last word is never at the edge
BEAM = 5


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A validated checkpoint folder.

    Attributes:
        name: the user's name for it.
        path: the folder with model.bin.
        revision: the hub's commit hash, index-… or bundle-… with the start of the weights' SHA-256, or "version" of
            model.json, "" if unknown.
        source: "path", "shipped", "cache", or, if just downloaded, "download" (from the hub) or "index".
        max_window: longest window that it recognises well, seconds.
        margin: seconds of silence that it needs after a trimmed window: min_margin of model.json, or that of stock.toml
            for stock checkpoints; None for any other: windows are padded to 30 s.
        timestamps: whether it recognises better with segment times (word times come from alignment either way).
        synthetic_only: must not be trusted with human speech.
        size: bytes of model.bin.
        beam: its best beam width.
        delay: seconds by which its aligned words are late; negative: early.
        measured: whether margin, max_window and beam were measured with these weights.
        floors: mean confidence below which its words are guesses; None where confidence means nothing (the test
            double).
        stock: name of the stock checkpoint that it is, "" if none.
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
    delay: float = 0.0
    measured: bool = False
    floors: Floors | None = FLOORS
    stock: str = ""


def shipped_models() -> dict[str, Path]:
    """Name → folder of the checkpoints that come with redactor: models/ of a checkout, or the installed wheel's."""
    package = Path(__file__).resolve().parent.parent
    found: dict[str, Path] = {}
    for root in (package.parent / "models", package / "_models"):
        if root.is_dir():
            found |= {folder.name: folder for folder in sorted(root.iterdir()) if (folder / "model.bin").is_file()}
    return found


def inspect(path: Path, *, name: str, source: str, revision: str = "") -> Checkpoint:
    """Check a folder's files, and their SHA-256 where model.json has it.

    Raises:
        ModelUnavailable: it is not a complete CTranslate2 Whisper checkpoint.
    """
    _check_files(path, name)
    card = _read_card(path, name)
    for file, expected in card_digests(path, name).items():
        if sha256(path / file) != expected:
            raise ModelUnavailable(
                f"The checkpoint {name} is damaged: {Path(file).name} does not have the checksum of its model.json.",
                hint="Copy or install it again.",
            )
    known = _stock(path, name=name, source=source)
    max_window = card.get("max_window", known.max_window if known else STOCK_MAX_WINDOW)
    margin = card.get("min_margin", known.margin if known else None)
    beam = card.get("beam", known.beam if known else BEAM)
    timestamps = card.get("timestamps", known.timestamps if known else True)
    delay = card.get("delay", known.delay if known else 0.0)
    if not isinstance(delay, (int, float)) or not -1 <= delay <= 1:
        raise ModelUnavailable(f"The checkpoint {name} has a model.json whose delay is not -1 … 1 seconds.")
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
        delay=float(delay),
        measured=known.measured if known else "min_margin" in card,
        floors=None if card.get("synthetic_only", False) else known.floors if known else FLOORS,
        stock=known.name if known else "",
    )


def _stock(path: Path, *, name: str, source: str) -> stock.Stock | None:
    """The stock checkpoint of a folder: by the repository in the cache, elsewhere by the digest of the weights."""
    if source == "shipped":
        return None
    return (stock.by_name(name) if source != "path" else None) or stock.recognize(path / stock.WEIGHTS)


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
                hint="Use the same model by its name (small.en, large-v3-turbo …), "
                "or convert it with ct2-transformers-converter.",
            )
        raise ModelUnavailable(f"The checkpoint {name} has no model.bin: it is incomplete.", hint=_repair_hint(name))
    # Without tokenizer.json faster-whisper would download one, and not the right one.
    missing = [file for file in ("config.json", "tokenizer.json") if not (path / file).is_file()]
    if not any(path.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    if missing:
        raise ModelUnavailable(
            f"The checkpoint {name} is incomplete: no {', '.join(missing)}.", hint=_repair_hint(name)
        )
    if weights.stat().st_size < 1024:
        raise ModelUnavailable(
            f"The checkpoint {name} is incomplete: model.bin has {weights.stat().st_size} bytes.",
            hint="If it came by git, run `git lfs pull`; " + _repair_hint(name),
        )


def _repair_hint(name: str) -> str:
    return (
        f"Download it again: redactor models get {name}."
        if hub.repository(name)
        else "Copy it again, with all its files."
    )


def _read_card(path: Path, name: str) -> Mapping[str, Any]:
    card = path / "model.json"
    if not card.is_file():
        return {}
    try:
        return _mapping(json.loads(card.read_text("utf-8")))
    except ValueError as error:
        raise ModelUnavailable(f"The checkpoint {name} has a model.json that is not JSON.") from error


def card_digests(path: Path, name: str) -> dict[str, str]:
    """File → SHA-256 as model.json lists them; empty without one."""
    return {file: str(digest).lower() for file, digest in _mapping(_read_card(path, name).get("sha256")).items()}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
