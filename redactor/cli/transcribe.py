"""`redactor transcribe`: recognition by itself, unredacted words on standard output."""

from __future__ import annotations

import json
from itertools import chain
from typing import Annotated

import typer

from redactor import builders
from redactor.cli.options import DecodingGroup, Paths, RecognitionGroup, flat
from redactor.console import complain, notice
from redactor.errors import ConfigurationError, RedactorError


def register(app: typer.Typer) -> None:
    app.command()(flat(transcribe))


def transcribe(
    paths: Paths,
    *,
    understood: Annotated[
        bool, typer.Option("--i-understand-this-prints-phi", help="Required, because the output is not redacted.")
    ] = False,
    decoding: DecodingGroup,
    recognition: RecognitionGroup,
) -> None:
    """Print the unredacted words of recordings, one JSON document on each line.

    `redact --transcript` takes them back after a person has corrected the words or the text.
    """
    from redactor.audio import Limits, looks_like_audio, read_source
    from redactor.errors import as_redactor_error
    from redactor.factory import sandboxed
    from redactor.recognition import listen
    from redactor.speech import words_document
    from redactor.storage import Inputs

    if not understood:
        raise ConfigurationError(
            "transcribe prints what was said, without any redaction.",
            hint="Add --i-understand-this-prints-phi, or use `redactor redact`.",
        )
    builders.build_decoder(decoding.raw)
    inputs = Inputs(paths, is_audio=looks_like_audio)
    found = iter(inputs)
    items = chain([next(found)], found)  # raises where there is nothing, before anything is loaded
    engine = builders.build_transcriber(recognition.options())
    worst = 0
    with sandboxed(decoding.sandbox, warn=notice) as decoder:
        decode = builders.build_decoder(decoding.raw, decoder=decoder)
        for item in items:
            try:
                recording = decode(read_source(item.path, within=item.within, limits=Limits()))
                speech = listen(recording, engine)
            except Exception as caught:  # noqa: BLE001 - one recording's failure does not end the run
                error = as_redactor_error(caught, "transcribe")
                worst = max(worst, error.exit_code)
                complain(RedactorError(f"#{item.number}: {error.message}", hint=error.hint))
                continue
            print(json.dumps(words_document(recording.id, recording.duration, speech), ensure_ascii=False), flush=True)
    raise typer.Exit(worst)
