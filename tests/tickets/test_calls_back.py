"""The crew asks for a call; the reporter's number reaches the desk and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, settings
from app.core.actor import Actor
from app.core.errors import Conflict
from app.core.outbox import OutboxEvent
from app.tickets.crew import screens
from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import calls_back, dispatching, filing
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, offered

pytestmark = pytest.mark.usefixtures("frozen")
Login = Callable[..., FlaskClient]
NUMBER = "138 0000 7777"


def test_asked_answered_and_read_by_the_desk_alone(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician, leader = ground.technician(), accounts.person("leader")
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    ticket_id = database.scalar(select(WorkOrder.ticket_id))
    reporter = login(ground.student)
    assert 'id="call"' not in reporter.get(f"/tickets/{ticket_id}").get_data(as_text=True)
    assert reporter.post(f"/tickets/{ticket_id}/call", data={"phone": NUMBER}).status_code == 409
    assert login(technician).post(f"/crew/{order_id}/call").status_code == 303
    assert login(technician).post(f"/crew/{order_id}/call").status_code == 303  # told that it stands already
    assert len(database.scalars(select(TicketEvent).where(TicketEvent.kind == "call_back")).all()) == 1
    with clock.frozen(now + timedelta(hours=2)):
        assert login(technician).post(f"/crew/{order_id}/call").status_code == 303
    reporter = login(ground.student)
    with clock.frozen(now + timedelta(hours=2)):
        page = reporter.get(f"/tickets/{ticket_id}", headers=ENGLISH).get_data(as_text=True)
        assert "would like to speak to you" in page
        bare = reporter.post(f"/tickets/{ticket_id}/call", data={"phone": "me", "when": "after six"}, headers=ENGLISH)
        assert bare.status_code == 422
        assert 'value="after six"' in bare.get_data(as_text=True)
        sent = {"phone": NUMBER, "when": "after six"}
        assert reporter.post(f"/tickets/{ticket_id}/call", data=sent).status_code == 303
        assert 'id="call"' not in reporter.get(f"/tickets/{ticket_id}").get_data(as_text=True)
        seen = {
            who.id: NUMBER in login(who).get(path).get_data(as_text=True)
            for who, path in (
                (technician, f"/tickets/{ticket_id}"),
                (technician, f"/crew/{order_id}"),
                (ground.dispatcher, f"/tickets/{ticket_id}"),
                (leader, f"/tickets/{ticket_id}"),
            )
        }
    assert seen == {technician.id: False, ground.dispatcher.id: True, leader.id: False}
    told = [each.kind for each in database.scalars(select(OutboxEvent).order_by(OutboxEvent.id))]
    assert sum("CallBackAsked" in each for each in told) == 2
    assert sum("CallBackAnswered" in each for each in told) == 1


def test_where_nobody_with_an_account_reported_it_nobody_is_asked(ground: make.Ground, now: datetime) -> None:
    technician = ground.technician()
    filed = filing.file_ticket(
        actor=Actor.anonymous(1), now=now, category="tap", place_id=ground.room.id, description="漏水", origin="qr"
    )
    given: dict[str, Any] = {"now": now, "order_id": filed.order_id}
    dispatching.assign(actor=make.actor(ground.dispatcher), assignee_id=technician.id, seen=None, **given)
    do(technician, filed.order_id or 0, OrderAct.ACCEPT, now=now)
    with pytest.raises(Conflict, check=lambda refused: refused.code == "no-reporter"):
        calls_back.ask(actor=make.actor(technician), **given)


def test_nobody_asks_for_an_order_that_is_not_his(ground: make.Ground, now: datetime, login: Login) -> None:
    technician, other = ground.technician(), ground.technician()
    order_id = offered(ground, now)
    holder = technician if login(technician).get(f"/crew/{order_id}").status_code == 200 else other
    stranger = other if holder is technician else technician
    do(holder, order_id, OrderAct.ACCEPT, now=now)
    assert login(stranger).post(f"/crew/{order_id}/call").status_code == 404


def test_an_institution_may_keep_the_number_from_the_crew(
    ground: make.Ground, now: datetime, database: Session, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.student.phone = "13800001111"
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    client = login(technician)
    assert "13800001111" in client.get(f"/crew/{order_id}").get_data(as_text=True)
    usual = settings.get
    monkeypatch.setattr(screens.settings, "get", lambda name: name != screens.SHOWS_PHONE and usual(name))
    page = client.get(f"/crew/{order_id}").get_data(as_text=True)
    assert "13800001111" not in page
    assert f"/crew/{order_id}/call" in page
