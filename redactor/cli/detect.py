"""`redactor detect`: detection by itself, from text to spans, on standard input and output."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from redactor import builders
from redactor.cli.options import NerOption
from redactor.errors import ConfigurationError, InputError, NoInput

BATCH = 64
"""Texts that are searched together."""
LONGEST = 1_000_000
"""Characters of one text: spaCy takes no more, and a day of speech is less."""


def register(app: typer.Typer) -> None:
    app.command()(detect)


def detect(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", readable=False, help='JSON Lines {"id", "text"}; standard input if not given, or "-".'
        ),
    ] = None,
    *,
    ner: NerOption = "auto",
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Omit findings with a lower score.")] = 0.35,
) -> None:
    """Find PHI in text: reads JSON Lines with "id" and "text", and prints the spans that it finds.

    For each line of input it prints {"id", "spans": [{"start", "end", "label", "score", "source"}]}.
    Offsets count characters of the given text.
    """
    if not 0 <= min_score <= 1:  # "nan" passes the option's own check, and would omit everything
        raise ConfigurationError("--min-score must be between 0 and 1.", hint="0.35 is the default.")
    given = None if file is None or str(file) == "-" else file
    if given is None and sys.stdin.isatty():
        raise NoInput("There is no input.", hint='Pipe JSON Lines {"id", "text"} in, or name a file.')
    try:
        opened = nullcontext(sys.stdin) if given is None else given.open(encoding="utf-8")
    except OSError:
        raise NoInput("The file cannot be read.", hint="Check its path and permissions.") from None
    with opened as stream:
        detector = builders.build_detector(ner)
        rows = _rows(stream)
        while True:
            batch: list[tuple[Any, str]] = []
            problem: InputError | None = None
            try:
                batch.extend(islice(rows, BATCH))
            except InputError as error:
                problem = error  # lines before the broken one are still answered
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
"""Halves of characters ("\\ud83d" alone): JSON can write them, no text has them. A blank replaces each, so that
offsets hold.
"""


def _text(row: dict[str, Any]) -> str:
    text = row.get("text")
    if not isinstance(text, str) or len(text) > LONGEST:
        raise TypeError
    return _SURROGATE.sub(" ", text)
