"""Transcript → findings: Presidio with recognizers for speech, offline."""

from redactor.phi.analyzer import Detector, build_detector
from redactor.phi.clinical_tagger import is_everyday_word
from redactor.phi.known import KnownParties, KnownParty, KnownSearch, names_of, spoken_name
from redactor.phi.low_confidence import follows_cue, is_function_word
from redactor.phi.thresholds import MIN_SCORE, THRESHOLDS

__all__ = [
    "MIN_SCORE",
    "THRESHOLDS",
    "Detector",
    "KnownParties",
    "KnownParty",
    "KnownSearch",
    "build_detector",
    "follows_cue",
    "is_everyday_word",
    "is_function_word",
    "names_of",
    "spoken_name",
]
