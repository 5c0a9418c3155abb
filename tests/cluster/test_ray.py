"""A real Ray cluster of two nodes on this machine, with one node killed in the middle of a run."""

import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from redactor.cluster import connect
from redactor.cluster.messages import KEY_NAME

BIN = Path(sys.executable).parent
DEMO = ("--model", "voicemail-micro", "--unheard", "bleep", "--names", "keep")
SECRETS = [b"whitlock", b"brunsvold", b"5550142", b"555-0142", b"metformin"]

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra: cluster)")


def environment(token=None, **more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    auth = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token} if token else {"RAY_AUTH_MODE": "disabled"}
    return {**kept, **auth, "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0", "HF_HUB_OFFLINE": "1", **more}


def descendants(pid):
    """A process and all below it."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, ahead = [], [pid]
    while ahead:
        found.append(ahead.pop())
        ahead += children.get(found[-1], [])
    return found


def title(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


MARK = f"REDACTOR_RAY_TESTS={secrets.token_hex(16)}"


def marked():
    """Processes that these tests started, at any remove: children inherit the environment, also of a dead parent."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if MARK.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)


@pytest.fixture(scope="module", autouse=True)
def no_raylet_left():
    """Whatever happens in a test, no process of Ray outlives this module."""
    name, _, value = MARK.partition("=")
    os.environ[name] = value
    yield
    del os.environ[name]
    until_ends = time.monotonic() + 20
    while (left := list(marked())) and time.monotonic() < until_ends:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
    assert not left


class Node:
    """`ray start` in the foreground."""

    def __init__(self, temp, env, *words):
        self.process = subprocess.Popen(
            [
                BIN / "ray",
                "start",
                "--block",
                "--num-cpus=1",
                "--object-store-memory=80000000",
                "--disable-usage-stats",
                *words,
                *((f"--temp-dir={temp}",) if temp else ()),
            ],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self):
        """As a power cut: every process at once, SIGKILL; all are stopped first, so that none starts another
        meanwhile."""
        known: list[int] = []
        while more := [pid for pid in descendants(self.process.pid) if pid not in known]:
            known += more
            for pid in more:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
        for pid in known:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def works(self):
        return any(b"ray::Worker.exchange" in title(pid) for pid in descendants(self.process.pid))


def head(temp, env):
    """A head with one core, and its address as Ray records it, so that no host name needs to be resolved."""
    with socket.socket() as found:
        found.bind(("", 0))
        port = found.getsockname()[1]
    node = Node(temp, env, "--head", f"--port={port}", "--include-dashboard=false")
    told = Path(temp) / "ray_current_cluster"
    try:
        until(lambda: told.exists() and told.read_text().endswith(f":{port}"), 180)
        address = told.read_text()
        until(lambda: reachable(address.rpartition(":")[0], port), 60)
    except BaseException:
        node.kill()
        raise
    return node, address


def reachable(host, port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def until(met, seconds):
    ends = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < ends, "waited too long"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def cluster():
    """(address, environment with the token, folder of Ray's session): a head with one core."""
    env = environment(secrets.token_hex(32))
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as temp:
        node, address = head(temp, env)
        try:
            yield address, env, Path(temp)
        finally:
            node.kill()


def artefacts(out):
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*.redacted.*"))}


@needs_ray
def test_two_nodes_one_killed(run, cluster, tmp_path, toy_recordings):
    """Every file is done once, and the artefacts are those of a run without Ray."""
    address, env, _ = cluster
    archive = tmp_path / "archive"
    for copy in ("a", "b"):
        toy_recordings(archive / copy, 28)
    for path in (archive / "b").rglob("*.[wW][aA][vV]"):  # the others stay twins
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    alone = run("redact", archive, "--out", tmp_path / "alone", *DEMO, "--json", env=environment(), timeout=900)
    assert alone.returncode == 0, alone.stderr.decode()

    second = Node(None, env, f"--address={address}")
    out = tmp_path / "out"
    driver = subprocess.Popen(
        [BIN / "redactor", "redact", archive, "--out", out, *DEMO, "--cluster", address, "--in-flight", "4", "--json"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        until(
            lambda: driver.poll() is not None or (second.works() and len(list(out.rglob("*.redacted.json"))) >= 6), 400
        )
        assert driver.poll() is None, driver.communicate()[1].decode()
        second.kill()
        stdout, stderr = driver.communicate(timeout=900)
    finally:
        driver.kill()
        second.kill()
    assert driver.returncode == 0, stderr.decode()
    summary = json.loads(stdout)
    rows = [json.loads(line) for line in (out / "outcomes.jsonl").read_text().splitlines()]
    assert sorted(row["item"] for row in rows) == list(range(1, 57))
    assert summary["redacted"] + summary["duplicate"] == summary["items"] == 56
    assert summary["duplicate"] == json.loads(alone.stdout)["duplicate"]
    assert b"has ended unexpectedly" in stderr
    both = [artefacts(folder) for folder in (out, tmp_path / "alone")]
    assert len(both[0]) > 250
    assert both[0] == both[1]
    assert not (out / KEY_NAME).exists()
    assert not list(out.rglob("*.part"))


@needs_ray
def test_ray_learns_nothing(run, cluster, message, tmp_path):
    """PHI in folder names, file names and speech: not in Ray's logs, tables or temporary files, nor anywhere else."""
    address, env, session = cluster
    audio, transcript = message
    name = "from_5550142_Dana_Whitlock"
    archive, texts = tmp_path / "Whitlock Dana", tmp_path / "texts Brunsvold"
    archive.mkdir()
    texts.mkdir()
    (archive / f"{name}.wav").write_bytes(audio.read_bytes())
    (archive / f"{name} broken.wav").write_bytes(b"RIFF not Dana Whitlock")
    (texts / f"{name}.json").write_bytes(transcript.read_bytes())
    out = tmp_path / "out"
    words = ["redact", ".", "--no-verify", "--transcript", texts, "--out", out, "--cluster", address, "--ner", "none"]
    driver = run(*words, env=env, cwd=archive, timeout=400)
    jobs = (
        f"import ray; ray.init({address!r}, log_to_driver=False); from ray._private.state import jobs, actors; "
        f"print(jobs(), actors())"
    )
    assert driver.returncode == 65, driver.stderr.decode()
    assert len(list(out.rglob("*.redacted.*"))) == 5
    tables = subprocess.run(
        [sys.executable, "-c", jobs], env=env, capture_output=True, check=True, timeout=200, cwd="/"
    ).stdout
    assert tables.count(b"Worker") >= 1
    seen = driver.stdout + driver.stderr + tables
    for path in session.rglob("*"):
        seen += os.fsencode(path.name)
        if path.is_file():
            seen += path.read_bytes()
    assert len(seen) > 10_000
    assert not [s for s in SECRETS if s in seen.lower()]


@needs_ray
def test_a_wrong_token_is_refused(run, cluster, message, tmp_path):
    address, env, _ = cluster
    audio, transcript = message
    wrong = {**env, "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    done = run(
        "redact",
        audio,
        "--no-verify",
        "--transcript",
        transcript,
        "--out",
        tmp_path / "out",
        "--cluster",
        address,
        env=wrong,
        timeout=400,
    )
    assert done.returncode == 78, done.stderr.decode()
    assert b"token" in done.stderr
    assert not list((tmp_path / "out").rglob("*.redacted.*"))


@needs_ray
def test_a_cluster_without_authentication_is_refused(run, message, tmp_path):
    audio, transcript = message
    words = ("redact", audio, "--no-verify", "--transcript", transcript, "--out", tmp_path / "out", "--ner", "none")
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as temp:
        node, address = head(temp, environment())
        try:
            env = environment(secrets.token_hex(32))
            refused = run(*words, "--cluster", address, env=env, timeout=400)
            taken = run(*words, "--cluster", address, "--open-cluster", env=environment(), timeout=400)
        finally:
            node.kill()
    assert refused.returncode == 78, refused.stderr.decode()
    assert b"no authentication" in refused.stderr
    assert taken.returncode == 0, taken.stderr.decode()


@needs_ray
def test_nothing_is_imported_from_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "ray.py").write_text("open('was-run', 'w').close()")
    monkeypatch.chdir(tmp_path)
    impatient = {**os.environ, "RAY_gcs_rpc_server_reconnect_timeout_s": "2"}
    assert connect._answer("127.0.0.1:1", impatient) not in {0, connect._REFUSED}
    assert not (tmp_path / "was-run").exists()


@needs_ray
def test_a_cluster_of_its_own(run, message, tmp_path):
    """`local`: nothing is left behind, not even in the folder of temporary files."""
    audio, transcript = message
    temp = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))
    # Where torch is installed (for training), spaCy loads it, and it makes a folder for its compiler.
    env = environment(TMPDIR=str(temp), HOME=str(tmp_path), TORCHINDUCTOR_CACHE_DIR=str(tmp_path / "torch"))
    done = run(
        "redact",
        audio,
        "--no-verify",
        "--transcript",
        transcript,
        "--out",
        tmp_path / "out",
        "--cluster",
        "local",
        "--ner",
        "none",
        env=env,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert len(list((tmp_path / "out").rglob("*.redacted.*"))) == 5
    assert not list(temp.iterdir())
    temp.rmdir()
    assert not (tmp_path / ".ray").exists()


def test_without_ray_the_command_says_how_to_get_it(run, message, tmp_path):
    """A folder that hides the package, where it is installed."""
    audio, transcript = message
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    (hiding / "sitecustomize.py").write_text(
        "import importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'ray' else real(name, package)\n"
    )
    done = run(
        "redact",
        audio,
        "--no-verify",
        "--transcript",
        transcript,
        "--out",
        tmp_path / "out",
        "--cluster",
        "local",
        env={**os.environ, "PYTHONPATH": str(hiding)},
    )
    assert done.returncode == 78, done.stderr.decode()
    assert b"pip install 'voicemail-redactor[cluster]'" in done.stderr


@needs_ray
def test_ray_client_addresses_are_refused(run, message, tmp_path):
    audio, transcript = message
    done = run(
        "redact",
        audio,
        "--no-verify",
        "--transcript",
        transcript,
        "--out",
        tmp_path / "out",
        "--cluster",
        "ray://x:10001",
    )
    assert done.returncode == 78, done.stderr.decode()
