"""Whether the database is at the head of the migrations, found without loading the application.

The revisions are read from the files of `migrations/versions` as text: each names itself and what it follows.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Revisions:
    """All revisions known to this release and the last of them."""

    known: frozenset[str]
    heads: frozenset[str]


def revisions(versions: Path) -> Revisions:
    """Read the migration files; a syntax error in one is not hidden."""
    known, followed = set[str](), set[str]()
    for path in sorted(versions.glob("*.py")):
        names = _constants(path)
        if isinstance(names.get("revision"), str):
            known.add(str(names["revision"]))
        before = names.get("down_revision")
        followed.update([before] if isinstance(before, str) else before or ())
    return Revisions(frozenset(known), frozenset(known - followed))


def _constants(path: Path) -> dict[str, str | tuple[str, ...] | None]:
    found: dict[str, str | tuple[str, ...] | None] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name) and target.id in {"revision", "down_revision"}:
                found[target.id] = ast.literal_eval(node.value)
    return found
