"""What was typed outlives a change of language, a sign-in and the way back; numbers stand on one line."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.browsing import DESK, PHONE, Visitors, sign_in
from tests.e2e.product import Api
from tests.e2e.screens import PICTURE, Report

BROKEN = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let at; (at = texts.nextNode());) {
    for (const number of at.data.matchAll(/\\b[RWF]\\d\\d-\\d{6}\\b/g)) {
      const range = document.createRange();
      range.setStart(at, number.index);
      range.setEnd(at, number.index + number[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1 && !at.parentElement.closest(".vh")) found.push(at.parentElement.outerHTML);
    }
  }
  return found;
}"""


@pytest.fixture
def newcomer(visitors: Visitors) -> Callable[[str], Page]:
    """Opens a page as somebody of a role who is nobody else's: a language that is chosen stays with the account."""

    def come(role: str) -> Page:
        username = f"newcomer-{secrets.token_hex(4)}"
        making = ("users", "create", username, "--role", role, "--locale", "en", "--generate", "--no-must-change")
        password = visitors.product.flask(*making).split()[-1]
        page = visitors.page(device=PHONE if role == "student@own" else DESK)
        page.goto("/login")
        sign_in(page, username, password)
        return page

    return come


def switch(page: Page) -> None:
    """The other language, as the button says it, wherever the frame has it."""
    before = page.locator("html").get_attribute("lang")
    button = page.locator("form[data-keeps] button").first
    if not button.is_visible():
        page.locator("details.menu:has(form[data-keeps]) > summary").first.click()
    button.click()
    expect(page.locator("html")).not_to_have_attribute("lang", before or "")


def test_the_language_of_a_report_is_changed_and_then_one_signs_in(visitors: Visitors, sticker: str) -> None:
    page = visitors.page(device=PHONE)
    page.goto(sticker)
    report = Report(page)
    report.tile("Furniture").click()
    report.problem("Desk or chair").click()
    page.locator("#f-description").fill("椅子腿松了")
    page.locator("label.pick", has_text="cannot be used").click()

    def still_there() -> None:
        expect(page.locator("#f-description")).to_have_value("椅子腿松了")
        expect(page.locator("input[name=group]:checked")).to_have_count(1)
        expect(page.locator("input[name^=problem_]:checked:visible")).to_have_count(1)
        expect(page.locator("input[name=urgency]:checked")).to_have_value("high")

    switch(page)
    still_there()
    switch(page)
    still_there()
    page.get_by_role("link", name="Sign in to follow it").click()
    page.locator("#f-username").fill("student2")
    page.locator("#f-password").fill("a secret")
    switch(page)
    expect(page.locator("#f-username")).to_have_value("student2")
    expect(page.locator("#f-password")).to_have_value("")
    sign_in(page, "student2", visitors.product.password)
    expect(page).to_have_url(sticker)
    still_there()
    report.send.click()
    page.wait_for_url(re.compile(r"/tickets/\d+"))


def test_photos_and_a_place_that_was_looked_for_are_still_chosen(
    newcomer: Callable[[str], Page], desk_api: Api
) -> None:
    page = newcomer("student@own")
    page.goto("/report")
    Report(page).tile("Furniture").click()
    Report(page).problem("Desk or chair").click()
    page.locator("input[type=file][multiple]").set_input_files(PICTURE)
    expect(page.locator("figure.shot")).to_have_count(1)
    page.locator("input[name=place_id_q]").fill("TY3-407")
    page.locator(".picker__found label", has_text="TY3-407").first.click()
    chosen = page.locator("input[name=place_id]:checked").get_attribute("value")
    page.locator("input[name=place_id_q]").fill("TY3-40")  # the answer draws what is chosen as chosen
    expect(page.locator(".picker__found label", has_text="TY3-408")).to_have_count(1)
    expect(page.locator("input[name=place_id]:checked")).to_have_value(chosen or "")
    page.evaluate("scrollTo(0, 0)")
    for _and_back in range(4):
        switch(page)
        expect(page.locator("figure.shot")).to_have_count(1)
        expect(page.locator("input[name=place_id]:checked")).to_have_value(chosen or "")
    Report(page).send.click()
    page.wait_for_url(re.compile(r"/tickets/\d+"))
    ticket = desk_api.call("GET", f"/tickets/{page.url.rsplit('/', 1)[1]}")
    assert ticket["place_id"] == chosen
    expect(page.locator("ol.log li").last).to_contain_text("1 photo")


def test_a_place_that_was_looked_for_is_sent_again_from_the_page_before(newcomer: Callable[[str], Page]) -> None:
    page = newcomer("student@own")
    page.goto("/report")
    Report(page).tile("Furniture").click()
    Report(page).problem("Desk or chair").click()
    page.locator("input[name=place_id_q]").fill("TY3-407")
    page.locator(".picker__found label", has_text="TY3-407").first.click()
    chosen = page.locator("input[name=place_id]:checked").get_attribute("value")
    Report(page).send.click()
    page.wait_for_url(re.compile(r"/tickets/\d+"))
    first = page.url
    for in_another_language in (False, True):
        page.go_back()
        expect(page.locator("input[name=place_id]:checked")).to_have_value(chosen or "")
        if in_another_language:
            switch(page)
            expect(page.locator("input[name=place_id]:checked")).to_have_value(chosen or "")
        Report(page).send.click()
        page.wait_for_url(re.compile(r"/tickets/\d+"))
        assert page.url == first


def test_what_is_written_when_the_session_ends_is_there_after_the_sign_in(
    visitors: Visitors, newcomer: Callable[[str], Page]
) -> None:
    visitors.watch.allow(401)
    page = visitors.page("student2", device=PHONE)

    def half_written() -> None:
        page.goto("/report")
        page.locator("#f-description").fill("椅子腿松了")
        page.context.clear_cookies()
        Report(page).tile("Furniture").click()  # asks for what is worth trying first
        page.wait_for_url(re.compile(r"/login\?next="))

    half_written()
    sign_in(page, "student2", visitors.product.password)
    page.wait_for_url(re.compile(r"/report"))
    expect(page.locator("#f-description")).to_have_value("椅子腿松了")
    half_written()
    sign_in(page, "student", visitors.product.password)
    page.wait_for_url(re.compile(r"/report"))
    expect(page.locator("#f-description")).to_have_value("")  # he who wrote it alone sees it


PLANT = """([name, aborted]) => new Promise((done, failed) => {
  const opened = indexedDB.open("houqin", 1);
  opened.onupgradeneeded = () => opened.result.createObjectStore("files");
  opened.onerror = () => failed(opened.error);
  opened.onsuccess = () => {
    const asked = opened.result.transaction("files", "readwrite"), box = asked.objectStore("files");
    const file = new File(["x"], "of somebody else.jpg", { type: "image/jpeg" });
    if (name) box.put([["report photos file  1", [file]]], name);
    const names = box.getAllKeys();
    asked.oncomplete = () => { opened.result.close(); done(names.result); };
    if (!aborted) return;
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...what) {
      const asked = put.apply(this, what);
      this.transaction.abort();
      return asked;
    };
  };
})"""
"""Puts photos of somebody else where a page keeps its own; `aborted`: the page's own are not taken. Gives all names."""


def with_photo(page: Page) -> None:
    page.goto("/report")
    page.locator("input[type=file][multiple]").set_input_files(PICTURE)
    expect(page.locator("figure.shot")).to_have_count(1)


def test_photos_that_could_not_be_kept_are_not_those_of_somebody_else(newcomer: Callable[[str], Page]) -> None:
    page = newcomer("student@own")
    with_photo(page)
    page.evaluate(PLANT, ["/report", True])
    switch(page)
    page.wait_for_load_state("networkidle")
    expect(page.locator("figure.shot")).to_have_count(0)
    assert page.locator("input[type=file][multiple]").evaluate("field => field.files.length") == 0


def test_photos_of_another_tab_stay_and_those_that_are_over_go(newcomer: Callable[[str], Page]) -> None:
    page = newcomer("student@own")
    with_photo(page)
    now = page.evaluate("Date.now()")
    waiting = [now + 60_000, "of another tab"]
    for name in ("/tickets", [now - 1, "never fetched"], waiting):
        page.evaluate(PLANT, [name, False])
    switch(page)
    expect(page.locator("figure.shot")).to_have_count(1)
    assert page.evaluate(PLANT, [None, False]) == [waiting]


def test_forms_of_the_desk_are_still_filled(newcomer: Callable[[str], Page]) -> None:
    page = newcomer("admin")
    for path, field in (
        ("/notices/new", "#f-title_zh"),
        ("/feedback/new", "#f-text"),
        ("/catalogue/categories/new", "#f-name_zh"),
        ("/people/new", "#f-name"),
    ):
        page.goto(path)
        page.locator(field).fill("停水通知")
        switch(page)
        expect(page.locator(field)).to_have_value("停水通知")


def test_a_refused_form_is_still_filled(visitors: Visitors, newcomer: Callable[[str], Page]) -> None:
    visitors.watch.allow(422)
    page = newcomer("student@own")
    page.goto("/report")
    page.locator("#f-description").fill("写了很长的一段话")
    page.locator("#report").evaluate("form => { form.noValidate = true; }")
    Report(page).send.click()
    expect(page.locator(".errors")).to_be_visible()
    for _and_back in range(2):
        switch(page)
        expect(page.locator("#f-description")).to_have_value("写了很长的一段话")
        expect(page).to_have_url(re.compile("/report$"))


def test_sent_again_from_the_page_before_it_is_the_same_report(visitors: Visitors, sticker: str) -> None:
    for who in (None, "student2"):
        page = visitors.page(who, device=PHONE)

        def number(page: Page = page, who: str | None = who) -> str:
            shown = page.locator(".receipt b" if who is None else "header.bars h1 .mono")
            expect(shown).to_have_text(re.compile(r"R\d\d-\d+"))
            return shown.inner_text()

        page.goto(sticker)
        Report(page).file("Furniture", "Desk or chair", "椅子腿松了")
        first = number()
        page.go_back()
        expect(page.locator("#f-description")).to_have_value("椅子腿松了")
        Report(page).send.click()
        assert number() == first
        page.go_back()
        page.locator("#f-description").fill("另一把椅子")
        Report(page).send.click()
        second = number()
        assert second != first, "what was changed is another one"
        page.goto(sticker)
        Report(page).file("Furniture", "Desk or chair", "另一把椅子")
        assert number() not in (first, second), "and so is what a fresh form says"


def test_another_photo_is_another_report(visitors: Visitors) -> None:
    page = visitors.page("student2", device=PHONE)
    with_photo(page)
    Report(page).file("Furniture", "Desk or chair", "抽屉拉不开")
    page.wait_for_url(re.compile(r"/tickets/\d+"))
    first = page.url

    def sent_again(photo: FilePayload | None = None) -> str:
        page.go_back()
        expect(page.locator("#f-description")).to_have_value("抽屉拉不开")
        expect(page.locator("figure.shot")).to_have_count(1)  # the browser puts it back, and it is seen
        assert "抽屉" not in page.evaluate("JSON.stringify(history.state)")
        if photo:
            page.locator("figure.shot button").click()
            page.locator("input[type=file][multiple]").set_input_files(photo)
            expect(page.locator("figure.shot")).to_have_count(1)
        Report(page).send.click()
        page.wait_for_url(re.compile(r"/tickets/\d+"))
        return page.url

    assert sent_again() == first
    another = PICTURE.read_bytes() + b"another"
    assert sent_again({"name": PICTURE.name, "mimeType": "image/png", "buffer": another}) != first


@pytest.mark.parametrize("width", [320, 390, 1000])
def test_numbers_are_not_broken(visitors: Visitors, desk_api: Api, width: int) -> None:
    order = desk_api.call("GET", "/work-orders?state=on_hold")["items"][0]
    for who, paths in {
        "dispatcher": (
            "/dispatch",
            f"/dispatch/{order['id']}",
            "/tickets?status=all",
            f"/tickets/{order['ticket_id']}",
            "/feedback/desk",
            "/notifications",
        ),
        "supervisor": ("/more-time", "/reports/backlog"),
        "student": ("/", "/tickets", "/notifications", "/feedback"),
        "technician": ("/crew", "/notifications"),
    }.items():
        page = visitors.page(who)
        page.set_viewport_size({"width": width, "height": 800})
        for path in paths:
            answer = page.goto(path)
            if answer and answer.ok:
                assert page.evaluate(BROKEN) == [], f"{who} {path}"
