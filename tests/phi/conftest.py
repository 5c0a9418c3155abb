"""One detector for all tests of detection."""

from __future__ import annotations

import pytest

from redactor.phi import Detector, build_detector
from redactor.types import IDENTIFIERS


@pytest.fixture(scope="session")
def detector() -> Detector:
    """Identifiers only; the clinical recognizers have tests of their own."""
    return build_detector(labels=IDENTIFIERS)
