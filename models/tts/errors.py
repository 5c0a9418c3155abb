"""Errors of the text-to-speech wrappers.

TTSError
├── EngineMissing     a library, command or voice is not installed; the message names the Debian packages
└── SynthesisError    the engine ran but its words could not be matched to the text
"""


class TTSError(Exception):
    """Any failure of a text-to-speech engine."""


class EngineMissing(TTSError):
    """An engine or voice is absent."""

    def __init__(self, what: str, *packages: str) -> None:
        super().__init__(f"{what} is not installed; on Debian: apt-get install {' '.join(packages)}")
        self.packages = packages


class SynthesisError(TTSError):
    """The engine's words do not match the text that it was given."""
