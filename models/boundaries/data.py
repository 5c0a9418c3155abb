"""Windows of labelled recordings: encoder states, recognised words and the labelled edges."""

from __future__ import annotations

import argparse
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from redactor import builders
from redactor.audio import decode, read_source, recognition_audio
from redactor.labels import load_labels
from redactor.speech.boundaries import FRAME
from redactor.types import RECOGNITION_RATE, TimedText

WIDTH = 0.02  # seconds: standard deviation of an edge's target


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One window of a recording.

    Attributes:
        states: of the encoder, shape (frames, width).
        words: recognised, with their aligned times in the window.
        truth: labelled words, on the same clock: text, start, end.
        seconds: its duration.
    """

    states: npt.NDArray[np.float16]
    words: tuple[TimedText, ...]
    truth: tuple[tuple[str, float, float], ...]
    seconds: float

    def targets(self) -> npt.NDArray[np.float32]:
        """What the network should give: shape (frames, 3)."""
        places = (np.arange(len(self.states)) + 0.5) * FRAME
        out = np.zeros((len(places), 3), np.float32)
        for _, start, end in self.truth:
            out[:, 0] = np.maximum(out[:, 0], np.exp(-0.5 * ((places - start) / WIDTH) ** 2))
            out[:, 1] = np.maximum(out[:, 1], np.exp(-0.5 * ((places - end) / WIDTH) ** 2))
            out[(places >= start) & (places < end), 2] = 1.0
        return out

    def matched(self) -> Iterator[tuple[int, float, float]]:
        """The number of each recognised word that a labelled one equals, and that one's start and end."""
        heard = [_plain(word.text) for word in self.words]
        said = [_plain(text) for text, _, _ in self.truth]
        for block in SequenceMatcher(None, heard, said, autojunk=False).get_matching_blocks():
            for i in range(block.size):
                _, start, end = self.truth[block.b + i]
                if abs((self.words[block.a + i].start or 0.0) - start) < 1.5:  # else another of the same words
                    yield block.a + i, start, end


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def windows(model: str, labels: Path) -> Iterator[Window]:
    """The windows of all ordinary recordings of a labels.jsonl, as the recogniser cuts and decodes them."""
    transcriber = builders.build_transcriber(builders.RecognitionOptions(model=model, threads=1, workers=1))
    engine: Any = transcriber.engine.engine
    engine.boundaries = None  # the aligned times
    seen: dict[str, Any] = {}
    align = engine._align  # noqa: SLF001 - the only place where a window's states and words are both at hand

    def observed(encoded: Any, batch: Any, found: Any) -> Any:
        seen["states"] = np.asarray(encoded)[0].astype(np.float16)
        return align(encoded, batch, found)

    engine._align = observed  # noqa: SLF001
    for labelled in load_labels(labels):
        if not labelled.ordinary:
            continue
        recording = decode(read_source(labelled.path))
        for channel in labelled.channels:
            number = channel.transcript.channel
            audio = recognition_audio(recording, number)
            for window in transcriber.plan(audio, number=number).windows:
                sound = window.of(audio)
                seconds = len(sound) / RECOGNITION_RATE
                seen.clear()
                (words,) = engine.recognize([sound])
                if words and "states" in seen:
                    frames = int(seconds / FRAME) + 1
                    truth = [
                        (word.text, (word.start or 0.0) - window.start, (word.end or 0.0) - window.start)
                        for word in channel.transcript.words
                    ]
                    inside = tuple(t for t in truth if t[2] > -0.3 and t[1] < seconds + 0.3)
                    yield Window(seen["states"][:frames], tuple(words), inside, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with given.out.open("wb") as file:
        pickle.dump(list(windows(given.model, given.labels)), file)


if __name__ == "__main__":
    from models.boundaries import data  # pickle must find the class by this name

    data.main()
