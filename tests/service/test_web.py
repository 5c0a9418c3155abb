"""The HTTP API: signatures before anything else, listed hosts only, full queues, and no answer that quotes a
request.
"""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from service_site import settled, signed_bytes, voicemail, wait_for

from redactor.errors import Busy, LimitExceeded, NoInput, RefusedInput
from redactor.service.api import build_app
from redactor.service.api.dependencies import ServiceContext
from redactor.service.ingest import fetch as fetching
from redactor.service.ingest.fetch import allowed, fetch, object_url, signed_v4
from redactor.service.worker import JobWorker
from redactor.webhook_signatures import twilio_is_genuine, twilio_signature, webhook_headers, webhook_is_genuine

SECRET = b"whsec_" + base64.b64encode(b"s" * 24)
TOKEN = b"0123456789abcdef"
SID = "RE" + "a" * 32
PUBLIC = "https://redactor.example.org"


class Store:
    """A host of recordings, and the requests that it got."""

    def __init__(self):
        self.files, self.asked, self.status, self.told = {}, [], 200, []
        self.location = ""
        self.fail_first = 0


@contextmanager
def store():
    held = Store()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            held.asked.append((self.path, dict(self.headers)))
            content = held.files.get(self.path.partition("?")[0])
            status = held.status if content is not None or held.status != 200 else 404
            self.send_response(status)
            if held.location:
                self.send_header("Location", held.location)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            held.told.append((dict(self.headers), body))
            self.send_response(500 if len(held.told) <= held.fail_first else 204)
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        held.url = f"http://127.0.0.1:{server.server_port}"
        yield held
        server.shutdown()
        thread.join()


@pytest.fixture
def web(site, tmp_path):
    """A site whose service has all routes configured, a client for it, and a host of recordings."""
    for name, content in {"secret": SECRET, "token": TOKEN}.items():
        (tmp_path / name).write_bytes(content + b"\n")
    with store() as held:
        tables = {
            "http": f'listen = ""\npublic_url = "{PUBLIC}"\ntoken_file = "{tmp_path}/token"\nbody_limit = 20000\n',
            "twilio": f'account = "AC1"\ntoken_file = "{tmp_path}/token"\nhosts = ["{held.url}"]\n',
            "webhook": f'secret_file = "{tmp_path}/secret"\nhosts = ["{held.url}"]\n',
            "s3": f'endpoint = "{held.url}"\nbuckets = ["calls"]\naccess_key_file = "{tmp_path}/token"\n'
            f'secret_key_file = "{tmp_path}/token"\ntoken_file = "{tmp_path}/token"\n',
            "callback": f'url = "{held.url}/told?x=1"\nsecret_file = "{tmp_path}/secret"\n',
        }
        with site.service(**tables) as service:
            context = ServiceContext(
                settings=service._settings,
                queue=service.queue,
                results=service._results,
                metrics=service.metrics,
                notices=service._notices,
                trouble=lambda: service.trouble,
                alive=lambda: True,
                wake=service.worker.wake,
            )
            client = TestClient(build_app(context), raise_server_exceptions=False, client=("127.0.0.1", 1))
            yield client, service, held


def put(site, held, path, seed):
    data, transcript = voicemail(seed)
    (site.transcripts / f"{hashlib.sha256(data).hexdigest()}.json").write_text(transcript)
    held.files[path] = data
    return data


def signed(body, identity="msg_1", **kwargs):
    return {"content-type": "application/json", **webhook_headers(SECRET, identity, body, **kwargs)}


def test_a_webhook_is_fetched_redacted_and_announced(site, web):
    client, service, held = web
    held.fail_first = 1
    data = put(site, held, "/a.wav", 1)
    body = json.dumps({"id": "call 5550142", "url": f"{held.url}/a.wav", "direction": "out"}).encode()
    first = client.post("/webhook", content=body, headers=signed(body))
    assert (first.status_code, first.json()["new"]) == (202, True)
    again = client.post("/webhook", content=body, headers=signed(body))
    assert (again.status_code, again.json()) == (200, {"job": first.json()["job"], "new": False})
    assert settled(service, 1) == {"redacted": 1}
    shown = client.get(f"/jobs/{first.json()['job']}", headers={"authorization": f"Bearer {TOKEN.decode()}"}).json()
    assert (shown["state"], shown["direction"], shown["audio"]) == ("redacted", "out", hashlib.sha256(data).hexdigest())
    for kind in ("text", "srt", "vtt", "json", "audio"):
        got = client.get(f"/jobs/{shown['id']}/files/{kind}", headers={"authorization": f"Bearer {TOKEN.decode()}"})
        assert got.status_code == 200
        assert b"Whitlock" not in got.content
    assert got.content[:4] == b"RIFF"
    wait_for(lambda: len(held.told) == 2, seconds=20)
    headers, told = held.told[-1]
    lower = {k.lower(): v for k, v in headers.items()}
    assert webhook_is_genuine(SECRET, lower, told)
    assert lower["webhook-id"] == {k.lower(): v for k, v in held.told[0][0].items()}["webhook-id"]
    assert json.loads(told)["data"]["id"] == "call 5550142"
    assert json.loads(told)["type"] == "recording.redacted"


def form_of(held, **more):
    return {
        "AccountSid": "AC1",
        "RecordingSid": SID,
        "RecordingUrl": f"{held.url}/2010/{SID}",
        "RecordingStatus": "completed",
        "From": "+12065550142",
        **more,
    }


def twilio_post(client, fields, *, url=f"{PUBLIC}/twilio/recording", token=TOKEN, query=""):
    text = "".join(k + v for k, v in sorted(fields.items()))
    headers = {
        "X-Twilio-Signature": twilio_signature(token, url, text),
        "content-type": "application/x-www-form-urlencoded",
    }
    return client.post("/twilio/recording" + query, content=urlencode(fields), headers=headers)


def test_twilio(site, web):
    client, service, held = web
    put(site, held, f"/2010/{SID}.wav", 1)
    fields = form_of(held, RecordingChannels="2")
    assert twilio_post(client, {**fields, "RecordingStatus": "in-progress"}).status_code == 204
    assert twilio_post(client, fields).status_code == 202
    assert twilio_post(client, fields, url=f"{PUBLIC}:443/twilio/recording").status_code == 200
    query = "?a=1&b=%2F"
    assert twilio_post(client, fields, url=f"{PUBLIC}/twilio/recording{query}", query=query).status_code == 200
    assert settled(service, 1) == {"redacted": 1}
    path, headers = held.asked[0]
    assert path.endswith(".wav?RequestedChannels=2")
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"AC1:" + TOKEN).decode()


@pytest.mark.parametrize(
    ("change", "kwargs", "status"),
    [
        ({}, {"token": b"another"}, 401),
        ({}, {"url": "https://other.example.org/twilio/recording"}, 401),
        ({"RecordingUrl": "http://169.254.169.254/latest"}, {}, 400),
        ({"RecordingUrl": "file:///etc/passwd"}, {}, 400),
        ({"RecordingSid": "../../x"}, {}, 400),
        ({"AccountSid": "AC2"}, {}, 400),
    ],
)
def test_twilio_refused(web, change, kwargs, status):
    client, service, held = web
    answer = twilio_post(client, {**form_of(held), **change}, **kwargs)
    assert answer.status_code == status
    assert service.queue.counts() == {}
    assert "5550142" not in answer.text


def test_twilio_json_bodies_carry_their_hash(site, web):
    client, _, held = web
    put(site, held, f"/2010/{SID}.wav", 1)
    body = json.dumps(form_of(held)).encode()
    for digest, status in ((hashlib.sha256(body).hexdigest(), 202), ("0" * 64, 401)):
        query = f"?bodySHA256={digest}"
        headers = {
            "X-Twilio-Signature": twilio_signature(TOKEN, f"{PUBLIC}/twilio/recording{query}"),
            "content-type": "application/json",
        }
        assert client.post("/twilio/recording" + query, content=body, headers=headers).status_code == status


def test_twilio_signature_as_its_documentation_computes_it():
    """The example of Twilio's page on security (auth token 12345)."""
    form = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675310"),
        ("Digits", "1234"),
        ("From", "+14158675310"),
        ("To", "+18005551212"),
    ]
    url = "https://example.com/myapp.php?foo=1&bar=2"
    text = url + "".join(k + v for k, v in sorted(form))
    expected = base64.b64encode(hmac.new(b"12345", text.encode(), "sha1").digest()).decode()
    assert twilio_is_genuine(b"12345", url, expected, form=form)
    assert twilio_is_genuine(b"12345", url.replace(".com/", ".com:443/"), expected, form=form)
    assert not twilio_is_genuine(b"12345", url, expected, form=form[1:])
    assert not twilio_is_genuine(b"", url, expected, form=form)


def event(bucket="calls", key="in/a+b.wav", name="ObjectCreated:Put", **more):
    return {
        "Records": [
            {"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key, "eTag": "e1", **more}}}
        ]
    }


def test_s3(site, web):
    client, service, held = web
    put(site, held, "/calls/in/a%20b.wav", 1)
    token = {"authorization": f"Bearer {TOKEN.decode()}"}
    for told, status in (
        (event(), 202),
        (event(), 200),
        (event(bucket="other"), 200),
        (event(key="a.redacted.wav"), 200),
        (event(key="../x.wav"), 200),
        (event(name="ObjectRemoved:Delete"), 200),
        (event(key="notes.txt"), 200),
        ({"Records": 1}, 400),
        ({}, 400),
        (event(versionId="v+1"), 202),
        (event(versionId="v+2"), 202),
        (event(versionId="v+2"), 200),
    ):
        assert client.post("/s3", json=told, headers=token).status_code == status, told
    assert client.post("/s3", json=event()).status_code == 401
    assert settled(service, 3) == {"redacted": 3}
    assert {path.partition("?")[2] for path, _ in held.asked} == {"", "versionId=v%2B1", "versionId=v%2B2"}
    assert held.asked[0][1]["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=")


def test_the_signature_is_that_of_the_aws_documentation():
    """GET of an object, from "Signature Calculations for the Authorization Header" (there with a Range header, so: a
    known request of ours, by hand).
    """
    at = datetime(2013, 5, 24, tzinfo=timezone.utc)
    made = signed_v4(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        access_key="AKIDEXAMPLE",
        secret_key=b"wJalrXUtnFEMI",
        region="us-east-1",
        at=at,
    )
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    canonical = (
        "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\n"
        f"x-amz-content-sha256:{empty}\nx-amz-date:20130524T000000Z\n\nhost;x-amz-content-sha256;x-amz-date\n{empty}"
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n{digest}"
    key = b"AWS4wJalrXUtnFEMI"
    for part in (b"20130524", b"us-east-1", b"s3", b"aws4_request"):
        key = hmac.new(key, part, "sha256").digest()
    assert made["Authorization"].endswith(hmac.new(key, to_sign.encode(), "sha256").hexdigest())
    assert object_url("https://s3/", "b", "a b/ü.wav") == "https://s3/b/a%20b/%C3%BC.wav"
    assert object_url("https://s3", "b", "a", version="3/L4+kq.~_-") == "https://s3/b/a?versionId=3%2FL4%2Bkq.~_-"


def test_webhooks_must_be_signed_and_fresh(web):
    client, service, held = web
    body = json.dumps({"id": "1", "url": f"{held.url}/a.wav"}).encode()
    good = signed(body)
    bad = [
        {},
        {**good, "webhook-signature": "v1,AAAA"},
        {**good, "webhook-id": "other"},
        signed(body + b" "),
        {**good, "webhook-timestamp": "x"},
        {**good, "webhook-timestamp": good["webhook-timestamp"] + ".5"},
        {**good, "webhook-signature": "v1"},
        {**good, "webhook-signature": "v1,A"},
        signed(body, at=datetime.now(timezone.utc) - timedelta(seconds=400)),
        signed(body, at=datetime.now(timezone.utc) + timedelta(seconds=400)),
        {**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,")},
    ]
    for headers in bad:
        assert client.post("/webhook", content=body, headers=headers).status_code == 401
    assert service.queue.counts() == {}
    two = {**good, "webhook-signature": "v1,AAAA " + good["webhook-signature"]}
    assert client.post("/webhook", content=body, headers=two).status_code == 202


def test_the_signature_is_that_of_the_standard_webhooks_specification():
    made = webhook_headers(
        b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        at=datetime.fromtimestamp(1614265330, timezone(timedelta(hours=2))),
    )
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    text = b'{"name": "\xc3\xbc"}'
    by_specification = signed_bytes(text, SECRET)
    signed_at = datetime.fromtimestamp(int(by_specification["webhook-timestamp"]), timezone.utc)
    assert by_specification == webhook_headers(SECRET, "msg_1", text, at=signed_at)
    assert webhook_is_genuine(SECRET, by_specification, text)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.wav",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "{}@evil/a",
        "http://u:p@{}/a",
        "{}\\@evil",
        "ftp://x/y1234",
        "{} /a",
        "{}:1/a",
    ],
)
def test_other_hosts_are_refused(web, url):
    client, service, held = web
    given = url.format(held.url if url.startswith("{") else held.url[7:])
    body = json.dumps({"id": "1", "url": given}).encode()
    answer = client.post("/webhook", content=body, headers=signed(body))
    assert (answer.status_code, answer.json()) == (400, {"error": "host-not-listed"})
    assert service.queue.counts() == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"id":"","url":"http://x/aaaa"}',
        b'{"id":"1"}',
        b'{"id":"Whitlock","url":5}',
        b"[" * 5000,
        b'{"id":"1","url":"http://x/aaa","direction":"Whitlock"}',
    ],
)
def test_answers_quote_nothing(web, body):
    client, _, _ = web
    answer = client.post("/webhook", content=body, headers=signed(body))
    assert answer.status_code == 400
    assert answer.json() == {"error": "bad-request"}


def test_a_body_that_is_no_text_counts_as_unsigned(web):
    client, _, _ = web
    body = b"\xff\xfe Whitlock"
    answer = client.post("/webhook", content=body, headers=signed_bytes(body, SECRET))
    assert (answer.status_code, answer.json()) == (401, {"error": "bad-signature"})


def test_a_large_body_is_refused(web):
    client, _, _ = web
    assert client.post("/webhook", content=b"x" * 20_001, headers=signed(b"")).status_code == 413


def test_a_full_queue_says_try_again(site, web, monkeypatch):
    client, service, held = web
    monkeypatch.setattr(JobWorker, "_claimed", lambda self: time.sleep(0.02) or [])
    time.sleep(0.2)
    service.queue.limit = 1
    for number, status in enumerate((202, 503)):
        body = json.dumps({"id": str(number), "url": f"{held.url}/a.wav"}).encode()
        answer = client.post("/webhook", content=body, headers=signed(body))
        assert answer.status_code == status
    assert answer.headers["retry-after"] == "30"
    assert client.get("/readyz").json() == {"status": "queue-full"}
    assert client.get("/readyz").status_code == 503


def test_routes_that_need_the_token(web):
    client, _, _ = web
    for path in ("/jobs/1", "/jobs/1/files/text", "/dead-letters"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
    token = {"authorization": f"Bearer {TOKEN.decode()}"}
    assert client.get("/jobs/7", headers=token).status_code == 404
    assert client.get("/dead-letters", headers=token).json() == []
    assert client.post("/dead-letters/7/retry", headers=token).status_code == 404
    assert client.get("/jobs/Whitlock", headers=token).json() == {"error": "bad-request"}
    assert client.get("/Whitlock").json() == {"error": "http-404"}


def test_health_metrics_and_the_api_description(web):
    client, _, _ = web
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}
    text = client.get("/metrics").text
    assert 'redactor_jobs{state="queued"} 0.0' in text
    assert "redactor_http_requests_total" in text
    described = client.get("/openapi.json").json()
    assert {"/webhook", "/twilio/recording", "/s3", "/jobs/{number}"} <= set(described["paths"])
    assert client.get("/docs").status_code == 404


def test_a_recording_that_cannot_be_fetched_is_tried_again_or_given_up(site, web, monkeypatch):
    client, service, held = web
    monkeypatch.setattr("redactor.service.jobs.queue.FIRST_DELAY", 0.01)
    held.files["/a.wav"] = b"x"
    held.status = 403
    body = json.dumps({"id": "1", "url": f"{held.url}/a.wav"}).encode()
    client.post("/webhook", content=body, headers=signed(body))
    assert settled(service, 1) == {"failed": 1}
    assert service.queue.list_jobs()[0]["reason"] == "refused-input"
    held.status = 500
    body = json.dumps({"id": "2", "url": f"{held.url}/a.wav"}).encode()
    client.post("/webhook", content=body, headers=signed(body))
    assert settled(service, 2) == {"failed": 2}
    assert [row["attempts"] for row in service.queue.list_jobs()] == [1, 5]


class TestFetch:
    def test_limits_and_answers(self):
        with store() as held:
            held.files["/a"] = b"x" * 1000
            hosts = (held.url,)
            assert fetch(f"{held.url}/a", hosts, limit=1000) == b"x" * 1000
            with pytest.raises(LimitExceeded):
                fetch(f"{held.url}/a", hosts, limit=999)
            with pytest.raises(NoInput):
                fetch(f"{held.url}/b", hosts, limit=999)
            for status, error in ((401, RefusedInput), (403, RefusedInput), (429, Busy), (500, Busy), (410, NoInput)):
                held.status = status
                with pytest.raises(error):
                    fetch(f"{held.url}/a", hosts, limit=1000)
        with pytest.raises(Busy):
            fetch(f"{held.url}/a", hosts, limit=1000)

    def test_redirects_stay_on_listed_hosts_and_carry_no_credentials_elsewhere(self):
        with store() as first, store() as second:
            first.files["/a"] = second.files["/b"] = b"data"
            first.status, first.location = 302, f"{second.url}/b"
            with pytest.raises(RefusedInput):
                fetch(f"{first.url}/a", (first.url,), limit=99)
            assert not second.asked
            found = fetch(f"{first.url}/a", (first.url, second.url), limit=99, headers=lambda _: {"Authorization": "x"})
            assert found == b"data"
            assert "Authorization" in first.asked[-1][1]
            assert "Authorization" not in second.asked[-1][1]
            first.location = f"{first.url}/a"
            with pytest.raises(RefusedInput, match="too often"):
                fetch(f"{first.url}/a", (first.url,), limit=99)

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::7f00:1"])
    def test_names_that_resolve_to_private_networks_are_refused(self, monkeypatch, address):
        monkeypatch.setattr(fetching.socket, "getaddrinfo", lambda *a, **k: [(2, 1, 6, "", (address, 443))])
        with pytest.raises(RefusedInput, match="private network"):
            fetch("https://recordings.example.org/a", ("https://recordings.example.org",), limit=9)

    def test_the_list_is_matched_exactly(self):
        hosts = ("https://a.example.org", "https://b.example.org:8443")
        assert allowed("https://A.example.org:443/x", hosts).port == 443
        for url in (
            "http://a.example.org/x",
            "https://a.example.org.evil/x",
            "https://b.example.org/x",
            "https://a.example.org@evil/x",
            "//a.example.org/x",
            "https:///x",
            "https://a.example.org:99999/x",
        ):
            with pytest.raises(RefusedInput):
                allowed(url, hosts)
