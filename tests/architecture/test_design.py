"""Rules of the design layer: what a page asks for exists, and colours are tokens (design/README.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

APP = Path(__file__).resolve().parents[2] / "app"
TEMPLATES = sorted((APP / "templates").rglob("*.html"))
SHEETS = sorted((APP / "static" / "css").glob("*.css"))


def texts() -> dict[str, str]:
    return {
        path.relative_to(APP).as_posix(): re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for path in TEMPLATES
    }


@pytest.mark.parametrize(("call", "folder", "ending"), [("css", "css", ".css"), ("js", "js", ".js")])
def test_every_sheet_and_script_a_page_asks_for_exists(call: str, folder: str, ending: str) -> None:
    missing = [
        (page, name)
        for page, text in texts().items()
        for arguments in re.findall(rf"ui\.{call}\(([^)]*)\)", text)
        for name in re.findall(r"['\"]([\w-]+)['\"]", arguments)
        if not (APP / "static" / folder / f"{name}{ending}").exists()
    ]
    assert missing == []


def test_every_macro_for_htmx_is_used() -> None:
    pages = texts()
    made = set(re.findall(r"macro (\w+)\(", pages.pop("templates/macros/hx.html")))
    used = {name for text in pages.values() for name in re.findall(r"\bhx\.(\w+)\(", text)}
    assert made == used


def test_every_static_file_named_by_a_page_exists() -> None:
    missing = [
        (page, name)
        for page, text in texts().items()
        for name in re.findall(r"asset\(['\"]([^'\"]+)['\"]\)", text)
        if not name.startswith("vendor/") and not (APP / "static" / name).exists()
    ]
    assert missing == []


def test_every_icon_named_by_a_page_or_the_navigation_is_drawn(app: Flask) -> None:
    drawn = app.jinja_env.get_template("macros/icon.html").module
    known = set(drawn.PATHS) | set(drawn.ALIASES)
    named = {
        (page, name)
        for page, text in texts().items()
        for name in re.findall(r"\bicon\(\s*['\"]([\w-]+)['\"]|\bicon['\"]?\s*[=:]\s*['\"]([\w-]+)['\"]", text)
    }
    named |= {("navigation", (item.icon, "")) for item in app.extensions["houqin_nav"]}
    assert sorted((page, a or b) for page, (a, b) in named if (a or b) not in known) == []


def test_colours_are_tokens() -> None:
    """Only tokens.css holds literal colours; what is dark on any photo or behind any dialog is black with an alpha."""
    allowed = re.compile(r"rgb\(0 0 0 / \.\d+\)|#fff\b")
    found = [
        (sheet.name, literal)
        for sheet in SHEETS
        if sheet.name != "tokens.css"
        for literal in re.findall(
            r"#[0-9a-fA-F]{3,8}\b|rgba?\([^)]*\)|hsla?\([^)]*\)", sheet.read_text(encoding="utf-8")
        )
        if not allowed.fullmatch(literal)
    ]
    assert found == []


def test_every_variable_is_defined() -> None:
    text = "".join(sheet.read_text(encoding="utf-8") for sheet in SHEETS)
    defined = set(re.findall(r"(--[\w-]+)\s*:", text))
    used = set(re.findall(r"var\((--[\w-]+)", text))
    assert used - defined == set()
