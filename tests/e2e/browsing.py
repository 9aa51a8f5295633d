"""A browser in the hands of a visitor: phone or desk, a language, an account; and what must never happen in it."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Response

from tests.e2e.product import Product

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
LANGUAGES = {"en": "en-US", "zh-CN": "zh-CN"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The last ones keep Chromium from asking the world for updates and names at every start.
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """Where this machine has Chromium."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def launch(playwright: Playwright, path: str) -> Browser:
    """Start Chromium without a screen."""
    # Chromium's sandbox refuses to work for root.
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=path, headless=True, args=[*FLAGS, *alone])


@dataclass
class Watch:
    """Collects what no page may do: script errors, refusals by the content policy, answers of 500 and above."""

    problems: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def allow(self, *statuses: int) -> None:
        """A journey that is refused on purpose names the answers it will get."""
        self.expected |= set(statuses)

    def over(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: script error: {error}"))
        page.on("console", lambda message: self._said(page, message.type, message.text))
        page.on("response", self._answered)

    def _said(self, page: Page, kind: str, text: str) -> None:
        status = re.search(r"status of (\d+)", text)
        if kind == "error" and not (status and int(status[1]) in self.expected):
            self.problems.append(f"{page.url}: console: {text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.request.method} {response.url}: {response.status}")


@dataclass
class Visitors:
    """Opens pages as different people; a sign-in is done once per person and run."""

    product: Product
    browser: Browser
    watch: Watch
    kept: dict[str, Any]
    contexts: list[BrowserContext] = field(default_factory=list)

    def page(
        self,
        username: str | None = None,
        *,
        device: dict[str, Any] = DESK,
        language: str = "en",
        fresh: bool = False,
        **options: Any,
    ) -> Page:
        """A page of a new browser profile; `fresh` signs in anew, so that the session may be ended."""
        context = self._context(device, language, options)
        page = context.new_page()
        if username is None:
            return page
        if fresh or username not in self.kept:
            page.goto("/login")
            sign_in(page, username, self.product.password)
            if not fresh:
                self.kept[username] = context.storage_state()
        else:
            context.add_cookies(self.kept[username]["cookies"])
        return page

    def _context(self, device: dict[str, Any], language: str, options: dict[str, Any]) -> BrowserContext:
        context = self.browser.new_context(
            **device, base_url=self.product.url, locale=LANGUAGES[language], timezone_id="Asia/Shanghai", **options
        )
        context.set_default_timeout(15_000)
        context.on("page", self.watch.over)
        self.contexts.append(context)
        return context

    def leave(self) -> None:
        for context in self.contexts:
            context.close()


def sign_in(page: Page, username: str, password: str) -> None:
    """Fill the form of the sign-in page."""
    page.locator("#f-username").fill(username)
    page.locator("#f-password").fill(password)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(lambda url: "/login" not in url)
