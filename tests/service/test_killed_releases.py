"""A service that is killed while it releases a recording: the next one finishes it."""

import subprocess
import sys
from pathlib import Path

import pytest
from service_site import settled, wait_for
from test_releases import SET, check_artefacts, quarantined, row_of, running
from test_releases import house as house  # noqa: PLC0414 - the fixture

KILLED = """
import os, sys
sys.path[:0] = {paths!r}
from contextlib import contextmanager
from pathlib import Path
import test_releases as t
from service_site import Finder
from redactor import builders
from redactor.config import load_settings
from redactor.job_config import job_configuration_of
from redactor.service.app import Service

builders.build_detector = lambda *_: Finder()
settings = load_settings(Path({config!r}))

class House:
    @contextmanager
    def service(self, **_):
        service = Service(settings, job_configuration_of(settings))
        service.start()
        yield service

    def tables(self):
        return {{}}

house = House()
with t.running(house) as service:
    message = service._review.jobs.messages.message_of(1)
    ray = house.browser("ray")
    t.opened(ray, message)
    import {module} as module
    module.{name} = lambda *_, **__: os._exit(9)
    t.post(ray, f"/messages/{{message}}/release", version="1", reason=t.REASON)
"""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("redactor.service.jobs.releases", "JobReleases.begin"),
        ("redactor.pipeline", "save_set"),
        ("redactor.service.in_place_redaction", "Originals.finish"),
        ("redactor.service.jobs.releases", "JobReleases.end"),
        ("redactor.review.releases", "Releases._finished"),
    ],
)
def test_a_release_that_is_killed_is_finished_at_the_next_start(house, module, name):
    with running(house) as service:
        path, message = quarantined(house, service)
    here = Path(__file__).parent
    paths = [
        str(p) for p in (here, here.parent / "review", here.parent, here.parents[1] / "benchmarks", here.parents[1])
    ]
    script = KILLED.format(paths=paths, config=str(house.config), module=module, name=name)
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert killed.returncode == 9, killed.stderr
    with running(house) as service:
        wait_for(lambda: row_of(service, message)["outcome"] == "released", seconds=60)
        assert settled(service, 1) == {"redacted": 1}
        check_artefacts(path, message, [])
        assert not path.with_suffix(".quarantined.json").exists()
    assert {p.name for p in house.recordings.iterdir()} == {"a.wav", *(f"a.redacted{s}" for s in SET)}
