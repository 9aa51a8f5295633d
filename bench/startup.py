"""The second start of `run.py` until its first page, and what importing and building the application costs."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import ground, measure

IMPORT = "import time; a = time.process_time(); import app.wsgi; print(time.process_time() - a)"
LIMIT = 300


def started(folder: Path, port: int, *more: str) -> float:
    """Seconds from the command to the first sign-in page; ended as Ctrl-C ends it."""
    begun = time.perf_counter()
    with (folder.parent / "run.log").open("ab") as log:
        serving = subprocess.Popen(
            [sys.executable, str(ground.ROOT / "run.py"), "--data", str(folder), "--port", str(port), *more],
            cwd=ground.ROOT,
            stdout=log,
            stderr=log,
        )
        try:
            ground.await_answer(port, "/login", serving, LIMIT)
            return time.perf_counter() - begun
        finally:
            serving.send_signal(signal.SIGINT)
            serving.wait(timeout=60)


def imports(times: int = 5) -> float:
    """Seconds of CPU the import of the whole application takes, best of some."""
    runs = [
        float(subprocess.run([sys.executable, "-c", IMPORT], cwd=ground.ROOT, capture_output=True, check=True).stdout)
        for _ in range(times)
    ]
    return min(runs)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="houqin-bench-") as home:
        Path(home).chmod(0o711)
        folder, port = Path(home) / "data", ground.free_port()
        first = started(folder, port)
        again = [started(folder, port) for _ in range(3)]
    measure.tell(
        "startup",
        wanted={"second_s": 5},
        first_with_demo_s=round(first, 1),
        second_s=round(min(again), 1),
        second_each_s=[round(each, 1) for each in again],
        import_cpu_s=round(imports(), 2),
    )


if __name__ == "__main__":
    main()
