"""Both servers: private, complete, quick to start again, and gone with their owner however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from app.core import embedded
from app.core.launch import lock, process

pytestmark = pytest.mark.launch

OWNER = """
import sys, time
from pathlib import Path
from app.core import embedded
with embedded.Servers(Path(sys.argv[1]), durable=False) as servers:
    print(servers.postgres_pid, servers.valkey_pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("launch") / "data"


@pytest.fixture
def servers(folder: Path) -> Iterator[embedded.Servers]:
    with embedded.Servers(folder, durable=False) as running:
        yield running


def test_roles_connect_with_their_time_limits(servers: embedded.Servers) -> None:
    for url, role, limit in ((servers.web_url(), "houqin_web", "5s"), (servers.worker_url(), "houqin_worker", "1min")):
        with psycopg.connect(_plain(url)) as connection:
            assert _one(connection, "SELECT current_user") == role
            assert _one(connection, "SHOW statement_timeout") == limit
            assert _one(connection, "SHOW lock_timeout") == "2s"
            assert _one(connection, "SELECT pg_has_role('houqin_app', 'member')")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE public.x (a int)")


def test_chinese_words_have_trigrams_and_the_locale_is_builtin(servers: embedded.Servers) -> None:
    with psycopg.connect(_plain(servers.owner_url())) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        assert _one(connection, "SELECT cardinality(show_trgm('漏水'))") == 3
        sql = "SELECT datlocprovider, datcollate, datctype FROM pg_database WHERE datname = current_database()"
        row = connection.execute(sql).fetchone()
        assert row is not None
        assert row[:2] == ("b", "C")
        assert row[2] in {"C.UTF-8", "en_US.UTF-8"}


def test_nothing_listens_on_a_port_and_sockets_are_private(servers: embedded.Servers) -> None:
    assert servers.query("SHOW listen_addresses") == ""
    assert redis.Redis.from_url(servers.redis_url).config_get("port") == {"port": "0"}
    assert servers.sockets.stat().st_mode & 0o077 == 0
    assert len(str(servers.sockets / ".s.PGSQL.5432").encode()) <= 100


def test_neither_server_runs_as_root(servers: embedded.Servers) -> None:
    for pid in (servers.postgres_pid, servers.valkey_pid):
        inside = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        capabilities = next(line.split()[1] for line in inside.splitlines() if line.startswith("CapEff"))
        assert int(capabilities, 16) == 0


def test_a_database_is_copied_and_dropped(servers: embedded.Servers) -> None:
    servers.create_database("first")
    with psycopg.connect(_plain(servers.owner_url("first"))) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    servers.create_database("second", template="first")
    with psycopg.connect(_plain(servers.owner_url("second"))) as connection:
        assert _one(connection, "SELECT answer FROM kept") == 42
    for name in ("second", "first", "never-there"):
        servers.drop_database(name)


@pytest.mark.parametrize("which", ["postgres_pid", "valkey_pid"])
def test_a_killed_server_runs_again_on_the_same_address(servers: embedded.Servers, which: str) -> None:
    before = getattr(servers, which)
    assert servers.check() == []
    os.kill(before, signal.SIGKILL)
    assert process.wait_until(lambda: bool(servers.check()), 5)
    assert servers.check() == []
    assert getattr(servers, which) != before
    with psycopg.connect(_plain(servers.web_url())) as connection:
        assert _one(connection, "SELECT 1") == 1
    assert redis.Redis.from_url(servers.redis_url).ping()


def test_the_second_start_is_quick_and_another_owner_is_refused(servers: embedded.Servers, folder: Path) -> None:
    with pytest.raises(lock.Taken):
        embedded.Servers(folder).start()
    with embedded.attach(folder) as attached:
        assert attached.web_url() == servers.web_url()
    servers.stop()
    begun = time.monotonic()
    servers.start()
    assert time.monotonic() - begun < 5


def test_servers_end_with_a_killed_owner_and_the_next_start_works(folder: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    with subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, env=env) as owner:
        assert owner.stdout is not None
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        left = Path((folder / "sockets").read_text(encoding="utf-8"))
        owner.kill()
    with embedded.Servers(folder, durable=False) as servers:
        assert not left.exists()
        assert servers.postgres_pid not in pids
        with psycopg.connect(_plain(servers.web_url())) as connection:
            assert _one(connection, "SELECT 1") == 1
    assert process.wait_until(lambda: all(process.start_time(pid) is None for pid in pids), 5)


def test_a_stray_pid_file_is_no_obstacle(folder: Path) -> None:
    with embedded.Servers(folder, durable=False) as servers:
        data = Path(servers.query("SHOW data_directory"))
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n", encoding="utf-8")
    os.chown(data / "postmaster.pid", data.stat().st_uid, -1)
    with embedded.Servers(folder, durable=False) as servers:
        assert servers.query("SELECT 1") == "1"


def test_data_of_another_major_is_refused_with_the_way_to_move_it(folder: Path) -> None:
    with embedded.Servers(folder, durable=False) as servers:
        version = Path(servers.query("SHOW data_directory")) / "PG_VERSION"
    version.write_text("17\n", encoding="ascii")
    try:
        with pytest.raises(embedded.ServerError, match=r"flask backup .*\n.*\n.*flask restore"):
            embedded.Servers(folder, durable=False).start()
    finally:
        version.write_text("18\n", encoding="ascii")
    with embedded.Servers(folder, durable=False):
        pass


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")


def _one(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> object:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]
