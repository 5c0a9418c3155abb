"""Lets the tests of this folder import `sent_cases` and the shared speech-like sounds."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
for folder in (Path(__file__).parent, ROOT / "tests" / "policy" / "sent", ROOT):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
