"""A test site: folders, settings, recordings with their transcripts, and a service in this process with a scripted
detector.
"""

import base64
import hashlib
import hmac
import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from redactor import builders
from redactor.config import load_settings
from redactor.hook.main import _take
from redactor.job_config import job_configuration_of
from redactor.service.app import Service
from redactor.types import Finding
from redactor.webhook_signatures import webhook_key

SECRETS = re.compile(r"Dana|Whitlock|Brunsvold|555-0142|metformin|March 14th, 1962")


class Finder:
    """Finds the secrets of the shared message; like a real detector, it does not know the audio."""

    def detect(self, text):
        return tuple(Finding("PERSON", *m.span(), 0.9, "scripted") for m in SECRETS.finditer(text))

    def search(self, transcripts):
        return [tuple(replace(f, channel=t.channel) for f in self.detect(t.text)) for t in transcripts]


def words_of(text: str, begin: float = 0.3) -> list[dict[str, object]]:
    words, now = [], begin
    for word in text.split():
        length = max(0.15, 0.05 * len(word))
        words.append({"word": " " + word, "start": round(now, 3), "end": round(now + length, 3), "probability": 0.9})
        now += length + 0.05
    return words


SAID = "Hi this is Dana Whitlock please call 555-0142 thank you very much indeed"


def voicemail(seed: int, *, rate: int = 8000, said: str = SAID, suffix: str = ".wav") -> tuple[bytes, str]:
    """Bytes of a recording, and its transcript as Whisper writes it. Different seeds, different bytes."""
    from models.tts.shaped import uttered

    words = words_of(said)
    timed = [(str(w["word"]), float(w["start"]), float(w["end"])) for w in words]
    samples = uttered(timed, timed[-1][2] + 0.4, rate=rate, seed=seed)
    held = io.BytesIO()
    kind = {".wav": ("WAV", "ULAW"), ".flac": ("FLAC", "PCM_16"), ".gsm": ("WAV", "GSM610")}[suffix.lower()]
    soundfile.write(held, samples, rate, format=kind[0], subtype=kind[1])
    text = "".join(str(w["word"]) for w in words)
    segment = {"id": 0, "start": words[0]["start"], "end": words[-1]["end"], "text": text, "words": words}
    return held.getvalue(), json.dumps({"text": text, "segments": [segment], "language": "en"})


class Site:
    """`tables` are lines of the settings file, by table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recordings, self.voicemail = folder / "recordings", folder / "voicemail"
        self.transcripts, self.results = folder / "transcripts", folder / "results"
        for made in (self.recordings, self.voicemail, self.transcripts):
            made.mkdir()
        self.config, self.database_url = folder / "redactor.toml", ""
        self.settings()

    def settings(self, **tables: str):
        base = {
            "service": f"""spool = "{self.folder}/spool"\nstate = "{self.folder}/state"\nresults = "{self.results}"
roots = ["{self.recordings}", "{self.voicemail}"]\ntranscripts = "{self.transcripts}"\nin_flight = 4\n""",
            "asterisk": f'voicemail = "{self.voicemail}"\n',
            "sweep": "every = 0\nsettle = 0\n",
            "http": 'listen = ""\n',
            "redaction": 'model = "none"\nverify_transcripts = false\nner = "none"\nunheard = "bleep"\n',
        }
        if self.database_url:
            (self.folder / "database-url").write_text(self.database_url)
            base["service"] += f'database_url_file = "{self.folder}/database-url"\n'
        for name, lines in tables.items():
            base[name] = base.get(name, "") + lines if name == "service" else lines
        self.config.write_text("".join(f"[{name}]\n{lines}\n" for name, lines in base.items()))
        return load_settings(self.config)

    def record(self, name: str, seed: int = 1, *, folder: Path | None = None, heard: bool = True, **kwargs) -> Path:
        """Write a recording and (if `heard`) the transcript that stands for recognition."""
        data, transcript = voicemail(seed, **kwargs)
        if heard:
            (self.transcripts / f"{hashlib.sha256(data).hexdigest()}.json").write_text(transcript)
        path = (folder or self.recordings) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def bad(self, name: str, content: bytes) -> Path:
        """A file that is not a recording, although a transcript for it exists."""
        (self.transcripts / f"{hashlib.sha256(content).hexdigest()}.json").write_text(voicemail(1)[1])
        path = self.recordings / name
        path.write_bytes(content)
        return path

    def message(
        self, number: int, seed: int, *, box: str = "100", folder: str = "INBOX", msg_id: str | None = None
    ) -> Path:
        """A voicemail as Asterisk leaves it: audio first, .txt last."""
        here = self.voicemail / "default" / box / folder
        audio = self.record(f"msg{number:04d}.wav", seed, folder=here)
        identity = msg_id or f"17640{seed:05d}-{seed:08x}"
        (here / f"msg{number:04d}.txt").write_text(
            f'[message]\norigmailbox={box}\ncallerid="Dana Whitlock" <5550142>\nmsg_id={identity}\n'
        )
        return audio

    def hook(self, *words: object) -> int:
        """A call of the hook, in this process."""
        import signal

        before = signal.getsignal(signal.SIGALRM)
        try:
            return _take(["--config", str(self.config), *map(str, words)])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @contextmanager
    def service(self, **tables: str) -> Iterator[Service]:
        settings = self.settings(**tables)
        service = Service(settings, job_configuration_of(settings))
        try:
            service.start()
            yield service
        finally:
            service.stop()

    def outputs(self) -> list[str]:
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*.redacted.json"))


def signed_bytes(body: bytes, secret: bytes, message_id: str = "msg_1") -> dict[str, str]:
    """Standard Webhooks headers computed from the specification: the library signs text only."""
    timestamp = str(int(time.time()))
    digest = hmac.digest(webhook_key(secret), b".".join((message_id.encode(), timestamp.encode(), body)), "sha256")
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}


def wait_for(what, *, seconds: float = 30.0):
    """The first true result of `what`, called repeatedly."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def settled(service: Service, count: int) -> dict[str, int]:
    """Counts by state, once so many jobs have ended and none is open."""

    def look():
        counts = service.queue.counts()
        return (
            counts if not counts.get("queued", 0) + counts.get("claimed", 0) and sum(counts.values()) >= count else None
        )

    return wait_for(look)


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(builders, "build_detector", lambda *_: Finder())
    return Site(tmp_path)
