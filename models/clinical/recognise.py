"""Step 0: `python -m models.clinical.recognise ARCHIVE --models base tiny.en --out models/clinical/recognised`.

What recognition makes of labelled messages: ARCHIVE is a folder of benchmarks/voicemails.py, spoken from texts that
training may see. Each message is recognised with each checkpoint, and every recognised word belongs to the labelled
span in whose time most of it lies. The tagger learns from them what misheard facts look like where they stand ("on high
fours in a pill" for a drug), and that a misheard name is none.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redactor import builders
from redactor.audio import decode, read_source
from redactor.concurrency import bounded_map
from redactor.labels import LabelledChannel, LabelledRecording, load_labels
from redactor.policy.word_spans import covered_words
from redactor.recognition import listen
from redactor.types import CLINICAL, Transcript, Word

SHARE = 0.5
"""Of a recognised word's time, that must lie in a span."""


def projected(heard: Transcript, labelled: LabelledChannel) -> list[dict[str, Any]]:
    """The clinical spans in the recognised text: {"start", "end", "label", "tier"}."""
    spans = []
    words = labelled.transcript.words
    for span in labelled.spans:
        if span.label not in CLINICAL:
            continue
        said = words[slice(*covered_words(words, span.start, span.end))]
        inside = [word for word in heard.words if _within(word, said) > SHARE]
        if inside:
            tier = "must" if span.must else "may"
            spans.append({"start": inside[0].char_start, "end": inside[-1].char_end, "label": span.label, "tier": tier})
    return spans


def _within(word: Word, said: Sequence[Word]) -> float:
    """The share of a word's time in the time of a span's words."""
    start, end = word.start or 0.0, word.end or 0.0
    if not said or end <= start:
        return 0.0
    first, last = said[0].start or 0.0, said[-1].end or 0.0
    return max(0.0, min(end, last) - max(start, first)) / (end - start)


def rows(archive: Path, model: str) -> list[dict[str, Any]]:
    """The messages as one checkpoint writes them; the id ends with its name."""
    transcriber = builders.build_transcriber(builders.RecognitionOptions(model=model))
    messages = [row for row in load_labels(archive) if row.ordinary]

    def one(message: LabelledRecording) -> tuple[LabelledRecording, Any]:
        return message, listen(decode(read_source(message.path)), transcriber)

    found = []
    for message, speech in bounded_map(one, messages, threads=transcriber.in_flight):
        for transcript in speech.transcripts:
            labelled = next(c for c in message.channels if c.transcript.channel == transcript.channel)
            name = f"{message.path.stem}:{model}"
            found.append({"id": name, "text": transcript.text, "spans": projected(transcript, labelled)})
    return sorted(found, key=lambda row: str(row["id"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--models", nargs="+", default=["base", "tiny.en"])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for model in options.models:
        lines = [json.dumps(row, ensure_ascii=False) for row in rows(options.archive, model)]
        (options.out / f"{model}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
