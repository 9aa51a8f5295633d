"""The screens a journey passes, each with the few things people do there; fields go by their names."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

PICTURE = Path(__file__).with_name("picture.png")


class Report:
    """The report form, through a sticker or signed in."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def tile(self, word: str) -> Locator:
        return self.page.locator("label.tile", has_text=word)

    def problem(self, word: str) -> Locator:
        return self.page.locator("label.pick:visible", has_text=word)

    @property
    def send(self) -> Locator:
        return self.page.locator(".dock button[form=report]")

    def file(self, tile: str, problem: str, description: str = "") -> None:
        """Fill it in and send it."""
        self.tile(tile).click()
        self.problem(problem).click()
        if description:
            self.page.locator("#f-description").fill(description)
        self.send.click()


class Tracking:
    """One ticket as its reporter or the desk sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def ticket_id(self) -> str:
        found = re.search(r"/tickets/(\d+)", self.page.url)
        assert found, f"this is no ticket's page: {self.page.url}"
        return found[1]

    @property
    def number(self) -> str:
        return self.page.locator("header.bars h1 .mono").inner_text()

    @property
    def log(self) -> Locator:
        return self.page.locator("ol.log")

    def confirm(self) -> None:
        self.page.locator("form[action$='/confirm'] button[type=submit]").click()

    def not_fixed(self, complaint: str) -> None:
        self.page.locator("[data-opens=not-fixed]").click()
        sheet = self.page.locator("dialog#not-fixed")
        sheet.locator("[name=complaint]").fill(complaint)
        sheet.locator(".dialog__foot button[type=submit]").click()

    def rate(self, stars: int, comment: str) -> None:
        form = self.page.locator("form[action$='/rating']")
        for name in ("quality", "speed", "manner"):
            # The star is the label beside the radio button, which itself is not drawn.
            form.locator(f"[name={name}][value='{stars}'] + label").click()
        form.locator("[name=comment]").fill(comment)
        form.locator("button[type=submit]").click()


class Day:
    """The technician's day."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self) -> Day:
        self.page.goto("/crew")
        return self

    def offer(self, order_id: str) -> Locator:
        return self.page.locator("section.offer").filter(has=self.page.locator(f"a[href='/crew/{order_id}']"))

    def job(self, order_id: str) -> Locator:
        return self.page.locator(f"a.job[href='/crew/{order_id}']")

    def accept(self, order_id: str) -> None:
        self.offer(order_id).locator("form[action$='/accept'] button").click()

    def decline(self, order_id: str, words: str) -> None:
        offer = self.offer(order_id)
        offer.locator("[data-opens='sheet-decline']").click()
        sheet = self.page.locator("dialog#sheet-decline")
        sheet.locator("input[type=radio]").last.check()  # another reason, in one's own words
        sheet.locator("[name$=_words]").fill(words)
        sheet.locator(".dialog__foot button[type=submit]").click()


class Order:
    """One order in a technician's hands."""

    def __init__(self, page: Page, order_id: str) -> None:
        self.page, self.order_id = page, order_id

    def open(self) -> Order:
        self.page.goto(f"/crew/{self.order_id}")
        return self

    def start(self) -> None:
        self.page.locator(".dock form[action$='/start'] button").click()
        expect(self.page.locator(".timer")).to_be_visible()

    def press_done(self, note: str, *, photo: bool = False) -> None:
        """Fill the sheet and press the button; what is pressed waits ten seconds in which it can be undone."""
        self.page.locator("[data-opens=sheet-done]").click()
        sheet = self.page.locator("dialog#sheet-done")
        sheet.locator("[name=done_note]").fill(note)
        if photo:
            sheet.locator("input[type=file]").last.set_input_files(str(PICTURE))
        sheet.locator(".dialog__foot button[type=submit]").click()
        expect(self.page.locator("dialog#sheet-done")).not_to_be_visible()
        expect(self.page.locator(".later")).to_be_visible()

    def finish(self, note: str, *, photo: bool = False) -> None:
        self.press_done(note, photo=photo)
        self.page.wait_for_url("**/crew", timeout=20_000)
