"""Slow and stalled senders: they get their answer or 408, and hinder nobody."""

from __future__ import annotations

import io
import secrets
import socket
import threading
import time
from collections.abc import Callable

from PIL import Image

from tests.attack import live
from tests.attack.conftest import BODY_SECONDS

SLOW = 10 * 1024  # bytes a second
SIZE = 200 * 1024


def photo() -> bytes:
    """A picture of about SIZE bytes: noise does not compress."""
    side = 256
    image = Image.frombytes("RGB", (side, side), secrets.token_bytes(side * side * 3))
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


def head(site: live.Site, path: str, length: int, kind: str, key: str | None = None) -> bytes:
    lines = {
        "Host": f"{live.HOST}:{site.port}",
        **site.people["student"],
        "Content-Type": kind,
        "Content-Length": str(length),
        "Idempotency-Key": key or secrets.token_hex(8),
    }
    return f"POST {path} HTTP/1.1\r\n".encode() + "".join(f"{k}: {v}\r\n" for k, v in lines.items()).encode() + b"\r\n"


def send_slowly(site: live.Site, path: str, body: bytes, kind: str, rate: int) -> bytes:
    """Send in steps of a tenth of a second; the status line of the answer."""
    with socket.create_connection((live.HOST, site.port), timeout=60) as line:
        line.sendall(head(site, path, len(body), kind))
        for at in range(0, len(body), rate // 10):
            line.sendall(body[at : at + rate // 10])
            time.sleep(0.1)
        return line.recv(4096).split(b"\r\n", 1)[0]


def stall(site: live.Site, path: str, body: bytes, kind: str) -> tuple[bytes, float]:
    """Send a third and nothing more; the answer, and after how long it came."""
    began = time.monotonic()
    with socket.create_connection((live.HOST, site.port), timeout=BODY_SECONDS * 10) as line:
        line.sendall(head(site, path, len(body), kind) + body[: len(body) // 3])
        got = line.recv(65536)
    return got, time.monotonic() - began


def on_threads(count: int, act: Callable[[], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=act) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_stalled_uploads_end_with_408_and_hinder_nobody(site: live.Site) -> None:
    ticket = site.file().json()["id"]
    body, kind = live.multipart(photo())
    ends: list[tuple[bytes, float]] = []
    stalled = on_threads(4, lambda: ends.append(stall(site, f"/api/v1/tickets/{ticket}/photos", body, kind)))
    served = 0
    while any(thread.is_alive() for thread in stalled):
        assert site.file().status == 201
        assert site.ask("GET", "/healthz").status == 200
        served += 1
    for thread in stalled:
        thread.join()
    assert served >= 10
    assert len(ends) == 4
    for got, seconds in ends:
        assert got.split(b"\r\n", 1)[0] == b"HTTP/1.1 408 Request Timeout", got[:200]
        assert b"\r\nconnection: close\r\n" in got.lower()
        assert seconds < BODY_SECONDS * 5
    assert site.one("SELECT count(*) FROM attachment WHERE owner_id = %s", ticket) == 0


def test_stalled_json_and_form_end_with_408(site: live.Site) -> None:
    for path, kind in (("/api/v1/tickets", "application/json"), ("/report", live.FORM)):
        got, _seconds = stall(site, path, b'{"description": "x"}' * 100, kind)
        assert got.startswith(b"HTTP/1.1 408"), got[:200]


def test_a_body_cut_off_on_its_way_is_not_taken(site: live.Site) -> None:
    before = site.one("SELECT count(*) FROM ticket")
    body = b"place_text=here&description=" + b"leak " * 100
    with socket.create_connection((live.HOST, site.port), timeout=10) as line:
        line.sendall(head(site, "/report", len(body), live.FORM) + body[:-50])
        line.shutdown(socket.SHUT_WR)
        line.recv(4096)
    assert site.one("SELECT count(*) FROM ticket") == before


def test_a_slow_upload_is_taken_while_others_are_served(site: live.Site) -> None:
    """A phone with 10 KB a second; the others meanwhile do as if it were not there."""
    ticket = site.file().json()["id"]
    body, kind = live.multipart(photo())
    assert len(body) > SIZE * 0.9
    got: list[bytes] = []
    with site.another(BODY_TIMEOUT_S="60") as beside:
        path = f"/api/v1/tickets/{ticket}/photos"
        (slow,) = on_threads(1, lambda: got.append(send_slowly(beside, path, body, kind, SLOW)))
        served = 0
        while slow.is_alive():
            assert beside.file().status == 201
            served += 1
            time.sleep(0.2)
        slow.join()
    assert got == [b"HTTP/1.1 201 Created"]
    assert served >= 10
