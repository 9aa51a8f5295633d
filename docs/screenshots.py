"""Takes the pictures of the README anew: starts a demo campus, walks through it in Chromium, writes docs/images.

python3 docs/screenshots.py            (after `python3 run.py e2e` has set up the browser tests' packages once)
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PYTHON = ROOT / ".venv" / "bin" / "python"
if Path(sys.prefix) != PYTHON.parents[1] and PYTHON.exists():
    os.execv(PYTHON, [str(PYTHON), str(Path(__file__).resolve()), *sys.argv[1:]])  # noqa: S606 - ourselves
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402 - the path is set above
from playwright.sync_api import Page, sync_playwright  # noqa: E402 - the path is set above

from tests.e2e import browsing, product  # noqa: E402 - the path is set above
from tests.e2e.browsing import PHONE, Visitors, Watch  # noqa: E402 - the path is set above
from tests.e2e.screens import Day, Order, Report, Tracking  # noqa: E402 - the path is set above

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
MOST_BYTES = 150 * 1024
TECHNICIANS = {"王师傅": "technician", "陈师傅": "technician2"}


class Pictures:
    """Walks through the product and writes one picture per stop."""

    def __init__(self, visitors: Visitors) -> None:
        self.visitors = visitors
        self.product = visitors.product
        self.api = product.Api(visitors.product, "dispatcher")

    def take(self) -> None:
        for stop in (self.report, self.repair, self.home, self.dispatch, self.imports):
            stop()

    def report(self) -> None:
        """Through the sticker: in Chinese, and in English in the dark."""
        sticker = self.product.sticker()
        for name, language, scheme, words in (
            ("report", "zh-CN", "light", ("水", "水龙头漏水")),
            ("report-en-dark", "en", "dark", ("Water", "Tap is leaking")),
        ):
            page = self.visitors.page("student", device=PHONE, language=language, color_scheme=scheme)
            page.goto(sticker)
            report = Report(page)
            report.tile(words[0]).first.click()
            report.problem(words[1]).click()
            page.evaluate("window.scrollTo(0, 0); document.querySelector('main').scrollTo(0, 0)")
            _save(page, name)

    def repair(self) -> None:
        """An offer, the order at work, and what its reporter sees of it."""
        phone = self.visitors.page("student", device=PHONE, language="zh-CN")
        phone.goto(self.product.sticker("TY3-407"))
        Report(phone).file("水", "水龙头漏水", "关紧了还一直滴，地上一摊水。")
        phone.wait_for_url(re.compile(r"/tickets/\d+"))
        tracking = Tracking(phone)
        order = self.api.offered(tracking.ticket_id)
        holder = TECHNICIANS[order["assignee"]["name"]]
        crew = self.visitors.page(holder, device=PHONE, language="zh-CN")
        day = Day(crew).open()
        _save(crew, "crew")
        day.accept(order["id"])
        job = Order(crew, order["id"]).open()
        job.start()
        _save(crew, "crew-order")
        job.finish("更换陶瓷阀芯 1 个，试水 5 分钟不滴。", photo=True)
        phone.reload()
        phone.locator(".shot img").first.wait_for(timeout=30_000)
        phone.reload()
        _save(phone, "tracking")

    def home(self) -> None:
        page = self.visitors.page("student2", device=PHONE, language="en")
        page.goto("/")
        _save(page, "home-en")

    def dispatch(self) -> None:
        """One order with its candidates, in both languages."""
        phone = self.visitors.page("student2", device=PHONE, language="zh-CN")
        phone.goto(self.product.sticker("TY3-407"))
        Report(phone).file("电", "灯不亮", "靠窗的灯不亮，别的都亮。")
        phone.wait_for_url(re.compile(r"/tickets/\d+"))
        order = self.api.offered(Tracking(phone).ticket_id)["id"]
        for name, language in (("dispatch", "zh-CN"), ("dispatch-en", "en")):
            page = self.visitors.page("dispatcher", device=DESK, language=language)
            page.goto("/dispatch")
            page.goto(f"/dispatch/{order}")
            _save(page, name)
        page = self.visitors.page("dispatcher", device=DESK, language="zh-CN")
        for name, address in (("board", "/dispatch/board"), ("reports", "/reports")):
            page.goto(address)
            _save(page, name)

    def imports(self) -> None:
        """A list of rooms after its dry run."""
        rows = [f"TY3-6{n:02d},6{n:02d} 室,房间,TY3-5F" for n in range(1, 9)]
        rows += ["TY3-408,408 室（改造）,房间,TY3-4F", "TY3-690,690 室,飞船,TY3", "TY9-101,101 室,房间,TY9"]
        page = self.visitors.page("admin", device=DESK, language="zh-CN")
        page.goto("/imports/new")
        page.locator("[name=kind][value=places]").check()
        content = ("编码,名称,类型,上级编码\n" + "\n".join(rows) + "\n").encode("gb18030")
        page.locator("#f-file").set_input_files({"name": "桃园三号楼.csv", "mimeType": "text/csv", "buffer": content})
        page.locator("main form[enctype] button[type=submit]").click()
        page.locator("form.maps button[type=submit]").click(timeout=30_000)
        page.locator("dl.sum").wait_for(timeout=30_000)
        _save(page, "import")


def _save(page: Page, name: str) -> None:
    """Write the picture with as many colours as its size allows."""
    page.wait_for_load_state("networkidle") if "/crew" not in page.url else page.wait_for_timeout(500)
    page.evaluate("document.activeElement && document.activeElement.blur()")
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    output = io.BytesIO()
    for colours in (256, 128, 64, 32):
        output = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(output, "PNG", optimize=True)
        if output.tell() <= MOST_BYTES:
            break
    (IMAGES / f"{name}.png").write_bytes(output.getvalue())
    sys.stdout.write(f"docs/images/{name}.png  {output.tell() // 1024} KB\n")


def _visit(running: product.Product, path: str, act: Callable[[Visitors], None]) -> None:
    with sync_playwright() as playwright:
        browser = browsing.launch(playwright, path)
        visitors = Visitors(running, browser, Watch(), {})
        act(visitors)
        visitors.leave()
        browser.close()


def main() -> int:
    """Take all pictures; an argument names the data folder of a product that runs already."""
    path = browsing.executable()
    if path is None:
        sys.stderr.write("No Chromium was found. On Debian: sudo apt-get install chromium fonts-noto-cjk\n")
        return 1
    IMAGES.mkdir(exist_ok=True)

    def act(visitors: Visitors) -> None:
        Pictures(visitors).take()

    if len(sys.argv) > 1:
        _visit(product.found(Path(sys.argv[1])), path, act)
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="houqin-pictures-") as folder,
        product.running(Path(folder) / "data") as running,
    ):
        _visit(running, path, act)
    return 0


if __name__ == "__main__":
    sys.exit(main())
