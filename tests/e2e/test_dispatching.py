"""Who gets an order: declined, given by hand, contested, sent back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import PHONE, Visitors
from tests.e2e.product import Api
from tests.e2e.screens import Day, Order, Report, Tracking

TECHNICIANS = {"王师傅": "technician", "陈师傅": "technician2"}


@dataclass
class Filed:
    """A request just filed by `student`, and its order when it was first offered."""

    phone: Page
    tracking: Tracking
    order: dict[str, Any]

    @property
    def holder(self) -> str:
        return TECHNICIANS[self.order["assignee"]["name"]]


@pytest.fixture
def filed(visitors: Visitors, sticker: str, desk_api: Api) -> Filed:
    phone = visitors.page("student", device=PHONE)
    phone.goto(sticker)
    Report(phone).file("Doors, windows, locks", "Door hinge is loose", "门一开就响")
    phone.wait_for_url(re.compile(r"/tickets/\d+"))
    tracking = Tracking(phone)
    return Filed(phone, tracking, desk_api.offered(tracking.ticket_id))


def test_an_offer_declined_goes_to_the_next(visitors: Visitors, filed: Filed, desk_api: Api) -> None:
    order = filed.order
    first = Day(visitors.page(filed.holder, device=PHONE)).open()
    first.decline(order["id"], "正在高处作业")
    expect(first.offer(order["id"])).to_have_count(0)

    again = desk_api.offered(filed.tracking.ticket_id, but=order["assignee"]["id"])
    assert again["id"] == order["id"], "the order goes on; it is not opened anew"
    second = Day(visitors.page(TECHNICIANS[again["assignee"]["name"]], device=PHONE)).open()
    expect(second.offer(order["id"])).to_be_visible()

    desk = visitors.page("dispatcher")
    desk.goto(f"/dispatch/{order['id']}")
    expect(desk.locator("ul.offers > li")).to_have_count(2)
    expect(desk.locator("ul.offers")).to_contain_text("正在高处作业")
    filed.phone.reload()
    expect(filed.tracking.log).not_to_contain_text("正在高处作业")  # why somebody declined is for staff


def test_a_new_offer_appears_on_the_open_page_by_itself(visitors: Visitors, sticker: str, desk_api: Api) -> None:
    days = {name: Day(visitors.page(name, device=PHONE)).open() for name in TECHNICIANS.values()}
    phone = visitors.page("student2", device=PHONE)
    phone.goto(sticker)
    Report(phone).file("Heating and cooling", "Air conditioner drips")
    phone.wait_for_url(re.compile(r"/tickets/\d+"))
    order = desk_api.offered(Tracking(phone).ticket_id)
    day = days[TECHNICIANS[order["assignee"]["name"]]]
    expect(day.offer(order["id"])).to_be_visible(timeout=15_000)


def test_the_dispatcher_gives_it_by_hand_and_sees_why(visitors: Visitors, filed: Filed, desk_api: Api) -> None:
    order = filed.order
    other = next(name for name in TECHNICIANS if name != order["assignee"]["name"])
    desk = visitors.page("dispatcher")
    desk.goto("/dispatch")
    desk.goto(f"/dispatch/{order['id']}")
    candidate = desk.locator("li.cand", has_text=other)
    expect(candidate.locator(".cand__why .note")).not_to_be_empty()
    candidate.locator("button[type=submit]").click()
    expect(desk.locator("#panel")).to_contain_text(f"Offered to {other}")
    expect(desk.locator("ul.offers")).to_contain_text("by hand")

    day = Day(visitors.page(TECHNICIANS[other], device=PHONE)).open()
    expect(day.offer(order["id"])).to_contain_text("周调度")  # by whom it was given
    assert desk_api.orders(filed.tracking.ticket_id)[0]["assignee"]["name"] == other


def test_of_two_dispatchers_the_slower_one_learns_who_won(visitors: Visitors, filed: Filed) -> None:
    visitors.watch.allow(409, 412)
    order = filed.order
    other = next(name for name in TECHNICIANS if name != order["assignee"]["name"])
    quick, slow = visitors.page("dispatcher"), visitors.page("admin")
    for desk in (quick, slow):
        desk.goto(f"/dispatch/{order['id']}")
    quick.locator("li.cand", has_text=other).locator("button[type=submit]").click()
    expect(quick.locator("#panel")).to_contain_text(f"Offered to {other}")
    slow.locator("li.cand", has_text=other).locator("button[type=submit]").click()
    told = slow.locator("#panel [role=alert]")
    expect(told).to_contain_text(other)
    expect(slow.locator("#panel")).to_contain_text(f"Offered to {other}")


def test_what_was_not_fixed_is_done_again(visitors: Visitors, filed: Filed, desk_api: Api) -> None:
    crew = visitors.page(filed.holder, device=PHONE)
    day = Day(crew).open()
    day.accept(filed.order["id"])
    first = Order(crew, filed.order["id"]).open()
    first.start()
    first.finish("上了油。")

    filed.phone.reload()
    filed.tracking.not_fixed("第二天又响了")
    expect(filed.tracking.log).to_contain_text("第二天又响了")
    rework = next(it for it in desk_api.orders(filed.tracking.ticket_id) if it["state"] in {"planned", "queued"})

    desk = visitors.page("dispatcher")
    desk.goto(f"/dispatch/{rework['id']}")
    expect(desk.locator("#panel")).to_contain_text("Rework")
    desk.locator("li.cand").first.locator("button[type=submit]").click()
    expect(desk.locator("#panel")).to_contain_text("Offered to")
    offered = desk_api.offered(filed.tracking.ticket_id)
    crew = visitors.page(TECHNICIANS[offered["assignee"]["name"]], device=PHONE)
    Day(crew).open().accept(rework["id"])
    second = Order(crew, rework["id"]).open()
    second.start()
    second.finish("换了合页。")
    filed.phone.reload()
    expect(filed.tracking.log).to_contain_text("换了合页。")
    filed.tracking.confirm()
    expect(filed.phone.locator("#rate")).to_be_visible()


def test_what_is_finished_can_be_undone_and_a_page_that_is_left_sends_it_at_once(
    visitors: Visitors, filed: Filed, desk_api: Api
) -> None:
    order_id = filed.order["id"]
    phone = visitors.page(filed.holder, device=PHONE)
    Day(phone).open().accept(order_id)
    job = Order(phone, order_id).open()
    job.start()
    job.press_done("换了合页。")
    expect(phone.locator(".later [role=status]")).to_contain_text(filed.order["number"])
    expect(phone.locator("[data-later-undo]")).to_be_focused()
    phone.keyboard.press("Escape")
    expect(phone.locator("dialog#sheet-done")).to_be_visible()
    expect(phone.locator("[name=done_note]")).to_have_value("换了合页。")
    assert desk_api.call("GET", f"/work-orders/{order_id}")["state"] == "working"
    phone.locator("dialog#sheet-done .dialog__foot button[type=submit]").click()
    expect(phone.locator(".later")).to_be_visible()
    phone.goto("/crew")
    phone.wait_for_timeout(1000)
    assert desk_api.call("GET", f"/work-orders/{order_id}")["state"] == "done"


def test_a_link_followed_while_it_waits_leads_to_a_list_that_shows_it_done(visitors: Visitors, filed: Filed) -> None:
    order_id = filed.order["id"]
    phone = visitors.page(filed.holder, device=PHONE)
    Day(phone).open().accept(order_id)
    job = Order(phone, order_id).open()
    job.start()
    job.press_done("换了合页。")
    phone.locator(".top__back").click()
    phone.wait_for_url("**/crew")
    assert phone.locator(f"a.job[href='/crew/{order_id}']").count() == 1
    assert phone.locator(f"a.job--now[href='/crew/{order_id}']").count() == 0


def test_going_back_while_it_waits_leads_to_a_list_that_shows_it_done(visitors: Visitors, filed: Filed) -> None:
    """Even where the farewell is lost on the way: the page that comes next sends it once more, and once is enough."""
    order_id = filed.order["id"]
    phone = visitors.page(filed.holder, device=PHONE)
    Day(phone).open().accept(order_id)
    Order(phone, order_id).open().start()
    phone.goto("/crew")
    phone.locator(f"a.job[href='/crew/{order_id}']").click()
    phone.wait_for_url(f"**/crew/{order_id}")
    Order(phone, order_id).press_done("换了合页。")
    expect(phone.locator(".later")).to_be_visible()
    phone.route(
        f"**/crew/{order_id}/done",
        lambda route: route.abort() if route.request.resource_type == "ping" else route.continue_(),
    )
    phone.go_back()
    phone.wait_for_url("**/crew")
    expect(phone.locator(f"a.job--now[href='/crew/{order_id}']")).to_have_count(0)
    expect(phone.locator(f"section[aria-labelledby=group-done] a.job[href='/crew/{order_id}']")).to_have_count(1)
    assert phone.evaluate("sessionStorage.getItem('houqin.left')") is None
