"""Find and remove protected health information (PHI) in voicemail: audio in, redacted transcript and bleeped audio
out.
"""

import os

__version__ = "0.1.0"

# Libraries read these when they are loaded, so they are set before any of them is.
# ONNX Runtime reports its use to its makers unless it is told not to (since 1.29, on Linux too).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# With more threads OpenBLAS rounds sums differently, and with them features and words: artefacts would depend on how
# many cores
# a machine has. Many recordings at once keep the cores busy without.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
