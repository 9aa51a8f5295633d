"""Lines of the dispatcher's list are drawn once for what they show, so each thing they show must be of now."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.tickets.models import Category, Ticket, Trade, WorkOrder
from app.tickets.rules.workflow import OrderAct
from tests.factories import tickets as make
from tests.tickets.at_work import do, filed, offered

pytestmark = pytest.mark.usefixtures("frozen")


def line(client: FlaskClient, order_id: int, path: str = "/dispatch") -> str:
    """The line of an order as the page has it."""
    answer = client.get(path)
    assert answer.status_code == 200
    rows = answer.get_data(as_text=True).split("<tr data-item")[1:]
    return next(row for row in rows if f"/dispatch/{order_id}" in row)


def test_whatever_a_line_shows_is_of_now(
    ground: make.Ground, now: datetime, desk: FlaskClient, database: Session
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    order = database.scalars(select(WorkOrder).where(WorkOrder.id == order_id)).one()
    ticket = database.scalars(select(Ticket).where(Ticket.id == order.ticket_id)).one()
    category = database.scalars(select(Category).where(Category.id == ticket.category_id)).one()
    trade = database.scalars(select(Trade).where(Trade.id == order.trade_id)).one()
    before = line(desk, order_id)
    assert line(desk, order_id) == before
    assert technician.name in before

    ticket.description = "换了 <b>说法</b>"
    assert "换了 &lt;b&gt;说法&lt;/b&gt;" in line(desk, order_id)
    ticket.description = ""
    category.name = {"en": "Dripping & more"}
    assert "Dripping &amp; more" in line(desk, order_id)
    trade.name = {"en": "Pipes", "zh-CN": "管道"}
    assert ">Pipes<" in line(desk, order_id)
    technician.name = "新名"
    assert ">新名<" in line(desk, order_id)
    ground.building.name = "梅园9栋"
    ground.room.path = "北苑/梅园9栋/999"
    assert "999" in line(desk, order_id)
    order.priority = "high"
    assert 'class="is-late small">' in line(desk, order_id)
    ticket.filed_at = now - timedelta(days=3, hours=2)
    assert "3 d 2 h" in line(desk, order_id)
    order.due_at, order.due_clock = now - timedelta(hours=1), "restore"
    assert "late" in line(desk, order_id).split("c-due")[1].split("</td>")[0]
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    assert f'value="{order_id}:{order.version}"' in line(desk, order_id)
    assert line(desk, order_id).split("c-state")[1] != before.split("c-state")[1]


def test_a_line_is_of_its_reader_its_page_and_its_minute(ground: make.Ground, now: datetime, desk: FlaskClient) -> None:
    order_id = filed(ground)
    usual = line(desk, order_id)
    assert f'href="/dispatch/{order_id}"' in usual
    assert f'href="/dispatch/{order_id}?trade=water"' in line(desk, order_id, "/dispatch?trade=water")
    beside = line(desk, order_id, f"/dispatch/{order_id}")
    assert 'aria-current="true"' in beside
    assert 'aria-current="true"' not in line(desk, order_id)
    desk.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    assert line(desk, order_id).split("c-state")[1] != usual.split("c-state")[1]
    with clock.frozen(now + timedelta(minutes=7)):
        assert "7 分" in line(desk, order_id).split("c-age")[1]


def test_an_age_is_in_whole_minutes_and_never_below_none(
    ground: make.Ground, now: datetime, desk: FlaskClient, database: Session
) -> None:
    """A request may be filed between the page's moment and its reading; a minute counts where the next has begun."""
    order_id = filed(ground)
    ticket = database.scalars(select(Ticket)).one()
    for filed_at, read_at, said in ((40, 59, "0 min"), (61, 59, "0 min"), (40, 60, "1 min"), (40, 165, "2 min")):
        ticket.filed_at = now + timedelta(seconds=filed_at)
        with clock.frozen(now + timedelta(seconds=read_at)):
            assert line(desk, order_id).split('c-age">')[1].startswith(f"{said}<")
