"""Recordings made to slip past the redaction: `make` makes them, `judge` listens to what came out,
`benchmarks/hostile.py` runs both.
"""
