"""A review in this process, with messages: real repository, audit log, vault, accounts and pipeline, and a scripted
detector.
"""

import hashlib
import io
import json
import re
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyotp
import soundfile
from fastapi.testclient import TestClient

from models.tts.shaped import uttered
from redactor.audio import Source
from redactor.audit_log import Trail
from redactor.auth import AccessSettings, build_access
from redactor.auth.sessions import csrf_of
from redactor.compliance import load_rules
from redactor.compliance.recipients import Sending
from redactor.crypto import Sealer
from redactor.database import connect
from redactor.pipeline import Pipeline
from redactor.policy import load_policy
from redactor.render import Replacer
from redactor.review.app import build_review
from redactor.review.bootstrap import Auditing
from redactor.review.kept_words import KeptWords
from redactor.review.repository import ReviewRepository
from redactor.review.request_context import RequestContext, environment
from redactor.review.reviews import Reviews
from redactor.review.sampling import Samples
from redactor.review.version_store import VersionStore
from redactor.review.versions import VersionService
from redactor.speech import TranscriptReader
from redactor.types import Finding
from redactor.vault import Identities, Recipients, Vault, make_keys

CANARY = ("Whitlock", "metformin", "555-0142")
"""Words of the messages that nobody may see without permission."""
SAID = (
    "hi this is Rowan from the practice with a message for Dana Whitlock your metformin is ready please call "
    "555-0142 thank you"
)
CLEAN = "hi this is Rowan please call us back when you can thank you very much and goodbye"
PASSWORD = "quiet-harbour-lantern-27"
LABELS = {"Dana Whitlock": "PERSON", "metformin": "MEDICATION", "555-0142": "PHONE_NUMBER", "Rowan": "PERSON"}
ROLES = {"olive": ["operator"], "ray": ["reviewer"], "rita": ["reviewer"], "lee": ["lead"], "ada": ["auditor"]}


class Finder:
    """Finds the words of `LABELS`; does not get the audio."""

    def detect(self, text):
        return tuple(
            Finding(label, *m.span(), 0.9, "scripted")
            for words, label in LABELS.items()
            for m in re.finditer(words, text)
        )

    def search(self, transcripts):
        return [tuple(replace(f, channel=t.channel) for f in self.detect(t.text)) for t in transcripts]


def timed(text, begin=0.3):
    words, now = [], begin
    for word in text.split():
        length = max(0.15, 0.05 * len(word))
        words.append({"word": " " + word, "start": round(now, 3), "end": round(now + length, 3), "probability": 0.9})
        now += length + 0.05
    return words


def recording(seed, said, *, rate=8000, channels=1, confidences=None):
    """Bytes of a WAV that sounds like the letters of the words, and its transcript as Whisper writes it; `confidences`:
    of some words, by their text.
    """
    words = timed(said)
    for w in words:
        w["probability"] = (confidences or {}).get(w["word"].strip(), w["probability"])
    spans = [(w["word"], float(w["start"]), float(w["end"])) for w in words]
    samples = uttered(spans, spans[-1][2] + 0.4, rate=rate, seed=seed)
    held = io.BytesIO()
    soundfile.write(held, np.stack([samples] * channels, axis=1), rate, format="WAV", subtype="ULAW")
    segment = {"id": 0, "start": words[0]["start"], "end": words[-1]["end"], "text": said, "words": words}
    return held.getvalue(), json.dumps({"text": said, "segments": [segment], "language": "en"})


class ReviewSite:
    def __init__(self, folder: Path, *, url=None, reveal_seconds=900.0):
        self.folder = folder
        self.engine = connect(url or f"sqlite:///{folder}/review.sqlite")
        self.trail = Trail.open(folder / "trail", key=folder / "trail.keys", anchor=folder / "anchor")
        made = make_keys(folder / "keys", "age")
        public = next(p for p in made if "recipients" in p.name)
        private = next(p for p in made if "organisation" in p.name and p != public)
        self.vault = Vault(
            folder / "vault", trail=self.trail, recipients=Recipients.load(public), identities=Identities.load(private)
        )
        self.sealer = Sealer(b"k" * 32)
        self.store = ReviewRepository(self.engine)
        self.store.prepare()
        self.pipeline = Pipeline(
            transcriber_for=lambda _: None,
            detector=Finder(),
            policy=load_policy("deidentify").with_changes(unheard_speech="bleep"),
            replacer=Replacer("label"),
        )
        self.auditing = Auditing(load_rules(), None)
        self.version_store = VersionStore(folder / "versions")
        self.versions = VersionService(
            pipeline=lambda: self.pipeline,
            vault=self.vault,
            version_store=self.version_store,
            store=self.store,
            audit=self.auditing,
            kept=KeptWords(self.engine, self.sealer),
        )
        templates = environment()
        self.access = build_access(
            self.engine,
            trail=self.trail,
            sealer=self.sealer,
            templates=templates,
            settings=AccessSettings(secure=False),
        )
        self.reviews, self.samples = Reviews(self.engine, self.sealer), Samples(self.engine)
        self.context = RequestContext(
            self.store,
            self.reviews,
            self.samples,
            self.versions,
            self.trail,
            self.sealer,
            self.access.guard,
            templates,
            reveal_seconds=reveal_seconds,
            titles={name: rule.title for name, rule in self.auditing.rules.rules.items()},
        )
        self.app = build_review(self.context, self.access.router)
        self.secrets = {}

    def add(self, seed=1, said=SAID, *, name="voicemail.wav", added=0.0, **kwargs):
        """A message; its id."""
        data, transcript = recording(seed, said, **kwargs)
        path = self.folder / f"{hashlib.sha256(data).hexdigest()}.json"
        path.write_text(transcript)
        source = Source.of(data, ".wav")
        self.versions.add(
            source, TranscriptReader(path), Sending(recipient="r1", caller="c1"), by="service", name=name, added=added
        )
        path.unlink()
        return source.id

    def person(self, name):
        """Creates a complete account and returns its number."""
        accounts = self.access.accounts
        if accounts.by_name(name) is None:
            accounts.add(name, "first-password-to-change-1", ROLES[name], by="user:0")
            account = accounts.named(name)
            accounts.change_password(account, PASSWORD)
            secret = accounts.new_secret(account)
            # The code of the step before: that of now is left for logging in.
            assert accounts.enrol(account, pyotp.TOTP(secret).at(int(time.time()) - 30))
            self.secrets[name] = secret
        return accounts.named(name).id

    def code(self, name):
        return pyotp.TOTP(self.secrets[name]).at(datetime.now(timezone.utc))

    def client(self, name=None):
        """A browser, logged in under a name; `csrf` is its session's."""
        client = TestClient(self.app, base_url="http://127.0.0.1", follow_redirects=False, raise_server_exceptions=True)
        client.csrf = ""
        if name:
            token = self.access.sessions.begin(self.person(name), "full", replacing="")
            client.cookies.set("redactor-session", token)
            client.csrf = csrf_of(token)
        return client

    def events(self):
        """Everything that the audit log contains, as text."""
        return "".join(p.read_text(errors="replace") for p in sorted((self.folder / "trail").rglob("*")) if p.is_file())


HTML = {"accept": "text/html"}


def post(client, path, **form):
    return client.post(path, data={"csrf": client.csrf, **form}, headers=HTML)


def send(client, path, body):
    return client.post(path, json=body, headers={"X-CSRF-Token": client.csrf})


def judged(site, name, message, verdict, *, answer="accept", missed=""):
    client = site.client(name)
    for f in site.store.findings(message):
        if f["verdict"] == "findings":
            body = {"finding": f["number"], "rule": f["rule"], "decision": answer, "comment": "=cmd|' /C calc'!A0"}
            assert send(client, f"/messages/{message}/decisions", body).status_code == 200
    if missed:
        body = {"finding": -1, "rule": missed, "decision": "missed", "start": 1.0, "end": 1.0}
        assert send(client, f"/messages/{message}/decisions", body).status_code == 200
    return post(
        client, f"/messages/{message}/review", version="1", verdict=verdict, comment=f"from {name} about Whitlock"
    )
