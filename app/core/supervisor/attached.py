"""`python3 run.py flask|shell|bench …`: a command inside the environment and servers of a data folder.

Where a supervisor lives, its servers are used; else servers are started for the duration.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from app.core import embedded
from app.core.launch import lock
from app.core.supervisor import external, failures, settings

COMMANDS = {"flask": ["app.wsgi"], "shell": ["app.wsgi", "shell"], "bench": ["bench"]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="run.py")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    command = [*COMMANDS[options.command], *options.arguments]
    return failures.said(lambda: _run(options.data, command), options.data)


def _run(folder: Path, command: list[str]) -> int:
    facts = lock.read(folder)
    # A terminal's Ctrl-C reaches the command too; it decides, and the servers are ended after it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # SIGTERM must unwind, so that servers of our own are ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        if external.named():
            servers = external.ExternalServers(folder, os.environ).environment()
        else:
            servers = stack.enter_context(embedded.attach(folder)).environment()
        url = str(facts.get("base_url") or "http://127.0.0.1:8000")
        demo = bool(facts.get("demo")) or (folder / "demo-password").exists()
        env = settings.environment(folder, servers, url, demo=demo)
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", *command],
            env=env,
            preexec_fn=_interruptible,  # noqa: PLW1509 - one thread here
        )
        try:
            while child.poll() is None:
                time.sleep(0.05)  # never an untimed wait in the main thread: it misses signals
            return child.returncode
        finally:
            child.terminate()
            child.wait(timeout=30)


def _interruptible() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
