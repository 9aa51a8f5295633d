"""A small checkout for the supervisor: the real launcher over an application of a few lines, quick to start."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WSGI = """
from app.core.launch import process


def web():
    process.die_with_parent()

    def answer(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]

    return answer
"""

# A worker with a horse, as the real one forks: the horse makes its own wish to end with its parent.
WORKER = """
import os, signal, sys, time
from app.core.launch import process
horse = os.fork()
if horse == 0:
    process.die_with_parent(signal.SIGKILL)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    time.sleep(0.2)
"""


def make(folder: Path) -> Path:
    """Make the checkout in `folder`."""
    core = folder / "app" / "core"
    core.mkdir(parents=True)
    (folder / "app" / "__init__.py").touch()
    (core / "__init__.py").touch()
    for name in ("launch", "supervisor"):
        shutil.copytree(ROOT / "app" / "core" / name, core / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("embedded.py", "logs.py", "roles.py"):
        shutil.copy(ROOT / "app" / "core" / name, core)
    (folder / "app" / "wsgi.py").write_text(WSGI, encoding="utf-8")
    (folder / "worker.py").write_text(WORKER, encoding="utf-8")
    (folder / "migrations" / "versions").mkdir(parents=True)
    return folder


class Serving:
    """A supervisor in a process of its own; its output is read as it comes."""

    def __init__(self, checkout: Path, data: Path, *options: str) -> None:
        """Start it on a free port."""
        self.port = free_port()
        self.data = data
        command = [sys.executable, "-P", "-m", "app.core.supervisor.serve", f"--data={data}", f"--port={self.port}"]
        self.process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(checkout)},
        )
        self.lines: list[str] = []
        self._fresh: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._fresh.put(line)
        self._fresh.put("")

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Wait for a line with these words; fails with all that was said instead."""
        while not any(words in line for line in self.lines):
            try:
                line = self._fresh.get(timeout=seconds)
            except queue.Empty:
                line = ""
            if not line:
                self.end(signal.SIGKILL)
                raise AssertionError(f"never said {words!r}: {''.join(self.lines)}")
            self.lines.append(line)

    def end(self, signum: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(signum)
        return self._gone()

    def _gone(self) -> int:
        code = self.process.wait(timeout=60)
        self._reader.join(timeout=5)
        if self.process.stdout:
            self.process.stdout.close()
        return code


@contextlib.contextmanager
def serving(checkout: Path, data: Path, *options: str) -> Iterator[Serving]:
    """Serve until the block ends."""
    served = Serving(checkout, data, *options)
    try:
        served.wait_for("Houqin is ready")
        yield served
    finally:
        if served.process.poll() is None:
            served.end()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
