"""The product's main job: a fault is reported, offered, repaired, confirmed."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.browsing import PHONE, Visitors, sign_in
from tests.e2e.product import Api, Product
from tests.e2e.screens import Day, Order, Report, Tracking

TECHNICIANS = {"王师傅": "technician", "陈师傅": "technician2"}


def test_from_the_sticker_to_the_rating(visitors: Visitors, houqin: Product, sticker: str, desk_api: Api) -> None:
    phone = visitors.page(device=PHONE)
    phone.goto(sticker)
    phone.locator("a[href*='/login']").click()
    sign_in(phone, "student", houqin.password)
    expect(phone).to_have_url(re.compile(r"/r/"))  # the way back to the sticker was kept
    expect(phone.locator(".place")).to_contain_text("408")

    report = Report(phone)
    taps = [report.tile("Water and pipes"), report.problem("Tap is leaking"), report.send]
    for tap in taps:
        tap.tap()
    phone.wait_for_url(re.compile(r"/tickets/\d+"))
    tracking = Tracking(phone)

    order = desk_api.offered(tracking.ticket_id)
    assert order["assignee"]["name"] in TECHNICIANS, "the demo's two technicians take every trade at every hour"
    crew = visitors.page(TECHNICIANS[order["assignee"]["name"]], device=PHONE)
    day = Day(crew).open()
    expect(day.offer(order["id"])).to_contain_text("Tap is leaking")
    day.accept(order["id"])
    job = Order(crew, order["id"]).open()
    job.start()
    expect(phone.locator(".road [aria-current=step]")).to_be_visible()
    job.finish("换了垫圈，不漏了。", photo=True)

    phone.reload()
    expect(tracking.log).to_contain_text("换了垫圈，不漏了。")
    tracking.confirm()
    expect(phone.locator("#rate")).to_be_visible()
    tracking.rate(5, "很快，谢谢")
    expect(phone.locator("#rate")).to_contain_text("Rated")
    expect(phone.locator(".shot img").first).to_be_visible()  # the photo is prepared in the background

    told = tracking.log.inner_text()
    steps = ("Request sent", "Request accepted", "Order taken", "Work started", "Work finished", "Confirmed", "Rated")
    missing = [step for step in steps if step not in told]
    assert not missing, f"{missing} are missing in:\n{told}"
    chinese = visitors.page("student", device=PHONE, language="zh-CN")
    chinese.goto(f"/tickets/{tracking.ticket_id}")
    expect(chinese.locator("html")).to_have_attribute("lang", "zh-CN")
    told = Tracking(chinese).log.inner_text()
    steps_told = [line for line in told.splitlines() if line.strip()]
    assert len(steps_told) >= len(steps), told
    assert not re.search(r"[A-Za-z]{4,}", told), f"English words in the Chinese history:\n{told}"
