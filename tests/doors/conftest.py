import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from redactor.doors import cli, options
from redactor.types import Finding

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
    monkeypatch.setattr(options, "build_detector", lambda *_: Finder())

    def go(*words, stdin=None):
        monkeypatch.setattr(sys, "argv", ["redactor", *map(os.fspath, words)])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return stop.value.code, printed.out, printed.err

    return go
