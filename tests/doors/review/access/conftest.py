"""Makes `entrance` and the private PostgreSQL importable, and passwords quick to check."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
sys.path[:0] = [p for p in (str(Path(__file__).parent), str(ROOT), str(ROOT / "benchmarks")) if p not in sys.path]

from argon2 import PasswordHasher  # noqa: E402
from entrance import Entrance  # noqa: E402

from redactor.doors.serve.review.access import passwords  # noqa: E402


@pytest.fixture
def quick(monkeypatch):
    """argon2id with the least memory."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: hasher)
    passwords.nobody.cache_clear()
    yield hasher
    passwords.nobody.cache_clear()


@pytest.fixture
def entrance(tmp_path, quick) -> Entrance:
    return Entrance(tmp_path, f"sqlite:///{tmp_path}/accounts.sqlite")
