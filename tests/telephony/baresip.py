"""baresip as the called side: a SIP phone that answers and records both directions, each into its own WAV."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import soundfile

SIP = 15170
MODULES = next(
    (p for p in (Path("/usr/lib/baresip/modules"), Path("/usr/lib/x86_64-linux-gnu/baresip/modules")) if p.exists()),
    None,
)


def missing() -> str:
    return "" if shutil.which("baresip") and MODULES else "baresip is not installed (the package baresip-core)"


class Baresip:
    """Answers every call on 127.0.0.1:15170; recordings are in `monitor`."""

    def __init__(self, here: Path) -> None:
        self.here, self.monitor = here, here / "monitor"
        self.monitor.mkdir(parents=True)
        soundfile.write(here / "quiet.wav", np.zeros(8000 * 60, np.int16), 8000)
        modules = (
            "".join(f"module {m}.so\n" for m in ("g711", "aufile", "sndfile"))
            + "module_app account.so\nmodule_app menu.so\n"
        )
        (here / "config").write_text(
            f"module_path {MODULES}\n{modules}sip_listen 127.0.0.1:{SIP}\nnet_interface 127.0.0.1\nrtp_ports "
            f"16400-16500\nsnd_path {self.monitor}\n"
            f"audio_player aufile,{here}/played.wav\naudio_source aufile,{here}/quiet.wav\naudio_alert "
            f"aufile,{here}/alert.wav\n"
        )
        (here / "accounts").write_text("<sip:vm@127.0.0.1>;regint=0;answermode=auto;audio_codecs=PCMU\n")
        (here / "contacts").touch()
        self._log = here / "log"

    def __enter__(self) -> Baresip:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["baresip", "-f", self.here], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.here
            )
        try:
            self.wait_for_word(b"baresip is ready")
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_for_word(self, word: bytes, *, seconds: float = 20.0) -> None:
        until = time.monotonic() + seconds
        while word not in self._log.read_bytes():
            assert self._process.poll() is None, self._log.read_text()[-2000:]
            assert time.monotonic() < until, self._log.read_text()[-2000:]
            time.sleep(0.05)
