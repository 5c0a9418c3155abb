"""`redactor transcribe` and `redactor detect`: the two halves by themselves, data on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from redactor.doors import options as o
from redactor.doors.terminal import complain
from redactor.errors import ConfigurationError, InputError, NoInput, RedactorError
from redactor.types import Recording, Speech

BATCH = 64
"""Texts searched together."""


def register(app: typer.Typer) -> None:
    app.command()(transcribe)
    app.command()(detect)


def transcribe(
    paths: o.Paths,
    *,
    understood: Annotated[
        bool, typer.Option("--i-understand-this-prints-phi", help="Required: the output is not redacted.")
    ] = False,
    model: o.ModelOption = "auto",
    revision: o.RevisionOption = None,
    device: o.DeviceOption = "auto",
    compute_type: o.ComputeOption = None,
    threads: o.ThreadsOption = 0,
    beam: o.BeamOption = 5,
    language: o.LanguageOption = None,
    hotwords: o.HotwordsOption = None,
    initial_prompt: o.PromptOption = None,
    raw: o.RawOption = None,
) -> None:
    """Print the unredacted words of recordings, one JSON document a line."""
    from redactor.audio import Limits, looks_like_audio, read_source
    from redactor.keep import list_inputs
    from redactor.phi import build_detector
    from redactor.pipeline import Pipeline
    from redactor.policy import load_policy
    from redactor.render import Replacer

    if not understood:
        raise ConfigurationError(
            "transcribe prints what was said, unredacted.",
            hint="Add --i-understand-this-prints-phi, or use `redactor redact`.",
        )
    listing = list_inputs(paths, is_audio=looks_like_audio)
    engine = o.build_transcriber(
        model, device=device, compute_type=compute_type, threads=threads, beam=beam, language=language, hotwords=hotwords,
        initial_prompt=initial_prompt, revision=revision,
    )  # fmt: skip
    decode = o.decoder(raw)
    pipeline = Pipeline(
        transcriber_for=lambda _item: engine,
        detector=build_detector(),
        policy=load_policy("deidentify"),
        replacer=Replacer(),
        decoder=decode,
    )
    worst = 0
    for item in listing.items:
        try:
            recording = decode(read_source(item.path, limits=Limits()))
            speech = pipeline.listen(recording, engine)
        except RedactorError as error:
            worst = max(worst, error.exit_code)
            complain(type(error)(f"#{item.number}: {error.message}", hint=error.hint))
            continue
        print(json.dumps(_words(recording, speech), ensure_ascii=False), flush=True)
    raise typer.Exit(worst)


def _words(recording: Recording, speech: Speech) -> dict[str, Any]:
    return {
        "schema": "redactor-words/1",
        "id": recording.id,
        "duration": round(recording.duration, 3),
        "model": speech.model.name,
        "same_as": list(speech.same_as),
        "skipped": round(speech.skipped, 3),
        "unheard": [
            {"channel": u.channel, "start": round(u.start, 3), "end": round(u.end, 3), "kind": u.kind}
            for u in speech.unheard
        ],
        "channels": [
            {
                "channel": t.channel,
                "text": t.text,
                "words": [
                    {"text": w.text, "start": w.start, "end": w.end, "confidence": round(w.confidence, 3)}
                    for w in t.words
                ],
            }
            for t in speech.transcripts
        ],
        "warnings": list(speech.warnings),
    }


def detect(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help='JSON Lines {"id", "text"}; standard input if left out.')
    ] = None,
    *,
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Leave out findings below.")] = 0.35,
) -> None:
    """Find PHI in text: JSON Lines {"id","text"} in, {"id","spans":[{"start","end","label","score"}]} out, offsets in characters."""
    from redactor.phi import build_detector

    if file is None and sys.stdin.isatty():
        raise NoInput('Nothing to read: pipe JSON Lines {"id", "text"} in, or name a file.')
    try:
        stream: TextIO = sys.stdin if file is None else file.open(encoding="utf-8")
    except OSError:
        raise NoInput("The file cannot be read.") from None
    detector = build_detector()
    rows = _rows(stream)
    while batch := list(islice(rows, BATCH)):
        for (identity, _), findings in zip(batch, detector.pipe(text for _, text in batch), strict=True):
            spans = [
                {"start": f.start, "end": f.end, "label": f.label, "score": round(f.score, 3), "source": f.source}
                for f in findings
                if f.score >= min_score
            ]
            print(json.dumps({"id": identity, "spans": spans}), flush=True)


def _rows(stream: TextIO) -> Iterator[tuple[Any, str]]:
    number = 0
    try:
        for number, line in enumerate(stream, 1):
            if line.strip():
                row = json.loads(line)
                yield row.get("id", number), _text(row)
    except (ValueError, AttributeError, TypeError):
        # The parser's own message quotes the line.
        raise InputError(
            f"Line {number or 1} is not JSON with a text.",
            hint='Each line is an object: {"id": "1", "text": "call me back"}.',
        ) from None


def _text(row: dict[str, Any]) -> str:
    text = row.get("text")
    if not isinstance(text, str):
        raise TypeError
    return text
