"""Rules about the source text that no linter knows (architecture.md, rules 2, 3 and 8)."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
TEMPLATES = APP / "templates"

COMMITS_ALLOWED = {
    "app/core/http/application.py",  # the end of a request
    "app/core/institution.py",  # the one table only its owner may write
    "app/core/transaction.py",
}
COMMITS = re.compile(r"\.(?:commit|begin_nested)$|\b(?:transaction\.finish|engine\.begin|session\.begin)$|^finish$")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
LINES, LINES_AT_MOST, LONG_SHARE = 400, 600, 25


def sources() -> Iterator[Path]:
    yield from sorted(APP.rglob("*.py"))
    yield from (ROOT / name for name in ("run.py", "worker.py", "config.py"))


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def markup(path: Path) -> list[str]:
    """The lines of a template with its comments blanked, so that line numbers stay."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"\{#.*?#\}", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL).splitlines()


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_nobody_commits_outside_core() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in sources()
        if name_of(path) not in COMMITS_ALLOWED
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and COMMITS.search(ast.unparse(node.func))
    ]
    assert found == []


def locks_objects(node: ast.AST) -> bool:
    """`scalars(…)` of a locking query that is not one of columns alone."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "scalars"):
        return False
    inside = list(ast.walk(node))
    selects = [each for each in inside if isinstance(each, ast.Call) and ast.unparse(each.func) == "select"]
    columns = bool(selects) and all(isinstance(each, ast.Attribute) for call in selects for each in call.args)
    return not columns and any(isinstance(each, ast.Attribute) and each.attr == "with_for_update" for each in inside)


def test_objects_are_locked_in_one_way() -> None:
    """`core.held.locking` reads them anew: any other lock would judge what the session had read before it waited."""
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in sources()
        if path != APP / "core" / "held.py"
        for node in ast.walk(tree(path))
        if locks_objects(node)
    ]
    assert found == []


def test_no_page_hides_what_its_frame_is_drawn_from() -> None:
    """A template given an `actor` of its own takes the account menu, the language and Sign out from its page."""
    frame = {"actor", "institution", "locale"}
    hidden = [
        f"{name_of(path)}:{node.lineno} {keyword.arg}"
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("render_template")
        for keyword in node.keywords
        if keyword.arg in frame
    ]
    assert not hidden


def test_no_module_is_a_drawer() -> None:
    assert [name_of(path) for path in sources() if path.stem in FORBIDDEN_NAMES] == []


def test_modules_are_read_in_one_sitting() -> None:
    """None beyond 600 lines, at most one in 25 beyond 400 (architecture.md rule 10)."""
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {name: count for name, count in lengths.items() if count > LINES_AT_MOST} == {}
    long = {name: count for name, count in lengths.items() if count > LINES}
    assert len(long) * LONG_SHARE <= len(lengths), long


SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b(?::\s*[A-Z0-9, ]+|\[[a-z, -]+\])?(?P<reason>.*)")


def test_whoever_silences_a_check_says_why() -> None:
    """In the same line: `# noqa: S608 - names of our own`, `# type: ignore[arg-type]  # psycopg's own`."""
    bare = [
        f"{name_of(path)}:{number}"
        for folder in ("app", "bench", "docs", "migrations", "tests", ".")
        for path in sorted((ROOT / folder).glob("*.py" if folder == "." else "**/*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := SILENCED.search(line)) and len(found["reason"].strip(" #-")) < 5
    ]
    assert bare == []


def test_tests_ignore_no_types() -> None:
    """mypy reads but those a bench takes from them, and they need no mark; elsewhere it would silence nothing."""
    mark = "# type: " + "ignore["
    found = [
        f"{name_of(path)}:{number}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if mark in line and "`" not in line
    ]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    assert [name_of(path) for path in sources() if ast.get_docstring(tree(path)) is None] == []


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"\sstyle\s*=", "lengths are SVG attributes, meter or progress; colours are classes (CSP)"),
        (r"\son[a-z]+\s*=\s*[\"']", "no inline script (CSP)"),
        (r"\|\s*safe\b", "user text is never marked safe"),
        (r"<script(?![^>]*\bsrc=)", "no inline script (CSP)"),
        (r"<style\b", "no inline style (CSP)"),
        (r"hx-on|js:", "behind `new Function`: refused by the CSP"),
    ],
)
def test_templates_keep_to_the_content_security_policy(pattern: str, why: str) -> None:
    found = [
        f"{name_of(path)}:{number}: {why}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for number, line in enumerate(markup(path), 1)
        if re.search(pattern, line)
    ]
    assert found == []


def test_htmx_attributes_stand_in_one_file() -> None:
    found = [
        f"{name_of(path)}:{number}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        if path.name != "hx.html"
        for number, line in enumerate(markup(path), 1)
        if re.search(r"[\s{\"']hx-[a-z]", line)
    ]
    assert found == []


def test_the_repository_names_no_registry_host() -> None:
    hosts = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian|mirrors?\.[a-z]+\.[a-z]+/", re.IGNORECASE)
    tracked = [
        path
        for pattern in ("*.txt", "*.in", "*.json", "*.toml", "*.py", "*.md", ".ci/*", "Makefile")
        for path in ROOT.glob(pattern)
        if path.is_file()
    ]
    assert [name_of(path) for path in tracked if hosts.search(path.read_text(encoding="utf-8"))] == []
