"""A technician's day: offers on top, orders by building, what was done; asked for quietly, in few statements."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.tickets.rules.workflow import OrderAct
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, offered

pytestmark = pytest.mark.usefixtures("database", "frozen")


def test_an_offer_stands_on_top_with_its_time_and_the_reason(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now, urgency="high")
    page = login(technician).get("/crew", headers=ENGLISH).get_data(as_text=True)
    assert 'data-left="600"' in page
    assert 'value="600" data-left-bar' in page
    assert "桃园3栋\u00a0· 4层\u00a0· 412" in page
    assert "水龙头漏水" in page
    assert "Why you: level 2 of 3\u00a0· nothing in hand\u00a0· no offer so far" in page
    assert f'action="/crew/{order_id}/accept"' in page
    assert f'data-url="/crew/{order_id}/decline"' in page
    assert f'href="/crew/{order_id}#sheet-decline"' in page, "without script the order's own sheet"


def test_no_line_begins_with_what_separates(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now, urgency="high", may_enter=True)
    client = login(technician)
    offer = client.get("/crew", headers=ENGLISH).get_data(as_text=True)
    assert re.search(r"412</span>\u00a0· \w+\u00a0· <b", offer.replace("&nbsp;", "\u00a0"))
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    job = client.get("/crew", headers=ENGLISH).get_data(as_text=True).replace("&nbsp;", "\u00a0")
    assert "\u00a0· may be entered" in job
    for page in (offer, job):
        assert " · " not in re.sub(r"New order · for you", "", page[page.index('id="day"') :])


def test_offers_share_one_sheet(ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]) -> None:
    technician = ground.technician()
    orders = [offered(ground, now) for _turn in range(3)]
    client = login(technician)
    page, part = (client.get(f"/crew{part}", headers=ENGLISH).get_data(as_text=True) for part in ("", "/day"))
    assert page.count('id="sheet-decline"') == 1
    assert all(f'data-url="/crew/{order_id}/decline" data-version="2"' in page for order_id in orders)
    assert 'id="sheet-decline"' not in part, "what is asked for every few seconds leaves it open"


def test_orders_stand_by_building_and_say_their_state(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    working, held = offered(ground, now), offered(ground, now)
    do(technician, working, OrderAct.ACCEPT, OrderAct.START, now=now)
    do(technician, held, OrderAct.ACCEPT, now=now)
    do(technician, held, OrderAct.HOLD, now=now, reason="parts", until=now + timedelta(days=2))
    client = login(technician)
    page = client.get("/crew", headers=ENGLISH).get_data(as_text=True)
    assert page.count('class="group"') == 1
    assert "job--now" in page
    assert "You are here" in page
    assert "Waiting for parts</span>" in page
    assert "until 20 Nov, 10:00" in page
    assert f'data-since="{now.isoformat()}"' in page
    assert 'data-passed="' in page, "the time at work is counted from what the server saw, not from the phone"


def test_what_was_finished_today_stands_below(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    yesterday = now - timedelta(hours=21)
    today, before = offered(ground, now), offered(ground, yesterday, at=yesterday)
    do(technician, before, OrderAct.ACCEPT, OrderAct.START, now=now - timedelta(hours=20))
    do(technician, before, OrderAct.DONE, now=now - timedelta(hours=19), note="x")
    do(technician, today, OrderAct.ACCEPT, OrderAct.START, now=now)
    do(technician, today, OrderAct.DONE, now=now, note="Cartridge changed")
    page = login(technician).get("/crew", headers=ENGLISH).get_data(as_text=True)
    assert "Done today" in page
    assert f'href="/crew/{today}"' in page
    assert f'href="/crew/{before}"' not in page


def test_the_day_is_asked_for_quietly(ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]) -> None:
    technician = ground.technician()
    client = login(technician)
    first = client.get("/crew/day")
    tag = first.headers["ETag"]
    assert client.get("/crew/day", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/crew/day", query_string={"seen": tag.strip('"')}).status_code == 204
    offered(ground, now)
    fresh = client.get("/crew/day", query_string={"seen": tag.strip('"')}, headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert "offer__acts" in fresh.get_data(as_text=True)


def test_the_day_takes_the_same_few_statements_however_long_it_is(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician(cap=50)
    client = login(technician)
    offered(ground, now)
    client.get("/crew")
    with counted() as few:
        client.get("/crew")
    for _each in range(8):
        do(technician, offered(ground, now), OrderAct.ACCEPT, now=now)
    with counted() as many:
        client.get("/crew")
    assert len(many) == len(few) <= 7
    tag = client.get("/crew/day").headers["ETag"].strip('"')
    with counted() as quiet:
        assert client.get("/crew/day", query_string={"seen": tag}).status_code == 204
    assert len(quiet) == 2


def test_nobody_sees_somebody_elses_day(ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]) -> None:
    ground.technician()
    order_id = offered(ground, now)
    other = ground.technician()
    client = login(other)
    assert "offer__acts" not in client.get("/crew").get_data(as_text=True)
    assert client.get(f"/crew/{order_id}").status_code == 404
    assert client.post(f"/crew/{order_id}/accept", data={"version": 1}).status_code == 404


@pytest.mark.parametrize("path", ["/crew", "/crew/day", "/crew/1", "/crew/1/news"])
def test_the_crews_pages_are_for_the_crew(path: str, login: Callable[..., FlaskClient]) -> None:
    assert login(accounts.person("student")).get(path).status_code == 403


@pytest.mark.parametrize("order", ["0", "x", "9" * 30, "١", "-1"])
def test_an_address_that_is_no_order_is_404(order: str, ground: make.Ground, login: Callable[..., FlaskClient]) -> None:
    assert login(ground.technician()).get(f"/crew/{order}").status_code == 404
