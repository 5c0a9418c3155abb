"""Stored training material: shards of log-mel features beside what was said in them.

A shard is `NAME.npy` (float16 [frames, 80], all utterances one after the other) and `NAME.jsonl` (one line per utterance):

    {"voice": "slt", "channel": 1, "offset": 0, "frames": 412,
     "units": [[" Hi", 0.11, 0.30], [",", 0.30, 0.41], …], "phones": [["hh", 0.11, 0.17], …]}

Written units carry their own leading space, as BPE wants them. A unit without a known time has -1. The `.npy` file appears last, so
a reader that lists `.npy` files never meets half a shard.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class Utterance:
    """One stored utterance; times in seconds from its start, unknown times are -1."""

    shard: int
    offset: int
    frames: int
    tokens: NDArray[np.int64]  # [n]
    times: NDArray[np.float32]  # [n, 2]
    phones: NDArray[np.float32]  # [m, 3]: phone id, start, end
    voice: str
    channel: int
    start: float  # speech begins
    end: float  # speech ends


def write_shard(folder: Path, name: str, features: list[NDArray[np.float16]], lines: list[dict[str, object]]) -> None:
    """Store a shard; `lines` holds every key but offset and frames, which follow from `features`."""
    folder.mkdir(parents=True, exist_ok=True)
    at = 0
    with (folder / f"{name}.jsonl").open("w") as out:
        for mel, line in zip(features, lines, strict=True):
            out.write(json.dumps({**line, "offset": at, "frames": len(mel)}, separators=(",", ":")) + "\n")
            at += len(mel)
    with (folder / f"{name}.npy.part").open("wb") as out:
        np.save(out, np.concatenate(features))
    (folder / f"{name}.npy.part").rename(folder / f"{name}.npy")


class Library:
    """All utterances of some shard folders; `refresh` picks up shards written since."""

    def __init__(self, folders: Iterable[Path], tokenizer: Tokenizer, phone_ids: dict[str, int]) -> None:
        self.folders = list(folders)
        self.utterances: list[Utterance] = []
        self.by_voice: dict[tuple[str, int], list[int]] = {}
        self._tokenizer, self._phone_ids = tokenizer, phone_ids
        self._features: list[NDArray[np.float16]] = []
        self._known: set[Path] = set()
        self._pieces: dict[str, list[int]] = {}
        self.refresh()

    @property
    def hours(self) -> float:
        return sum(u.frames for u in self.utterances) / 360_000

    def mel(self, u: Utterance) -> NDArray[np.float32]:
        """Features of one utterance, [frames, 80], a fresh array."""
        return np.asarray(self._features[u.shard][u.offset : u.offset + u.frames], dtype=np.float32)

    def refresh(self) -> None:
        for path in sorted(p for folder in self.folders for p in folder.glob("*.npy")):
            if path in self._known:
                continue
            self._known.add(path)
            self._features.append(np.load(path, mmap_mode="r"))
            for line in path.with_suffix(".jsonl").open():
                u = self._parse(json.loads(line), len(self._features) - 1)
                self.by_voice.setdefault((u.voice, u.channel), []).append(len(self.utterances))
                self.utterances.append(u)

    def _encode(self, text: str) -> list[int]:
        if text not in self._pieces:
            self._pieces[text] = self._tokenizer.encode(text).ids
        return self._pieces[text]

    def _parse(self, line: dict[str, object], shard: int) -> Utterance:
        tokens: list[int] = []
        times: list[tuple[float, float]] = []
        for text, start, end in line["units"]:
            ids = self._encode(text if tokens or text.startswith(" ") else " " + text)
            step = (end - start) / max(1, len(ids))
            tokens += ids
            times += [
                (start + k * step, start + (k + 1) * step) if start >= 0 else (-1.0, -1.0) for k in range(len(ids))
            ]
        known = [t for t in times if t[0] >= 0]
        phones = [(self._phone_ids[p], s, e) for p, s, e in line["phones"] if p in self._phone_ids]
        return Utterance(
            shard=shard,
            offset=line["offset"],
            frames=line["frames"],
            tokens=np.array(tokens, np.int64),
            times=np.array(times, np.float32).reshape(-1, 2),
            phones=np.array(phones, np.float32).reshape(-1, 3),
            voice=line["voice"],
            channel=line["channel"],
            start=known[0][0] if known else 0.1,
            end=max(e for _, e in known) if known else line["frames"] / 100 - 0.1,
        )
