"""Loads the detector once."""

import pytest


@pytest.fixture(scope="session")
def detector():
    from redactor.phi import build_detector

    return build_detector()
