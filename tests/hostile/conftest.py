"""Makes the repository's own folders (tests, sample_audio, models) importable: they are not part of the installed package."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
