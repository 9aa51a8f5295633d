"""Writes what the documents repeat of the code: the table of settings and the transition tables.

python -m docs.generate          rewrites them
python -m docs.generate --check  exit code 1 where they are out of date (the suite calls it so)
"""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path

from app.tickets.rules import documentation
from app.tickets.rules.workflow import FEATURES_ON
from config import Config, Row
from docs.settings_zh import KINDS, MEANINGS

ROOT = Path(__file__).resolve().parents[1]
TRANSITIONS = ROOT / "docs" / "transitions.md"
READMES = {ROOT / "README.md": "en", ROOT / "README.zh-CN.md": "zh-CN"}
MARKED = re.compile(r"(<!-- settings -->\n).*?(<!-- /settings -->)", re.DOTALL)


def settings_table(tag: str) -> str:
    """The environment variables as a Markdown table in a language, in the order of `config.py`.

    Raises KeyError for a setting whose meaning or kind has no Chinese.
    """
    head = "| Variable | Kind | Default | Meaning |" if tag == "en" else "| 变量 | 类型 | 默认值 | 含义 |"
    lines = [head, "|---|---|---|---|"]
    for row in Config.documentation() if tag == "en" else map(chinese, Config.documentation()):
        default = f"`{row.default}`" if row.default else ""
        lines.append(f"| `{row.name}` | {row.kind} | {default} | {row.description} |")
    return "\n".join(lines) + "\n"


def chinese(row: Row) -> Row:
    """A setting in Chinese: ranges and choices stay as they are typed."""
    kind = row.kind.replace(" to ", "–") if row.kind[0].isdigit() else KINDS.get(row.kind, row.kind)
    default = "（必填）" if row.default == "(needed)" else row.default
    return Row(row.name, kind, default, MEANINGS[row.name])


def wanted() -> dict[Path, str]:
    """What each generated document should hold."""
    found = {TRANSITIONS: documentation.documentation(FEATURES_ON)}
    for path, tag in READMES.items():
        text = path.read_text(encoding="utf-8")
        found[path] = MARKED.sub(partial(_filled, settings_table(tag)), text)
    return found


def _filled(table: str, place: re.Match[str]) -> str:
    return place[1] + table + place[2]


def stale() -> list[str]:
    """Names of the documents that do not say what the code says."""
    return [
        path.relative_to(ROOT).as_posix()
        for path, text in wanted().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    if "--check" in sys.argv[1:]:
        for name in stale():
            sys.stdout.write(f"{name} is out of date: python -m docs.generate\n")
        return 1 if stale() else 0
    for path, text in wanted().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
