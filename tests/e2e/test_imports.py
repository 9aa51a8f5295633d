"""Lists by the file: the wizard from upload to undo, and the second pair of eyes."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, expect

from tests.e2e.browsing import Visitors


class Wizard:
    """The import pages."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def upload(self, kind: str, path: Path) -> None:
        self.page.goto("/imports/new")
        self.page.locator(f"[name=kind][value={kind}]").check()
        self.page.locator("#f-file").set_input_files(str(path))
        self.page.locator("main form[enctype] button[type=submit]").click()
        expect(self.page.locator("form.maps")).to_be_visible(timeout=30_000)

    def dry_run(self) -> None:
        self.page.locator("form.maps button[type=submit]").click()
        expect(self.page.locator("dl.sum")).to_be_visible(timeout=30_000)

    def figure(self, name: str) -> int:
        part = self.page.locator("dl.sum > div", has=self.page.locator("dt", has_text=re.compile(f"^\\s*{name}\\s*$")))
        return int(part.locator("dd").first.inner_text().replace(",", ""))

    def act(self, act: str) -> None:
        self.page.locator(f"form[action$='/{act}'] button[type=submit]").click()

    def title(self, words: str) -> None:
        expect(self.page.locator(".panel__head .title")).to_have_text(re.compile(words, re.IGNORECASE), timeout=30_000)


def test_places_with_bad_rows_from_dry_run_to_undo(visitors: Visitors, tmp_path: Path) -> None:
    tag = secrets.token_hex(3).upper()
    rows = [
        f"{tag}-01,{tag} 储藏室,房间,TY3",
        f"{tag}-02,{tag} 值班室,房间,TY3",
        f"{tag}-03,{tag} 飞船,飞船,TY3",
        f"{tag}-04,{tag} 悬空,房间,NOWHERE",
        f"{tag}-02,{tag} 重复,房间,TY3",
    ]
    path = tmp_path / "places.csv"
    path.write_bytes(("编码,名称,类型,上级编码\n" + "\n".join(rows) + "\n").encode("gb18030"))

    page = visitors.page("admin")
    wizard = Wizard(page)
    wizard.upload("places", path)
    wizard.dry_run()
    taken, refused = wizard.figure("New"), wizard.figure("Refused")
    assert taken + refused == len(rows)
    assert refused >= 2, "an unknown kind and an unknown place above are refused"
    expect(page.locator("section[aria-labelledby=h-refused]")).to_contain_text("NOWHERE")

    with page.expect_download() as download:
        page.locator("a[href$='refused.csv']").first.click()
    assert "NOWHERE" in Path(download.value.path()).read_text(encoding="utf-8-sig")

    wizard.act("apply")
    wizard.title("Applied")
    own = urlsplit(page.url).path
    for _row in range(page.locator("[aria-labelledby=h-refused] [data-item]").count() + 1):
        page.keyboard.press("j")
    expect(page.locator("[aria-labelledby=h-new] tr.is-cursor a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text(f"{tag}-01")
    page.goto(f"/places?q={tag}-01")
    expect(page.locator("main")).to_contain_text(f"{tag} 储藏室")
    page.goto("/imports")
    page.locator(f"table tbody tr th a[href='{own}']").click()  # others import meanwhile
    wizard.act("undo")
    page.locator("dialog#confirm [data-go]").click()
    wizard.title("Taken back")
    page.goto(f"/places?q={tag}-01")
    expect(page.locator("main")).not_to_contain_text(f"{tag} 储藏室")


def test_people_are_approved_by_somebody_else(visitors: Visitors, tmp_path: Path) -> None:
    tag = secrets.randbelow(900_000) + 100_000
    path = tmp_path / "people.csv"
    path.write_text(f"学号,姓名,类别\n2031{tag},孟新生,学生\n2032{tag},贾新生,学生\n,无号,学生\n", encoding="utf-8-sig")
    registry = visitors.page("registry")
    wizard = Wizard(registry)
    wizard.upload("people", path)
    wizard.dry_run()
    wizard.title("Waits for approval")
    expect(registry.locator(".panel__foot")).to_contain_text("another person")
    assert registry.locator("form[action$='/approve']").count() == 0

    admin = visitors.page("admin")
    admin.goto(registry.url)
    other = Wizard(admin)
    other.title("Waits for your approval")
    other.act("approve")
    other.title("Applied")
    expect(admin.locator(".eyes")).to_contain_text("管理员")
    admin.goto(f"/people?q=2031{tag}")
    expect(admin.locator("main")).to_contain_text("孟新生")


def test_a_page_that_once_got_no_answer_goes_on_asking(visitors: Visitors, tmp_path: Path) -> None:
    """A server that restarts, or a moment without network, must not leave “Applying” on the screen for ever."""
    tag = secrets.token_hex(3).upper()
    path = tmp_path / "places.csv"
    path.write_text(f"编码,名称,类型,上级编码\n{tag}-01,{tag} 储藏室,房间,TY3\n", encoding="utf-8-sig")
    page = visitors.page("admin")
    wizard = Wizard(page)
    wizard.upload("places", path)
    wizard.dry_run()
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=204)  # as little swapped in as a refusal, and no console error

    page.route("**/imports/*/state", refuse_once)
    wizard.act("apply")
    wizard.title("Applied")
    assert refused, "the page did not ask"
