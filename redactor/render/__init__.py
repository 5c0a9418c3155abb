"""Plan → text, words and subtitles (`tokens`, `text`, `document`, `formats`), and the checks of the finished audio: of
its samples (`verify`, `altered`), and of a second reading of it (`muted`, `second_reading`).

`audio` makes the bleeped audio from the same Plan; `pipeline` puts the two together.
"""

from redactor.render.altered import altered, band_levels, exposed
from redactor.render.document import document
from redactor.render.formats import MEDIA_TYPES, SUFFIXES_BY_KIND, TEXT_FORMATS, TEXT_SUFFIXES, ArtefactKind
from redactor.render.muted import muted
from redactor.render.replace import OPERATORS, Replacer
from redactor.render.second_reading import ChannelReading, ResidualEvidence, ResidualHit, compare, hits
from redactor.render.text import plain_text, srt, vtt
from redactor.render.tokens import RenderedToken, tokens
from redactor.render.verify import still_audible

__all__ = [
    "MEDIA_TYPES",
    "OPERATORS",
    "SUFFIXES_BY_KIND",
    "TEXT_FORMATS",
    "TEXT_SUFFIXES",
    "ArtefactKind",
    "ChannelReading",
    "RenderedToken",
    "Replacer",
    "ResidualEvidence",
    "ResidualHit",
    "altered",
    "band_levels",
    "compare",
    "document",
    "exposed",
    "hits",
    "muted",
    "plain_text",
    "srt",
    "still_audible",
    "tokens",
    "vtt",
]
