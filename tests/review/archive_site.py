"""An archive, a run over it, and the review of that run in this process, with a scripted detector."""

import hashlib
import io
import json
import re
import threading
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient
from review_site import HTML, Finder, recording

from redactor import builders
from redactor.cli import app as cli
from redactor.cli import review_archive
from redactor.service.api.listener import server_of

SHORT = "hi this is Rowan please call Dana Whitlock back when you can thank you very much and goodbye"
LONG = "hi this is Rowan from the practice with a message for Dana Whitlock your metformin is ready thank you"


WITHHELD, SURE, TWIN = "old/msg0002", "msg0001", "msg0003"
SET = {".wav", ".txt", ".srt", ".vtt", ".json"}
REASON = "Heard; it names nobody else."
LOST = (0.3, 2.4)
"""Seconds of speech in tests/data/toy.wav."""


def with_lost_speech(data, transcript, *, after):
    """The recording with speech behind a word that the transcript does not have."""
    samples, rate = soundfile.read(io.BytesIO(data))
    voice, voice_rate = soundfile.read(Path(__file__).parents[1] / "data" / "toy.wav")
    assert rate == voice_rate
    voice = voice[int(LOST[0] * rate) : int(LOST[1] * rate)]
    voice = np.concatenate([np.zeros(rate // 2), voice, np.zeros(rate // 2)])
    doc = json.loads(transcript)
    words = doc["segments"][0]["words"]
    at = next(w["end"] for w in words if w["word"].strip() == after) + 0.02
    for word in words:
        if word["start"] > at:
            word["start"], word["end"] = word["start"] + len(voice) / rate, word["end"] + len(voice) / rate
    doc["segments"][0]["end"] = words[-1]["end"]
    held = io.BytesIO()
    place = int(at * rate)
    whole = np.concatenate([samples[:place], voice, samples[place:]])
    soundfile.write(held, whole, rate, format="WAV", subtype="ULAW")
    return held.getvalue(), json.dumps(doc)


class ArchiveSite:
    """Three recordings: `msg0001` is redacted; `old/msg0002` has speech without words, so it is withheld; `msg0003` has
    the same bytes.
    """

    def __init__(self, folder: Path, monkeypatch, capsys=None):
        monkeypatch.setattr(builders, "build_detector", lambda *_: Finder())
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "home"))
        self.folder, self.archive, self.out = folder, folder / "archive", folder / "out"
        self.words = folder / "words"
        self._patch, self._capsys = monkeypatch, capsys
        self.ids = {}
        for seed, (name, said, cut) in enumerate((("old/msg0002", LONG, True), ("msg0001", SHORT, False)), 1):
            self.add(name, seed, said, cut=cut)
        self.add("msg0003", 1, LONG, cut=True)

    def add(self, name, seed, said, *, cut=False, confidences=None):
        data, transcript = recording(seed, said, confidences=confidences)
        if cut:
            data, transcript = with_lost_speech(data, transcript, after="practice")
        files = ((self.archive / f"{name}.wav", data), (self.words / f"{name}.json", transcript.encode()))
        for path, content in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.ids[name] = hashlib.sha256(data).hexdigest()

    def command(self, *words):
        """Exit code and standard error of a command."""
        self._patch.setattr("sys.argv", ["redactor", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        self.printed, err = self._capsys.readouterr()
        return stop.value.code, err

    def redact(self, *more):
        """Exit code, standard error, and the status of each recording."""
        given = ("redact", self.archive, "--no-verify", "--transcript", self.words, "--out", self.out, "--in-flight", 1)
        code, err = self.command(*given, "--sandbox", "off", *more)
        rows = [json.loads(line) for line in (self.out / "outcomes.jsonl").read_text().splitlines()]
        return code, err, {row["id"][:4]: row["status"] for row in rows}

    def status(self, rows, name):
        return rows[self.ids[name][:4]]

    @contextmanager
    def review(self, *, served=False):
        """The review of the run: a client with its `link`; `served`: also listening, for browsers."""
        held, ready, end, errors, printed = [], threading.Event(), threading.Event(), [], []

        def serve(app, sock, stop):
            held.append((app, sock.getsockname()[1]))
            if served:
                server = server_of(app)
                thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
                thread.start()
            ready.set()
            end.wait()
            if served:
                server.should_exit = True
                thread.join(20)

        def run():
            try:
                review_archive.open_archive([self.archive], out=self.out)
            except BaseException as error:  # noqa: BLE001
                errors.append(error)
            ready.set()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(review_archive, "_serve", serve)
            patch.setattr(review_archive, "print", lambda text, **_: printed.append(text), raising=False)
            patch.setattr(review_archive, "_signals", lambda _stop: nullcontext())
            thread = threading.Thread(target=run)
            thread.start()
            ready.wait(60)
            if errors:
                thread.join()
                raise errors[0]
            app, port = held[0]
            link = re.search(r"http://\S+", printed[0])[0]
            client = TestClient(app, base_url=f"http://127.0.0.1:{port}", follow_redirects=False)
            client.link, client.path = link, link.partition(str(port))[2]
            client.csrf = ""
            try:
                yield client
            finally:
                end.set()
                thread.join(60)
        if errors:
            raise errors[0]

    @contextmanager
    def opened(self):
        """The same, with the session begun."""
        with self.review() as client:
            assert client.get(client.path).status_code == 303
            client.csrf = re.search(r'name="csrf" content="(\w+)"', client.get("/messages").text)[1]
            yield client

    def artefacts(self, name):
        """The files of a recording in the output folder, by suffix."""
        place = self.out / name
        return {p.name.removeprefix(f"{place.name}.redacted"): p for p in place.parent.glob(f"{place.name}.redacted.*")}

    def samples(self, path):
        return soundfile.read(path, always_2d=True)[0]


def view(client, message):
    return client.get(f"/messages/{message}/view.json").json()


def page(client, message):
    return client.get(f"/messages/{message}", headers=HTML).text


def logged(site):
    trail = site.out / ".redactor-review" / "trail"
    return "".join(p.read_text(errors="replace") for p in sorted(trail.rglob("*")) if p.is_file())
