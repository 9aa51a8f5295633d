"""Children end with their parent, and a pid alone never names a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.launch import process

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part of it is Linux's")
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
# A parent that spawns a sleeping child, tells its pid and waits.
PARENT = """
import sys, time
from app.core.launch import process
child = process.spawn([sys.executable, "-c", "import time; time.sleep(60)"], at_parents_death=15)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_mark_is_of_one_process_only() -> None:
    child = process.spawn(SLEEP)
    mark = process.Mark("child", child.pid, process.start_time(child.pid) or "")
    assert mark.alive()
    assert not process.Mark("child", child.pid, "another time").alive()
    assert process.end(mark, ((signal.SIGTERM, 5),))
    assert not mark.alive(), "a zombie is not alive"
    child.wait(timeout=5)


def test_force_follows_where_asking_does_not_help() -> None:
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        mark = process.Mark("stubborn", child.pid, process.start_time(child.pid) or "")
        assert process.end(mark, ((signal.SIGTERM, 0.2), (signal.SIGKILL, 5)))


@LINUX
def test_a_child_ends_with_a_killed_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=_env()) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        started = process.start_time(pid)
        assert started
        parent.kill()
    assert process.wait_until(lambda: process.start_time(pid) != started, 5)


@LINUX
def test_the_processes_of_a_data_folder_are_found_by_its_name(tmp_path: Path) -> None:
    ours = process.spawn(SLEEP, env={**os.environ, process.TREE: str(tmp_path)})
    others = process.spawn(SLEEP, env={**os.environ, process.TREE: str(tmp_path / "other")})
    # The environment is the new program's only after exec.
    assert process.wait_until(lambda: [mark.pid for mark in process.of_tree(tmp_path)] == [ours.pid], 5)
    for child in (ours, others):
        child.kill()
        child.wait(timeout=5)


def test_a_folder_is_reachable_where_every_parent_lets_pass(tmp_path: Path) -> None:
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    inner.parent.chmod(0o700)
    assert process.reachable(inner, os.geteuid())
    assert not process.reachable(inner, 54321)
    assert not process.reachable(inner / "not" / "there", 54321)


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
