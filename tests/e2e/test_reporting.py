"""Reporting without an account, without a script, and over a slow line."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.browsing import PHONE, Visitors
from tests.e2e.product import Api
from tests.e2e.screens import Report, Tracking

FIRST_LOAD_BYTES = 60 * 1024
FIRST_LOAD_REQUESTS = 8
MOST_SHIFT = 0.01
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((each) => shifts.push(each.value)))
  .observe({ type: "layout-shift", buffered: true });
"""


def test_somebody_passing_by_reports_and_gets_a_receipt_only(visitors: Visitors, sticker: str, desk_api: Api) -> None:
    page = visitors.page(device=PHONE)
    page.goto(sticker)
    Report(page).file("Power and light", "Lamp does not light", "门口的灯不亮")
    receipt = page.locator(".receipt")
    number = receipt.locator("b").inner_text()
    assert re.fullmatch(r"R\d\d-\d+", number)
    expect(receipt).not_to_contain_text("门口")

    [ticket] = [it for it in desk_api.call("GET", "/tickets")["items"] if it["number"] == number]
    for path in (f"/tickets/{ticket['id']}", "/tickets", "/dispatch"):
        page.goto(path)
        expect(page).to_have_url(re.compile("/login"))
        expect(page.locator("body")).not_to_contain_text(number)
    answer = page.request.get(f"/api/v1/tickets/{ticket['id']}")
    assert answer.status == 401
    answer = page.request.get(sticker)
    assert number not in answer.text(), "the sticker's page tells nobody what was reported there"


def test_who_writes_slowly_is_shown_what_is_alike_and_still_files(visitors: Visitors) -> None:
    page = visitors.page("student", device=PHONE)
    page.goto("/report")
    report = Report(page)
    for fill in (
        lambda: report.tile("Doors, windows").click(),
        lambda: report.problem("Door hinge is loose").click(),
        lambda: page.locator("#f-description").fill("门一开就响"),
        lambda: page.locator("#f-description").fill("门一开就响，合页松了"),
    ):
        with page.expect_response(re.compile("/report/similar")) as asked:
            fill()
            page.locator("h1").first.click()  # leaves the field
        assert asked.value.status == 200
    report.send.click()
    page.wait_for_url(re.compile(r"/tickets/\d+"))


def test_who_comes_back_to_the_form_finds_what_his_choice_asks_for(visitors: Visitors) -> None:
    page = visitors.page("student", device=PHONE)
    page.goto("/report")
    Report(page).tile("Doors, windows").click()
    Report(page).problem("Door hinge is loose").click()
    page.goto("/tickets")
    with page.expect_response(re.compile(r"/report/similar")), page.expect_response(re.compile(r"\?.*group=")):
        page.go_back()
    expect(page.locator("input[name=group]:checked")).to_have_count(1)


def test_filed_and_withdrawn_without_a_script(visitors: Visitors, sticker: str) -> None:
    page = visitors.page("student2", device=PHONE, java_script_enabled=False)
    page.goto(sticker)
    Report(page).file("Furniture", "Desk or chair", "椅子腿松了")
    page.wait_for_url(re.compile(r"/tickets/\d+"))
    tracking = Tracking(page)
    expect(tracking.log).to_be_visible()
    page.locator("form[action$='/withdraw'] button[type=submit]").click()
    expect(page.locator(".lead__t")).to_contain_text(re.compile("withdrawn|withdrew", re.IGNORECASE))
    assert page.locator("form[action$='/withdraw']").count() == 0


def test_a_refused_report_keeps_what_was_written(visitors: Visitors, sticker: str) -> None:
    page = visitors.page("student2", device=PHONE, java_script_enabled=False)
    visitors.watch.allow(422)
    page.goto(sticker)
    page.locator("#f-description").fill("写了很长的一段话")
    report = Report(page)
    report.tile("Furniture").click()  # a tile alone: which problem was not said
    report.send.click()
    expect(page.locator(".errors")).to_be_visible()
    expect(page.locator("#f-description")).to_have_value("写了很长的一段话")
    expect(page.locator("input[name=group]:checked")).to_have_count(1)


def test_what_is_missing_or_too_long_is_said_where_it_is(visitors: Visitors) -> None:
    page = visitors.page("student", device=PHONE)
    page.goto("/report")
    report = Report(page)
    report.send.click()
    missing = page.locator("fieldset > .field__error")
    expect(missing).to_have_text("Choose one of those offered.")
    expect(missing).to_be_in_viewport()
    expect(page.get_by_text("What is broken?")).to_be_in_viewport()
    report.tile("Doors, windows").click()
    expect(missing).to_have_count(0)
    report.problem("Door hinge is loose").click()
    words = page.locator("#f-description")
    words.fill("门" * 2001)
    expect(page.locator(".field__count")).to_have_text("2,001 / 2,000")
    report.send.click()
    assert words.evaluate("each => each.validationMessage") == "This is too long: at most 2,000 characters."
    expect(words).to_have_value("门" * 2001)  # nothing is cut


def test_a_report_refused_first_is_sent_once_and_a_double_tap_withdraws_it(visitors: Visitors, sticker: str) -> None:
    """Back and Send gives the same report; the second tap on the question reaches nothing beneath it."""
    page = visitors.page("student2", device=PHONE)
    visitors.watch.allow(422)
    page.goto("/report")
    report = Report(page)
    report.file("Furniture", "Desk or chair", "椅子\x00腿松了")
    expect(page.locator(".errors")).to_be_visible()
    page.locator("#f-description").fill("椅子腿松了，又松了")
    report.send.click()
    page.wait_for_url(re.compile(r"/tickets/\d+"))
    first = page.url
    page.go_back()
    expect(page.locator("#f-description")).to_have_value("椅子腿松了，又松了")
    with page.expect_response(re.compile("/report/similar")):
        page.locator("#report").dispatch_event("change")
    report.send.click()
    page.wait_for_url(re.compile(r"/tickets/\d+"))
    assert page.url == first
    page.locator("form[action$='/withdraw'] button").click()
    page.locator("#confirm [data-go]").dblclick()
    expect(page.locator(".lead__t")).to_contain_text(re.compile("withdrawn|withdrew", re.IGNORECASE))


def test_the_report_page_is_light_and_stands_still(visitors: Visitors, sticker: str) -> None:
    """For somebody passing by, and signed in where an outage is on at the place."""
    for who, path in ((None, sticker), ("student", sticker), ("student", "/report")):
        page = visitors.page(who, device=PHONE)
        page.add_init_script(SHIFTS)
        loaded = _first_load(page, path)
        told = "\n".join(f"{size:8.0f} {url}" for url, size in loaded.items())
        assert len(loaded) <= FIRST_LOAD_REQUESTS, told
        assert sum(loaded.values()) <= FIRST_LOAD_BYTES, told
        if who is not None:
            expect(page.locator("#report")).to_contain_text("Something else is broken? Go on with your report.")
        page.wait_for_timeout(300)  # what would be fetched after the page has come by now
        assert page.evaluate("shifts.reduce((sum, each) => sum + each, 0)") < MOST_SHIFT, (who, path)


def _first_load(page: Page, path: str) -> dict[str, float]:
    """Bytes over the wire by address, of a page opened for the first time."""
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    bytes_of: dict[str, float] = {}
    addresses: dict[str, str] = {}

    def sent(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def finished(event: dict[str, Any]) -> None:
        bytes_of[addresses.get(event["requestId"], "?")] = event["encodedDataLength"]

    wire.on("Network.requestWillBeSent", sent)
    wire.on("Network.loadingFinished", finished)
    page.goto(path, wait_until="networkidle")
    return {url: size for url, size in bytes_of.items() if url.startswith("http")}
