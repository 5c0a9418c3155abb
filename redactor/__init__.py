"""Find and remove protected health information (PHI) in voicemail: audio in, redacted transcript and bleeped audio out."""

__version__ = "0.1.0"
