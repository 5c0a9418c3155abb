"""Makes `review_site` importable; one site a module, since passwords are slow to hash by design."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [
    p
    for p in (str(HERE), str(HERE.parent / "serve"), str(HERE.parents[2]), str(HERE.parents[2] / "benchmarks"))
    if p not in sys.path
]

from review_site import ReviewSite  # noqa: E402


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return ReviewSite(tmp_path_factory.mktemp("review"))
