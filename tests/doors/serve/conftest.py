"""Makes `site_of_tests` and the benchmarks importable."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [p for p in (str(Path(__file__).parent), str(ROOT), str(ROOT / "benchmarks")) if p not in sys.path]

from site_of_tests import site  # noqa: E402, F401
