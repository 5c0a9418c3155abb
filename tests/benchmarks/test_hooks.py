"""The benchmark of hooks in small: bursts, doubles, damage and kills leave exactly one result each, on both databases."""

import hooks
import postgresql
import pytest


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kills_lose_and_double_nothing(tmp_path, database):
    if database == "postgresql":
        if postgresql.missing():
            pytest.skip(postgresql.missing())
        with postgresql.server() as url:
            found = hooks.killed_run(tmp_path, recordings=60, kills=2, services=2, database=url)
    else:
        found = hooks.killed_run(tmp_path, recordings=60, kills=1, services=1, database="")
    assert not found["wrong"], found
    assert found["killed"] >= 1
    assert found["states"] == {"redacted": 59, "failed": 1}
    assert set(found["hook_codes"]) == {"0"}
    assert set(found["drained"]) == {0}
