"""Plan → what people read: text, words, subtitles (`tokens`, `text`, `document`), and the proof that they are safe (`verify`).

The bleeped audio is made from the same Plan by `audio`; `pipeline` puts the two together.
"""

from redactor.render.document import document
from redactor.render.replace import OPERATORS, Replacer
from redactor.render.text import plain_text, srt, vtt
from redactor.render.tokens import Token, tokens
from redactor.render.verify import leaks, still_audible

__all__ = ["OPERATORS", "Replacer", "Token", "document", "leaks", "plain_text", "srt", "still_audible", "tokens", "vtt"]
