"""The web server: granian with two processes of sixteen threads, and waits that no signal can slip through.

`python -m app.core.supervisor.web HOST PORT`. Granian's first process and its workers wait without a time-out; a signal
that the kernel hands to another thread does not wake such a wait, and the process never ends. Here every such wait
looks up four times a second. The one module of this folder that needs a package.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import threading

from granian import Granian
from granian.constants import HTTPModes, Interfaces

WORKERS = 2
THREADS = 16
# Requests taken in per process beyond the threads; more are left waiting in the kernel.
BACKPRESSURE = 256
_LOOK_UP_SECONDS = 0.25
_wait = threading.Event.wait


def _patient_wait(event: threading.Event, timeout: float | None = None) -> bool:
    if timeout is not None:
        return _wait(event, timeout)
    while not _wait(event, _LOOK_UP_SECONDS):
        pass
    return True


# At import, not in main: a worker started by spawning imports this module and nothing else of ours.
threading.Event.wait = _patient_wait  # type: ignore[assignment,method-assign]  # the reason stands at the top of the module


def _forget_signals() -> None:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)


# A worker asked to end while it still loads the application would note that in its copy of the parent and go on.
os.register_at_fork(after_in_child=_forget_signals)


def main(host: str, port: int) -> None:
    """Serve `app.wsgi:web` until SIGINT or SIGTERM; a worker that dies is started again."""
    # Imported once, before the workers are forked: half the start's work, and the pages are shared.
    importlib.import_module("app.wsgi")
    gc.freeze()
    Granian(
        "app.wsgi:web",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=WORKERS,
        blocking_threads=THREADS,
        backpressure=BACKPRESSURE,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=10,
        log_dictconfig={"formatters": {key: {"()": "app.core.logs.JsonFormatter"} for key in ("generic", "access")}},
    ).serve()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
