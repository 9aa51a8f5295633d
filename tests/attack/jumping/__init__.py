"""Programs whose clock of the day jumps at a test's word."""

from __future__ import annotations

import os
from pathlib import Path

from tests.attack import live

FOLDER = Path(__file__).parent


def settings(off: Path) -> dict[str, str]:
    """The environment in which a program's clock is off by the seconds that stand in the file `off`."""
    return {"PYTHONPATH": os.pathsep.join([str(FOLDER), str(live.ROOT)]), "CLOCK_OFF": str(off)}
