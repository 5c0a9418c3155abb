"""Runs in the tool environment: one JSON request a line on standard input, one JSON answer a line on standard output.

    {"engine": "kokoro", "voice": "af_bella", "language": "en-us", "text": "Hello there.", "speed": 1.0, "out": "speech.npy"}
    {"sample_rate": 24000}                     or {"error": "…"}

`out` receives mono float32 samples. The only argument is the folder that setup.py made. One thread: run one process a core.
"""

import contextlib
import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime

FOLDER = Path(sys.argv[1])


@cache
def kokoro():
    from kokoro_onnx import Kokoro

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(FOLDER / "kokoro.onnx"), options, providers=["CPUExecutionProvider"])
    return Kokoro.from_session(session, str(FOLDER / "voices.npz"))


@cache
def piper(voice):
    from piper import PiperVoice

    loaded = PiperVoice.load(FOLDER / f"{voice}.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    loaded.session = onnxruntime.InferenceSession(
        str(FOLDER / f"{voice}.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return loaded


def speak(request):
    """Samples and their rate in Hz."""
    if request["engine"] == "kokoro":
        return kokoro().create(
            request["text"], voice=request["voice"], lang=request["language"], speed=request["speed"]
        )
    from piper import SynthesisConfig

    chunks = list(
        piper(request["voice"]).synthesize(
            request["text"], syn_config=SynthesisConfig(length_scale=1 / request["speed"])
        )
    )
    return np.concatenate([chunk.audio_float_array for chunk in chunks]), chunks[0].sample_rate


def main():
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints must not look like an answer
    for line in sys.stdin:
        request = json.loads(line)
        try:
            samples, sample_rate = speak(request)
            np.save(request["out"], np.asarray(samples, dtype=np.float32).ravel())
            answer = {"sample_rate": int(sample_rate)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
