"""What driver and workers say to each other, and the seal on it."""

from __future__ import annotations

import copyreg
import io
import pickle
import secrets
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from redactor.errors import RedactorError
from redactor.storage import Claim, Fingerprint, Item, JournalDecision, Known
from redactor.types import Outcome

KEY_NAME = ".redactor-cluster.key"


@dataclass(frozen=True, slots=True)
class AssignedItem:
    """An item to work on: what the journal knows of it, and the reader of its own transcript (or why it has none),
    if it shall have one.
    """

    item: Item
    known: Known | None = None
    reader: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Orders:
    """To a worker: new items, answers by item number, and whether to come to an end (what is not begun is dropped)."""

    given: tuple[AssignedItem, ...] = ()
    answers: tuple[tuple[int, JournalDecision | RedactorError], ...] = ()
    end: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """An item's outcome, and what its artefacts are known by."""

    outcome: Outcome
    files: dict[str, Fingerprint]


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """From a worker: claims that wait for an answer, results, and whether nothing is under way any more and nothing
    will be.
    """

    asked: tuple[Claim, ...] = ()
    done: tuple[Done, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A worker is ready.

    Attributes:
        settings: fingerprint of all that shapes artefacts there: the same on all workers of a run.
        in_flight: recordings that it has under way at once.
        synthetic: name of a checkpoint that reads demonstration speech only, else "".
        layers, lacking: what confines decoding there, and sentences on what does not: see `SandboxedDecoder`.
    """

    settings: str
    in_flight: int
    synthetic: str = ""
    layers: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


class Tampered(Exception):
    """A message that was not sealed with this key, for this place in this conversation."""


class MessageCipher:
    """Seals and opens the messages of one conversation: AES-256-GCM, a fresh nonce each; their order is part of what is
    proved.

    Args:
        key: 32 bytes.
        name: of the worker; messages of another cannot be put in.
    """

    def __init__(self, key: bytes, name: str, *, driver: bool) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)
        self._name = name
        self._here, self._there = ("driver", "worker") if driver else ("worker", "driver")
        self._sent = self._received = 0

    def seal(self, message: object) -> bytes:
        nonce = secrets.token_bytes(12)
        place = f"{self._name} {self._here} {self._sent}".encode()
        self._sent += 1
        return nonce + self._cipher.encrypt(nonce, _pickled(message), place)

    def open(self, sealed: bytes) -> Any:
        """The message.

        Raises:
            Tampered: it was changed, repeated, or is somebody else's.
        """
        from cryptography.exceptions import InvalidTag

        place = f"{self._name} {self._there} {self._received}".encode()
        try:
            plain = self._cipher.decrypt(sealed[:12], sealed[12:], place)
        except (InvalidTag, ValueError):
            raise Tampered from None
        self._received += 1
        return pickle.loads(plain)  # noqa: S301 - authenticated


class _Pickler(pickle.Pickler):
    dispatch_table = copyreg.dispatch_table.copy()
    dispatch_table[MappingProxyType] = lambda view: (_view, (dict(view),))  # the labels of a policy


def _view(content: dict[Any, Any]) -> Any:
    return MappingProxyType(content)


def _pickled(message: object) -> bytes:
    file = io.BytesIO()
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(message)
    return file.getvalue()
