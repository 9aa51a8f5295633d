"""One live process owns a data folder; a killed one never blocks the next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.launch import lock, process

OWNER = """
import sys, time
from pathlib import Path
from app.core.launch import lock
held = lock.Lock(Path(sys.argv[1]))
held.take()
held.note(url="http://127.0.0.1:8765")
print("on", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_second_owner_is_told_where_the_first_answers(folder: Path) -> None:
    first = lock.Lock(folder)
    first.take()
    first.note(url="http://127.0.0.1:8765")
    with pytest.raises(lock.Taken, match=r"http://127\.0\.0\.1:8765") as caught:
        lock.Lock(folder).take()
    assert str(os.getpid()) in str(caught.value)
    assert lock.is_taken(folder)
    first.release()
    assert not lock.is_taken(folder)
    lock.Lock(folder).take()


def test_a_killed_owner_blocks_nobody_and_its_processes_are_ended(folder: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    with subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, env=env) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        assert lock.is_taken(folder)
        owner.kill()
    assert lock.read(folder)["url"] == "http://127.0.0.1:8765"
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    mark = {"name": "Valkey", "pid": left.pid, "started": process.start_time(left.pid)}
    stranger = {"name": "Valkey", "pid": os.getpid(), "started": "at another time"}
    (folder / "lock").write_text(json.dumps({"marks": [mark, stranger]}), encoding="utf-8")
    next_one = lock.Lock(folder)
    next_one.take()
    assert left.wait(timeout=5) == -signal.SIGTERM
    next_one.release()


def test_a_cut_file_reads_as_nothing_known(folder: Path) -> None:
    folder.mkdir()
    (folder / "lock").write_text('{"pid": 1, "mar', encoding="utf-8")
    assert lock.read(folder) == {}
    taken = lock.Lock(folder)
    taken.take()
    taken.release()
