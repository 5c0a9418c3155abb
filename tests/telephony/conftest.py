"""A service in a process of its own with the bundled checkpoint, and speech for calls."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("redactor")


class Running:
    """`redactor serve` with a settings file (`service`: lines of its table; `more`: of others), and queries to it."""

    def __init__(
        self, here: Path, roots: list[Path], voicemail: Path | None = None, *, service: str = "", more: str = ""
    ) -> None:
        here.mkdir(exist_ok=True)
        self.here, self.config, self.log = here, here / "redactor.toml", here / "service.log"
        listed = ", ".join(f'"{r}"' for r in roots)
        asterisk = f'[asterisk]\nvoicemail = "{voicemail}"\n' if voicemail else ""
        self.config.write_text(
            f'[service]\nspool = "{here}/tickets"\nstate = "{here}/state"\nroots = '
            f"[{listed}]\n{service}{asterisk}[sweep]\nevery = 0\n"
            f'[http]\nlisten = ""\n[redaction]\nmodel = "voicemail-micro"\nunheard = "bleep"\n{more}'
        )
        self.hook = f"/usr/bin/env -i {PROGRAM} hook --config {self.config}"

    def __enter__(self):
        with self.log.open("wb") as log:
            self._process = subprocess.Popen([PROGRAM, "serve", "--config", self.config], stdout=log, stderr=log)
        try:
            self.wait_for(lambda: "ready" in self.log.read_text(), seconds=180)
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_):
        try:
            self._process.send_signal(signal.SIGTERM)
            assert self._process.wait(timeout=90) == 0, self.log.read_text()
        finally:
            self._process.kill()

    def wait_for(self, what, *, seconds=60):
        until = time.monotonic() + seconds
        while not (found := what()):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.1)
        return found

    def jobs(self, state="redacted"):
        done = subprocess.run(
            [PROGRAM, "queue", "list", "--config", self.config, "--state", state], capture_output=True, check=True
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ended(self):
        """How many jobs the log says have ended."""
        return len(re.findall(r"job \d+ \w+ (?:redacted|failed|quarantined)", self.log.read_text()))

    def quiet(self):
        """Wait until every ticket was processed."""
        self.wait_for(lambda: not list((self.here / "tickets/new").iterdir()))
        time.sleep(0.5)


@pytest.fixture
def running():
    return Running


@pytest.fixture
def said(tmp_path):
    """Six seconds that `voicemail-micro` understands, as headerless µ-law."""
    samples, rate = soundfile.read(ROOT / "tests/data/toy.wav")
    assert rate == 8000
    path = tmp_path / "said.ulaw"
    soundfile.write(path, samples[: 6 * rate], rate, format="RAW", subtype="ULAW")
    return path
