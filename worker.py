"""Relay and workers of one node: one process that builds the application once, forks its parts and keeps them alive.

    python3 worker.py

Parts: the relay, one worker for each queue and, where METRICS_PORT is set, the process that serves `/metrics`. Any
number of nodes may run this. A worker that lives but hangs, so that its promised sign of life stays away, is killed and
started again. The first SIGTERM or SIGINT lets every part finish what it does, within GRACE_SECONDS; a second one ends
all at once. Nothing is lost in any case: what was not finished is delivered again.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType

from flask import Flask

from app import create_app
from app.core import deliveries, metrics, queue, relay
from app.core.launch import process
from app.core.launch.pulse import Pulse
from config import Config, ConfigError

GRACE_SECONDS = 8.0
FIRST_WAIT = 0.2
LONGEST_WAIT = 2.0
SOUND_AFTER = 10.0  # a part that lived this long starts again after the first wait
TICK_SECONDS = 0.5
LATE_SECONDS = 3.0  # a tick that comes so much later than it should judges nobody

log = logging.getLogger("houqin.worker")

Run = Callable[[Pulse], None]


@dataclass(slots=True)
class Part:
    """One forked process and when it may be started again."""

    name: str
    run: Run
    pid: int = 0
    started: float = 0.0
    wait: float = FIRST_WAIT
    again_at: float = 0.0
    pulse: Pulse = field(default_factory=Pulse)

    def fork(self) -> None:
        """Start it; the child never returns."""
        parent = os.getpid()
        self.started, self.again_at = time.monotonic(), 0.0
        self.pulse.forget()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _become(self, parent)

    def ended(self, status: int) -> None:
        """Note its death and how long to wait before the next start."""
        lived = time.monotonic() - self.started
        self.pid = 0
        self.wait = FIRST_WAIT if lived > SOUND_AFTER else min(self.wait * 2, LONGEST_WAIT)
        self.again_at = time.monotonic() + self.wait
        log.warning("part ended", extra={"part": self.name, "status": os.waitstatus_to_exitcode(status)})

    @property
    def hangs(self) -> bool:
        """Whether its sign of life is overdue."""
        return bool(self.pid) and self.pulse.overdue

    def kill(self) -> None:
        """End it: who is stopped hears no other signal."""
        log.warning("part hangs", extra={"part": self.name, "pid": self.pid})
        self.pulse.forget()
        os.kill(self.pid, signal.SIGKILL)


def _become(part: Part, parent: int) -> None:
    """The child's life: alone with its signals and connections, gone when its parent goes."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(signum, signal.SIG_DFL)
        process.die_with_parent(parent=parent)
        deliveries.after_fork()
        part.run(part.pulse)
        code = 0
    except SystemExit:
        code = 0
    except BaseException:  # the boundary of a process: say why, then end
        log.exception("part failed", extra={"part": part.name})
    finally:
        logging.shutdown()
        os._exit(code)


class Node:
    """All parts of this node under one main thread, which waits with a time-out, never without."""

    def __init__(self, parts: Mapping[str, Run]) -> None:
        self.parts = [Part(name, run) for name, run in parts.items()]
        self.asked = 0
        self._judged = self._sparing_until = 0.0
        self._reader, self._writer = os.pipe()

    def run(self) -> int:
        """Keep the parts running until asked to end; returns the exit code."""
        self._judged = time.monotonic()
        self._listen()
        for part in self.parts:
            part.fork()
        while not self.asked:
            self._sleep(TICK_SECONDS)
            self._reap()
            self._end_who_hangs()
            self._revive()
        self._end()
        return 0

    def _listen(self) -> None:
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._ask)
        signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)  # wakes the wait

    def _ask(self, _signum: int, _frame: FrameType | None) -> None:
        self.asked += 1

    def _sleep(self, seconds: float) -> None:
        if select.select([self._reader], [], [], seconds)[0]:
            os.read(self._reader, 4096)

    def _reap(self) -> None:
        for part in self.parts:
            if part.pid:
                found, status = os.waitpid(part.pid, os.WNOHANG)
                if found:
                    part.ended(status)

    def _end_who_hangs(self) -> None:
        """Kill the parts that hang. A node that stood still itself (a frozen machine) may be awake before its parts:
        they get the time of a beat to show that they live."""
        hanging = [part for part in self.parts if part.hangs]  # before the clock is read: it may stand still in between
        now = time.monotonic()
        if now - self._judged > TICK_SECONDS + LATE_SECONDS:
            log.warning("node stood still", extra={"seconds": round(now - self._judged, 1)})
            self._sparing_until = now + queue.BEAT_SECONDS
        self._judged = now
        if now >= self._sparing_until:
            for part in hanging:
                part.kill()

    def _revive(self) -> None:
        for part in self.parts:
            if not part.pid and not self.asked and time.monotonic() >= part.again_at:
                part.fork()

    def _end(self) -> None:
        """Ask every part to finish; who has not after the grace, or at a second signal, is ended."""
        self._send(signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        while any(part.pid for part in self.parts):
            if self.asked > 1 or time.monotonic() >= until:
                self._send(signal.SIGKILL)
                until = time.monotonic() + GRACE_SECONDS
            self._sleep(0.1)
            self._reap()

    def _send(self, signum: int) -> None:
        for part in self.parts:
            if part.pid:
                os.kill(part.pid, signum)


def parts(app: Flask, config: Config) -> dict[str, Run]:
    """The parts of a node by name."""
    found: dict[str, Run] = {"relay": lambda _pulse: _relay(app, config)}
    for name in queue.QUEUES:
        found[name] = _worker(name, config)
    if config.metrics_port:
        found["metrics"] = lambda _pulse: _metrics(app, config)
    return found


def _worker(name: str, config: Config) -> Run:
    return lambda pulse: queue.run_worker(name, config.redis_url, pulse.promise)


def _relay(app: Flask, config: Config) -> None:
    stop = _stop_at_signal()
    relay.run(app, config.redis_url, config.direct_database_url, stop.is_set)


def _metrics(app: Flask, config: Config) -> None:
    stop = _stop_at_signal()
    store = queue.client(config.redis_url)
    with metrics.serve(app, config.metrics_port, lambda: queue.depths(store)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
        while not stop.wait(1.0):
            continue
        server.shutdown()


def _stop_at_signal() -> threading.Event:
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda _signum, _frame: stop.set())
    return stop


def main() -> int:
    """Run the node; a configuration that cannot be used is said in sentences."""
    try:
        config = Config.from_env(os.environ)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return Node(parts(create_app(config, "worker"), config)).run()


if __name__ == "__main__":
    sys.exit(main())
