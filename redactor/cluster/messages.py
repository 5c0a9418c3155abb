"""The messages between driver and workers, and their encryption."""

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
    """An item to process: what the journal knows about it, and the reader of its own transcript (or the error that it
    has none), if it needs one.
    """

    item: Item
    known: Known | None = None
    reader: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Orders:
    """To a worker: new items, answers by item number, and whether to end (items that are not begun are dropped)."""

    given: tuple[AssignedItem, ...] = ()
    answers: tuple[tuple[int, JournalDecision | RedactorError], ...] = ()
    end: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """An item's outcome, and the fingerprints of its artefacts."""

    outcome: Outcome
    files: dict[str, Fingerprint]


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """From a worker: claims that wait for an answer, results, and whether it has ended."""

    asked: tuple[Claim, ...] = ()
    done: tuple[Done, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A worker is ready.

    Attributes:
        settings: fingerprint of everything that shapes artefacts; it must be the same on all workers of a run.
        in_flight: recordings that it processes at once.
        synthetic: name of a checkpoint that recognises demonstration speech only, else "".
        layers, lacking: the sandbox's layers there, and messages about missing ones: see `SandboxedDecoder`.
    """

    settings: str
    in_flight: int
    synthetic: str = ""
    layers: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


class Tampered(Exception):
    """A message that was not sealed with this key for this place in this conversation."""


class MessageCipher:
    """Seals and opens the messages of one conversation: AES-256-GCM with a fresh nonce each, authenticated with their
    order.

    Args:
        key: 32 bytes.
        name: of the worker; messages of another worker are rejected.
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
            Tampered: it was changed, repeated, or belongs to another conversation.
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
