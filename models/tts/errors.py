"""Errors of the text-to-speech wrappers.

TTSError
├── EngineMissing     a library, command or voice is not installed; the message says how to install it
└── SynthesisError    the engine ran but its words could not be matched to the text
"""


class TTSError(Exception):
    """Any failure of a text-to-speech engine."""


class EngineMissing(TTSError):
    """An engine or voice is absent."""

    def __init__(self, what: str, *packages: str, command: str = "") -> None:
        """packages: Debian's; command: installs it if they do not."""
        how = command or f"apt-get install {' '.join(packages)}"
        super().__init__(f"{what} is not installed; {'run' if command else 'on Debian'}: {how}")
        self.packages = packages


class SynthesisError(TTSError):
    """The engine's words do not match the text that it was given."""
