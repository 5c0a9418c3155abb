import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def hard() -> dict[str, dict[str, Any]]:
    """The label rows of the hard recordings by id."""
    lines = (ROOT / "sample_audio" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines) if row["outcome"] != "redacted"}
