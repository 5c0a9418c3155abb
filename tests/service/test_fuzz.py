"""Small, seeded versions of benchmarks/fuzz_audio.py and fuzz_api.py."""

import hashlib
import json

import fuzz_audio
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_site import signed_bytes, wait_for

from redactor.audio.sandbox import SandboxedDecoder
from redactor.job_config import job_configuration_of
from redactor.service.api import build_app
from redactor.service.api.dependencies import ServiceContext
from redactor.service.app import Service

SECRET = "a secret of the test"
CANARY = "Whitlock-5550142"


@pytest.mark.parametrize("seed", [1, 2])
def test_mutated_recordings_end_in_results_or_reasons(site, seed):
    transcript = fuzz_audio.message(1)[1]  # of the same words as the corpus
    for number, (data, suffix) in enumerate(fuzz_audio.corpus(60, seed)):
        (site.recordings / f"f{number}{suffix}").write_bytes(data)
        (site.transcripts / f"{hashlib.sha256(data).hexdigest()}.json").write_text(transcript)
    prepared = site.settings()
    with SandboxedDecoder() as decoder:
        service = Service(prepared, job_configuration_of(prepared), decoder=decoder)
        try:
            service.start()
            told = service.sweeper.sweep()
            assert told == 60
            wait_for(lambda: not {"queued", "claimed"} & set(service.queue.counts()), seconds=120)
            counts = service.queue.counts()
            reasons = {row["reason"] for state in ("failed", "quarantined") for row in service.queue.list_jobs(state)}
        finally:
            service.stop()
    assert sum(counts.values()) == 60
    assert "internal-error" not in reasons
    documents = [p.read_text() for p in site.recordings.glob("*.redacted.json")]
    assert len(documents) == counts.get("redacted", 0) > 3
    assert not [d for d in documents if "Whitlock" in d]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The application around a real queue; nobody works on it."""
    from service_site import Site

    from redactor.service.app import open_queue
    from redactor.service.jobs.worker_locks import WorkerLocks
    from redactor.service.metrics import Metrics
    from redactor.service.quarantine_notices import QuarantineNotices
    from redactor.service.results import Results

    folder = tmp_path_factory.mktemp("api")
    site = Site(folder)
    (folder / "secret").write_text(SECRET)
    found = site.settings(
        http=f'public_url = "https://x.example"\ntoken_file = "{folder}/secret"\n',
        twilio=f'account = "AC1"\ntoken_file = "{folder}/secret"\n',
        webhook=f'secret_file = "{folder}/secret"\nhosts = ["https://h.example"]\n',
        s3=f'endpoint = "https://h.example"\nbuckets = ["b"]\naccess_key_file = '
        f'"{folder}/secret"\nsecret_key_file = "{folder}/secret"\ntoken_file = "{folder}/secret"\n',
    )
    worker_locks = WorkerLocks(found.state)
    queue = open_queue(found, worker_locks)
    results = Results(queue.fingerprints, found.roots)
    context = ServiceContext(
        settings=found,
        queue=queue,
        results=results,
        metrics=Metrics(queue),
        notices=QuarantineNotices(found, queue.fingerprints, found.roots),
        trouble=lambda: "",
        alive=lambda: True,
    )
    yield TestClient(build_app(context), raise_server_exceptions=False)
    queue.close()
    worker_locks.close()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30) | st.just(CANARY),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "url", "Records", "s3", "bucket", "object", "key", "name", "eventName", CANARY]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(
    path=st.sampled_from(
        [
            "/webhook",
            "/s3",
            "/twilio/recording",
            "/jobs/1",
            "/dead-letters",
            f"/{CANARY}",
            "/jobs/1/files/text",
            "/dead-letters/1/retry",
        ]
    ),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    body=st.binary(max_size=200) | VALUES.map(lambda v: json.dumps(v).encode()),
    query=st.dictionaries(
        st.sampled_from(["state", "after", "limit", "bodySHA256", CANARY]),
        st.text(max_size=12) | st.just(CANARY),
        max_size=3,
    ),
    signed=st.booleans(),
)
def test_no_request_breaks_the_application_or_is_quoted(client, path, method, body, query, signed):
    headers = {"x-caller": CANARY, "content-type": "application/json"}
    if signed:
        headers |= {"authorization": f"Bearer {SECRET}", **signed_bytes(body, SECRET.encode())}
    answer = client.request(method, path, content=body, params=query, headers=headers)
    assert answer.status_code < 500
    assert CANARY not in answer.text + str(answer.headers)
