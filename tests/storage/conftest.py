import pytest
from archives import Archive

from redactor.storage import run_journal as archive_module


@pytest.fixture
def old_files(monkeypatch):
    """Files count as old enough to be known by their times."""
    monkeypatch.setattr(archive_module, "YOUNG", -1 << 62)


@pytest.fixture
def archive(tmp_path) -> Archive:
    return Archive(tmp_path)
