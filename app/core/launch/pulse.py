"""Signs of life between a forked process and its parent, in memory both see: no server need be there for them."""

from __future__ import annotations

import mmap
import time


class Pulse:
    """Until when a child has promised its next sign of life. Made before the fork; one child at a time."""

    def __init__(self) -> None:
        """Promise nothing."""
        # Written as one number: struct.pack_into would first leave zeros there, which the other side might read.
        self._until = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("d")
        self.forget()

    def promise(self, seconds: float) -> None:
        """Say that the next sign of life comes within so many seconds, which is a sign of life itself."""
        self._until[0] = time.monotonic() + seconds

    def forget(self) -> None:
        """Take back what the child before had promised."""
        self._until[0] = float("inf")

    @property
    def overdue(self) -> bool:
        """Whether a promise was broken; who has promised nothing breaks none."""
        promised = self._until[0]
        return time.monotonic() > promised
