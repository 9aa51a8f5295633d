"""What cannot be mended here is said with the command that mends it; a defect is not dressed up."""

from __future__ import annotations

import errno
import os
import pwd
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.core import embedded
from app.core.launch import process, servers
from app.core.supervisor import external, failures

FOLDER = Path("/srv/houqin")
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, "denied", "/srv/houqin/lock"), "sudo install -d -o $(id -un) /srv/houqin)"),
        (OSError(errno.ENOSPC, "full"), "df -h /srv/houqin"),
        (OSError(errno.EROFS, "read-only"), "--data DIR"),
        (NotADirectoryError(errno.ENOTDIR, "no folder", "/srv/houqin/lock"), "/srv/houqin cannot be a folder"),
        (FileExistsError(errno.EEXIST, "there", "/srv/houqin"), "/srv/houqin cannot be a folder"),
        (FileNotFoundError(errno.ENOENT, "none", "/srv/houqin"), "/srv/houqin cannot be made or used (none)"),
        (FileNotFoundError(errno.ENOENT, "none", b"/srv"), "--data DIR"),
        (OSError(errno.ENAMETOOLONG, "too long", "/srv/houqin/lock"), "/srv/houqin cannot be made or used (too long)"),
        (embedded.ServerError("no PostgreSQL here"), "no PostgreSQL here"),
        (failures.Failure("do this"), "do this"),
    ],
)
def test_it_is_said_in_a_sentence(error: Exception, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise error

    assert failures.said(work, FOLDER) == 1
    assert words in capsys.readouterr().err


def test_a_folder_of_somebody_else_is_to_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise PermissionError(errno.EACCES, "denied", str(tmp_path / "lock"))

    assert failures.said(work, tmp_path) == 1
    assert f"sudo chown -R $(id -un) {tmp_path})" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="needs somebody who may not look")
def test_a_folder_nobody_may_look_for_is_said_in_a_sentence(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = (
        "import os; from pathlib import Path; from app.core.supervisor import failures\n"
        "os.setuid(65534)\n"
        f"print(failures._of_system(PermissionError(13, 'denied', 'x'), Path({str(closed / 'data')!r})))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert "sudo install -d" in done.stdout, done.stderr


@pytest.mark.parametrize("named", [None, "somewhere", "/srv/houqin/log/web.log"])
def test_a_defect_is_not_dressed_up(named: str | None) -> None:
    def work() -> int:
        raise FileNotFoundError(errno.ENOENT, "missing", named)

    with pytest.raises(FileNotFoundError):
        failures.said(work, FOLDER)


def _no_folder(tmp_path: Path, what: str) -> str:
    """A path of which the system makes no folder, whoever asks."""
    (tmp_path / "file").touch()
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    places = {
        "in /proc": "/proc/houqin",
        "below a missing one of /proc": "/proc/houqin/deep/down",
        "a file": str(tmp_path / "file"),
        "below a file": str(tmp_path / "file" / "below"),
        "a ring of links": str(tmp_path / "ring"),
        "too long": str(tmp_path / ("x" * 300)),
    }
    return places[what]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.parametrize(
    "what",
    ["in /proc", "below a missing one of /proc", "a file", "below a file", "a ring of links", "too long"],
)
@pytest.mark.parametrize("command", ["serve", "shell", "flask"])
def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path: Path, what: str, command: str) -> None:
    folder = _no_folder(tmp_path, what)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    arguments = {
        "serve": ["app.core.supervisor.serve", "--data", folder, "--port", port],
        "shell": ["app.core.supervisor.attached", "--data", folder, "shell"],
        "flask": ["app.core.supervisor.attached", "--data", folder, "flask", "doctor"],
    }
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", *arguments[command]], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(folder)
    assert "--data DIR" in line


@pytest.mark.parametrize(
    ("code", "port", "words"),
    [
        (errno.EADDRINUSE, 8000, "--port 8001"),
        (errno.EADDRINUSE, 65535, "--port 8000"),
        (errno.EACCES, 80, "--port 8000"),
        (errno.EADDRNOTAVAIL, 8000, "--host 127.0.0.1"),
    ],
)
def test_an_address_that_cannot_be_had_names_another(code: int, port: int, words: str) -> None:
    assert words in str(failures.of_listening(OSError(code, "no"), "127.0.0.1", port))


def test_servers_of_ones_own_are_named_wholly_or_not_at_all() -> None:
    assert not external.named({})
    assert external.named(dict.fromkeys(external.NEEDED, "x"))
    with pytest.raises(embedded.ServerError, match="REDIS_URL is not"):
        external.named({"DATABASE_URL": "x", "OWNER_DATABASE_URL": "x"})


def test_a_user_id_without_a_name_is_told_how_it_gets_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    postgres = servers.Postgres(
        tmp_path / "postgres", tmp_path, process.Identity(), tmp_path / "log", home=tmp_path, durable=False
    )
    with pytest.raises(embedded.ServerError, match="useradd --uid 12345 "):
        postgres.create()
    assert list(tmp_path.iterdir()) == [], "nothing is begun"
