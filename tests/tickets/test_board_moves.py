"""What dragging shares with the menu: moves the table has, reasons for those it has not; loads above the board."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.tickets.dispatch import bar, board
from app.tickets.models import Absence, WorkOrder
from app.tickets.queries import dispatch_list, loads
from app.tickets.rules import board_moves, workflow
from app.tickets.rules.workflow import ORDER_HELD, OrderAct, OrderState, Who
from tests.factories import tickets as factory
from tests.tickets.at_work import offered

BY = {"assign": (OrderAct.OFFER, OrderAct.REASSIGN)}


@pytest.mark.parametrize("state", list(OrderState))
def test_every_move_is_a_row_of_the_table_for_a_dispatcher(state: OrderState) -> None:
    held = state in ORDER_HELD | {OrderState.OFFERED}
    free = board_moves.moves(state, held=False) if state is OrderState.ON_HOLD else {}
    for column, act in [*board_moves.moves(state, held=held).items(), *free.items()]:
        acts = BY.get(act) or (OrderAct(act),)
        rows = [row for row in workflow.ORDER_TABLE if row.act in acts and state in row.froms]
        assert [row for row in rows if Who.DISPATCHER in row.who], (state, column, act)
        assert all(row.target().value in dispatch_list.VIEWS[column] for row in rows), (state, column, act)


def test_nobody_is_moved_into_work_or_to_the_requests() -> None:
    reached = {to for state in OrderState for held in (False, True) for to in board_moves.moves(state, held=held)}
    assert reached == {"queued", "offered", "hold"}
    assert set(board_moves.WHY_NOT) == {"waits", *board.COLUMNS}


def test_slips_say_where_they_can_go(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    ground.technician()
    waiting, asked = ground.file().order_id, offered(ground, clock.now())
    login(ground.dispatcher)
    page = client.get("/dispatch/board").text
    numbers = {row.number: row.id for row in database.execute(select(WorkOrder.number, WorkOrder.id))}
    found = {
        numbers[number]: moves for moves, number in re.findall(r'data-moves="([^"]*)" data-number="([^"]*)"', page)
    }
    assert found[waiting] == "offered:assign hold:hold"
    assert found[asked] == "queued:revoke"
    assert page.count("data-refuses") == 5


def test_loads_are_minutes_held_beside_the_rest_of_the_shift(ground: factory.Ground, database: Session) -> None:
    now = clock.now()
    busy, idle, away = ground.technician(), ground.technician(), ground.technician()
    off = ground.technician(on_shift=False)
    database.add(
        Absence(person_id=away.id, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1), reason="x")
    )
    first, second = ground.file(), ground.file()
    database.execute(
        update(WorkOrder)
        .where(WorkOrder.id == first.order_id)
        .values(state="accepted", assignee_id=busy.id, planned_minutes=90, due_at=now - timedelta(minutes=1))
    )
    database.execute(
        update(WorkOrder).where(WorkOrder.id == second.order_id).values(state="accepted", assignee_id=away.id)
    )
    database.flush()
    found = {each.person_id: each for each in loads.of([busy.id, idle.id, away.id, off.id], now)}
    assert set(found) == {busy.id, idle.id, away.id}  # off duty without orders is no news
    assert (found[busy.id].orders, found[busy.id].minutes, found[busy.id].late) == (1, 90, 1)
    assert found[busy.id].left is not None
    assert found[away.id].left is None
    assert list(found) == [busy.id, idle.id, away.id]  # the fullest first, who is off duty last
    assert loads.of([busy.id], now, trade="glass") == []
    assert [each.person_id for each in loads.of([busy.id], now, trade="water")] == [busy.id]


def test_counts_that_ended_at_their_limit_are_told_so() -> None:
    assert (bar.many(999), bar.many(1000), bar.many(2600)) == ("999", "1,000+", "1,000+")


def test_the_strip_and_ages_in_words(
    client: FlaskClient, login: Any, ground: factory.Ground, database: Session
) -> None:
    person = ground.technician()
    ground.file(at=clock.now() - timedelta(days=9))
    login(ground.dispatcher)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = client.get("/dispatch/board").text
    strip = page.split('class="loads"')[1].split("board-news")[0]
    assert person.name in strip
    assert "h free" in strip
    assert re.search(r'class="is-late">9 d', page)
