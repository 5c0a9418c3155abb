"""Makes `site_of_tests` and the benchmarks importable."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [p for p in (str(Path(__file__).parent), str(ROOT), str(ROOT / "benchmarks")) if p not in sys.path]

import postgresql  # noqa: E402
import pytest  # noqa: E402
from desk_of_tests import desk  # noqa: E402, F401
from site_of_tests import site  # noqa: E402, F401


@pytest.fixture(scope="session")
def postgres():
    """The address of a server that is there for these tests alone."""
    if postgresql.missing():
        pytest.skip(postgresql.missing())
    with postgresql.server() as url:
        yield url
