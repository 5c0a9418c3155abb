"""Runs in the voices' environment: one JSON request per line on standard input, one JSON answer per line on output.

    {"engine": "kokoro", "voice": "af_bella", "language": "en-us", "text": "Hello there.", "speed": 1.0, "out":
    "speech.npy"}
    {"sample_rate": 24000, "phonemes": [["h", 0.05, 0.1], …]}                     or {"error": "…"}

`out` receives mono float32 samples; for Kokoro it may be null, when only the phonemes' times (seconds, from an origin
of their own) are wanted. The only argument is the folder that setup.py made. One thread: run one process per core.
"""

import contextlib
import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime

FOLDER = Path(sys.argv[1])


KOKORO_FRAME = 0.025  # s
LONGEST = 500  # phonemes that Kokoro speaks in one piece


def session(name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(FOLDER / name), options, providers=["CPUExecutionProvider"])


@cache
def kokoro():
    from kokoro_onnx import Kokoro

    return Kokoro.from_session(session("kokoro.onnx"), str(FOLDER / "voices.npz"))


@cache
def durations():
    """The part of Kokoro's graph that says how many frames each phoneme takes."""
    return session("durations.onnx")


@cache
def piper(voice):
    from piper import PiperVoice

    return PiperVoice.load(FOLDER / f"{voice}.onnx", include_alignments=True)


def kokoro_phonemes(request):
    """Symbol, start and end of each phoneme, one for each token between the two pads."""
    engine = kokoro()
    tokenizer = engine.tokenizer
    phonemes = " ".join(tokenizer.phonemize(request["text"], request["language"]).split())
    tokens = tokenizer.tokenize(phonemes)
    if len(tokens) > LONGEST:  # spoken in several parts, or cut
        return []
    style = engine.get_voice_style(request["voice"])[len(tokens) - 1]
    frames = (
        durations()
        .run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": np.asarray(style, dtype=np.float32),
                "speed": np.array([request["speed"]], dtype=np.float32),
            },
        )[0]
        .ravel()
    )
    edges = np.concatenate([[0], np.cumsum(frames)]) * KOKORO_FRAME
    symbols = ["^", *tokenizer.known(phonemes), "$"]
    return [[symbol, float(a), float(b)] for symbol, a, b in zip(symbols, edges[:-1], edges[1:], strict=True)]


def speak(request):
    """Samples (None where not wanted), their rate in Hz and the phonemes."""
    if request["engine"] == "kokoro":
        phonemes = kokoro_phonemes(request)
        if request["out"] is None:
            return None, 24000, phonemes
        samples, sample_rate = kokoro().create(
            request["text"], voice=request["voice"], lang=request["language"], speed=request["speed"]
        )
        return samples, sample_rate, phonemes
    from piper import SynthesisConfig

    config = SynthesisConfig(length_scale=1 / request["speed"])
    chunks = list(piper(request["voice"]).synthesize(request["text"], syn_config=config, include_alignments=True))
    sample_rate = chunks[0].sample_rate
    phonemes, before = [], 0
    for chunk in chunks:
        place = before
        for phoneme in chunk.phoneme_alignments or []:
            end = place + phoneme.num_samples
            phonemes.append([phoneme.phoneme, float(place / sample_rate), float(end / sample_rate)])
            place = end
        before += len(chunk.audio_float_array)
        phonemes.append([" ", before / sample_rate, before / sample_rate])
    whole = all(chunk.phoneme_alignments for chunk in chunks)
    return np.concatenate([chunk.audio_float_array for chunk in chunks]), sample_rate, phonemes if whole else []


def main():
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints must not look like an answer
    for line in sys.stdin:
        request = json.loads(line)
        try:
            samples, sample_rate, phonemes = speak(request)
            if samples is not None:
                np.save(request["out"], np.asarray(samples, dtype=np.float32).ravel())
            answer = {"sample_rate": int(sample_rate), "phonemes": phonemes}
        except Exception as error:  # noqa: BLE001 - one sentence that fails must not end the process
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
