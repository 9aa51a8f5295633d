"""The documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from app.core.settings import DECLARED
from docs import generate

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:|#|/)([^)#]+)")


def test_generated_parts_are_up_to_date() -> None:
    assert generate.stale() == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")]
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_settings_of_an_institution_have_words(app: object) -> None:
    assert [name for name, declared in DECLARED.items() if not str(declared.words).strip()] == []
