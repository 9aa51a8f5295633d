"""Every page a role can reach: it opens in both languages, and axe and a narrow screen find nothing to complain of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.browsing import DESK, Visitors
from tests.e2e.product import ROOT

ROLES = (
    "student",
    "technician",
    "contractor",
    "dispatcher",
    "supervisor",
    "dormmanager",
    "registry",
    "counsellor",
    "energy",
    "finance",
    "leader",
    "admin",
)
PUBLIC = ("/login", "/design", "/api/v1/docs")
NARROW: ViewportSize = {"width": 320, "height": 900}
# So tall that what scrolls within the page is all seen.
WIDE: ViewportSize = {"width": 1280, "height": 6000}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
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


class Axe:
    """axe-core, run over a DevTools connection, so that the content policy need not be loosened for it."""

    def __init__(self, source: str) -> None:
        self.source = source

    def violations(self, page: Page, *, colours_only: bool) -> list[str]:
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(self.source)
        only = {"type": "rule", "values": ["color-contrast"]} if colours_only else {"type": "tag", "values": RULES}
        found: list[dict[str, Any]] = page.evaluate(
            "async (only) => (await axe.run(document, {runOnly: only, resultTypes: ['violations']})).violations",
            only,
        )
        return [
            f"{it['id']} ({len(it['nodes'])}): {it['help']}: "
            + " | ".join(node["html"][:160] for node in it["nodes"][:3])
            for it in found
        ]


@pytest.fixture(scope="session")
def axe() -> Axe:
    return Axe((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def looked_at() -> set[str]:
    """Kinds of page axe has seen in this run, with the navigation around them."""
    return set()


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
    seen: set[str] = set()
    while waiting and len(seen) < MOST:
        address = waiting.pop(0)
        if kind(address) in seen or address.startswith(FILES) or "/templates/" in address:
            continue
        seen.add(kind(address))
        answer = page.goto(address)
        assert answer is not None, address
        assert answer.status == 200, f"{address}: {answer.status}"
        yield address
        waiting += reached(page)


def _show_whole(page: Page, size: ViewportSize) -> None:
    """Make the window of this width so tall that no bar at the bottom lies over what one would scroll to, and no
    taller: every picture of it is drawn."""
    page.set_viewport_size(size)
    tall = page.evaluate("document.documentElement.scrollHeight")
    if tall > size["height"]:
        page.set_viewport_size({"width": size["width"], "height": tall + 200})


def _themes(size: ViewportSize, *, read_before: bool) -> tuple[Literal["light", "dark"], ...]:
    if not read_before:
        return "light", "dark"
    return ("light",) if size == NARROW else ()


def faults(page: Page, axe: Axe, *, read_before: bool = False) -> list[str]:
    """What is wrong with the open page in both themes on the narrowest phone and on a desk.

    Of a page read before in the other language only what other words can change is looked at: how it fits.
    """
    found = []
    for size in (NARROW, WIDE):
        _show_whole(page, size)
        for scheme in _themes(size, read_before=read_before):
            page.emulate_media(color_scheme=scheme)
            # Colours are what differs between the themes.
            said = axe.violations(page, colours_only=scheme == "dark")
            found += [f"{page.url} {size['width']} px {scheme}: {words}" for words in said]
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
def test_no_page_of_a_role_has_faults(visitors: Visitors, role: str, axe: Axe, looked_at: set[str]) -> None:
    language = "en" if ROLES.index(role) % 2 else "zh-CN"
    # Without motion colours change at once: axe must not measure them half-way between the themes.
    page = visitors.page(role, device=DESK, language=language, reduced_motion="reduce")
    around = json.dumps(navigation(page))
    found: list[str] = []
    for address in pages(page):
        made_of = f"{_FIGURE.sub('#', kind(address))} {page.evaluate(PARTS)}"
        marks = {around, f"{language} {made_of}"}
        if not marks <= looked_at:
            found += faults(page, axe, read_before=made_of in looked_at)
            looked_at |= {*marks, made_of}
            page.emulate_media(color_scheme="light")
    assert not found, "\n".join(found)


def test_no_public_page_has_faults(visitors: Visitors, axe: Axe, sticker: str) -> None:
    page = visitors.page(language="zh-CN", reduced_motion="reduce")
    found: list[str] = []
    for address in (*PUBLIC, sticker):
        page.goto(address)
        found += faults(page, axe)
    visitors.watch.allow(404)
    page.goto("/r/nothing-like-a-sticker")
    found += faults(page, axe)
    assert not found, "\n".join(found)
