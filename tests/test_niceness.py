"""Niceness of a session as a whole, read back from the kernel."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from redactor.niceness import AUTOGROUP

PROGRAM = (
    "import os, sys; sys.path[:] = {path!r}; os.nice(7)\n"
    "from redactor.niceness import AUTOGROUP, follow_niceness\n"
    "follow_niceness(); print(open(AUTOGROUP).read())"
)
NICER = min(19, max(0, os.nice(0) + 7))
"""Where a process is that starts as nice as this one and adds 7."""
needs_autogroup = pytest.mark.skipif(
    not Path(AUTOGROUP).is_file() or not os.access(AUTOGROUP, os.W_OK), reason="the kernel has no autogroups"
)


def group_after(**kwargs):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(path=sys.path)], capture_output=True, check=True, text=True, **kwargs
    )
    return done.stdout.strip()


@needs_autogroup
def test_a_session_of_its_own_yields_as_a_whole():
    assert group_after(start_new_session=True).endswith(f" nice {NICER}")


@needs_autogroup
def test_a_session_that_others_share_stays_as_it_is():
    before = Path(
        AUTOGROUP
    ).read_text()  # nothing at all where the session began before the kernel grouped any: process 1's
    assert group_after() == before.strip()


DECODER = """
import os, sys; sys.path[:] = {path!r}; os.nice(7)
from pathlib import Path
from redactor.audio.sandbox import SandboxedDecoder

def below(pid):
    children = Path(f"/proc/{{pid}}/task/{{pid}}/children").read_text().split()
    return [int(c) for c in children] + [g for c in children for g in below(c)]

with SandboxedDecoder() as decoder:
    groups = [Path(f"/proc/{{pid}}/autogroup").read_text().strip() for pid in below(decoder._process.pid)]
    print(decoder.layers[0], *groups, sep="\\n")
"""


@needs_autogroup
def test_the_decoder_in_bubblewrap_yields_with_its_service():
    command = [sys.executable, "-c", DECODER.format(path=sys.path)]
    by, *groups = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed (the package bubblewrap)")
    if by != "bubblewrap":
        pytest.skip("bubblewrap does not work here: user namespaces are forbidden")
    assert groups[-1].endswith(f" nice {NICER}")


SERVE = """
import os, sys; sys.path[:] = {path!r}

def nice(by):
    print(by, sorted({{"numpy", "spacy", "presidio_analyzer", "sqlalchemy", "ctranslate2"}} & set(sys.modules)))
    sys.stdout.flush()
    os._exit(0)

os.nice = nice
from redactor.cli.serve import serve
from pathlib import Path; serve(config=Path({config!r}))
"""


def test_the_service_yields_before_it_loads_what_is_large(tmp_path):
    config = tmp_path / "redactor.toml"
    config.write_text(
        f'[service]\nspool = "{tmp_path}/spool"\nstate = "{tmp_path}/state"\nroots = ["{tmp_path}"]\nnice = 5\n'
    )
    program = SERVE.format(path=sys.path, config=config.as_posix())
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout == "5 []\n"
