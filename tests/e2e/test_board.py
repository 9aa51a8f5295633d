"""The board in a dispatcher's hands: by keys alone, by dragging, by one click for many steps."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import PHONE, Visitors
from tests.e2e.product import Api

# Whose work is taken away here: nobody else's, or he would be free for what later journeys file.
PLAYED = re.compile("王师傅|陈师傅")


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


def test_every_key_of_the_list_is_within_reach_and_all_can_be_switched_off(visitors: Visitors) -> None:
    """`h l / p g n c`; single keys can be turned off, `?` with them, and on again by a button (WCAG 2.1.4)."""
    desk = visitors.page("dispatcher")
    desk.goto("/dispatch?state=queued")
    keys, tab = desk.keyboard, desk.locator(".views [aria-current=page]")
    keys.press("l")
    desk.wait_for_url("**state=offered**")
    keys.press("h")
    desk.wait_for_url("**state=queued**")
    expect(tab).to_contain_text("Queued")
    desk.goto("/dispatch?state=work")
    keys.press("/")
    box = desk.get_by_role("searchbox", name="Search open orders")
    expect(box).to_be_focused()
    keys.type("chp")
    expect(box).to_have_value("chp")
    expect(desk.locator("dialog[open]")).to_have_count(0)
    box.fill("")
    desk.locator("h1").click()
    keys.press("n")
    expect(desk.locator("#toasts")).to_contain_text("Nothing new")
    keys.press("j")
    keys.press("p")
    expect(desk.locator("dialog#move[open] [data-part=hold]")).to_be_visible()
    expect(desk.locator("dialog#move[open] [data-part=queued]")).to_be_hidden()
    keys.press("Escape")

    keys.press("?")
    help_ = desk.locator("#keys-help[open]")
    for word in ("hold", "into the pool", "search", "Report for somebody", "other tab", "to what is new", "candidate"):
        expect(help_).to_contain_text(word)
    help_.get_by_role("checkbox", name="Use single keys").uncheck()
    keys.press("Escape")
    for key in ("?", "/", "c", "h", "j"):
        keys.press(key)
    expect(desk.locator("dialog[open]")).to_have_count(0)
    expect(box).not_to_be_focused()
    assert "state=work" in desk.url
    desk.get_by_role("button", name="all keys").click()
    help_.get_by_role("checkbox", name="Use single keys").check()
    keys.press("Escape")
    keys.press("c")
    desk.wait_for_url("**/report/for**")


def drag(desk: Page, it: Locator, column: str) -> None:
    drop_on(desk, it, desk.locator(f"[data-column={column}]"))


def drop_on(desk: Page, it: Locator, target: Locator) -> None:
    target.scroll_into_view_if_needed()  # the strip of technicians is longer than the page is wide
    it.scroll_into_view_if_needed()
    box, to = it.bounding_box(), target.bounding_box()
    assert box is not None
    assert to is not None
    desk.mouse.move(box["x"] + 40, box["y"] + 20)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 60, box["y"] + 30, steps=3)
    desk.mouse.move(to["x"] + 60, to["y"] + min(200, to["height"] / 2), steps=6)
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
    label = menu.locator("label[for=f-until]")
    menu.locator("#f-hold_reason").select_option("access")
    expect(label).to_contain_text("optional")
    menu.locator("#f-hold_reason").select_option("weather")
    expect(label).to_contain_text("required")
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


def test_many_are_cancelled_after_ten_seconds_in_which_it_can_be_undone(visitors: Visitors, desk_api: Api) -> None:
    desk = visitors.page("dispatcher")
    desk.goto("/dispatch?state=hold")
    rows = desk.locator("[data-item]")
    for at in range(rows.count()):
        desk.keyboard.press("j")
        if PLAYED.search(rows.nth(at).inner_text()) and desk.locator("[data-item] input:checked").count() < 2:
            desk.keyboard.press("x")
    chosen = [str(box.get_attribute("value")) for box in desk.locator("[data-item] input:checked").all()]
    assert len(chosen) == 2
    desk.keyboard.press("m")
    menu = desk.locator("dialog#move[open]")
    menu.locator("#f-reason").fill("reported twice")
    menu.locator("button[value=cancel]").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(".later [role=status]")).to_contain_text("2 orders in ten seconds")
    expect(desk.locator("[data-later-undo]")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(menu.locator("#f-reason")).to_have_value("reported twice")
    orders = [each.partition(":")[0] for each in chosen]
    assert {desk_api.call("GET", f"/work-orders/{each}")["state"] for each in orders} == {"on_hold"}
    menu.locator("button[value=cancel]").click()
    expect(desk.locator(".later")).to_be_visible()
    desk.goto("/dispatch?state=hold")  # a page that is left sends what waits
    for order_id in orders:
        expect(desk.locator(f'[data-item] input[value^="{order_id}:"]')).to_have_count(0, timeout=15_000)
    assert {desk_api.call("GET", f"/work-orders/{each}")["state"] for each in orders} == {"cancelled"}


def test_what_a_macro_writes_to_a_reporter_is_read_before_it_goes(visitors: Visitors) -> None:
    desk = visitors.page("dispatcher")
    desk.goto("/dispatch?state=work")
    desk.keyboard.press("j")
    desk.keyboard.press("u")
    choice = desk.locator("dialog#macros[open] button.macro[data-later]").first
    written = choice.locator(".macro__text").inner_text()
    choice.click()
    strip = desk.locator(".later [role=status]")
    expect(strip).to_contain_text("reporter reads")
    expect(strip).not_to_contain_text("{")
    assert written.strip("“”").split("{")[0].strip()[:12]
    desk.keyboard.press("Escape")
    expect(desk.locator(".later")).to_have_count(0)


def test_a_slip_is_dropped_on_a_technician(visitors: Visitors) -> None:
    """At once to whom it may go, with a reason where one is due; from who cannot take it, it stays where it is."""
    visitors.watch.allow(422)
    desk = visitors.page("dispatcher")
    desk.goto("/dispatch/board")
    held = number(desk.locator("[data-column=work] [data-moves]", has_text=PLAYED).first)
    it = desk.locator(f'[data-column=work] [data-number="{held}"]')
    offered = desk.locator(f'[data-column=offered] [data-number="{held}"]')
    menu = desk.locator("dialog#move[open]")
    for person_id in desk.locator("[data-person]").evaluate_all("all => all.map((each) => each.dataset.person)"):
        drop_on(desk, it, desk.locator(f'[data-person="{person_id}"]'))
        expect(offered.or_(menu).first).to_be_visible()
        if offered.count():
            break
        expect(menu.locator("[data-part=offered]")).to_be_visible()
        expect(menu.locator("#f-assignee")).to_have_value(person_id)
        menu.locator("#f-reason").fill("Nearer to the place")
        menu.locator("button[value=assign]").click()
        refused = desk.locator("#toasts .toast", has_text=f"{held}: ")
        expect(offered.or_(refused).first).to_be_visible()
        if offered.count():
            break
        expect(it).to_have_count(1)
        refused.first.evaluate("(each) => each.remove()")
    expect(offered).to_have_count(1)


def test_the_board_by_touch(visitors: Visitors) -> None:
    """A finger scrolls, a tick opens the bar and its menu; a long press drags, and the page stays where it was."""
    phone = visitors.page("dispatcher", device=PHONE)
    phone.goto("/dispatch/board")
    board = phone.locator(".kanban")
    touch = phone.context.new_cdp_session(phone)

    def finger(kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    box = slip(phone, "queued").or_(slip(phone, "offered")).or_(slip(phone, "work")).first.bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + 30
    finger("touchStart", x, y)
    for step in range(1, 9):
        finger("touchMove", x - 20 * step, y)
    finger("touchEnd", 0, 0)
    phone.wait_for_timeout(600)
    assert board.evaluate("it => it.scrollLeft") > 50, "it scrolls"
    expect(phone.locator(".is-ghost")).to_have_count(0)

    it = slip(phone, "work")
    it.scroll_into_view_if_needed()
    phone.wait_for_timeout(400)
    box = it.bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + 30
    left = board.evaluate("it => it.scrollLeft")
    finger("touchStart", x, y)
    phone.wait_for_timeout(600)
    expect(phone.locator(".is-ghost")).to_have_count(1)
    finger("touchMove", x + 5, y + 20)
    finger("touchMove", x + 5, y + 40)
    assert board.evaluate("it => it.scrollLeft") == left, "it does not scroll under a slip that is held"
    finger("touchEnd", 0, 0)
    expect(phone.locator(".is-ghost")).to_have_count(0)
    assert phone.url.endswith("/dispatch/board"), "the link under the finger is not followed"

    phone.wait_for_timeout(200)  # for 50 ms after a drop the page takes a click for the drop's own; no finger is faster
    it.locator("label").tap()
    phone.get_by_role("button", name="Move…").tap()
    expect(phone.locator("dialog#move[open] button[value=hold]")).to_be_visible()
