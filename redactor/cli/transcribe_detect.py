"""`redactor transcribe` and `redactor detect`: the two halves by themselves, data on standard output."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from redactor import builders
from redactor.cli import options as o
from redactor.console import complain, notice
from redactor.errors import ConfigurationError, InputError, NoInput, RedactorError
from redactor.types import Recording, Speech

BATCH = 64
"""Texts searched together."""
LONGEST = 1_000_000
"""Characters of one text: what spaCy takes; more than a day of speech."""


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
    beam: o.BeamOption = None,
    language: o.LanguageOption = None,
    hotwords: o.HotwordsOption = None,
    initial_prompt: o.PromptOption = None,
    raw: o.RawOption = None,
    sandbox: o.SandboxOption = "auto",
) -> None:
    """Print the unredacted words of recordings, one JSON document a line."""
    from redactor.audio import Limits, looks_like_audio, read_source
    from redactor.errors import as_redactor_error
    from redactor.factory import sandboxed
    from redactor.recognition import listen
    from redactor.storage import Inputs

    if not understood:
        raise ConfigurationError(
            "transcribe prints what was said, unredacted.",
            hint="Add --i-understand-this-prints-phi, or use `redactor redact`.",
        )
    builders.decoder(raw)
    inputs = Inputs(paths, is_audio=looks_like_audio)
    items = chain(
        [next(iterated := iter(inputs))], iterated
    )  # an error where there is nothing, before anything is loaded
    engine = builders.build_transcriber(
        builders.RecognitionOptions(
            model=model,
            revision=revision,
            device=device,
            compute_type=compute_type,
            threads=threads,
            beam=beam,
            language=language,
            hotwords=hotwords,
            initial_prompt=initial_prompt,
        )
    )
    worst = 0
    with sandboxed(sandbox, warn=notice) as confined:
        decode = builders.decoder(raw, confined=confined)
        for item in items:
            try:
                recording = decode(read_source(item.path, within=item.within, limits=Limits()))
                speech = listen(recording, engine)
            except Exception as caught:  # noqa: BLE001 - one recording's failure; the run goes on
                error = as_redactor_error(caught, "transcribe")
                worst = max(worst, error.exit_code)
                complain(RedactorError(f"#{item.number}: {error.message}", hint=error.hint))
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
        "key_tones": [
            {"channel": k.channel, "start": round(k.start, 3), "end": round(k.end, 3)} for k in speech.key_tones
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
        Path | None,
        typer.Argument(
            metavar="[FILE]", readable=False, help='JSON Lines {"id", "text"}; standard input if left out or "-".'
        ),
    ] = None,
    *,
    ner: o.NerOption = "auto",
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Leave out findings below.")] = 0.35,
) -> None:
    """Find PHI in text: JSON Lines {"id","text"} in, {"id","spans":[{"start","end","label","score"}]} out, offsets
    in characters.
    """
    if not 0 <= min_score <= 1:  # "nan" passes the option's own check, and would leave out everything
        raise ConfigurationError("--min-score lies between 0 and 1.")
    given = None if file is None or str(file) == "-" else file
    if given is None and sys.stdin.isatty():
        raise NoInput('Nothing to read: pipe JSON Lines {"id", "text"} in, or name a file.')
    try:
        opened = nullcontext(sys.stdin) if given is None else given.open(encoding="utf-8")
    except OSError:
        raise NoInput("The file cannot be read.") from None
    with opened as stream:
        detector = builders.build_detector(ner)
        rows = _rows(stream)
        while True:
            batch: list[tuple[Any, str]] = []
            problem: InputError | None = None
            try:
                batch.extend(islice(rows, BATCH))
            except InputError as error:
                problem = error  # lines before the broken one still get their answer
            for (identity, _), findings in zip(batch, detector.pipe(text for _, text in batch), strict=True):
                spans = [
                    {"start": f.start, "end": f.end, "label": f.label, "score": round(f.score, 3), "source": f.source}
                    for f in findings
                    if not f.score < min_score
                ]
                print(json.dumps({"id": identity, "spans": spans}), flush=True)
            if problem:
                raise problem
            if not batch:
                return


def _rows(stream: TextIO) -> Iterator[tuple[Any, str]]:
    number = 0
    try:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8-sig")  # other programs begin files with a byte order mark
        for number, line in enumerate(stream, 1):
            if line.strip():
                row = json.loads(line)
                yield row.get("id", number), _text(row)
    except (ValueError, AttributeError, TypeError, RecursionError):
        # The parser's own message quotes the line.
        raise InputError(
            f"Line {number or 1} is not JSON with a text of at most {LONGEST:,} characters.",
            hint='Each line is an object: {"id": "1", "text": "call me back"}.',
        ) from None


_SURROGATE = re.compile("[\ud800-\udfff]")
"""Halves of characters ("\\ud83d" alone): JSON can write them, no text has them. A blank stands for each, so that
offsets hold.
"""


def _text(row: dict[str, Any]) -> str:
    text = row.get("text")
    if not isinstance(text, str) or len(text) > LONGEST:
        raise TypeError
    return _SURROGATE.sub(" ", text)
