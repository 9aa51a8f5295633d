"""A wall clock that jumps: programs started with this folder on their path read how far off it is from a file.

Only Python's clock of the day is moved (`datetime.now`, `time.time`), as a wrong NTP server moves it under running
programs; what counts spans (`time.monotonic`) and PostgreSQL's own clock go on.
"""

import datetime
import os
import time
from pathlib import Path
from typing import Any

_FILE = Path(os.environ["CLOCK_OFF"])
_TRUE, _SECONDS = datetime.datetime, time.time


def _off() -> float:
    return float(_FILE.read_text(encoding="ascii") or 0)


class _Kind(type):
    """What the driver makes of the true kind passes for one of ours."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _TRUE)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, _TRUE)


class _Jumping(_TRUE, metaclass=_Kind):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _TRUE.now(tz) + datetime.timedelta(seconds=_off())


datetime.datetime = _Jumping
time.time = lambda: _SECONDS() + _off()
