"""A start that cannot go on says what is missing and the command that mends it; only a defect shows a traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from app.core.launch import lock
from app.core.launch.servers import ServerError


class Failure(Exception):
    """The start cannot go on; the message says what is missing and the command that mends it."""


def said(work: Callable[[], int], folder: Path) -> int:
    """Return what `work` returns, or 1 after saying why it could not be done."""
    try:
        return work()
    except (Failure, lock.Taken, ServerError) as error:
        words = str(error)
    except OSError as error:
        words = _of_system(error, folder)
    except subprocess.SubprocessError as error:
        words = f"A program failed: {error}"
    print(words, file=sys.stderr, flush=True)
    return 1


def _of_system(error: OSError, folder: Path) -> str:
    other = "take another folder with --data DIR"
    if isinstance(error, PermissionError):
        command = "chown -R $(id -un)" if os.path.exists(folder) else "install -d -o $(id -un)"
        mend = f"Give it to yourself (sudo {command} {folder}) or {other}."
        return f"{error.filename} may not be written or read. {mend}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"There is no space left for {folder}. Look with `df -h {folder}`, make room, or {other}."
    if isinstance(error, NotADirectoryError | FileExistsError):
        return f"{folder} cannot be a folder: a file is in its way; {other}."
    if error.errno == errno.EROFS:
        return f"{folder} cannot be written: it lies on a read-only disk; {other}."
    if _is_its_way(error.filename, folder):
        return f"{folder} cannot be made or used ({error.strerror}); {other}."
    raise error


def _is_its_way(named: str | bytes | Path | None, folder: Path) -> bool:
    """Whether what an error names is the folder, one above it, or the lock, the first thing looked for in it.

    The system says very different things of a place where no folder can be, down to "no such file" below /proc.
    """
    return named is not None and Path(os.fsdecode(named)) in (folder / "lock", folder, *folder.parents)


def of_listening(error: OSError, host: str, port: int) -> Failure:
    """Return what to say when the address cannot be listened on."""
    cannot = f"{host}:{port} cannot be listened on ({error.strerror or error})."
    if error.errno == errno.EADDRINUSE:
        return Failure(f"{cannot} Take another port: python3 run.py --port {port + 1 if port < 65535 else 8000}")
    if error.errno == errno.EACCES:
        return Failure(f"{cannot} Take a port above 1023: python3 run.py --port 8000")
    return Failure(f"{cannot} Take an address of this machine: python3 run.py --host 127.0.0.1")
