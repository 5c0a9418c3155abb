"""A checkpoint as one file, for sites without a network.

A zip archive without compression: manifest.json first, then the files of the checkpoint under their plain names.

    {"format": "redactor-checkpoint/1", "name": "base", "repository": "Systran/faster-whisper-base",
     "files": {"model.bin": {"size": 145217532, "sha256": "…"}, …}}

Archives are not trusted: only these names and plain stored members are accepted, sizes and digests must match the
manifest, and the weights' digest must be known, unless the user trusts them explicitly.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redactor import atomic_files as durable
from redactor.errors import ConfigurationError, ModelUnavailable, NoInput

from . import members, snapshots, stock
from .checkpoints import Checkpoint, resolve
from .digests import sha256
from .hub import Progress, repository
from .stock import File
from .verify import verify

FORMAT = "redactor-checkpoint/1"
MANIFEST = "manifest.json"
NAMES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.json", "vocabulary.txt")
MOST = 8 << 30
"""Bytes of the largest file: large-v3 has 3 GB."""
LONGEST_MANIFEST = 1 << 16
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_SHA256 = re.compile("[0-9a-f]{64}")
_WHERE = "Choose another FILE, in a writable folder with enough free space."
_HINT = "Copy it again; if that does not help, export it again with `redactor models export` on the other machine."


@dataclass(frozen=True, slots=True)
class Bundle:
    """An archive's manifest, checked for form only."""

    name: str
    repository: str
    files: Mapping[str, File]


def export(checkpoint: Checkpoint, target: Path, *, progress: Progress | None = None) -> Bundle:
    """Write a checkpoint into one file, which gets its name when it is complete.

    Raises:
        ConfigurationError: the checkpoint has no repository, so no name would find it again.
        ModelUnavailable: its files are damaged. OutputError: the target cannot be written.
    """
    repo = repository(checkpoint.stock or checkpoint.name)
    if repo is None:
        raise ConfigurationError(
            f"{checkpoint.name} is not a stock checkpoint and has no repository: no name would find it again.",
            hint="Copy its folder and pass it as --model FOLDER.",
        )
    checked = verify(checkpoint)
    if checked.damaged:
        raise ModelUnavailable(
            f"The checkpoint {checkpoint.name} is damaged: {', '.join(checked.damaged)}.",
            hint=f"Download it again: redactor models get {checkpoint.name}.",
        )
    paths = {name: checkpoint.path / name for name in NAMES if (checkpoint.path / name).is_file()}
    files = {name: File(path.stat().st_size, sha256(path)) for name, path in paths.items()}
    bundle = Bundle(checkpoint.stock or checkpoint.name, repo, files)
    partial = durable.Partial(target)
    try:
        _write(Path(partial.path), bundle, paths, progress)
        partial.commit()
        durable.flush_folder(Path(partial.target).parent)
    except OSError as error:
        problem = durable.as_output_error(error)
        raise type(problem)(problem.message, hint=_WHERE) from error
    finally:
        partial.discard()
    return bundle


def _write(path: Path, bundle: Bundle, paths: Mapping[str, Path], progress: Progress | None) -> None:
    manifest = {
        "format": FORMAT,
        "name": bundle.name,
        "repository": bundle.repository,
        "files": {name: {"size": file.size, "sha256": file.sha256} for name, file in bundle.files.items()},
    }
    total = sum(file.size for file in bundle.files.values())
    done = 0
    with path.open("xb") as raw:
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_member(MANIFEST), json.dumps(manifest, indent=1))
            for name, source in paths.items():
                info = _member(name)
                info.file_size = bundle.files[name].size
                with source.open("rb") as file, archive.open(info, "w") as out:
                    while block := file.read(members.BLOCK):
                        out.write(block)
                        done += len(block)
                        if progress is not None:
                            progress(done, total)
        raw.flush()
        os.fsync(raw.fileno())


def _member(name: str) -> zipfile.ZipInfo:
    # A fixed date: the same checkpoint gives the same archive.
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


def load(
    path: Path, *, cache_dir: Path | None = None, trust: bool = False, notify: snapshots.Notify | None = None
) -> Bundle:
    """Check an archive written by `export`, and install the checkpoint in the Hugging Face cache.

    Args:
        trust: accept weights whose digest this version does not know.

    Raises:
        NoInput: there is no such file. OutOfSpace.
        ModelUnavailable: it does not match its manifest, or its weights are unknown.
    """
    if not path.is_file():
        raise NoInput("The archive does not exist, or is not a file.")
    try:
        with members.open_archive(path, "The archive") as archive:
            bundle = _manifest(archive)
            weights = bundle.files[stock.WEIGHTS]
            if not trust and not _known(bundle):
                raise ModelUnavailable(
                    f"This version does not know these weights of {bundle.name}: SHA-256 {weights.sha256}.",
                    hint="Compare the digest with the output of `redactor models verify` on the other machine; "
                    "if they match, pass --trust.",
                )
            return _install(archive, bundle, cache_dir, notify)
    except members.UnexpectedContent as error:
        raise ModelUnavailable(error.message + " Nothing was installed.", hint=_HINT) from error
    except PermissionError as error:
        raise NoInput("The archive cannot be read.") from error


def _install(
    archive: zipfile.ZipFile, bundle: Bundle, cache_dir: Path | None, notify: snapshots.Notify | None
) -> Bundle:
    if _is_installed(bundle, cache_dir):
        if notify is not None:
            notify(f"{bundle.name} is already on this machine and undamaged; nothing was changed.")
        return bundle
    with snapshots.staging(bundle.repository, cache_dir, notify=notify) as staged:
        snapshots.need_space(staged, sum(file.size for file in bundle.files.values()))
        folder = staged / "bundle"
        folder.mkdir(exist_ok=True)
        try:
            for name, expected in bundle.files.items():
                members.extract([(archive, name)], folder / name, expected, f"{name} in the archive")
            files = {name: (folder / name, file.sha256) for name, file in bundle.files.items()}
            revision = snapshots.revision_name("bundle", bundle.files[stock.WEIGHTS].sha256)
            snapshots.install(files, revision=revision, staged=staged)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return bundle


def _is_installed(bundle: Bundle, cache_dir: Path | None) -> bool:
    try:
        found = resolve(bundle.repository, allow_download=False, cache_dir=cache_dir)
    except ModelUnavailable:
        return False
    return not verify(found).damaged


def _known(bundle: Bundle) -> bool:
    """Whether all files belong to a known conversion of the named checkpoint."""
    known = stock.by_name(bundle.name)
    return known is not None and any(dict(build.files) == dict(bundle.files) for build in known.builds)


def _manifest(archive: zipfile.ZipFile) -> Bundle:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if not names or names[0] != MANIFEST or infos[0].file_size > LONGEST_MANIFEST:
        raise members.UnexpectedContent("The archive is not a checkpoint that redactor exported.")
    if len(names) != len(set(names)) or not set(names) <= {MANIFEST, *NAMES}:
        raise members.UnexpectedContent("The archive contains files that do not belong to a checkpoint.")
    if any(not _is_plain(info) for info in infos):
        raise members.UnexpectedContent("The archive contains a member that is not a plain stored file.")
    try:
        data = json.loads(archive.read(infos[0]))
        bundle = _parse(data)
    except (ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile) as error:
        raise members.UnexpectedContent("The archive's manifest is invalid.") from error
    if set(bundle.files) != set(names[1:]):
        raise members.UnexpectedContent("The archive does not contain the files of its manifest.")
    if not {"model.bin", "config.json", "tokenizer.json"} < set(bundle.files):
        raise members.UnexpectedContent("The archive does not contain all files of a checkpoint.")
    return bundle


def _parse(data: Any) -> Bundle:
    """Raises ValueError, KeyError or TypeError for anything that is not a manifest."""
    if data["format"] != FORMAT:
        raise ValueError
    name, repo = data["name"], data["repository"]
    files = {key: File(entry["size"], entry["sha256"]) for key, entry in data["files"].items()}
    if not isinstance(name, str) or not isinstance(repo, str) or repository(name) != repo:
        raise ValueError
    if not _REPOSITORY.fullmatch(repo) or "--" in repo or ".." in repo:
        raise ValueError
    for file in files.values():
        if type(file.size) is not int or not 0 < file.size <= MOST or not _SHA256.fullmatch(file.sha256):
            raise ValueError
    return Bundle(name, repo, files)


def _is_plain(info: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(info.external_attr >> 16)
    stored = info.compress_type == zipfile.ZIP_STORED and info.compress_size == info.file_size
    return stored and not info.flag_bits & 1 and kind in (0, stat.S_IFREG)
