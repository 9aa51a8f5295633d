"""A child that is started again when it dies, ever more slowly while it keeps dying."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.core.launch import process
from app.core.launch.servers import open_log
from app.core.supervisor import settings

FIRST_WAIT = 0.25
LONGEST_WAIT = 15.0
# A child that lived this long was sound; its next death waits the first wait again.
SOUND_AFTER = 30.0
_END_SECONDS = 12.0


class Child:
    """One program of the application under the supervisor's eye."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        """Keep how to start it."""
        self.name = name
        self.command = list(command)
        self.env = env
        self.log = log
        self.deaths = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait = FIRST_WAIT / 2
        self._again_at: float | None = None

    def start(self) -> None:
        """Start it; its output goes to its log."""
        with open_log(self.log) as output:
            self._process = process.spawn(self.command, env=self.env, cwd=settings.ROOT, output=output)
        self._started = time.monotonic()
        self._again_at = None

    def revive(self) -> bool:
        """Start it again if it died and its wait is over; return whether it was started."""
        if self._process is None or self._process.poll() is None:
            return False
        now = time.monotonic()
        if self._again_at is None:
            sound = now - self._started > SOUND_AFTER
            self._wait = FIRST_WAIT if sound else min(self._wait * 2, LONGEST_WAIT)
            self._again_at = now + self._wait
        if now < self._again_at:
            return False
        self.start()
        self.deaths += 1
        return True

    def ask_to_end(self) -> None:
        """Ask it to finish what it does; does not wait."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Wait for it to go, then use force."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=5)
