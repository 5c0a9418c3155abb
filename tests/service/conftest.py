"""A service with a queue of its own, and a private PostgreSQL."""

import postgresql
import pytest
from ingest_site import ingest_site  # noqa: F401
from site_of_tests import site  # noqa: F401


@pytest.fixture(scope="session")
def postgres():
    """The address of a server that is there for these tests alone."""
    if postgresql.missing():
        pytest.skip(postgresql.missing())
    with postgresql.server() as url:
        yield url
