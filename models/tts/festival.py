"""festival through one long-lived `festival --pipe` process. Debian: festival and one package per voice."""

from __future__ import annotations

import atexit
import math
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from .errors import EngineMissing, SynthesisError, TTSError
from .speech import Phone, Speech
from .timing import Times, attach

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: name: (festival's name, Debian package)
VOICES = {
    "kal": ("kal_diphone", "festvox-kallpc16k"),
    "ked": ("ked_diphone", "festvox-kdlpc16k"),
    "slt-hts": ("cmu_us_slt_arctic_hts", "festvox-us-slt-hts"),
}
DIPHONE_F0 = 105.0  # Hz, kal and ked
HTS_DELAY = 0.012  # s by which slt-hts sounds later than its segments say (measured: voicing against phones)

# One line a token, word and segment. A clitic ("'s") has no syllable of its own and reports 0 0.
_SCHEME = r"""
(define (redactor_times utt)
  (mapcar (lambda (token)
      (format t "TOKEN\n")
      (mapcar (lambda (word)
          (format t "WORD %f %f\n"
            (item.feat word "R:SylStructure.daughter1.daughter1.R:Segment.segment_start")
            (item.feat word "R:SylStructure.daughtern.daughtern.R:Segment.end")))
        (item.daughters token)))
    (redactor_roots (utt.relation.first utt 'Token)))
  (mapcar (lambda (segment) (format t "SEGMENT %s %f\n" (item.name segment) (item.feat segment "end")))
    (utt.relation.items utt 'Segment)))
(define (redactor_roots item) (if item (cons item (redactor_roots (item.next item))) nil))
(define (redactor_params params) (set! hts_engine_params (append hts_engine_params params)))
"""


@cache
def _process() -> tuple[subprocess.Popen[str], Path]:
    command = shutil.which("festival")
    if command is None:
        raise EngineMissing("festival", "festival", "festlex-cmu", "festlex-poslex")
    folder = tempfile.TemporaryDirectory(prefix="festival-")
    process = subprocess.Popen(
        [command, "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )

    def stop() -> None:
        process.kill()
        process.communicate()
        folder.cleanup()

    atexit.register(stop)
    _send(process, _SCHEME)
    return process, Path(folder.name) / "speech.wav"


def _send(process: subprocess.Popen[str], scheme: str) -> list[list[str]]:
    """Run Scheme and return the lines that it printed, split at blanks."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(f'{scheme}\n(format t "DONE\\n")\n(fflush nil)\n')
        process.stdin.flush()
    except BrokenPipeError as error:
        raise SynthesisError("festival has ended") from error
    lines: list[list[str]] = []
    for line in process.stdout:
        if line.startswith("DONE"):
            return lines
        lines.append(line.split())
    raise SynthesisError("festival has ended")


@cache
def _installed(voice: str) -> str:
    if voice not in VOICES:
        raise TTSError(f"unknown festival voice {voice!r}: one of {', '.join(VOICES)}")
    name, package = VOICES[voice]
    process, _ = _process()
    found = _send(process, f'(format t "%s\\n" (if (member_string \'{name} (voice.list)) "yes" "no"))')
    if ["yes"] not in found:
        raise EngineMissing(f"festival voice {voice}", package)
    return name


def synthesise(tokens: Sequence[str], voice: str, rate: float, pitch: float) -> Speech:
    """See `models.tts.say`. Phones are radio phones ("ax", "iy") without the pauses."""
    name = _installed(voice)
    process, wave = _process()
    if voice == "slt-hts":
        setting = f'(redactor_params \'(("-r" {rate:.4f}) ("-fm" {12 * math.log2(pitch):.4f})))'
    else:
        setting = (
            f"(Parameter.set 'Duration_Stretch {1.1 / rate:.4f})"
            f"(set! int_lr_params (cons '(target_f0_mean {DIPHONE_F0 * pitch:.2f}) (cdr int_lr_params)))"
        )
    spoken = ["ay" + t[1:] if t[0] == "A" and not t[1:].strip(".,?!") else t for t in tokens]
    text = " ".join(spoken).replace("\\", "").replace('"', "")
    wave.unlink(missing_ok=True)
    lines = _send(
        process,
        f'(voice_{name}){setting}(set! redactor_utt (utt.synth (Utterance Text "{text}")))'
        f'(utt.save.wave redactor_utt "{wave}" \'riff)(redactor_times redactor_utt)',
    )
    if not wave.exists():
        raise SynthesisError("festival wrote no audio")
    samples, sample_rate = soundfile.read(wave, dtype="float32")
    times, phones = _parse(lines, HTS_DELAY if voice == "slt-hts" else 0.0)
    return Speech(samples, sample_rate, attach(tokens, times, len(samples) / sample_rate), phones)


def _parse(lines: Iterable[Sequence[str]], delay: float) -> tuple[list[Times | None], tuple[Phone, ...]]:
    times: list[Times | None] = []
    phones: list[Phone] = []
    before = delay
    for kind, *rest in (line for line in lines if line):
        if kind == "TOKEN":
            times.append(None)
        elif kind == "WORD" and float(rest[1]) > 0:
            known = times[-1]
            times[-1] = (known[0] if known else float(rest[0]) + delay, float(rest[1]) + delay)
        elif kind == "SEGMENT":
            end = float(rest[1]) + delay
            if rest[0] != "pau":
                phones.append(Phone(rest[0], before, end))
            before = end
    return times, tuple(phones)
