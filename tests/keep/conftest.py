import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from archives import Archive

from redactor.keep import archive as archive_module


@pytest.fixture
def old_files(monkeypatch):
    """Files count as old enough to be known by their times."""
    monkeypatch.setattr(archive_module, "YOUNG", -1 << 62)


@pytest.fixture
def archive(tmp_path) -> Archive:
    return Archive(tmp_path)
