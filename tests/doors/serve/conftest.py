import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from site_of_tests import site  # noqa: F401
