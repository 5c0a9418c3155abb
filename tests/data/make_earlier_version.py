"""Makes earlier-version.tar.xz: an installation with data, made by the code of commit 88a2a15, the last one before the
packages moved. `tests/test_earlier_version.py` continues with it.

Run in a checkout of that commit, with a Python that has its packages:

    PYTHONPATH=.:tests:tests/doors/serve:tests/doors/review python make_earlier_version.py earlier-version.tar.xz

The folder as the archive has it:

    facts.json              where it was made, log-in, ids, counts
    archive/in, out         three recordings of the toy voice; outputs and ledger of a run over the first two
    site/redactor.toml      a service: recordings, transcripts, results
    site/state              the database with its key: jobs that are redacted, failed, queued, or claimed by a process
                            that has ended; accounts; messages under review
    site/state/trail…       audit log with its keys and anchor
    site/state/vault        sealed originals, plans and names of the messages under review
    site/spool              a ticket that nobody has taken
    site/keys               throwaway keys of the vault
    site/versions           redacted versions under review, one edited

All speech is invented; the numbers are fictional ones (555-01xx).
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import pyotp
import soundfile
from fastapi.testclient import TestClient
from redactor.doors import options
from redactor.doors.cli import app
from redactor.doors.job import assemble
from redactor.doors.serve.recipe import recipe_of
from redactor.doors.serve.review.access.sessions import csrf_of
from redactor.doors.serve.service import Service
from redactor.doors.serve.settings import load_settings
from redactor.keep.vault import make_keys
from site_of_tests import Finder, Site, settled, voicemail
from typer.testing import CliRunner

PASSWORD = "quiet-harbour-lantern-27"


def archive(folder: Path) -> None:
    inputs = folder / "in"
    inputs.mkdir(parents=True)
    samples, rate = soundfile.read("tests/data/toy.wav", dtype="float32")

    def recording(number: int) -> None:
        part = samples[number * 4 * rate : (number * 4 + 4) * rate]
        soundfile.write(inputs / f"toy-{number}.wav", part, rate, subtype="GSM610")

    recording(0)
    recording(1)
    words = [
        "redact",
        str(inputs),
        "--out",
        str(folder / "out"),
        "--model",
        "models/voicemail-micro",
        "--names",
        "keep",
    ]
    program = f"import sys; sys.argv = ['redactor', *{words!r}]\nfrom redactor.doors.entry import main\nmain()"
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode in (0, 3)
    recording(2)


def main(to: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="redactor-earlier-"))
    archive(folder / "archive")

    options.build_detector = lambda *_: Finder()
    (folder / "site").mkdir()
    site = Site(folder / "site")
    make_keys(site.folder / "keys", "age")
    keys = site.folder / "keys"
    tables = {
        "keeping": f'recipients = "{keys}/recipients.txt"\nidentity = "{keys}/organisation.key"\n',
        "review": f'folder = "{site.folder}/versions"\npublic_url = "http://127.0.0.1:8470"\n',
    }
    site.record("done.wav", 1, suffix=".gsm")
    site.bad("bad.wav", b"RIFFnothing")
    with site.service(**tables) as service:
        site.hook("file", site.recordings / "done.wav", "--id", "1")
        site.hook("file", site.recordings / "bad.wav", "--id", "2")
        settled(service, 2)

    settings = load_settings(site.config)
    service = Service(settings, recipe_of(settings))
    for number, name in enumerate(("claimed.wav", "queued.wav"), 3):
        path = site.record(name, number, suffix=".gsm")
        site.hook("file", path, "--id", str(number))
        service.intake.take_tickets()
        time.sleep(0.01)
    (job,) = service.queue.claim(1, idle=True)
    states = service.queue.counts()
    site.hook("file", site.record("ticket.wav", 5, suffix=".gsm"), "--id", "5")

    # Messages for the reviewers, by the command; one of them is edited on the pages.
    sent = site.folder / "sent"
    sent.mkdir()
    for number in (11, 12):
        data, transcript = voicemail(number, suffix=".gsm")
        (sent / f"message-{number}.wav").write_bytes(data)
        (site.transcripts / f"message-{number}.json").write_text(transcript)
    words = ["review", "add", str(sent), "--config", str(site.config), "--transcript", str(site.transcripts)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output

    review = service._review
    accounts = review.access.accounts
    accounts.add("ray", "first-password-to-change-1", ["reviewer"], by="user:0")
    account = accounts.named("ray")
    accounts.change_password(account, PASSWORD)
    secret = accounts.new_secret(account)
    assert accounts.enrol(account, pyotp.TOTP(secret).at(int(time.time()) - 30))

    service._pipeline = assemble(recipe_of(settings)).pipeline
    client = TestClient(review.app, base_url="http://127.0.0.1", follow_redirects=False)
    session = review.access.sessions.begin(account.id, "full", replacing="")
    client.cookies.set("redactor-session", session)
    with service.queue.engine.begin() as c:
        messages = sorted(c.exec_driver_sql("SELECT id FROM redactor_review_messages").scalars())
    view = client.get(f"/messages/{messages[0]}/view.json").json()
    word = next(w for w in view["words"] if w["text"] == "call")
    edit = {"kind": "cover", "channel": 0, "first": word["first"], "last": word["last"]}
    answer = client.post(
        f"/messages/{messages[0]}/edits",
        json={"version": 1, "edits": [edit]},
        headers={"X-CSRF-Token": csrf_of(session)},
    )
    assert answer.json() == {"version": 2}, answer.text

    facts = {
        "root": str(folder),
        "name": "ray",
        "password": PASSWORD,
        "secret": secret,
        "messages": messages,
        "edited": messages[0],
        "states": states,
        "claimed": job.id,
    }
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))
    print(json.dumps(facts, indent=1))
    with tarfile.open(to, "w:xz") as tar:
        for path in sorted(folder.rglob("*")):
            info = tar.gettarinfo(path, str(path.relative_to(folder)))
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            if info.isfile():
                with path.open("rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info)
    sys.stdout.flush()
    os._exit(0)  # like a program that ends without giving back what it has claimed


main(Path(sys.argv[1]))
