"""Find and remove protected health information (PHI) in voicemail: audio in, redacted transcript and bleeped audio
out.
"""

import os

__version__ = "0.1.0"

# Libraries read these variables when they are loaded, so they are set before any of them is.
# ONNX Runtime reports usage to its makers unless this is set (since 1.29, on Linux as well).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# With several threads OpenBLAS rounds sums differently, so features, words and artefacts would depend on the number of
# cores. Many recordings at once keep the cores busy anyway.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
