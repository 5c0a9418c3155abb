import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def run() -> Run:
    """The installed command in a process of its own, as a user runs it."""

    def go(*words: object, timeout: float = 300, **kwargs: object) -> subprocess.CompletedProcess[bytes]:
        command = [
            str(Path(sys.executable).with_name("redactor")),
            *(os.fspath(w) if isinstance(w, Path) else str(w) for w in words),
        ]
        return subprocess.run(command, capture_output=True, timeout=timeout, check=False, **kwargs)

    return go
