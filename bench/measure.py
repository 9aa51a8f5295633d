"""What is measured and how: CPU of this process and of PostgreSQL, best of whole rounds, requests without a socket."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_CPU_OF_PROCESS = 2  # what the kernel calls CPUCLOCK_SCHED, of the whole process


def machine() -> str:
    """The machine in words, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, load {load:.1f}"


def tell(name: str, **figures: Any) -> None:
    """The entry's one line."""
    print(json.dumps({"bench": name, "machine": machine(), **figures}, ensure_ascii=False), flush=True)


def children_of(parent: int) -> list[int]:
    """The processes started by another."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return found


def postgres_cpu(postmaster: int) -> float:
    """Seconds of CPU PostgreSQL has used so far: its processes, and those that have ended."""
    return _used(postmaster, ended=True) + sum(_used(pid) for pid in children_of(postmaster))


def cpu_below(parent: int) -> float:
    """Seconds of CPU used so far by all processes below one, which ended among them too; its own are left out."""
    return sum(_used(pid, ended=True) + cpu_below(pid) for pid in children_of(parent))


def _used(pid: int, *, ended: bool = False) -> float:
    """Seconds of CPU of a process, with `ended` also those of its children that are gone; 0 for one that is gone.

    Read from the clock Linux keeps of each process (clock_getcpuclockid(3)): `/proc` counts ticks of 10 ms, a quarter
    of a millisecond for each of forty requests. What is gone has left only those ticks.
    """
    try:
        own = time.clock_gettime((~pid << 3) | _CPU_OF_PROCESS)
        if not ended:
            return own
        gone = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]
    except OSError:
        return 0.0
    return own + sum(map(int, gone)) / os.sysconf("SC_CLK_TCK")


def environ(
    method: str, address: str, headers: Mapping[str, str], body: bytes = b"", kind: str = "application/json"
) -> dict[str, Any]:
    """A request as a WSGI server hands it over."""
    path, _mark, query = address.partition("?")
    found: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body:
        found |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": kind}
    return found | {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


def call(app: Callable[..., Iterable[bytes]], request: dict[str, Any], expected: int) -> bytes:
    """One request without a socket; another status than expected ends the run."""
    seen: list[str] = []

    def start(status: str, _headers: Any, _error: Any = None) -> Any:
        seen.append(status)

    answer = app(request, start)
    try:
        body = b"".join(answer)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    if not seen[0].startswith(str(expected)):
        raise SystemExit(f"{request['PATH_INFO']}: {seen[0]}, {body[:400].decode(errors='replace')}")
    return body


def cpu(work: Callable[[], Any], postmaster: int) -> tuple[float, float]:
    """Seconds of CPU a piece of work took: here and in PostgreSQL."""
    there = postgres_cpu(postmaster)
    here = time.process_time()  # what reading the other clocks costs is neither's
    work()
    spent = time.process_time() - here
    return spent, postgres_cpu(postmaster) - there


Costs = dict[str, tuple[float, float]]


def rounds(
    works: Mapping[str, Callable[[int], Callable[[], Any]]], postmaster: int, *, times: int, batch: int
) -> Costs:
    """CPU per call of each work, (here, PostgreSQL) in ms: alternating, best of `times` rounds.

    A work makes, outside the clock, the batch of a given size that is then run inside it.
    """
    best: Costs = {}
    for turn in range(times + 1):
        for name, prepare in works.items():
            here, there = cpu(prepare(batch), postmaster)
            if turn == 0:
                continue  # warms caches, pools and plans
            found = (here / batch * 1000, there / batch * 1000)
            best[name] = min(best.get(name, found), found, key=sum)
    return best


def shown(cost: tuple[float, float]) -> dict[str, float]:
    return {"app_ms": round(cost[0], 3), "database_ms": round(cost[1], 3), "ms": round(sum(cost), 3)}


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
