"""Signs of life between a forked process and its parent, in memory both see: no server need be there for them."""

from __future__ import annotations

import mmap
import struct
import time

_MOMENT = struct.Struct("d")


class Pulse:
    """Until when a child has promised its next sign of life. Made before the fork; one child at a time."""

    def __init__(self) -> None:
        """Promise nothing."""
        self._memory = mmap.mmap(-1, _MOMENT.size)
        self.forget()

    def promise(self, seconds: float) -> None:
        """Say that the next sign of life comes within so many seconds, which is a sign of life itself."""
        _MOMENT.pack_into(self._memory, 0, time.monotonic() + seconds)

    def forget(self) -> None:
        """Take back what the child before had promised."""
        _MOMENT.pack_into(self._memory, 0, float("inf"))

    @property
    def overdue(self) -> bool:
        """Whether a promise was broken; who has promised nothing breaks none."""
        promised: float = _MOMENT.unpack_from(self._memory)[0]
        return time.monotonic() > promised
