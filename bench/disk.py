"""A disk that runs full under filings: what was acknowledged is kept, reading goes on, and writing when there is room.

Root only: it mounts a small disk of its own in memory.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core import embedded
from bench import measure
from tests import ground
from tests.attack import live

MEGABYTES = 400
FILINGS = 40


@contextmanager
def small(folder: Path) -> Iterator[None]:
    """A disk of so many megabytes at the folder."""
    subprocess.run(
        [_program("mount"), "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0711", "tmpfs", folder], check=True
    )
    try:
        yield
    finally:
        subprocess.run([_program("umount"), "--lazy", folder], check=True)


def _program(name: str) -> str:
    return shutil.which(name) or f"/bin/{name}"


def fill(folder: Path) -> Path:
    """Write until nothing fits any more."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1024 * 1024)):
                continue
        except OSError:
            return ballast
    raise AssertionError("a disk without an end")


def main() -> int:
    """One disk run full; 1 where an acknowledged filing was lost or an answer was 500."""
    if os.geteuid() != 0:
        measure.tell("disk", skipped="needs root, to mount a small disk")
        return 0
    with tempfile.TemporaryDirectory(prefix="houqin-disk-") as home:
        Path(home).chmod(0o711)
        with small(Path(home)), embedded.Servers(Path(home) / "data") as servers:
            ground.migrate(servers, embedded.DATABASE)
            files = Path(home) / "files"
            files.mkdir()
            with live.running(ground.Ground(servers, embedded.DATABASE, 0, files), "web", "worker") as site:
                return _run(site, Path(home))


def _run(site: live.Site, home: Path) -> int:
    before = site.one("SELECT count(*) FROM ticket")
    ballast = fill(home)
    keys = [secrets.token_hex(8) for _ in range(FILINGS)]
    full = Counter(answer.status for answer in (site.file(key, description="x" * 2000) for key in keys))
    reads = Counter(site.browser("student").get("/tickets").status for _ in range(5))
    alive = site.ask("GET", "/healthz").status
    ballast.unlink()
    began = time.monotonic()
    live.until(lambda: site.file(keys[0], description="x" * 2000).status == 201, 60, "writing again")
    back = time.monotonic() - began
    again = Counter(site.file(key, description="x" * 2000).status for key in keys)
    kept = site.one("SELECT count(*) FROM ticket") - before
    sound = kept == FILINGS and full[500] == 0 and again[201] == FILINGS and reads[200] == 5
    measure.tell(
        "disk",
        wanted={"kept": FILINGS, "answers 500": 0},
        answers_while_full=dict(full),
        reads_while_full=dict(reads),
        alive_while_full=alive,
        kept=kept,
        writing_again_seconds=round(back, 2),
        sound=sound,
    )
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
