"""The benchmark of hooks in small: bursts, doubles, damage and kills leave exactly one result each, on both
databases.
"""

import hooks
import postgresql
import pytest


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kills_lose_and_double_nothing(tmp_path, database):
    if database == "postgresql":
        if postgresql.missing():
            pytest.skip(postgresql.missing())
        with postgresql.server() as url:
            found = hooks.killed_run(tmp_path, recordings=50, kills=1, services=2, database=url, ner="none")
    else:
        found = hooks.killed_run(tmp_path, recordings=50, kills=1, services=1, database="", ner="none")
    assert not found["wrong"], found
    assert found["killed"] == 1
    assert found["states"] == {"redacted": 49, "failed": 1}
    assert set(found["hook_codes"]) == {"0"}
    # -15: it was told to end before it had begun.
    assert set(found["drained"]) <= {0, -15}
