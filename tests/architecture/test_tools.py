"""The tools that read the whole tree: types, lint, import contracts, templates. Run as one test each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import ENTRIES
from bench.__main__ import main as figures

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports"],
        ["djlint", "--lint", "app/templates"],
    ],
    ids=["ruff", "format", "mypy", "imports", "templates"],
)
def test_the_tree_is_clean(command: list[str]) -> None:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize(
    ("asked", "run"), [([], list(ENTRIES)), (["all"], list(ENTRIES)), (["kill", "create"], ["kill", "create"])]
)
def test_the_figures_named_are_run_or_all_of_them(
    asked: list[str], run: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(sys, "argv", ["bench", *asked])
    monkeypatch.setattr("bench.__main__._run", lambda name: done.append(name) or True)
    assert figures() == 0
    assert done == run
