"""Figures down to the requests behind them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.browsing import Visitors


def test_a_figure_leads_to_the_requests_behind_it_and_to_the_same_file(visitors: Visitors, tmp_path: Path) -> None:
    desk = visitors.page("dispatcher")
    desk.goto("/reports")
    link = desk.locator("main table a", has_text=re.compile(r"^\d+ of \d+$")).first
    hit, of = (int(part) for part in link.inner_text().split(" of "))
    assert 0 < hit <= of
    link.click()
    expect(desk.locator("main")).to_contain_text(str(hit))
    with desk.expect_download() as download:
        desk.locator("a", has_text="CSV").first.click()
    target = tmp_path / "figures.csv"
    download.value.save_as(target)
    rows = list(csv.reader(io.StringIO(target.read_text(encoding="utf-8-sig"))))
    assert len(rows) - 1 == hit
