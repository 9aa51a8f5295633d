"""axe-core over a DevTools connection, so that the content policy need not be loosened for it.

Colours are two thirds of what axe costs, and a block that is made as one before it was, in the same surroundings,
window, language and theme, has its colours too: they are asked of every make of block once in a process, every other
rule of each page as a whole.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = "color-contrast"

# What a style sheet of the product can see of an element: its tag, the names of its attributes and the values of some,
# its state, whether it is shown and filled, what stands before it, whether it is the last one and which cell of its
# row; of words whether there are none, one letter (of which axe says nothing) or more. Of each element in document
# order: its make with all that is in it, how many elements that are, whether it has words of its own, and whether it is
# taken whole, because a box within it tells its neighbours how to look.
_MAKES = """() => {
  const VALUES = new Set(["class", "type", "role", "style", "fill", "stroke", "opacity", "aria-current",
    "aria-disabled", "aria-expanded", "aria-hidden", "aria-invalid", "aria-pressed", "aria-selected"]);
  const number = (words, start = 5381) => {
    for (let i = 0; i < words.length; i++) start = (start * 33 ^ words.charCodeAt(i)) | 0;
    return start;
  };
  const named = (it) => VALUES.has(it.name) ? `${it.name}=${it.value}` : it.name;
  const bare = (each) => [each.tagName, each.checked, each.matches(":disabled"), each.control?.disabled, !!each.value,
    each.checkVisibility(), ...[...each.attributes].map(named).sort()].join();
  const spoken = (each) => [...each.childNodes].filter((it) => it.nodeType === Node.TEXT_NODE)
    .map((it) => it.data).join("").trim().length;
  document.querySelectorAll("[data-look]").forEach((it) => it.removeAttribute("data-look"));
  const found = [];
  const visit = (each, path, before) => {
    const self = bare(each), words = Math.min(spoken(each), 2), place = found.length;
    const around = number(`${before} ${!each.nextElementSibling} ${each.cellIndex}`, path), here = number(self, around);
    found.push(null);
    let whole = number(`${self} ${words}`), last = "";
    for (const child of each.children) {
      const [inner, said] = visit(child, here, last);
      whole = number(`|${inner}`, whole);
      last = said;
    }
    found[place] = [`${around} ${whole}`, found.length - place, words > 0 || each.matches("input, select, textarea"),
      [...each.children].some((it) => it.matches("input[type=checkbox], input[type=radio]"))];
    return [whole, self];
  };
  visit(document.body, number(bare(document.documentElement)), "");
  return JSON.stringify(found);
}"""
_MARK = """(places) => {
  const all = [document.body, ...document.body.querySelectorAll("*")];
  places.forEach((place) => all[place].setAttribute("data-look", ""));
}"""
_RUN = """async (only) =>
    (await axe.run(document, {runOnly: only, resultTypes: ["violations"]})).violations"""
_ONLY_NEW = "axe.configure({rules: [{id: '" + COLOURS + "', selector: '[data-look]'}]})"


class Axe:
    """What axe finds on pages, and the makes of blocks whose colours were looked at in this process."""

    def __init__(self, source: str) -> None:
        self._source = f"{source};{_ONLY_NEW};"
        self._seen: dict[str, set[str]] = {}

    def enter(self, page: Page) -> None:
        """Be there on every document the page opens from now on: read by each anew, axe would be compiled by each."""
        page.add_init_script(self._source)

    def faults(self, page: Page, width: int, *, colours_only: bool) -> list[str]:
        """In both themes: all rules, and the colours of what is new at this width in the page's language.

        `colours_only` leaves the other rules to a look at another width.
        """
        coloured = self._mark_new(page, f"{width} {page.evaluate('document.documentElement.lang')}")
        found = []
        if not colours_only:
            found += self._run(page, {"type": "tag", "values": RULES})
        only = {"type": "rule", "values": [COLOURS]}
        if coloured and colours_only:
            found += self._run(page, only)
        if coloured:
            page.emulate_media(color_scheme="dark")
            found += [f"dark: {words}" for words in self._run(page, only)]
            page.emulate_media(color_scheme="light")
        return found

    def _mark_new(self, page: Page, where: str) -> bool:
        """Mark the elements whose like was not seen there; tell whether any of them has colours to be read."""
        seen = self._seen.setdefault(where, set())
        makes: list[tuple[str, int, bool, bool]] = json.loads(page.evaluate(_MAKES))
        new, place = [], 0
        while place < len(makes):
            make, size, _, whole = makes[place]
            if make in seen:
                place += size
                continue
            seen.add(make)
            new += range(place, place + size) if whole else [place]
            place += size if whole else 1
        page.evaluate(_MARK, new)
        return any(makes[each][2] for each in new)

    def _run(self, page: Page, only: dict[str, Any]) -> list[str]:
        found: list[dict[str, Any]] = page.evaluate(_RUN, only)
        return [
            f"{it['id']} ({len(it['nodes'])}): {it['help']}: "
            + " | ".join(node["html"][:160] for node in it["nodes"][:3])
            for it in found
        ]
