"""Verify a checkpoint's content: every file is hashed, without the cache of digests."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from . import snapshots, stock
from .checkpoints import Checkpoint, Source, resolve
from .digests import sha256
from .folder import card_digests
from .hub import Progress
from .snapshots import Notify


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of a verification.

    Attributes:
        state: "verified": the files of a known conversion, or those that model.json lists. "intact": unchanged since
            the download, but these weights are not known. "unknown": there is nothing to compare with. "damaged".
        digest: SHA-256 of model.bin.
        damaged: names of files whose content is wrong.
    """

    name: str
    state: str
    digest: str
    damaged: tuple[str, ...] = ()


def get(
    name: str,
    *,
    source: Source = "auto",
    revision: str | None = None,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
    notify: Notify | None = None,
) -> Checkpoint:
    """As `resolve` for the CPU, but a cached checkpoint is hashed, and downloaded again if it is damaged."""

    def find() -> Checkpoint:
        return resolve(
            name, device="cpu", revision=revision, source=source, cache_dir=cache_dir, progress=progress, notify=notify
        )

    found = find()
    if found.source == "cache" and (wrong := verify(found).damaged):
        if notify is not None:
            notify(f"{found.name} is damaged ({', '.join(wrong)}); downloading it again.")
        snapshots.discard(found.path, list(wrong))
        found = find()
    return found


def verify(checkpoint: Checkpoint) -> Verified:
    """Compare a checkpoint's files with the digests in stock.toml, in model.json and in the names of cached blobs."""
    folder = checkpoint.path
    found = {
        path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file() and path.name != "model.json"
    }
    digest = found.get(stock.WEIGHTS, "")
    listed = card_digests(folder, checkpoint.name)
    build = _build(checkpoint, digest)
    blobs = {name: matches for name in found if (matches := _as_stored(folder / name, found[name])) is not None}
    wrong = {name for name, expected in listed.items() if found.get(name) != expected}
    wrong |= {name for name, matches in blobs.items() if not matches}
    # A file of the hub may differ from the same file of another conversion, so this is the last resort.
    if build is not None:
        expected_files = {name: file.sha256 for name, file in build.files.items()}
        wrong |= {n for n, d in expected_files.items() if n not in blobs and n not in listed and found.get(n) != d}
    if wrong:
        return Verified(checkpoint.name, "damaged", digest, tuple(sorted(wrong)))
    if build is not None or stock.WEIGHTS in listed:
        return Verified(checkpoint.name, "verified", digest)
    return Verified(checkpoint.name, "intact" if stock.WEIGHTS in blobs else "unknown", digest)


def _build(checkpoint: Checkpoint, digest: str) -> stock.Build | None:
    known = stock.by_name(checkpoint.stock or checkpoint.name) or stock.by_digest(digest)
    return next((build for build in (known.builds if known else ()) if build.weights.sha256 == digest), None)


def _as_stored(path: Path, digest: str) -> bool | None:
    """Whether a file in the Hugging Face cache matches its blob's name; None outside the cache."""
    blob = path.resolve()
    if blob.parent.name != "blobs":
        return None
    if re.fullmatch("[0-9a-f]{64}", blob.name):
        return blob.name == digest
    if re.fullmatch("[0-9a-f]{40}", blob.name):  # a small file: git's own digest
        content = blob.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == blob.name
    return None
