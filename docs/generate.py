"""Writes what the documents repeat of the code: the table of settings and the transition tables.

python -m docs.generate          rewrites them
python -m docs.generate --check  exit code 1 where they are out of date (the suite calls it so)
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from app.tickets.rules import documentation
from app.tickets.rules.workflow import FEATURES_ON
from config import Config

ROOT = Path(__file__).resolve().parents[1]
TRANSITIONS = ROOT / "docs" / "transitions.md"
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
MARKED = re.compile(r"(<!-- settings -->\n).*?(<!-- /settings -->)", re.DOTALL)


def settings_table() -> str:
    """The environment variables as a Markdown table, in the order of `config.py`."""
    lines = ["| Variable | Kind | Default | Meaning |", "|---|---|---|---|"]
    for row in Config.documentation():
        default = f"`{row.default}`" if row.default else ""
        lines.append(f"| `{row.name}` | {row.kind} | {default} | {row.description} |")
    return "\n".join(lines) + "\n"


def wanted() -> dict[Path, str]:
    """What each generated document should hold."""
    table = settings_table()
    found = {TRANSITIONS: documentation.documentation(FEATURES_ON)}
    for path in READMES:
        text = path.read_text(encoding="utf-8")
        found[path] = MARKED.sub(lambda match: match[1] + table + match[2], text)
    return found


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
