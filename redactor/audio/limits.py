"""How large an untrusted recording may be. Limits are checked on the header's values before memory is allocated."""

from __future__ import annotations

from dataclasses import dataclass

from redactor.errors import LimitExceeded, UnsupportedAudio

LOWEST_RATE = 4_000
HIGHEST_RATE = 384_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one recording.

    Attributes:
        max_bytes: size of the file.
        max_seconds: duration once decoded.
        max_channels: telephone recordings have one or two; a conference bridge may give each party one.
        max_decoded_bytes: memory of the decoded samples (frames x channels x bytes per sample).
    """

    max_bytes: int = 1 << 30
    max_seconds: float = 4 * 3600.0
    max_channels: int = 16
    max_decoded_bytes: int = 2 << 30

    def check_shape(self, sample_rate: int, channels: int) -> None:
        """Refuse a rate or channel count that no recording has.

        Raises:
            UnsupportedAudio: no channels, or a rate outside 4 000 … 384 000 Hz.
            LimitExceeded: more channels than `max_channels`.
        """
        if channels < 1 or not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
            raise UnsupportedAudio(f"The header claims {channels} channels at {sample_rate} Hz.")
        if channels > self.max_channels:
            raise LimitExceeded(f"The recording has {channels} channels; the limit is {self.max_channels}.")

    def check_seconds(self, seconds: float) -> None:
        """Refuse a duration, declared or decoded, over `max_seconds`.

        Raises:
            LimitExceeded
        """
        if not seconds <= self.max_seconds:
            raise LimitExceeded(f"The recording lasts {seconds:.0f} s or more; the limit is {self.max_seconds:.0f} s.")

    def check_length(self, frames: int, sample_rate: int, bytes_per_frame: int) -> None:
        """Refuse a length, declared or decoded, over `max_seconds` or `max_decoded_bytes`.

        Raises:
            LimitExceeded
        """
        self.check_seconds(frames / sample_rate)
        if frames * bytes_per_frame > self.max_decoded_bytes:
            raise LimitExceeded(f"The recording needs more than {self.max_decoded_bytes >> 20} MiB once decoded.")
