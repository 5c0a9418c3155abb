"""Recordings that try to evade the redaction: `make` makes them, `judge` listens to what came out,
`benchmarks/hostile.py` runs both.
"""
