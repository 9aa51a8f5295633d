"""PostgreSQL and Valkey for a laptop and for the tests, owned by one process and gone with it.

    with embedded.Servers(Path("var"), durable=True) as servers:
        servers.owner_url("houqin")      # postgresql+psycopg://houqin_owner@/houqin?host=/tmp/hq-…
        servers.web_url("houqin"), servers.worker_url("houqin"), servers.redis_url     # unix:///tmp/hq-…/valkey.sock
        servers.create_database("t1", template="houqin"); servers.drop_database("t1")
        servers.check()                  # starts again what died; names it

State lies in `folder/postgres`; sockets in a short private temporary folder, named in `folder/sockets`. One process
owns a folder at a time (`launch.lock`). `attach(folder)` gives the same addresses to another process while the owner
lives, else starts servers for the duration. `program("pg_dump")` is the path of one of PostgreSQL's programs.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from app.core import roles
from app.core.launch import lock, process, servers

DATABASE = "houqin"
ServerError = servers.ServerError


class Addresses:
    """Where the servers of a data folder are reached; sockets, so a host and a port never are."""

    def __init__(self, sockets: Path) -> None:
        """Keep the folder of the sockets."""
        self.sockets = sockets

    def owner_url(self, database: str = DATABASE) -> str:
        """Return the address for migrations and backup."""
        return self._url(roles.OWNER, database)

    def web_url(self, database: str = DATABASE) -> str:
        """Return the address for web processes."""
        return self._url(roles.WEB, database)

    def worker_url(self, database: str = DATABASE) -> str:
        """Return the address for relay and workers."""
        return self._url(roles.WORKER, database)

    @property
    def redis_url(self) -> str:
        """Return the address of Valkey; `?db=N` (0 to 63) may be added."""
        return f"unix://{self.sockets}/valkey.sock"

    def environment(self, database: str = DATABASE) -> dict[str, str]:
        """Return the settings of `config.Config` that these servers give."""
        return {
            "DATABASE_URL": self.web_url(database),
            "WORKER_DATABASE_URL": self.worker_url(database),
            "OWNER_DATABASE_URL": self.owner_url(database),
            "REDIS_URL": self.redis_url,
        }

    def _url(self, role: str, database: str) -> str:
        return f"postgresql+psycopg://{role}@/{quote(database)}?host={quote(str(self.sockets), safe='/')}"


class Servers(Addresses):
    """Both servers of one data folder, started on entry and ended on exit. Use from the main thread."""

    def __init__(self, folder: Path, *, durable: bool = True, say: Callable[[str], None] | None = None) -> None:
        """`durable=False` trades safety against power loss for speed (tests); `say` gets a sentence worth showing."""
        super().__init__(Path())
        self.folder = folder.absolute()
        self._durable = durable
        self._say = say or _to_stderr
        self._lock = lock.Lock(self.folder)
        self._postgres: servers.Postgres | None = None
        self._valkey: servers.Valkey | None = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def start(self) -> Self:
        """Take the folder, end what a crash left, start both servers. Raises lock.Taken or ServerError."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        umask = os.umask(0o077)
        try:
            self._lock.take()
            self._start()
        except BaseException:
            self.stop()
            raise
        finally:
            os.umask(umask)
        return self

    def _start(self) -> None:
        _forget_sockets(self.folder)
        home, binary = servers.postgres_home(), servers.valkey_binary()
        identity, data, home, binary = _settle(self.folder, home, binary, self._say)
        if identity.kind == "dropped":
            self.folder.chmod(0o711)  # nobody passes through to its own folder; what is private here is 0600
        logs = self.folder / "log"
        logs.mkdir(exist_ok=True)
        self.sockets = _make_sockets(self.folder, identity)
        self._postgres = servers.Postgres(
            data, self.sockets, identity, logs / "postgres.log", home=home, durable=self._durable
        )
        self._valkey = servers.Valkey(self.sockets, self.sockets, identity, logs / "valkey.log", binary=binary)
        self._prepare(self._postgres)
        self._valkey.start()
        self._postgres.start()
        self._lock.note(sockets=str(self.sockets), marks=self.marks())
        if not self._postgres.query(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608 - a constant
            self._postgres.query("\n".join(roles.statements()))
            self.create_database(DATABASE)
        else:
            self._postgres.query("\n".join(roles.statements()))

    def _prepare(self, postgres: servers.Postgres) -> None:
        version = postgres.folder / "PG_VERSION"
        if not version.exists():
            postgres.create()
            return
        found, ours = version.read_text(encoding="ascii").strip(), postgres.major()
        if found != ours:
            raise ServerError(
                f"{postgres.folder} was made by PostgreSQL {found}, this release brings {ours}. To move the data:\n"
                f"  with the former release:  python3 run.py flask backup /safe/place/houqin.backup\n"
                f"  then:                     mv {self.folder} {self.folder}.{found}\n"
                f"  with this release:        python3 run.py flask restore /safe/place/houqin.backup"
            )
        _own(postgres.folder, postgres.identity.owner)

    def stop(self) -> None:
        """End both servers, remove the sockets, give the folder free."""
        for server in (self._valkey, self._postgres):
            if server is not None:
                server.stop()
        if self._lock.held:
            _forget_sockets(self.folder)
            self._lock.release()

    def check(self) -> list[str]:
        """Start again each server that died, on the same sockets; return their names."""
        restarted = []
        for server in (self._valkey, self._postgres):
            if server is not None and not server.running():
                server.start()
                restarted.append(server.name)
        if restarted:
            self._lock.note(marks=self.marks())
        return restarted

    def marks(self) -> list[process.Mark]:
        """Return pid and start time of the server processes."""
        return [server.mark for server in (self._postgres, self._valkey) if server is not None and server.mark]

    def note(self, **facts: str) -> None:
        """Write facts such as the URL into the lock, for whoever finds the folder taken."""
        self._lock.note(**facts)

    @property
    def postgres_pid(self) -> int:
        """Return the pid of PostgreSQL's first process."""
        return self._pid(self._postgres)

    @property
    def valkey_pid(self) -> int:
        """Return the pid of Valkey."""
        return self._pid(self._valkey)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database of the owner's, empty or a copy of another to which nobody is connected."""
        how = f'TEMPLATE "{template}" STRATEGY file_copy' if template else "TEMPLATE template0"
        self.query(f'CREATE DATABASE "{name}" OWNER {roles.OWNER} {how};', "postgres")

    def drop_database(self, name: str) -> None:
        """Drop a database together with its connections, if it is there."""
        self.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE);', "postgres")

    def query(self, sql: str, database: str = DATABASE) -> str:
        """Run SQL as superuser and return what psql prints; for the launcher and for tests."""
        if self._postgres is None:
            raise ServerError("The servers are not running.")
        return self._postgres.query(sql, database)

    def _pid(self, server: servers.Server | None) -> int:
        if server is None or server.mark is None:
            raise ServerError("The servers are not running.")
        return server.mark.pid


def _to_stderr(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def program(name: str) -> str:
    """Return the absolute path of one of PostgreSQL's programs, such as pg_dump; raises ServerError."""
    return str(servers.postgres_home() / "bin" / name)


@contextlib.contextmanager
def attach(folder: Path) -> Iterator[Addresses]:
    """Yield the addresses of the servers that run for `folder`, else of servers started for the duration."""
    sockets = lock.read(folder.absolute()).get("sockets")
    if sockets and lock.is_taken(folder.absolute()):
        yield Addresses(Path(str(sockets)))
        return
    with Servers(folder) as own:
        yield own


def _settle(
    folder: Path, home: Path, binary: Path, say: Callable[[str], None]
) -> tuple[process.Identity, Path, Path, Path]:
    """Choose whom the servers run as; return that, PostgreSQL's folder, its programs and Valkey's program.

    PostgreSQL refuses to run as root. As root: nobody, where nobody can reach everything; else nobody inside a user
    namespace, seen from outside as root; else only PostgreSQL's folder (and programs nobody can reach) move.
    """
    data = folder / "postgres"
    if os.geteuid() != 0:
        return process.Identity(), data, home, binary
    dropped = process.Identity("dropped")
    within = (folder.parent, home, binary.parent)
    if all(process.reachable(path, process.NOBODY) for path in within):
        return dropped, data, home, binary
    if all(process.reachable(path, 0) for path in within) and _namespace_works(home):
        return process.Identity("namespace"), data, home, binary
    moved = Path("/var/lib") / f"houqin-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    moved.mkdir(exist_ok=True)
    moved.chmod(0o711)
    say(f"{folder} lies where its server may not go, so PostgreSQL keeps its data in {moved / 'postgres'}.")
    return dropped, moved / "postgres", _copied_home(home, moved), _copied(binary, moved / "valkey-server")


def _namespace_works(home: Path) -> bool:
    try:
        process.run([str(home / "bin" / "postgres"), "--version"], identity=process.Identity("namespace"))
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _copied_home(home: Path, moved: Path) -> Path:
    """Copy PostgreSQL's programs together with the libraries the wheel keeps beside its package."""
    package = home.parent
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        _copied(libraries, moved / libraries.name)
    return _copied(package, moved / package.name) / home.name


def _copied(source: Path, target: Path) -> Path:
    """Return `source` if nobody can reach it, else a copy that nobody can."""
    if process.reachable(source if source.is_dir() else source.parent, process.NOBODY):
        return source
    stamp = target.with_name(target.name + ".from")
    seal = f"{source} {source.stat().st_mtime_ns}"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != seal:
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, symlinks=True)
            for path in (target, *target.rglob("*")):
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        else:
            shutil.copyfile(source, target)
            target.chmod(0o755)
        stamp.write_text(seal, encoding="utf-8")
    return target


def _own(folder: Path, uid: int) -> None:
    """Give a data folder to the user its server runs as, where root changed between the ways of running it."""
    if folder.stat().st_uid == uid:
        return
    if os.geteuid() != 0:
        raise ServerError(
            f"{folder} belongs to another user. Give it to yourself: sudo chown -R $(id -u) {folder.parent}"
        )
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, -1, follow_symlinks=False)


def _make_sockets(folder: Path, identity: process.Identity) -> Path:
    """Make a private folder with a path short enough for a unix socket, and name it in the data folder."""
    base = tempfile.gettempdir()
    if len(base.encode()) > 60 or not process.reachable(Path(base), identity.owner):
        base = "/tmp"  # noqa: S108 - mkdtemp makes a private folder in it
    sockets = Path(tempfile.mkdtemp(prefix="hq-", dir=base))
    os.chown(sockets, identity.owner, -1)
    (folder / "sockets").write_text(str(sockets), encoding="utf-8")
    return sockets


def _forget_sockets(folder: Path) -> None:
    """Remove the socket folder named in the data folder; only what servers make there, never a tree."""
    named = folder / "sockets"
    try:
        sockets = Path(named.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    if sockets.name.startswith("hq-") and sockets.is_dir() and not sockets.is_symlink():
        for name in ("valkey.sock", f".s.PGSQL.{servers.PORT}", f".s.PGSQL.{servers.PORT}.lock"):
            (sockets / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            sockets.rmdir()
    named.unlink()
