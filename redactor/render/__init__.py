"""Plan → what people read: text, words, subtitles (`tokens`, `text`, `document`), and the proof that they are safe: of
the samples (`verify`, `altered`), and of what a second reading hears in them (`muted`, `second_reading`).

The bleeped audio is made from the same Plan by `audio`; `pipeline` puts the two together.
"""

from redactor.render.altered import altered, band_levels, exposed
from redactor.render.document import document
from redactor.render.muted import muted
from redactor.render.replace import OPERATORS, Replacer
from redactor.render.second_reading import ChannelReading, ResidualEvidence, ResidualHit, compare, hits
from redactor.render.text import plain_text, srt, vtt
from redactor.render.tokens import RenderedToken, tokens
from redactor.render.verify import still_audible

__all__ = [
    "OPERATORS",
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
