"""Child processes that never outlive their parent, and marks by which a later start knows what a crash left behind.

A mark is a pid with the start time of its process, since pids are reused. On Linux a child asks the kernel for a
signal at the death of its parent (PDEATHSIG). That wish is not inherited over fork and fires when the spawning
*thread* ends: spawn from the main thread only, and let every process that forks on call `die_with_parent` in its
children.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

TREE = "HOUQIN_TREE"
"""Environment variable that names the data folder a process works for; children inherit it."""

NOBODY = 65534
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_LINUX = sys.platform == "linux"
# Loaded here, not in the child: between fork and exec as little as possible may happen.
_libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None


@dataclass(frozen=True)
class Identity:
    """Whom a server runs as: `self` as we do, `dropped` as nobody, `namespace` as nobody in a namespace over root."""

    kind: Literal["self", "dropped", "namespace"] = "self"

    @property
    def owner(self) -> int:
        """Return the uid that owns the files such a server makes, seen from outside."""
        return NOBODY if self.kind == "dropped" else os.geteuid()


@dataclass(frozen=True)
class Mark:
    """A process that is or was: `started` tells it from a later one with the same pid."""

    name: str
    pid: int
    started: str

    def alive(self) -> bool:
        """Return whether exactly this process still runs."""
        return start_time(self.pid) == self.started


def start_time(pid: int) -> str | None:
    """Return when the process began, as a text that is equal for the same process only; None if it has ended."""
    if not _LINUX:
        shown = subprocess.run(
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return shown.stdout.strip() or None
    try:
        # The name in parentheses may hold spaces; what follows the last one is regular.
        values = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    state, ticks = values[0], values[19]
    return None if state in {"Z", "X"} else f"{_boot()}:{ticks}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def die_with_parent(signum: int = signal.SIGKILL, *, parent: int | None = None) -> None:
    """Ask to be sent `signum` when the thread that started this process ends; ends at once if it has already.

    `parent` is the pid expected as parent; without it, only a parent that is already init counts as gone.
    """
    if not _LINUX or _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
    now = os.getppid()
    if (parent is not None and now != parent) or (parent is None and now == 1 and os.getpid() != 1 and _orphaned()):
        os.kill(os.getpid(), signum)


def _orphaned() -> bool:
    # Under systemd, or in a container, pid 1 is a true parent: only processes of our own tree ask, and there pid 1 is
    # what started us where it carries our mark too.
    if TREE not in os.environ:  # noqa: TID251 - the mark of the tree, which only the starters of processes read
        return False
    try:
        return TREE.encode() not in Path("/proc/1/environ").read_bytes()
    except OSError:
        return True


def spawn(
    argv: Sequence[str],
    *,
    identity: Identity | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[Any] | int | None = None,
    at_parents_death: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own (Ctrl-C reaches the parent only) that ends when this thread does."""
    return subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
        preexec_fn=_before_exec(identity or Identity(), os.getpid(), at_parents_death),  # noqa: PLW1509 - the only way to PDEATHSIG
    )


def run(
    argv: Sequence[str], *, identity: Identity | None = None, env: Mapping[str, str] | None = None, text: str = ""
) -> str:
    """Run a program to its end and return its output; raises CalledProcessError with its words."""
    done = subprocess.run(
        list(argv),
        input=text,
        env=None if env is None else dict(env),
        text=True,
        capture_output=True,
        check=True,
        timeout=120,
        preexec_fn=_before_exec(identity or Identity(), os.getpid(), signal.SIGKILL),
    )
    return done.stdout


def _before_exec(identity: Identity, parent: int, at_parents_death: int) -> Callable[[], None]:
    def prepare() -> None:
        if identity.kind == "dropped":
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        elif identity.kind == "namespace":
            _enter_namespace()
        # A change of uid clears the wish, so it comes last.
        die_with_parent(at_parents_death, parent=parent)

    return prepare


def _enter_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    if _libc is None or _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace")
    for name, line in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {uid} 1"), ("gid_map", f"{NOBODY} {gid} 1")):
        handle = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(handle, line.encode())
        os.close(handle)


def reachable(path: Path, uid: int) -> bool:
    """Return whether `uid`, without any privilege, could enter the folder `path` (which may not exist yet)."""
    for folder in (path, *path.parents):
        try:
            status = folder.stat()
        except FileNotFoundError:
            continue
        bits = status.st_mode >> 6 if status.st_uid == uid else status.st_mode
        if not bits & 0o1:
            return False
    return True


def wait_until(happened: Callable[[], bool], seconds: float) -> bool:
    """Look every 10 ms for up to `seconds`; return whether it happened."""
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() >= until:
            return False
        time.sleep(0.01)
    return True


def end(mark: Mark, signals: Sequence[tuple[int, float]]) -> bool:
    """Send each signal in turn and wait its seconds for the process to go; return whether it went."""
    for signum, seconds in signals:
        if not mark.alive():
            return True
        try:
            os.kill(mark.pid, signum)
        except ProcessLookupError:
            return True
        if wait_until(lambda: not mark.alive(), seconds):
            return True
    return not mark.alive()


def of_tree(folder: Path) -> Iterator[Mark]:
    """Yield every other process whose environment names `folder` as the data folder it works for. Linux only."""
    wanted = f"{TREE}={folder}".encode()
    for entry in Path("/proc").glob("[0-9]*") if _LINUX else ():
        pid = int(entry.name)
        try:
            found = wanted in (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        started = start_time(pid) if found and pid != os.getpid() else None
        if started:
            yield Mark("process", pid, started)
