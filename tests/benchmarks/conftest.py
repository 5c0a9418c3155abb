"""Makes the benchmarks, and the repository's folders that they use, importable: they are not part of the installed package."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path += [p for p in (str(ROOT), str(ROOT / "benchmarks")) if p not in sys.path]
