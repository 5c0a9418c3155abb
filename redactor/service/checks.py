"""What `redactor serve --check` tries beyond the settings themselves: the folders, the models, the sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from redactor.config import Settings
from redactor.errors import ConfigurationError
from redactor.factory import JobConfiguration, assemble, layers_of, sandboxed


@dataclass(frozen=True, slots=True)
class LoadedModels:
    """What was loaded.

    Attributes:
        checkpoint: name of the speech checkpoint, "" if only transcripts are used; `compute_type`, `device`: of it.
        synthetic_only: see `ModelInfo`.
        sandbox: the layers that confine decoding.
    """

    checkpoint: str
    compute_type: str
    device: str
    synthetic_only: bool
    sandbox: tuple[str, ...]


def check_folders(settings: Settings) -> None:
    """Check the configured folders as this user.

    Raises:
        ConfigurationError: one cannot be used; names the settings, one in each line, never a path.
    """
    problems = [f"The setting {name} names a folder {what}" for name, what in _problems(settings)]
    if problems:
        raise ConfigurationError(
            "\n".join(problems),
            hint=f"The settings are in {settings.file}. Run the check as the service's user; docs/deployment.md "
            "describes users and groups.",
        )


def load_models(job: JobConfiguration, *, warn: Callable[[str], None]) -> LoadedModels:
    """Load everything that the service loads at its start, and let it go.

    Args:
        warn: called with a sentence for each layer of the sandbox that is missing.

    Raises:
        ConfigurationError, ModelUnavailable
    """
    with sandboxed(job.sandbox, warn=warn) as decoder:
        made = assemble(job, decoder=decoder)
        layers = layers_of(decoder)
    info = made.engine.info if made.engine is not None else None
    if info is None:
        return LoadedModels("", "", "", False, layers)
    return LoadedModels(info.name, info.compute_type, info.device, info.synthetic_only, layers)


def _problems(settings: Settings) -> Iterator[tuple[str, str]]:
    s = settings.service
    mailboxes = settings.asterisk.voicemail.rstrip("/")
    for number, root in enumerate(s.roots):
        # Results of mailboxes stand in folders that the telephone system makes.
        writes = s.beside and not (mailboxes and Path(root).is_relative_to(mailboxes))
        if what := _unusable(root, writes=writes):
            yield f"service.roots[{number}]", what
    for number, folder in enumerate(s.sent):
        if what := _unusable(folder):
            yield f"service.sent[{number}]", what
    if mailboxes and (what := _unusable(mailboxes)):
        yield "asterisk.voicemail", what
    if s.transcripts and (what := _unusable(s.transcripts)):
        yield "service.transcripts", what
    for name, folder in (
        ("service.spool", s.spool),
        ("service.state", s.state),
        ("service.results", s.results),
        ("review.folder", settings.review.folder),
    ):
        if folder and (what := _not_makeable(folder)):
            yield name, what
    new = f"{s.spool.rstrip('/')}/new"
    if os.path.isdir(new) and (what := _unusable(new, writes=True)):  # noqa: PTH112
        yield "service.spool", f"whose folder `new` is one {what}"


def _unusable(folder: str, *, writes: bool = False) -> str:
    """Why a folder cannot be used; "" if it can."""
    if not os.path.exists(folder):  # noqa: PTH110
        return "that does not exist, or that this user must not see."
    if not os.path.isdir(folder):  # noqa: PTH112
        return "that is no folder."
    if not os.access(folder, os.R_OK | os.X_OK):
        return "that this user cannot read."
    if writes and not os.access(folder, os.W_OK):
        return "that this user cannot write to."
    return ""


def _not_makeable(folder: str) -> str:
    """The same for a folder that the service makes if it is missing."""
    path = Path(folder)
    if os.path.lexists(path):
        return _unusable(folder, writes=True)
    above = next(parent for parent in path.parents if os.path.lexists(parent))
    return "that does not exist and that this user cannot make." if _unusable(str(above), writes=True) else ""
