"""The board in a dispatcher's hands: by keys alone, by dragging, by one click for many steps."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import Visitors


def slip(desk: Page, column: str, nth: int = 0) -> Locator:
    return desk.locator(f"[data-column={column}] [data-moves]").nth(nth)


def number(it: Locator) -> str:
    return it.get_attribute("data-number") or ""


def to_column(desk: Page, column: str) -> None:
    """Take the cursor to a column by the keys."""
    for _each in range(6):
        desk.keyboard.press("l")
        if desk.locator(f"[data-column={column}] .is-cursor").count():
            return
    raise AssertionError(f"{column} cannot be reached by keys")


def test_an_order_is_held_and_taken_back_by_keys_alone(visitors: Visitors) -> None:
    desk = visitors.page("dispatcher")
    desk.goto("/dispatch/board")
    to_column(desk, "work")
    held = number(desk.locator("[data-column=work] .is-cursor"))
    desk.keyboard.press("m")
    menu = desk.locator("dialog#move[open]")
    expect(menu).to_be_visible()
    menu.locator("#f-hold_reason").focus()
    desk.keyboard.type("We")
    menu.locator("#f-until").fill("2030-01-01T08:00")
    menu.locator("button[value=hold]").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(f'[data-column=hold] [data-number="{held}"]')).to_have_count(1)

    desk.keyboard.press("?")
    expect(desk.locator("#keys-help")).to_contain_text("macro")
    desk.keyboard.press("Escape")
    desk.keyboard.press("b")
    expect(desk.locator("#views .menu__list")).to_be_visible()


def drag(desk: Page, it: Locator, column: str) -> None:
    it.scroll_into_view_if_needed()
    box, to = it.bounding_box(), desk.locator(f"[data-column={column}]").bounding_box()
    assert box is not None
    assert to is not None
    desk.mouse.move(box["x"] + 40, box["y"] + 20)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 60, box["y"] + 30, steps=3)
    desk.mouse.move(to["x"] + 60, to["y"] + 200, steps=6)
    desk.mouse.up()


def test_dragging_asks_what_the_act_demands_and_says_what_cannot_be(visitors: Visitors) -> None:
    desk = visitors.page("dispatcher")
    desk.goto("/dispatch/board")
    it = slip(desk, "work")
    name = number(it)
    drag(desk, it, "hold")
    menu = desk.locator("dialog#move[open]")
    expect(menu.locator("[data-part=hold]")).to_be_visible()
    expect(menu.locator("[data-part=queued]")).to_be_hidden()
    menu.locator("#f-hold_reason").select_option("weather")
    menu.locator("#f-until").fill("2030-01-01T08:00")
    menu.locator("button[value=hold]").click()
    moved = desk.locator(f'[data-column=hold] [data-number="{name}"]')
    expect(moved).to_have_count(1)

    address = desk.url
    drag(desk, moved, "work")
    expect(desk.locator("#toasts")).to_contain_text("accepts and starts")
    assert desk.url == address


def test_one_macro_on_a_whole_column_accounts_for_each(visitors: Visitors) -> None:
    desk = visitors.page("dispatcher")
    desk.goto("/dispatch/board")
    to_column(desk, "hold")
    desk.keyboard.press("x")
    desk.locator("#f-scope").select_option("hold")
    desk.locator("h1").click()
    desk.keyboard.press("u")
    desk.locator("dialog#macros[open] button.macro").first.click()
    desk.get_by_role("button", name="Do it to all").click()
    expect(desk.locator("#run-state [role=status]")).to_contain_text("refused", timeout=30_000)
    expect(desk.locator("#run-state .runlist a").first).to_be_visible()
