"""Who owns a data folder: `folder/lock` holds pid and start time of the owner, its URL, and what it started.

The file is locked by the kernel (flock) while the owner lives, so two starts at once cannot both win and a killed owner
never blocks the next. What a killed owner left running is ended when the folder is taken.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.launch import process


class Taken(RuntimeError):
    """Another live process owns the folder; `facts` is what it noted about itself."""

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        """Say who it is and where it answers."""
        self.facts = facts
        url = facts.get("url")
        where = f" It answers at {url} ." if url else ""
        super().__init__(
            f"Houqin already runs on {folder} (pid {facts.get('pid', '?')}).{where} Stop it with Ctrl-C there "
            f"or `kill {facts.get('pid', 'PID')}`, or give another folder with --data DIR."
        )


class Lock:
    """The right to start servers on one data folder."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder; nothing is taken yet."""
        self.folder = folder
        self._handle: int | None = None
        self._facts: dict[str, Any] = {}

    @property
    def held(self) -> bool:
        """Return whether this object owns the folder."""
        return self._handle is not None

    def take(self) -> None:
        """Make and own the folder, end what a killed owner left. Raises Taken, or OSError where it is not ours."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise Taken(self.folder, read(self.folder)) from None
        self._handle = handle
        _end_leftovers(self.folder, read(self.folder))
        self._facts = {}
        self.note(pid=os.getpid(), started=process.start_time(os.getpid()))

    def note(self, **facts: object) -> None:
        """Add facts to the file; `marks` are the processes to end if this owner is killed."""
        if self._handle is None:
            return
        self._facts |= {
            name: [vars(mark) for mark in value] if isinstance(value, list) else value for name, value in facts.items()
        }
        content = json.dumps(self._facts).encode()
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, content, 0)

    def release(self) -> None:
        """Give the folder free; the empty file stays, since removing a locked file lets two owners in."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None


def read(folder: Path) -> dict[str, Any]:
    """Return what the owner noted; empty where there is none or it was cut short."""
    try:
        found = json.loads((folder / "lock").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_taken(folder: Path) -> bool:
    """Return whether a live process owns the folder."""
    try:
        handle = os.open(folder / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _end_leftovers(folder: Path, facts: dict[str, Any]) -> None:
    """End the processes of a killed owner: pid, start time and data folder tell them from strangers.

    The application's processes go first and at once (what they acknowledged is committed), then the servers in order.
    """
    left = list(process.of_tree(folder))
    for mark in left:
        process.end(mark, ((signal.SIGKILL, 5),))
    for mark in _marks(facts.get("marks")):
        process.end(mark, ((signal.SIGINT if mark.name == "PostgreSQL" else signal.SIGTERM, 20), (signal.SIGKILL, 5)))


def _marks(noted: object) -> Sequence[process.Mark]:
    if not isinstance(noted, list):
        return []
    try:
        return [process.Mark(str(item["name"]), int(item["pid"]), str(item["started"])) for item in noted]
    except (KeyError, TypeError, ValueError):
        return []
