"""Recordings that try to evade the redaction: `make` makes them, `judge` judges the redacted audio,
`benchmarks/hostile.py` runs both.
"""
