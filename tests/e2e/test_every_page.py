"""Every page a role can reach: it opens in both languages, and axe and a narrow screen find nothing to complain of."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.axe import Axe
from tests.e2e.browsing import DESK, Visitors
from tests.e2e.product import ROOT

# Those who see most come first, so that both processes end together.
ROLES = (
    "supervisor",
    "dispatcher",
    "student",
    "admin",
    "contractor",
    "technician",
    "registry",
    "dormmanager",
    "energy",
    "counsellor",
    "leader",
    "finance",
)
PUBLIC = ("/login", "/design", "/api/v1/docs")
NARROW: ViewportSize = {"width": 320, "height": 900}
WIDE: ViewportSize = {"width": 1280, "height": 900}
# How tall the window must be to show all that scrolls within the page, and to its end where something lies over that.
TALL = """() => {
  const all = [...document.querySelectorAll("body *")].map((each) => [each, getComputedStyle(each)]);
  const within = Math.max(0, ...all.filter(([, style]) => /auto|scroll/.test(style.overflowY))
    .map(([each]) => each.scrollHeight - each.clientHeight));
  const over = all.some(([each, style]) =>
    /fixed|sticky/.test(style.position) && style.bottom !== "auto" && each.offsetHeight);
  return within + (over ? document.documentElement.scrollHeight : innerHeight);
}"""
# What a page is made of: roles that see the same parts of a page need not look at it twice.
PARTS = """() => [...new Set([...document.querySelectorAll("main *, header *, aside *")].map(
    (each) => `${each.tagName} ${each.getAttribute("class") || ""} ${each.type || ""}`))].sort().join()"""
# Tables turn on a phone (macros/ui.html: table); a board of columns is one that is leafed through.
SIDEWAYS = """() => [...document.querySelectorAll(".scroll")].filter(
    (each) => each.offsetParent && each.scrollWidth > each.clientWidth + 1
).map((each) => each.getAttribute("aria-label"))"""
# A word of state that ends in the middle says another state.
CUT = """() => [...document.querySelectorAll("td .chip")].filter((each) => each.offsetParent
    && each.getBoundingClientRect().right > each.closest("td").getBoundingClientRect().right + 1
).map((each) => each.textContent.trim())"""
MOST = 200
"""Pages looked at per role; a role with more has grown a kind of page for every object."""

FILES = ("/files/", "/attachments/")
_FILE = re.compile(r"\.(csv|xlsx|json|pdf|txt|webp|zip)$")
_FIGURE = re.compile(r"(?<=^/reports/rows/)\w+")
"""Whose rows they are: opened for each figure, but of one make."""


@pytest.fixture(scope="session")
def axe() -> Axe:
    return Axe((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))


class LookedAt:
    """Kinds of page axe has seen in this run, in whichever process: who marks one first looks at it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mark(self, words: str) -> bool:
        """Whether nobody had marked it."""
        try:
            (self._folder / hashlib.sha256(words.encode()).hexdigest()).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


@pytest.fixture(scope="session")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> LookedAt:
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "looked-at"
    folder.mkdir(exist_ok=True)
    return LookedAt(folder)


def navigation(page: Page) -> list[str]:
    """The addresses of a role's navigation."""
    page.goto("/")
    links = page.locator("nav.rail a[href], nav.tabs a[href]").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    return sorted({link for link in links if link.startswith("/")})


def kind(address: str) -> str:
    """Addresses of one kind of page are alike but for their numbers; a view or filter is no page of its own."""
    return re.sub(r"/(\d+|[0-9a-f]{16,})(?=/|$)", "/#", urlsplit(address).path)


def reached(page: Page) -> list[str]:
    """Pages one step away."""
    links = page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return [
        link
        for link in links
        if link.startswith("/") and not link.startswith("//") and not _FILE.search(urlsplit(link).path)
    ]


def pages(page: Page) -> Iterator[str]:
    """Open one page of every kind the role can reach by links; yield each when it is open."""
    waiting = navigation(page)
    assert waiting, f"{page.url}: nobody is signed in"
    seen: set[str] = set()
    while waiting and len(seen) < MOST:
        address = waiting.pop(0)
        if kind(address) in seen or address.startswith(FILES) or "/templates/" in address:
            continue
        seen.add(kind(address))
        answer = page.goto(address)
        assert answer is not None, address
        assert answer.status == 200, f"{address}: {answer.status}"
        assert "/login" not in page.url, address
        yield address
        waiting += reached(page)


def _show_whole(page: Page, size: ViewportSize) -> None:
    """Make the window of this width so tall that no bar at the bottom lies over what one would scroll to, and no
    taller: all of it is drawn."""
    page.set_viewport_size(size)
    tall = page.evaluate(TALL)
    if tall > size["height"]:
        page.set_viewport_size({"width": size["width"], "height": tall + 200})


def faults(page: Page, axe: Axe, *, read_before: bool = False) -> list[str]:
    """What is wrong with the open page in both themes on the narrowest phone and on a desk.

    A page read before in the other language is read by all rules on the phone alone, where other words change most.
    """
    found = []
    for size in (NARROW, WIDE):
        _show_whole(page, size)
        said = axe.faults(page, size["width"], colours_only=read_before and size == WIDE)
        found += [f"{page.url} {size['width']} px: {words}" for words in said]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflow > 0:
            found.append(f"{page.url}: {overflow} px wider than the {size['width']} px screen")
        sideways = page.evaluate(SIDEWAYS)
        found += [f"{page.url} {size['width']} px: this table is read sideways: {name}" for name in sideways]
        found += [f"{page.url} {size['width']} px: this is cut: {words}" for words in page.evaluate(CUT)]
    page.set_viewport_size(DESK["viewport"])
    return found


@pytest.mark.parametrize("role", ROLES)
def test_navigation_opens_in_both_languages(visitors: Visitors, role: str) -> None:
    for language in ("zh-CN", "en"):
        page = visitors.page(role, language=language)
        addresses = navigation(page)
        assert addresses
        for address in addresses:
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, f"{address} ({language}): {answer.status}"
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("h1").first).to_be_visible()


@pytest.mark.parametrize("role", ROLES)
def test_no_page_of_a_role_has_faults(visitors: Visitors, role: str, axe: Axe, looked_at: LookedAt) -> None:
    language = "en" if ROLES.index(role) % 2 else "zh-CN"
    # Without motion colours change at once: axe must not measure them half-way between the themes.
    page = visitors.page(role, device=DESK, language=language, reduced_motion="reduce")
    axe.enter(page)
    around = looked_at.mark(json.dumps(navigation(page)))
    found: list[str] = []
    for address in pages(page):
        made_of = f"{_FIGURE.sub('#', kind(address))} {page.evaluate(PARTS)}"
        if looked_at.mark(f"{language} {made_of}") or around:
            found += faults(page, axe, read_before=not looked_at.mark(made_of))
            around = False
    assert not found, "\n".join(found)


def test_no_public_page_has_faults(visitors: Visitors, axe: Axe, sticker: str) -> None:
    page = visitors.page(language="zh-CN", reduced_motion="reduce")
    axe.enter(page)
    found: list[str] = []
    for address in (*PUBLIC, sticker):
        page.goto(address)
        found += faults(page, axe)
    visitors.watch.allow(404)
    page.goto("/r/nothing-like-a-sticker")
    found += faults(page, axe)
    assert not found, "\n".join(found)


def test_colours_nobody_can_read_are_found(visitors: Visitors, axe: Axe) -> None:
    """A look at each make once must not overlook what a class, a state or the surroundings change."""
    page = visitors.page()
    axe.enter(page)
    page.goto("about:blank")
    row = "<li class='{}'><input type=checkbox {}><span>Reported</span></li>"
    style = "li { color: #111 } .pale { color: #ccc } :checked + span { color: #ddd } ol * { color: #eee }"
    text = "<html lang=en><title>Colours</title><style>{}</style><main><h1>Colours</h1>{}</main>"

    def said(body: str) -> list[str]:
        page.set_content(text.format(style, body))
        return [words for words in axe.faults(page, 1, colours_only=True) if not words.startswith("dark")]

    plain = row.format("", "")
    assert not said(f"<ul>{plain * 5}</ul>")
    assert "(1)" in said(f"<ul>{plain * 3}{row.format('pale', '')}{plain}</ul>")[0]
    assert "(1)" in said(f"<ul>{plain * 3}{row.format('', 'checked')}</ul>")[0]
    assert said(f"<ol>{plain * 3}</ol>")
