"""The documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from app.core.settings import DECLARED
from config import Config
from docs import generate
from docs.settings_zh import MEANINGS

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:|#|/)([^)#]+)")


def test_generated_parts_are_up_to_date() -> None:
    assert generate.stale() == []


def test_settings_are_told_in_both_languages_from_one_list() -> None:
    rows = Config.documentation()
    assert [row.name for row in rows] == list(MEANINGS)
    names = [re.findall(r"^\| `([A-Z_]+)`", generate.settings_table(tag), re.MULTILINE) for tag in ("en", "zh-CN")]
    assert names[0] == names[1] == [row.name for row in rows]
    described = [generate.chinese(row).description for row in rows]
    assert [said for said in described if not re.search(r"[\u4e00-\u9fff]|`smtp", said)] == []


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
