"""Figures of several processes add up, a restarted process goes on counting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ground

COUNT = """
import os, sys
from app import create_app
from config import Config
from app.core import metrics

app = create_app(Config.from_env(os.environ), "web")
for _ in range(int(sys.argv[1])):
    app.test_client().get("/healthz")
if len(sys.argv) > 2:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(metrics._Process.folder))
    print(generate_latest(registry).decode())
print("counted", flush=True)
sys.stdin.read()
"""


def process(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COUNT, *arguments],
        env={**os.environ, **environment},
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def lines(counting: subprocess.Popen[str]) -> list[str]:
    assert counting.stdout is not None
    found = []
    for line in counting.stdout:
        if line.strip() == "counted":
            break
        found.append(line.strip())
    return found


@pytest.mark.launch
def test_processes_add_up_and_slots_are_taken_again(servers: ground.Ground, tmp_path: Path) -> None:
    environment = {**servers.environment(), "METRICS_PORT": "1", "DATA_DIR": str(tmp_path)}
    first, second = process(environment, "2"), process(environment, "3")
    lines(first), lines(second)
    for each in (first, second):
        each.communicate(input="")
    third = process(environment, "1", "show")
    found = lines(third)
    third.communicate(input="")
    assert 'houqin_requests_total{endpoint="health.healthz",method="GET",status="200"} 6.0' in found
    assert 'houqin_request_seconds_count{endpoint="health.healthz",method="GET"} 6.0' in found
    assert sorted(path.name for path in tmp_path.glob("metrics/*/counter_*.db")) == [
        "counter_web-0.db",
        "counter_web-1.db",
    ]
