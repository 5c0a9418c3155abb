"""Ray: joins or starts a cluster safely, and runs workers as its actors. No other module knows Ray, and it is imported
only for `--cluster`.

Ray is used through its documented interface; nothing in it is replaced. Two of its habits are avoided from outside: it
records the command line of a driver, so `setproctitle` hides that first, and it prints messages on standard output,
which is for data, so output goes to standard error while Ray runs.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from redactor.cluster.messages import KEY_NAME, MessageCipher, Orders, Started, Tampered, WorkerReport
from redactor.cluster.pool import Machine, WorkerLost, WorkerPool
from redactor.cluster.worker import Worker
from redactor.console import notice
from redactor.crypto import read_or_make_key
from redactor.errors import ClusterUnavailable, ConfigurationError, RedactorError
from redactor.factory import JobConfiguration
from redactor.storage import remove_leftovers

OLDEST = (2, 52)  # Ray's token authentication
STORE = 80_000_000  # bytes of the object store of a cluster started here: messages are small and never stored in it
LONGEST_TEMP = 40  # characters: Ray puts sockets below it, and the system limits their paths to 107


@contextmanager
def joined(
    address: str, job: JobConfiguration, out: Path, *, open_cluster: bool = False, tries: int = 3
) -> Iterator[WorkerPool]:
    """A pool of workers on the cluster at an address; "local": on a cluster of this machine that lasts as long as the
    pool.

    Args:
        address: "local", "auto" (the cluster that this machine is part of) or HOST:PORT of its head.
        out: existing folder; it holds the key of this run's messages meanwhile.
        open_cluster: accept a cluster without authentication.

    Raises:
        ConfigurationError: Ray is missing or too old; the cluster has no authentication, or another token.
        ClusterUnavailable: it does not answer.
    """
    _check_installed()
    if "://" in address:
        raise ConfigurationError(
            "Ray Client addresses are not supported.", hint="Run on a machine of the cluster, with --cluster auto."
        )
    temp = Path(tempfile.mkdtemp(prefix="redactor-ray-", dir=_short_temp())) if address == "local" else None
    key_file = out / KEY_NAME
    ray: Any = None
    try:
        key_file.unlink(missing_ok=True)
        key = read_or_make_key(key_file)
        with redirect_stdout(sys.stderr):
            ray = _started(temp) if temp else _connected(address, open_cluster=open_cluster)
            pool = WorkerPool(_RaySite(ray, key, out.absolute()), job, notice=notice, tries=tries)
            yield pool
        if pool.losses:
            remove_leftovers(out)
    finally:
        if ray is not None:
            ray.shutdown()
        with suppress(OSError):
            key_file.unlink(missing_ok=True)
        if temp:
            shutil.rmtree(temp, ignore_errors=True)


def _check_installed() -> None:
    if importlib.util.find_spec("ray") is None:
        raise ConfigurationError(
            "--cluster needs Ray, which is not installed.",
            hint="Install it with: pip install 'voicemail-redactor[cluster]'",
        )
    from importlib.metadata import version

    if tuple(int(n) for n in version("ray").split(".")[:2]) < OLDEST:
        raise ConfigurationError(
            "This Ray is too old: it has no authentication.", hint="Install a newer one: pip install -U ray"
        )


def _short_temp() -> str | None:
    # mkdtemp makes a private folder below it.
    return None if len(tempfile.gettempdir()) <= LONGEST_TEMP else "/tmp"  # noqa: S108


def _started(temp: Path) -> Any:
    """A cluster of this machine alone: bound to the loopback interface, with a token of its own."""
    os.environ.update(
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN=secrets.token_hex(32),
        # Ray replaces 127.0.0.1 by an address that other machines can reach, unless this is off, as it is by default on
        # macOS.
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",
        RAY_worker_niceness="0",
    )
    # Two of these begin with an underscore, and are documented arguments all the same.
    return _init(
        "local",
        _temp_dir=str(temp),
        _node_ip_address="127.0.0.1",
        include_dashboard=False,
        object_store_memory=STORE,
        num_cpus=_cores(),
    )


def _connected(address: str, *, open_cluster: bool) -> Any:
    if not open_cluster:
        os.environ["RAY_AUTH_MODE"] = "token"
    try:
        ray = _init(address)
    except ClusterUnavailable:
        # For a wrong token Ray raises the same error as for an unreachable cluster.
        if address != "auto" and _answer(address, os.environ) == _REFUSED:
            raise _no_token() from None
        raise
    # A cluster without authentication accepts a caller with a token, too: only a caller without one can detect it.
    without = {k: v for k, v in os.environ.items() if not k.startswith("RAY_AUTH")}
    if not open_cluster and _answer(ray.get_runtime_context().gcs_address, without) != _REFUSED:
        ray.shutdown()
        raise ConfigurationError(
            "This Ray cluster has no authentication: anyone who reaches it can run code on it.",
            hint="Start its nodes with RAY_AUTH_MODE=token and a token (`ray get-auth-token --generate`); "
            "--open-cluster joins it as it is.",
        )
    return ray


_REFUSED = 7


def _answer(address: str, env: Mapping[str, str]) -> int:
    """How a cluster answers `ray status` in a process with this environment: 0, `_REFUSED`, or another number for no
    answer.
    """
    code = (
        "import sys; from importlib.metadata import entry_points; from ray.exceptions import AuthenticationError\n"
        "command = next(iter(entry_points(group='console_scripts', name='ray'))).load()\n"
        "sys.argv[:] = ['ray', 'status', '--address', sys.argv[1]]\n"
        "try: command()\n"
        f"except AuthenticationError: sys.exit({_REFUSED})"
    )
    env = {"RAY_AUTH_MODE": "disabled", **env, "RAY_USAGE_STATS_ENABLED": "0"}
    # Isolated: `-c` alone would import a ray.py from the current folder, which is often a folder of recordings.
    try:
        return subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-I", "-c", code, address], env=env, capture_output=True, timeout=60, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return -1


def _no_token() -> ConfigurationError:
    return ConfigurationError(
        "The Ray cluster did not accept the token, or there is none.",
        hint="Every machine needs the cluster's token: RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token.",
    )


def _init(address: str, **options: Any) -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from setproctitle import setproctitle

    # Ray records the command line and the working folder of a driver, which may name people.
    setproctitle("redactor")
    folder = os.getcwd()  # noqa: PTH109
    os.chdir(sys.prefix)
    try:
        ray.init(address, log_to_driver=False, configure_logging=False, **options)
    except ray.exceptions.AuthenticationError:
        raise _no_token() from None
    except Exception as error:  # noqa: BLE001 - Ray raises many types; messages may quote addresses and paths
        raise ClusterUnavailable(f"The Ray cluster cannot be joined or started ({type(error).__name__}).") from None
    finally:
        os.chdir(folder)
    return ray


def _cores() -> int:
    from redactor.speech import usable_cores

    return usable_cores()


class _RaySite:
    def __init__(self, ray: Any, key: bytes, out: Path) -> None:
        self._ray = ray
        self._key = key
        self._out = out

    def machines(self) -> Sequence[Machine]:
        found = []
        for node in self._ray.nodes():
            offered = node["Resources"]
            if node["Alive"] and offered.get("CPU", 0) >= 1:
                found.append(Machine(node["NodeID"], int(offered["CPU"]), int(offered.get("GPU", 0))))
        return found

    def link(self, machine: Machine, name: str) -> _RayLink:
        return _RayLink(self._ray, MessageCipher(self._key, name, driver=True), machine, name, self._out)


class _RayLink:
    def __init__(self, ray: Any, cipher: MessageCipher, machine: Machine, name: str, out: Path) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._ray = ray
        self._cipher = cipher
        cores = max(1, machine.cores // machine.places)
        self._actor = (
            ray.remote(Worker)
            .options(
                num_cpus=cores,
                num_gpus=1 if machine.gpus else 0,
                max_restarts=0,
                max_task_retries=0,
                # `redactor` sets these for libraries; Ray loads some of them before it in a worker.
                runtime_env={
                    "env_vars": {name: os.environ[name] for name in ("ORT_DISABLE_TELEMETRY", "OPENBLAS_NUM_THREADS")}
                },
                scheduling_strategy=NodeAffinitySchedulingStrategy(machine.id, soft=False),
            )
            .remote(str(out), name, cores)
        )

    def start(self, job: JobConfiguration) -> Started:
        sealed = self._get(self._actor.start, self._cipher.seal(job))
        try:
            answer = self._cipher.open(sealed)
        except Tampered:
            raise ConfigurationError(
                "It cannot read this run's key.",
                hint="All machines need the --out folder at the same path, under the same user.",
            ) from None
        if isinstance(answer, RedactorError):
            raise answer
        assert isinstance(answer, Started)
        return answer

    def exchange(self, orders: Orders) -> WorkerReport:
        answer = self._cipher.open(self._get(self._actor.exchange, self._cipher.seal(orders)))
        assert isinstance(answer, WorkerReport)
        return answer

    def cut(self) -> None:
        with suppress(Exception):
            self._ray.kill(self._actor, no_restart=True)

    def _get(self, method: Any, sealed: bytes) -> bytes:
        try:
            answer = self._ray.get(method.remote(sealed))
        except self._ray.exceptions.RayError:
            raise WorkerLost from None
        assert isinstance(answer, bytes)
        return answer
