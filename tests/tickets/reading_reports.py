"""Reports as a browser, a file and the query say them, for tests that compare the three."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import bind_institution, db
from app.tickets.queries import figure_list, figure_rows
from app.tickets.queries.figure_rows import Wanted
from app.tickets.rules.figures import KINDS as KIND_OF
from app.tickets.rules.figures import Figure, Kind, Sums
from tests.factories import accounts

MOMENT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 on the campus
LATER = MOMENT + timedelta(hours=5)
ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2026, 9, 1), date(2026, 11, 30)
DAYS = {"first": FIRST.isoformat(), "last": LAST.isoformat()}


def signed_in(app: Flask, username: str) -> FlaskClient:
    """A browser of one of the demo logins, in English."""
    client = app.test_client()
    accounts.sign_in(client, person(username))
    db.session.commit()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    bind_institution(1)
    return client


def fetched(client: FlaskClient, address: str, **query: str) -> bytes:
    """What an address answers."""
    with client.get(address, query_string={**DAYS, **query}) as answer:
        assert answer.status_code == 200
        body: bytes = answer.get_data()
    bind_institution(1)
    return body


def person(username: str) -> Person:
    bind_institution(1)
    found = db.session.scalars(select(Person).where(Person.username == username)).one()
    found.locale = "en"
    return found


def asked(**more: Any) -> figure_rows.Asked:
    return figure_rows.ask(Actor.system(1), Wanted(first=FIRST, last=LAST, **more), LATER, ZONE)


def listed(figure: Figure, **more: Any) -> list[Any]:
    """All rows behind a figure, page after page."""
    found: list[Any] = []
    cursor = None
    while True:
        page = figure_list.page(figure, asked(**more), None, cursor, 7)
        found += page.items
        if page.next is None:
            return found
        cursor = page.next


def table_of(page: str, caption: str) -> list[list[str]]:
    """The cells of a table by its caption, tags taken away."""
    found = re.search(rf"<caption[^>]*>{re.escape(caption)}</caption>.*?<tbody[^>]*>(.*?)</tbody>", page, re.DOTALL)
    assert found is not None, caption
    lines = re.findall(r"<tr[^>]*>(.*?)</tr>", found[1], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL) for line in lines]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in line] for line in cells]


def span(minutes: str) -> str:
    """Minutes of a file as the page writes them."""
    if minutes == "":
        return "–"
    days, rest = divmod(int(minutes), 1440)
    parts = [(days, "d"), (rest // 60, "h"), (rest % 60, "min")]
    shown = [(count, unit) for count, unit in parts if count][:2] or parts[-1:]
    return " ".join(f"{count} {unit}" for count, unit in shown)


def read_csv(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def equal(exported: dict[str, str], shown: list[str], figure: Figure) -> None:
    """A line of the file says what a line of the page says."""
    kind = KIND_OF[figure]
    between = "for" if kind is Kind.RATE else "of"
    part_of = f"{exported['Counted']} {between} {exported['Of']}" if exported["Of"] not in ("", "0") else "–"
    if kind is Kind.TIME:
        lengths = [
            span(exported[f"{which} minutes, {what}"])
            for which in ("Working", "Raw")
            for what in ("mean", "median", "90th percentile")
        ]
        assert shown[1:] == [exported["Cases"], part_of, *lengths]
        return
    value = exported["Percent or rate"]
    if kind is Kind.SHARE:
        assert shown[1] == ("–" if value == "" else f"{float(value):.1f}%")
    elif kind is Kind.RATE:
        assert shown[1] == ("–" if value == "" else f"{float(value):.2f}")
    else:
        assert shown[1] == exported["Cases"]
    assert shown[2] == part_of
    if exported["Provisional"] not in ("", "0"):
        assert f"provisional: {exported['Provisional']}" in shown[3], "rule 32: marked until 30 days old"


def same(figure: Figure, sums: Sums, row: Any) -> None:
    """The sums are those of the second computation, to the last digit of a float."""
    assert sums.rows == row.rows, (figure, row)
    if KIND_OF[figure] is Kind.TIME:
        for name in ("work", "raw"):
            lengths = getattr(sums, name)
            for what in ("mean", "median", "p90"):
                one, other = getattr(lengths, what), getattr(row, f"{name}_{what}")
                assert (one is None) == (other is None), (figure, name, what)
                assert one is None or one == pytest.approx(float(other)), (figure, name, what, row)
    else:
        assert (sums.part, sums.whole) == (row.part, row.whole), (figure, row)
    assert (sums.score is None) == (row.score is None)
    assert sums.score is None or sums.score == pytest.approx(float(row.score))


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(html.unescape(address).partition("?")[2]))
