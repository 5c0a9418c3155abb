"""The text files that are written beside the redacted audio, one row per format, in the order of writing.

A format added here is written for every recording, checked on resume, served by the API and offered by the review
pages; no other package lists formats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from redactor.render.text import plain_text, srt, vtt
from redactor.render.tokens import RenderedToken

ArtefactKind = Literal["text", "srt", "vtt", "json", "audio"]
"""How URLs name the files of a result: the kinds below, and the audio."""


class TextFormat(NamedTuple):
    """A text format.

    Attributes:
        kind: one of `ArtefactKind`.
        suffix: of the file, with its dot.
        media_type: for HTTP.
        write: the file's content from the plan's tokens and the JSON document as plain data.
    """

    kind: str
    suffix: str
    media_type: str
    write: Callable[[Sequence[RenderedToken], Mapping[str, Any]], str]


TEXT_FORMATS = (
    TextFormat("text", ".txt", "text/plain; charset=utf-8", lambda tokens, _: plain_text(tokens) + "\n"),
    TextFormat("srt", ".srt", "application/x-subrip", lambda tokens, _: srt(tokens)),
    TextFormat("vtt", ".vtt", "text/vtt; charset=utf-8", lambda tokens, _: vtt(tokens)),
    # Written last: the JSON document marks a set of files as complete.
    TextFormat(
        "json",
        ".json",
        "application/json",
        lambda _, document: json.dumps(document, ensure_ascii=False, indent=1) + "\n",
    ),
)
TEXT_SUFFIXES = tuple(text_format.suffix for text_format in TEXT_FORMATS)
SUFFIXES_BY_KIND = {text_format.kind: text_format.suffix for text_format in TEXT_FORMATS}
MEDIA_TYPES = {text_format.kind: text_format.media_type for text_format in TEXT_FORMATS}
