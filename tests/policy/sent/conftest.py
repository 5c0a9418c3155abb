"""Lets the tests of this folder import `sent_cases`, and loads the detector once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def detector():
    from redactor.phi import build_detector

    return build_detector()
