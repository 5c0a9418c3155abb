"""Shared fixtures: a recording with the levels of speech, and its transcript as another program would write it."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import leftovers
import numpy as np
import pytest
import soundfile

from redactor import builders
from redactor.cli import app as cli
from redactor.types import Finding

# Nothing in a test may reach the network, whatever a library would like to fetch.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("PIP_NO_INDEX", "1")
leftovers.mark()
LEFT = pytest.StashKey[list[str]]()
WANTED: set[str] = set()
"""Reasons of tests that were skipped for want of a package."""


def pytest_configure():
    # A run that is told to end, as by a time limit of CI, ends its fixtures like one that is interrupted.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_left_running():
    """Processes that a test started end with it; those that a fixture started may serve later modules."""
    leftovers.mark()
    yield
    left = leftovers.ended(kept="(setup)")
    assert not left, "left running, killed now:\n" + "\n".join(left)


def pytest_runtest_logreport(report):
    if report.skipped and "(the package" in str(report.longrepr):
        WANTED.add(report.longrepr[2])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """After all fixtures have ended, and also after an interruption, no process is left.

    Where TESTS_NEED_ALL_PACKAGES is set (.ci/fresh), a test that was skipped for want of a package is a failure.
    """
    if hasattr(session.config, "workerinput"):
        return
    session.config.stash[LEFT] = left = leftovers.ended()
    if (left or (WANTED and "TESTS_NEED_ALL_PACKAGES" in os.environ)) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(LEFT, []):
        terminalreporter.write_line(f"LEFT RUNNING, killed now: {line}", red=True)
    for reason in sorted(WANTED):
        terminalreporter.write_line(f"A PACKAGE IS MISSING, add it to tests/system-packages.txt: {reason}", red=True)


SAID = (
    "Hi this is Dana Whitlock calling for Doctor Brunsvold. My date of birth is March 14th, 1962. "
    "Please call me back at 555-0142 about the metformin refill. Thank you."
)


def timed_words(text: str, *, begin: float = 0.5, pace: float = 0.07) -> list[dict[str, object]]:
    """Words one after the other, 70 ms a character, 80 ms apart."""
    words, now = [], begin
    for word in text.split():
        length = max(0.15, pace * len(word))
        words.append({"word": " " + word, "start": round(now, 3), "end": round(now + length, 3), "probability": 0.9})
        now += length + 0.08
    return words


def whisper_json(words: list[dict[str, object]]) -> str:
    text = "".join(str(w["word"]) for w in words)
    segment = {"id": 0, "start": words[0]["start"], "end": words[-1]["end"], "text": text, "words": words}
    return json.dumps({"text": text, "segments": [segment], "language": "en"})


def speech_like(words: list[dict[str, object]], *, rate: int = 8000, tail: float = 0.5, seed: int = 7) -> np.ndarray:
    """Noise shaped like a voice (harmonics of a wandering 120 Hz with a little noise) where words are, near silence
    elsewhere."""
    rng = np.random.default_rng(seed)
    n = int((float(words[-1]["end"]) + tail) * rate)
    pitch = 120 + 15 * np.cumsum(rng.standard_normal(n)) / np.sqrt(n)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(k * phase + rng.uniform(0, 6)) / k for k in range(1, 20)) + 0.2 * rng.standard_normal(n)
    loud = np.full(n, 0.0005)
    for word in words:
        loud[int(float(word["start"]) * rate) : int(float(word["end"]) * rate)] = 0.12
    return (voice * loud).clip(-0.99, 0.99)


TOYS = (
    ("wav", {"subtype": "PCM_16"}),
    ("wav", {"subtype": "ULAW"}),
    ("flac", {"subtype": "PCM_16"}),
    ("wav", {"subtype": "ALAW"}),
    ("mp3", {}),
    ("WAV", {"subtype": "GSM610"}),
)


def toy_recordings(folder: Path, count: int) -> list[Path]:
    """Parts of tests/data/toy.wav, whose toy voice `voicemail-micro` understands, in several formats; all are
    different."""
    folder.mkdir(parents=True, exist_ok=True)
    samples, rate = soundfile.read(Path(__file__).parent / "data" / "toy.wav", dtype="float32")
    made = []
    for number in range(count):
        suffix, options = TOYS[number % len(TOYS)]
        begin = round(0.31 * number * rate) % (len(samples) // 2)
        made.append(folder / f"toy-{number:02d}.{suffix}")
        soundfile.write(made[-1], samples[begin : begin + (8 + number % 5) * rate], rate, **options)
    return made


@pytest.fixture(name="toy_recordings")
def _toy_recordings() -> Callable[[Path, int], list[Path]]:
    return toy_recordings


@pytest.fixture
def message(tmp_path: Path) -> tuple[Path, Path]:
    """A voicemail (8 kHz µ-law WAV) and its Whisper JSON, in a folder of their own."""
    folder = tmp_path / "in"
    folder.mkdir()
    words = timed_words(SAID)
    soundfile.write(folder / "msg0001.wav", speech_like(words), 8000, subtype="ULAW")
    (folder / "msg0001.json").write_text(whisper_json(words))
    return folder / "msg0001.wav", folder / "msg0001.json"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a browser that Playwright can drive."""
    path = "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.skip("chromium is not installed (the package chromium)")
    driver = subprocess.run([sys.executable, "-m", "playwright", "--version"], capture_output=True, check=False)
    if driver.returncode:
        pytest.skip("Playwright's driver does not start: libatomic is not installed (the package libatomic1)")
    return path


Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def run() -> Run:
    """The installed command in a process of its own, as a user runs it."""

    def go(*words: object, timeout: float = 300, **kwargs: object) -> subprocess.CompletedProcess[bytes]:
        command = [
            str(Path(sys.executable).with_name("redactor")),
            *(os.fspath(w) if isinstance(w, Path) else str(w) for w in words),
        ]
        return subprocess.run(command, capture_output=True, timeout=timeout, check=False, **kwargs)

    return go


@pytest.fixture
def run_here(monkeypatch, capfdbinary) -> Run:
    """`run` in this process, with the real detector: seconds sooner, since libraries and word lists are loaded once.

    What threads, libraries and child processes write to the standard streams is in the result too.
    """

    def go(*words: object, input: bytes = b"", env=None, cwd=None) -> subprocess.CompletedProcess[bytes]:  # noqa: A002
        command = ["redactor", *(os.fspath(w) if isinstance(w, Path) else str(w) for w in words)]
        capfdbinary.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", command)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input)))
            if cwd is not None:
                patch.chdir(cwd)
            for name in os.environ.keys() - (os.environ if env is None else env).keys():
                patch.delenv(name)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as stop:
                cli.main()
        if stop.value.code == 130:  # a command takes signals for its own, and this one was for the run of the tests
            raise KeyboardInterrupt
        return subprocess.CompletedProcess(command, stop.value.code or 0, *capfdbinary.readouterr())

    return go


class Finder:
    def detect(self, text):
        return tuple(Finding("PERSON", *m.span(), 0.9, "scripted") for m in re.finditer(r"Dana|Whitlock", text))

    def pipe(self, texts):
        return (self.detect(text) for text in texts)

    def search(self, transcripts):
        return (tuple(replace(f, channel=t.channel) for f in self.detect(t.text)) for t in transcripts)


@pytest.fixture
def call(monkeypatch, capsys):
    """The command line in this process: exit code, standard output, standard error."""
    monkeypatch.setattr(builders, "build_detector", lambda *_: Finder())

    def go(*words, stdin=None):
        monkeypatch.setattr(sys, "argv", ["redactor", *map(os.fspath, words)])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return stop.value.code, printed.out, printed.err

    return go
