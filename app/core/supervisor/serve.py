"""`python3 run.py`: servers, pending migrations, demo campus, then web and worker as one process tree.

The main thread waits with a time-out, never without: an untimed wait misses signals. SIGINT and SIGTERM end the tree in
order (web and worker, then the servers) and the exit code is 0; a child that dies is started again, ever more slowly.
"""

from __future__ import annotations

import argparse
import http.client
import os
import select
import shlex
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from app.core import embedded
from app.core.launch import lock, process, schema
from app.core.launch.servers import tail
from app.core.supervisor import external, failures, settings
from app.core.supervisor.children import Child

LOGINS = (
    ("student, student2", "report a fault, follow it, confirm and rate"),
    ("technician, technician2", "orders on the phone: accept, start, finish"),
    ("contractor", "an outside firm's own orders"),
    ("dispatcher, dispatcher2", "requests, orders, who does what; the second of the north campus alone"),
    ("supervisor", "more time, rework, service levels, figures"),
    ("dormmanager, registry, counsellor", "dormitories"),
    ("energy, finance, leader", "meters, money, figures"),
    ("admin", "people, places, imports, operations"),
)
Ground = embedded.Servers | external.ExternalServers
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with
DEATHS_BEFORE_READY = 4
_READY_WORDS_EVERY = 15.0


class Signals:
    """Notes SIGINT and SIGTERM, and wakes the main thread's wait at once."""

    def __init__(self) -> None:
        """Install the handlers; the main thread only."""
        self.asked = False
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._note)

    def _note(self, _signum: int, _frame: FrameType | None) -> None:
        self.asked = True

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds`; return whether the end was asked for."""
        if not self.asked and select.select([self._reader], [], [], seconds)[0]:
            os.read(self._reader, 64)
        return self.asked


class Supervisor:
    """The tree of one data folder."""

    def __init__(self, options: argparse.Namespace, signals: Signals) -> None:
        """Keep what was asked for; nothing is started."""
        self.folder: Path = options.data
        self.host: str = options.host
        self.port: int = options.port
        self.seed: int = options.seed
        self.demo: bool = not options.no_demo
        self.wanted_password: str | None = options.demo_password
        self.url = f"http://{_shown(self.host)}:{self.port}"
        self.signals = signals
        self.children: list[Child] = []
        self._seeding = self.folder / "demo-seeding"
        self._bare = False  # no demo, and nothing else there yet

    def run(self) -> int:
        """Serve until asked to end; return the exit code."""
        self._refuse_taken()
        os.umask(0o077)
        servers: Ground = (
            external.ExternalServers(self.folder, os.environ)
            if external.named()
            else embedded.Servers(self.folder, say=_say)
        )
        try:
            servers.start()
            servers.note(url=self.url, base_url=self._base_url())
            env = self._prepare(servers)
            if self.signals.asked:
                return 0
            self._start_children(env)
            self._watch(servers)
        finally:
            self._end()
            servers.stop()
        return 0

    def _refuse_taken(self) -> None:
        if lock.is_taken(self.folder):
            raise lock.Taken(self.folder, lock.read(self.folder))
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise failures.of_listening(error, self.host, self.port) from error

    def _prepare(self, servers: Ground) -> dict[str, str]:
        _, changed = settings.demo_password(self.folder, self.wanted_password) if self.demo else ("", False)
        env = settings.environment(self.folder, servers.environment(), self._base_url(), demo=self.demo)
        self._begin_cut_demo_again(servers)
        self._migrate(servers, env)
        if self.demo:
            if not _has_institution(servers):
                self._seed(env)
            elif changed:
                self._command(env, "demo", "password")
            servers.note(demo="yes")
        else:
            self._bare = bool(_schema(servers)) and not _has_institution(servers)
        return env

    def _seed(self, env: Mapping[str, str]) -> None:
        _say("Filling the demo campus …")
        self._seeding.touch()
        self._command(env, "demo", "seed", "--seed", str(self.seed))
        if not self.signals.asked:
            self._seeding.unlink()

    def _begin_cut_demo_again(self, servers: Ground) -> None:
        """Empty a database whose filling was cut short: the mark is only ever set on one that held nothing."""
        if not self._seeding.exists():
            return
        if not isinstance(servers, embedded.Servers):
            raise failures.Failure(
                f"The demo campus was filled in part only. Empty the database and remove {self._seeding}."
            )
        _say("The demo campus was filled in part only; beginning again.")
        servers.drop_database(embedded.DATABASE)
        servers.create_database(embedded.DATABASE)
        self._seeding.unlink()

    def _migrate(self, servers: Ground, env: Mapping[str, str]) -> None:
        ours = schema.revisions(settings.ROOT / "migrations" / "versions")
        found = _schema(servers)
        if found == ours.heads:
            return
        if not found <= ours.known:
            raise failures.Failure(
                f"{self.folder} was written by a newer release (schema {', '.join(sorted(found - ours.known))}). Start "
                "that release, or take another folder with --data DIR."
            )
        if found:
            backup = self.folder / "backups" / time.strftime("before-migration-%Y%m%d-%H%M%S.backup", time.gmtime())
            backup.parent.mkdir(exist_ok=True)
            _say(f"The database is older than this release; backing it up to {backup} first …")
            self._command(env, "backup", str(backup))
        _say("Bringing the database to this release …" if found else "Making the database …")
        self._command(env, "db", "upgrade")

    def _command(self, env: Mapping[str, str], *arguments: str) -> None:
        """Run one `flask` command to its end in the checkout; its words go to a log, shown if it fails."""
        log = self.folder / "log" / "setup.log"
        with log.open("ab") as output:
            child = process.spawn(_flask(*arguments), env=env, cwd=settings.ROOT, output=output)
        while child.poll() is None:
            if self.signals.wait(0.05):
                child.terminate()
                child.wait(timeout=30)
                return
        if child.returncode != 0:
            raise failures.Failure(f"`flask {' '.join(arguments)}` failed (all of it: {log}):\n{tail(log, 25)}")

    def _start_children(self, env: Mapping[str, str]) -> None:
        plain = {name: value for name, value in env.items() if name != "OWNER_DATABASE_URL"}
        logs = self.folder / "log"
        web = [sys.executable, "-P", "-m", "app.core.supervisor.web", self.host, str(self.port)]
        self.children = [
            Child("web", web, plain, logs / "web.log"),
            Child("worker", [sys.executable, "-P", str(settings.ROOT / "worker.py")], plain, logs / "worker.log"),
        ]
        for child in self.children:
            child.start()

    def _watch(self, servers: Ground) -> None:
        ready, told = False, time.monotonic()
        while not self.signals.wait(0.1 if ready else 0.05):
            self._revive(servers)
            if ready:
                continue
            self._give_up_on_what_never_starts()
            answer = _readiness(self.host, self.port)
            ready = answer == ""
            if ready:
                self._welcome()
            elif time.monotonic() - told > _READY_WORDS_EVERY:
                told = time.monotonic()
                _say(f"Not ready yet: {answer} (logs: {self.folder / 'log'})")

    def _give_up_on_what_never_starts(self) -> None:
        for child in self.children:
            if child.deaths >= DEATHS_BEFORE_READY:
                words = tail(child.log, 12)
                raise failures.Failure(f"{child.name} does not start. The end of {child.log}:\n{words}")

    def _revive(self, servers: Ground) -> None:
        try:
            for name in servers.check():
                _say(f"{name} had died and runs again.")
        except embedded.ServerError as error:
            _say(str(error))
        for child in self.children:
            if child.revive():
                _say(f"{child.name} had died and runs again: {tail(child.log, 1)} ({child.log})")

    def _base_url(self) -> str:
        """Return the address for links and QR codes: where phones may come, the one this machine has in its network."""
        return f"http://{_network_address()}:{self.port}" if self.host in EVERYWHERE else self.url

    def _welcome(self) -> None:
        lines = [f"Houqin is ready: {self.url}"]
        if self.host in EVERYWHERE:
            lines.append(f"For phones in the same network: {self._base_url()}")
        if self.demo:
            lines.append(f"Demo logins, one password for all: {settings.demo_password(self.folder)[0]}")
            lines += [f"  {names:<34} {what}" for names, what in LOGINS]
        if self._bare:
            flask = f"python3 run.py flask --data {shlex.quote(str(self.folder))}"
            lines.append("There is no institution yet, so its pages answer 404. Make one and its first account:")
            lines.append(f"  {flask} institution create CODE --name-zh NAME --name-en NAME")
            lines.append(f"  {flask} users create NAME --role admin")
        lines.append("Ctrl-C ends everything.")
        print("\n".join(lines), flush=True)

    def _end(self) -> None:
        for child in self.children:
            child.ask_to_end()
        for child in self.children:
            child.end()
        for mark in list(process.of_tree(self.folder)):
            process.end(mark, ((signal.SIGKILL, 5),))


def _flask(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "app.wsgi", *arguments]


def _schema(servers: Ground) -> frozenset[str]:
    if not servers.query("SELECT to_regclass('alembic_version')"):
        return frozenset()
    return frozenset(servers.query("SELECT version_num FROM alembic_version").split())


def _has_institution(servers: Ground) -> bool:
    return servers.query("SELECT EXISTS (SELECT FROM institution)") == "t"


def _readiness(host: str, port: int) -> str:
    """Return what is missing, by the application's own word; an empty text when it can be used."""
    # Not through urllib: a proxy named in the environment must not be asked for our own address.
    connection = http.client.HTTPConnection(_shown(host).strip("[]"), port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        words = answer.read(2000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"web does not answer yet ({error})"
    finally:
        connection.close()
    return "" if answer.status == 200 else words or f"/readyz answers {answer.status}"


def _network_address() -> str:
    """Return the address this machine would speak from; a datagram socket asks the routes and sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _shown(host: str) -> str:
    """Return the address a browser on this machine takes for a listening address."""
    if host in EVERYWHERE:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Serve Houqin with servers of its own.",
        epilog="Other commands: run.py test, e2e, bench [NAME], shell, flask COMMAND (such as doctor, backup FILE, "
        "import KIND FILE). For shell and flask, --data DIR follows the word: run.py flask --data DIR doctor.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 lets phones in (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on (8000)")
    parser.add_argument("--data", type=Path, required=True, help="folder of all state (var beside run.py)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the demo campus (1)")
    parser.add_argument("--no-demo", action="store_true", help="no demo campus, no demo logins")
    parser.add_argument("--demo-password", help="password of the demo logins; else one is drawn and kept")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; print a failure as sentences and return 1."""
    options = _options(arguments)
    signals = Signals()
    return failures.said(lambda: Supervisor(options, signals).run(), options.data)


if __name__ == "__main__":
    sys.exit(main())
