"""What a data folder keeps for the processes that work on it: secrets, and the environment made of them.

`secret-key` and `demo-password` lie in the folder, readable by their owner only. Settings that the caller's environment
names already (SMTP_URL, LOG_LEVEL …) are passed on as they are.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from app.core.launch import process
from app.core.supervisor import external

ROOT = Path(__file__).resolve().parents[3]
# No 0/o, 1/l/i: a person types it from a terminal into a phone.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def secret_key(folder: Path) -> str:
    """Return the key that signs cookies and links; drawn at the first start."""
    return _kept(folder / "secret-key") or _keep(folder / "secret-key", secrets.token_urlsafe(48))


def demo_password(folder: Path, wanted: str | None = None) -> tuple[str, bool]:
    """Return the password of the demo logins and whether it is another than before; `wanted` replaces it."""
    path = folder / "demo-password"
    former = _kept(path)
    if wanted and wanted != former:
        return _keep(path, wanted), True
    if former:
        return former, False
    return _keep(path, "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))), True


def environment(folder: Path, servers: Mapping[str, str], base_url: str, *, demo: bool) -> dict[str, str]:
    """Return the whole environment of a process that works on this folder with these servers."""
    named = dict(os.environ)
    for name in external.TAKEN:
        named.pop(name, None)
    named.setdefault("BASE_URL", base_url)
    named.setdefault("SECRET_KEY", secret_key(folder))
    named |= servers
    named |= {
        "DATA_DIR": str(folder),
        "HOUQIN_ENV": "demo" if demo else "development",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "FLASK_APP": "app.wsgi:commands",
        process.TREE: str(folder),
    }
    if demo:
        named["DEMO_PASSWORD"] = demo_password(folder)[0]
    return named


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _keep(path: Path, value: str) -> str:
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(value + "\n")
    fresh.replace(path)
    return value
