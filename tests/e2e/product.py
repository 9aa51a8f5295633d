"""The product as a newcomer starts it: `python3 run.py` on a folder of its own, with the demo campus."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.launch import lock, process

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "journeys-on-the-demo-campus"
START_SECONDS = 240
# What would lead the product to other servers than its own.
_FOREIGN = ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL", "BASE_URL", "DATA_DIR", "HOUQIN_ENV", "SECRET_KEY")


@dataclass(frozen=True)
class Product:
    """A running product."""

    folder: Path
    url: str
    password: str

    def flask(self, *arguments: str) -> str:
        """Run a `flask` command inside its environment and servers; return what it printed."""
        command = [sys.executable, "run.py", "flask", "--data", str(self.folder), *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"flask {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def sticker(self, place: str = "TY3-408") -> str:
        """The address behind a fresh QR sticker of a place."""
        return self.flask("demo", "link", "--place", place).splitlines()[-1]


class Api:
    """The API as one person."""

    def __init__(self, product: Product, username: str) -> None:
        self._base = f"{product.url}/api/v1"
        self._token = ""
        answer = self.call("POST", "/tokens", {"username": username, "password": product.password})
        self._token = str(answer["token"])

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json", "Accept-Language": "en"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, headers, method=method)  # noqa: S310 - our own
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return json.load(answer)

    def orders(self, ticket_id: str) -> list[dict[str, Any]]:
        """The work orders of a ticket, newest first."""
        found: list[dict[str, Any]] = self.call("GET", f"/work-orders?ticket={ticket_id}")["items"]
        return found

    def offered(self, ticket_id: str, *, but: str | None = None, seconds: float = 15) -> dict[str, Any]:
        """Wait until an order of the ticket is offered to somebody (other than the person `but`); return the order."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for order in self.orders(ticket_id):
                if order["state"] == "offered" and order["assignee"]["id"] != but:
                    return order
            time.sleep(0.2)
        raise AssertionError(f"nothing was offered within {seconds} s: {self.orders(ticket_id)}")


@contextmanager
def running(folder: Path) -> Iterator[Product]:
    """Start the product, end it by SIGTERM, and see that nothing of it is left."""
    port = _free_port()
    log = folder.with_name(folder.name + ".log")
    options = ["--data", str(folder), "--port", str(port), "--demo-password", PASSWORD]
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "run.py", *options], cwd=ROOT, env=_environment(), stdout=output, stderr=output
        )
    product = Product(folder, f"http://127.0.0.1:{port}", PASSWORD)
    try:
        _wait_until_ready(supervisor, product, log)
        yield product
    finally:
        supervisor.send_signal(signal.SIGTERM)
        try:
            code = supervisor.wait(timeout=60)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            raise
    assert code == 0, f"the supervisor ended with {code}:\n{_tail(log)}"
    left = [(mark.pid, mark.name) for mark in process.of_tree(folder)]
    assert not left, f"processes were left behind: {left}"


def found(folder: Path) -> Product:
    """A product that somebody started by hand on this folder."""
    facts = lock.read(folder)
    return Product(folder, str(facts["url"]), (folder / "demo-password").read_text(encoding="utf-8").strip())


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _FOREIGN}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(supervisor: subprocess.Popen[bytes], product: Product, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert supervisor.poll() is None, f"the product did not start:\n{_tail(log)}"
        try:
            # The line comes after the demo campus was filled; the probe is what a gateway asks.
            if "Houqin is ready" in _tail(log) and opener.open(product.url + "/readyz", timeout=5).status == 200:
                return
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.2)
    raise AssertionError(f"the product was not ready within {START_SECONDS} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-4000:]
