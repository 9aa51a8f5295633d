"""Languages, signing out, and a session ended from elsewhere."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.e2e.browsing import DESK, PHONE, Visitors


def test_the_language_is_kept_for_the_person(visitors: Visitors) -> None:
    page = visitors.page("student2", device=PHONE, fresh=True)
    page.goto("/tickets")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    for tag, word in (("zh-CN", "中文"), ("en", "English")):
        page.locator("header").get_by_role("button", name=word).click()
        expect(page.locator("html")).to_have_attribute("lang", tag)
        expect(page).to_have_url(re.compile(r"/tickets"))  # one stays where one was
        elsewhere = visitors.page("student2", device=DESK, fresh=True)
        expect(elsewhere.locator("html")).to_have_attribute("lang", tag)


def test_signing_out_ends_it(visitors: Visitors) -> None:
    page = visitors.page("finance", device=PHONE, fresh=True)
    page.goto("/me")
    cookies: Any = page.context.cookies()
    page.locator("form[action$='/logout'] button").last.click()
    page.goto("/me")
    expect(page).to_have_url(re.compile("/login"))
    page.context.clear_cookies()
    page.context.add_cookies(cookies)  # whoever copied the cookie has nothing of it
    page.goto("/me")
    expect(page).to_have_url(re.compile("/login"))


def test_a_session_is_ended_from_another_device(visitors: Visitors) -> None:
    lost = visitors.page("leader", device=PHONE, fresh=True)
    lost.goto("/me")
    expect(lost).to_have_url(re.compile("/me"))
    desk = visitors.page("leader", fresh=True)
    desk.goto("/me/sessions")
    assert desk.locator("ul.rows > li").count() >= 2
    desk.locator("form[action$='/others/revoke'] button").click()
    expect(desk.locator("ul.rows > li")).to_have_count(1)
    lost.goto("/me")
    expect(lost).to_have_url(re.compile("/login"))
