"""QR codes of the one-time-code secrets: authenticator apps scan them instead of typing 32 letters."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

BORDER = 4
"""Modules of quiet zone around the code (ISO/IEC 18004, section 6.3.8)."""
_BLACK_ON_WHITE, _PLAIN = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def svg_of(uri: str) -> Markup:
    """The code as an element for a page: black on white in dark mode, too, since cameras need that."""
    import segno

    made = segno.make(uri, error="m", micro=False)
    drawn: str = made.svg_inline(
        scale=5, border=BORDER, dark="#000", light="#fff", svgclass="qr", lineclass=None, title="QR code of the secret"
    )
    return Markup(drawn)  # noqa: S704 - the library draws numbers only


def lines_of(uri: str, *, colour: bool) -> Iterator[str]:
    """The code as lines of text, two rows of modules in each.

    Args:
        colour: set black on white whatever the terminal's colours are; otherwise dark text on a light page is assumed.
    """
    import segno

    made = segno.make(uri, error="l", micro=False)
    rows = [[bool(module) for module in row] for row in made.matrix_iter(border=BORDER)]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        line = "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        yield f"{_BLACK_ON_WHITE}{line}{_PLAIN}" if colour else line
