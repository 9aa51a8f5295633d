"""The process tree: up once it answers, whole while it runs, and gone without a trace however it ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.core.launch import lock, process
from app.core.supervisor import serve
from tests.launch import checkout

pytestmark = [
    pytest.mark.launch,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout.make(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state") / "data"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_whole_tree_with_exit_0(root: Path, data: Path, signum: int) -> None:
    with checkout.serving(root, data, "--no-demo") as served:
        tree = _tree(data)
        assert all(
            any(part in mark.name for mark in tree) for part in ("supervisor.web", "worker.py", "postgres", "valkey")
        )
        assert len(tree) >= 7, "web and its two workers, worker and its horse, two servers"
        assert _get(served.port, "/anything") == "/anything"
        assert served.end(signum) == 0
    assert not [mark for mark in tree if mark.alive()]
    assert not list(process.of_tree(data))
    assert not lock.is_taken(data)


def test_a_killed_supervisor_takes_its_tree_along_and_the_next_one_is_quick(root: Path, data: Path) -> None:
    killed = checkout.Serving(root, data, "--no-demo")
    killed.wait_for("Houqin is ready")
    tree = _tree(data)
    killed.end(signal.SIGKILL)
    begun = time.monotonic()
    with checkout.serving(root, data, "--no-demo") as served:
        assert time.monotonic() - begun < 10
        assert not [mark for mark in tree if mark.alive()]
        assert _get(served.port, "/") == "/"


def test_what_ignores_the_end_of_its_parent_is_ended_at_the_next_start(root: Path, data: Path) -> None:
    stray = process.spawn(
        [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"],
        env={**os.environ, process.TREE: str(data)},
    )
    with checkout.serving(root, data, "--no-demo"):
        assert stray.wait(timeout=5) == -signal.SIGKILL


def test_every_part_is_started_again_when_it_is_killed(root: Path, data: Path) -> None:
    with checkout.serving(root, data, "--no-demo") as served:
        before = _tree(data)
        for mark in before:
            if "supervisor.serve" not in mark.name:
                with contextlib.suppress(ProcessLookupError):  # gone with its parent
                    os.kill(mark.pid, signal.SIGKILL)
        assert process.wait_until(
            lambda: not [mark for mark in before if mark.alive() and "supervisor.serve" not in mark.name], 5
        )
        assert process.wait_until(lambda: len(_tree(data)) >= len(before), 20), _tree(data)
        assert process.wait_until(lambda: _get(served.port, "/back") == "/back", 20)


def test_a_second_start_names_the_address_of_the_first(root: Path, data: Path) -> None:
    with checkout.serving(root, data, "--no-demo") as served:
        second = _serve_once(root, data)
        assert second.returncode == 1
        assert served.url in second.stderr
        other = _serve_once(root, data.with_name("other"), "--port", str(served.port))
        assert other.returncode == 1
        assert f"--port {served.port + 1}" in other.stderr


def test_a_command_attaches_to_the_living_servers_or_starts_its_own(root: Path, data: Path) -> None:
    (root / "bench.py").write_text("import os; print(os.environ['DATABASE_URL'], os.environ['HOUQIN_ENV'])", "utf-8")
    with checkout.serving(root, data, "--no-demo"):
        attached = _attached(root, data)
        assert str(lock.read(data)["sockets"]) in attached.stdout
    alone = _attached(root, data)
    assert alone.returncode == 0, alone.stderr
    assert "houqin_web" in alone.stdout
    assert not lock.is_taken(data)


def test_commands_and_stickers_name_the_address_phones_reach(root: Path, data: Path) -> None:
    (root / "bench.py").write_text("import os; print(os.environ['BASE_URL'])", "utf-8")
    with checkout.serving(root, data, "--no-demo", "--host", "0.0.0.0") as served:  # noqa: S104 - what is tested
        served.wait_for("For phones in the same network: ")
        assert served.lines[-1].endswith(f" {_attached(root, data).stdout}")


def test_every_line_of_the_web_s_log_is_json(root: Path, data: Path) -> None:
    with checkout.serving(root, data, "--no-demo"):
        pass
    lines = (data / "log" / "web.log").read_text("utf-8").splitlines()
    assert lines
    assert all({"at", "level", "message"} <= json.loads(line).keys() for line in lines)


def test_secrets_are_kept_and_private(root: Path, data: Path) -> None:
    with checkout.serving(root, data, "--no-demo"):
        first = (data / "secret-key").read_text(encoding="utf-8")
    with checkout.serving(root, data, "--no-demo"):
        assert (data / "secret-key").read_text(encoding="utf-8") == first
    assert len(first) > 40
    assert stat.S_IMODE((data / "secret-key").stat().st_mode) == 0o600


def _tree(data: Path) -> list[process.Mark]:
    """Return all processes of the folder, by environment and by the lock, named by their command line."""
    noted = [process.Mark(**mark) for mark in lock.read(data).get("marks", [])]
    found = []
    for mark in (*process.of_tree(data), *noted):
        with contextlib.suppress(FileNotFoundError):
            command = Path(f"/proc/{mark.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            found.append(process.Mark(command or mark.name, mark.pid, mark.started))
    return list({mark.pid: mark for mark in found if mark.alive()}.values())


def _get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    except OSError as error:
        return str(error)
    finally:
        connection.close()


def _serve_once(root: Path, data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return _run(root, "app.core.supervisor.serve", "--data", str(data), "--no-demo", *options)


def _attached(root: Path, data: Path) -> subprocess.CompletedProcess[str]:
    return _run(root, "app.core.supervisor.attached", "--data", str(data), "bench")


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-P", "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)


def test_a_bare_installation_says_how_it_gets_its_institution(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = serve._options(["--data", str(tmp_path / "一 x"), "--no-demo"])
    bare = serve.Supervisor(options, serve.Signals.__new__(serve.Signals))
    bare._bare = True
    bare._welcome()
    said = capsys.readouterr().out
    assert f"run.py flask --data '{tmp_path / '一 x'}' institution create" in said
    assert "users create NAME --role admin" in said
