"""A service with a queue of its own, and a private PostgreSQL."""

import postgresql
import pytest
from ingest_site import ingest_site  # noqa: F401
from service_site import site  # noqa: F401


@pytest.fixture(scope="session")
def postgres():
    """The address of a server for these tests only."""
    if postgresql.missing():
        pytest.skip(postgresql.missing())
    with postgresql.server() as url:
        yield url
