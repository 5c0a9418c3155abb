"""Makes the repository's own folders (sample_audio, models) importable: they are not part of the installed package."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))


@pytest.fixture(scope="session")
def hard() -> dict[str, dict[str, Any]]:
    """The label rows of the hard recordings by id."""
    lines = (ROOT / "sample_audio" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines) if row["outcome"] != "redacted"}
