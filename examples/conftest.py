"""The project in Python imports its module by name, as it does where it stands alone."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lost_answer" / "python"))
