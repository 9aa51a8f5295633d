"""The command line of run.py, and what it says where something is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import run

ROOT = Path(run.__file__).parent


@pytest.mark.parametrize(
    ("arguments", "anywhere", "data", "rest"),
    [
        ([], True, ROOT / "var", []),
        (["--port", "9", "--data", "/d", "--no-demo"], True, Path("/d"), ["--port", "9", "--no-demo"]),
        (["--data=/d", "doctor"], False, Path("/d"), ["doctor"]),
        (["restore", "--data", "x"], False, ROOT / "var", ["restore", "--data", "x"]),
    ],
)
def test_the_data_folder_is_taken_from_the_arguments(
    arguments: list[str], anywhere: bool, data: Path, rest: list[str]
) -> None:
    assert run._data(arguments, anywhere=anywhere) == (data, rest)


@pytest.mark.parametrize("arguments", [["--data", ""], ["--data="]])
def test_an_empty_data_folder_is_not_the_one_the_caller_stands_in(arguments: list[str]) -> None:
    with pytest.raises(run.Missing, match="names no folder"):
        run._data(arguments, anywhere=True)


def test_an_unknown_command_is_named_before_anything_is_set_up() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "run.py"), "tset"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'tset'" in done.stderr
    assert "test, e2e" in done.stderr


def test_what_it_starts_compiles_its_code_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str | None] = []

    def become(_command: str, _arguments: list[str]) -> int:
        started.append(os.environ.get("PYTHONDONTWRITEBYTECODE"))
        return 0

    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "argv", ["run.py"])
    monkeypatch.setattr(run, "_set_up", lambda **_of: None)
    monkeypatch.setattr(run, "_become", become)
    assert run.main() == 0
    assert started == [None]


def test_an_old_python_is_told_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    with pytest.raises(run.Missing, match=r"3\.10\.4; 3\.11 or newer.*apt-get install python3"):
        run._check_machine()


def test_a_python_without_ensurepip_is_told_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(run.Missing, match=r"sudo apt-get install python3\.\d+-venv"):
        run._make_environment(same_python=True)


def test_a_machine_without_a_browser_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(run.Missing, match="sudo apt-get install chromium fonts-noto-cjk"):
        run._journeys([], {})


def test_no_registry_host_is_named_in_any_lock() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt", "package-lock.json"):
        words = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in words, name
        assert "--index" not in words, name


def test_the_test_lock_holds_the_run_time_lock() -> None:
    pins = {name: _pins(name) for name in ("requirements.txt", "requirements-dev.txt")}
    assert pins["requirements.txt"] <= pins["requirements-dev.txt"]


def _pins(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line.split(" \\")[0] for line in lines if "==" in line and not line.startswith(("#", " "))}
