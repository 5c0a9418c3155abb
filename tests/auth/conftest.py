"""Passwords that are quick to check, and the log-in pages with a database of their own."""

import pytest
from argon2 import PasswordHasher
from auth_site import AuthSite

from redactor.auth import passwords


@pytest.fixture
def quick(monkeypatch):
    """argon2id with the least memory."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: hasher)
    passwords.decoy_hash.cache_clear()
    yield hasher
    passwords.decoy_hash.cache_clear()


@pytest.fixture
def site(tmp_path, quick) -> AuthSite:
    return AuthSite(tmp_path, f"sqlite:///{tmp_path}/accounts.sqlite")
