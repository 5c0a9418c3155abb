"""Transcript → findings: Presidio with recognizers for speech, offline."""

from redactor.phi.analyzer import Detector, build_detector
from redactor.phi.known import KnownParties, KnownParty, KnownSearch, names_of, spoken_name
from redactor.phi.thresholds import MIN_SCORE, THRESHOLDS

__all__ = [
    "MIN_SCORE",
    "THRESHOLDS",
    "Detector",
    "KnownParties",
    "KnownParty",
    "KnownSearch",
    "build_detector",
    "names_of",
    "spoken_name",
]
