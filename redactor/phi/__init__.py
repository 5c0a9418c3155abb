"""Transcript → findings: Presidio with recognizers for speech, offline."""

from redactor.phi.analyzer import MIN_SCORE, Detector, build_detector

__all__ = ["MIN_SCORE", "Detector", "build_detector"]
