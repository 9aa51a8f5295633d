"""Static files are addressed by what they hold and compressed once."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from app.core import assets


@pytest.fixture
def root(tmp_path: Path) -> Path:
    static = tmp_path / "app" / "static"
    (static / "css").mkdir(parents=True)
    (static / "css" / "base.css").write_text("body { color: black }\n" * 50, encoding="utf-8")
    (static / "img").mkdir()
    (static / "img" / "logo.png").write_bytes(b"\x89PNG")
    package = tmp_path / "node_modules" / "htmx.org"
    (package / "dist").mkdir(parents=True)
    (package / "dist" / "htmx.min.js").write_text("var htmx;", encoding="utf-8")
    return tmp_path


def test_files_are_copied_hashed_and_compressed(root: Path) -> None:
    static = root / "app" / "static"
    assert assets.build(root) == 3
    found = assets.addresses(static)
    assert set(found) == {"css/base.css", "img/logo.png", "vendor/htmx.js"}
    css = static / found["css/base.css"]
    assert css.read_text(encoding="utf-8") == "body{color:black}" * 50
    assert gzip.decompress(css.with_name("base.css.gz").read_bytes()) == css.read_bytes()
    assert css.with_name("base.css.br").stat().st_size < 100
    assert not css.parent.parent.joinpath("img", "logo.png.gz").exists(), "a picture is compressed already"
    assert all(assets.hashed(f"/static/{path}") for path in found.values())
    assert not assets.hashed("/static/css/base.css")


def test_nothing_is_done_twice_and_a_change_moves_every_address(root: Path) -> None:
    static = root / "app" / "static"
    assets.build(root)
    before = assets.addresses(static)
    assert assets.build(root) == 0
    (static / "css" / "base.css").write_text("body { color: white }", encoding="utf-8")
    assert assets.build(root) == 3
    after = assets.addresses(static)
    assert not set(before.values()) & set(after.values())
    assert (static / before["css/base.css"]).exists(), "a page already open may still ask for it"


def test_an_edited_file_is_served_as_it_is(root: Path) -> None:
    static = root / "app" / "static"
    assets.build(root)
    edited = static / "css" / "base.css"
    built = static / assets.addresses(static)["css/base.css"]
    os.utime(edited, (built.stat().st_mtime + 5,) * 2)
    assert "css/base.css" not in assets.addresses(static)
    assert "vendor/htmx.js" in assets.addresses(static)


def test_sheets_asked_for_together_are_one_file(root: Path) -> None:
    static, templates = root / "app" / "static", root / "app" / "templates"
    templates.mkdir()
    (static / "css" / "table.css").write_text("table { width: 100% }", encoding="utf-8")
    (templates / "page.html").write_text(
        "{{ ui.css('base', 'table') }}{{ ui.css('base') }}{{ ui.css('base', 'not-there') }}", encoding="utf-8"
    )
    assets.build(root)
    found = assets.addresses(static)
    assert {name for name in found if "+" in name} == {"css/base+table.css"}
    whole = (static / found["css/base+table.css"]).read_text(encoding="utf-8")
    assert whole.startswith("body{")
    assert whole.endswith("}table{width:100%}")
    os.utime(static / "css" / "table.css", (2**31, 2**31))
    assert set(assets.addresses(static)) == {"css/base.css", "img/logo.png", "vendor/htmx.js"}, (
        "an edit shows by itself"
    )


def test_scripts_asked_for_together_are_one_file_and_keep_their_names_apart(root: Path) -> None:
    static, templates = root / "app" / "static", root / "app" / "templates"
    templates.mkdir()
    (static / "js").mkdir()
    for name in ("photos", "report"):
        (static / "js" / f"{name}.js").write_text(f"const said = '{name}'; // the end", encoding="utf-8")
    (templates / "page.html").write_text("{{ ui.js('photos', 'report') }}{{ ui.js('photos') }}", encoding="utf-8")
    assets.build(root)
    whole = (static / assets.addresses(static)["js/photos+report.js"]).read_text(encoding="utf-8")
    assert whole == "{const said='photos';}\n{const said='report';}"


def test_sheets_and_scripts_of_ours_lose_comments_alone(root: Path) -> None:
    static = root / "app" / "static"
    (static / "js").mkdir()
    sheet = (
        '/* why */\n:root { --s: calc(1rem + 2px); --q: "a  /* b" }\n'
        "@media (min-width: 30em) and (hover) { a { color: red } }"
    )
    script = (
        "/** why */\nconst told = `a  // ${ 1 + 2 }\n  b`; // the end\n"
        "const found = /[/]* x/g.test('//  c');\nlet up = 1\nup\n++up"
    )
    (static / "css" / "base.css").write_text(sheet, encoding="utf-8")
    (static / "js" / "app.js").write_text(script, encoding="utf-8")
    (root / "node_modules" / "htmx.org" / "dist" / "htmx.min.js").write_text("/* theirs */ var htmx;", encoding="utf-8")
    assets.build(root)
    made = {name: (static / path).read_text("latin-1") for name, path in assets.addresses(static).items()}
    assert made["css/base.css"] == (
        ':root{--s:calc(1rem + 2px);--q:"a  /* b"}@media (min-width:30em) and (hover){a{color:red}}'
    )
    assert made["js/app.js"] == (
        "const told=`a  // ${ 1 + 2 }\n  b`;const found=/[/]* x/g.test('//  c');let up=1\nup\n++up"
    )
    assert made["vendor/htmx.js"] == "/* theirs */ var htmx;"


def test_it_works_without_front_end_packages_and_without_a_build(tmp_path: Path) -> None:
    (tmp_path / "app" / "static").mkdir(parents=True)
    assert assets.addresses(tmp_path / "app" / "static") == {}
    assert assets.build(tmp_path) == 0
    assert assets.addresses(tmp_path / "app" / "static") == {}
