"""Voicemail text: sentences as units that carry both how a word is written and how it is spoken."""

from .units import Unit, Units, written
from .writer import Writer

__all__ = ["Unit", "Units", "Writer", "written"]
