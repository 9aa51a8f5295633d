"""The head of the migrations is read from their files."""

from __future__ import annotations

from pathlib import Path

from app.core.launch import schema
from app.core.supervisor import settings


def test_heads_are_what_nothing_follows(tmp_path: Path) -> None:
    (tmp_path / "0001_a.py").write_text('revision = "a"\ndown_revision = None\n', encoding="utf-8")
    (tmp_path / "0002_b.py").write_text('revision: str = "b"\ndown_revision: str | None = "a"\n', encoding="utf-8")
    (tmp_path / "0003_c.py").write_text('revision = "c"\ndown_revision = ("b", "a")\n', encoding="utf-8")
    found = schema.revisions(tmp_path)
    assert found.known == {"a", "b", "c"}
    assert found.heads == {"c"}


def test_this_release_has_one_head() -> None:
    assert len(schema.revisions(settings.ROOT / "migrations" / "versions").heads) == 1
