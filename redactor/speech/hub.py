"""The Hugging Face hub: cache look-ups and downloads of checkpoints through huggingface_hub.

faster-whisper's own `download_model` knows the repositories and the files, but shows no progress and reports every
failure as a missing cache entry, so `snapshot_download` is called here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redactor.errors import ModelUnavailable

from . import stock
from .digests import sha256

FILES = ["config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*"]
"""The files of a CTranslate2 Whisper repository (faster_whisper.utils.download_model)."""

REACH = 5.0
"""Seconds to wait for the hub's first answer where there is another source."""

Progress = Callable[[int, int], None]
"""Called while downloading: bytes done, bytes in all (growing while sizes become known)."""


class HubFailed(ModelUnavailable):
    """The hub did not provide the checkpoint: offline, out of reach, no access, no such repository. Another source may
    have it.
    """


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository's files at one commit."""

    path: Path
    commit: str


def names() -> tuple[str, ...]:
    """Short names that faster-whisper knows."""
    from faster_whisper import available_models

    return tuple(available_models())


def repository(model: str) -> str | None:
    """For example "small.en" → "Systran/faster-whisper-small.en"; "owner/name" stays; None if it is neither."""
    if known := stock.by_name(model):
        return known.repository
    from faster_whisper.utils import _MODELS

    if model in _MODELS:  # a name that a newer faster-whisper added
        return str(_MODELS[model])
    parts = model.split("/")
    return model if len(parts) == 2 and all(parts) else None


def find_cached(repo: str, *, revision: str | None, cache_dir: Path | None) -> Snapshot | None:
    """The cached snapshot of a repository, complete or not; None if there is none. Never touches the network."""
    import huggingface_hub
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        path = Path(
            huggingface_hub.snapshot_download(
                repo, revision=revision, cache_dir=cache_dir, local_files_only=True, allow_patterns=FILES
            )
        )
    except (LocalEntryNotFoundError, HFValidationError, OSError, ValueError):
        return None
    return Snapshot(path, path.name) if (path / "model.bin").exists() else None


def download(
    repo: str, *, revision: str | None, cache_dir: Path | None, progress: Progress | None, hint: str
) -> Snapshot:
    """Download missing files of a repository into the cache, and check the weights against the hub's SHA-256.

    Raises:
        HubFailed: offline, out of reach, no such repository, no access, a cut connection.
        ModelUnavailable: no such revision, no space, a wrong checksum.
    """
    import huggingface_hub

    with _hub_errors(repo, revision, hint):
        path = Path(
            huggingface_hub.snapshot_download(
                repo,
                revision=revision,
                cache_dir=cache_dir,
                allow_patterns=FILES,
                tqdm_class=_bar(progress),
            )
        )
        _check_blobs(path, repo)
    return Snapshot(path, path.name)


def is_reachable(seconds: float = REACH) -> bool:
    """Whether the hub answers. Where packets are dropped, huggingface_hub's own retries would take minutes."""
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=seconds)
    except Exception:  # noqa: BLE001 - any failure of any HTTP library means no
        return False
    return True


def out_of_reach(repo: str, hint: str) -> HubFailed:
    from huggingface_hub import constants

    why = "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else "the hub cannot be reached"
    return HubFailed(f"{repo} is not on this machine and {why}.", hint=hint)


def _check_blobs(snapshot: Path, repo: str) -> None:
    """Compare large files with their SHA-256, under which they are cached: huggingface_hub compares only their length.

    A damaged blob is removed, so that it is downloaded again.
    """
    for file in sorted(snapshot.iterdir()):
        blob = file.resolve()
        if re.fullmatch("[0-9a-f]{64}", blob.name) and sha256(blob) != blob.name:
            file.unlink()
            blob.unlink(missing_ok=True)
            raise ModelUnavailable(
                f"{file.name} of {repo} arrived damaged: its SHA-256 is not the hub's.",
                hint="Run it again; if it happens again, a proxy or mirror changes the download.",
            )


@contextmanager
def _hub_errors(repo: str, revision: str | None, hint: str) -> Iterator[None]:
    """Convert the hub's errors to ours. Repository names are public; nothing else of the error is repeated."""
    from huggingface_hub import errors

    # Failures below HTTP come from the HTTP library that huggingface_hub is built on; it imports their base class.
    transport: type[Exception] = getattr(errors, "HTTPError", errors.HfHubHTTPError)
    try:
        yield
    except errors.GatedRepoError as error:
        raise ModelUnavailable(
            f"{repo} is gated.", hint="Accept its terms on the hub and set HF_TOKEN, or choose another --model."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ModelUnavailable(
            f"{repo} has no revision {revision}.", hint="Leave --revision out, or give a commit hash."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise HubFailed(
            f"The hub has no repository {repo}, or it is private.",
            hint="Check the name; for a private one set HF_TOKEN. " + hint,
        ) from error
    except errors.LocalEntryNotFoundError as error:
        raise out_of_reach(repo, hint) from error
    except errors.HFValidationError as error:
        raise ModelUnavailable("That is not a valid repository name.", hint=hint) from error
    except (errors.HfHubHTTPError, transport) as error:
        code = getattr(getattr(error, "response", None), "status_code", None)
        if code in (401, 403):
            raise HubFailed(
                f"The hub denies access to {repo}: the repository is private, or the token is wrong.",
                hint="Set HF_TOKEN, or unset a wrong one. " + hint,
            ) from error
        detail = f"HTTP {code}" if code else "the connection broke"
        raise HubFailed(f"Downloading {repo} failed: {detail}.", hint=hint) from error
    except OSError as error:
        detail = error.strerror or "a file is incomplete"
        raise ModelUnavailable(
            f"Downloading {repo} failed: {detail}.",
            hint="Run it again; check the free space and the permissions of the Hugging Face cache (HF_HOME).",
        ) from error


def _bar(progress: Progress | None) -> type[Any]:
    """A tqdm class that draws nothing and passes the bytes to `progress`."""
    from faster_whisper.utils import disabled_tqdm

    class Quiet(disabled_tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._bytes = kwargs.get("unit") == "B" and "transfer" not in str(kwargs.get("name"))
            kwargs.pop("name", None)
            kwargs["disable"] = True
            super().__init__(*args, **kwargs)
            self.total = kwargs.get("total") or 0
            self.done = 0

        def update(self, n: float | None = 1) -> bool | None:
            self.done += int(n or 0)
            self._tell()
            return None

        def refresh(self, *args: Any, **kwargs: Any) -> None:
            self._tell()

        def _tell(self) -> None:
            if progress is not None and self._bytes:
                progress(self.done, int(self.total))

    return Quiet
