"""Nobody was in: card or proposals, the reporter chooses another time (tickets-rules 2 hold; 16, 22, N4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, i18n
from app.core.db import db
from app.core.outbox import OutboxEvent
from app.tickets.models import Clock, Ticket, TicketEvent, WorkOrder
from app.tickets.rules import visits as rules
from app.tickets.rules.visits import Window
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import visits
from app.tickets.visit_choice import option
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, offered

pytestmark = pytest.mark.usefixtures("frozen")
Login = Callable[..., FlaskClient]


def at_the_door(ground: make.Ground, now: datetime) -> tuple[Any, int]:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.LEAVE, now=now)
    return technician, order_id


def slots(now: datetime) -> list[Window]:
    return list(rules.slots(now, i18n.zone(), visits.hours()))


def value(window: Window) -> str:
    return option(window)["value"]


def order(database: Session, order_id: int) -> WorkOrder:
    database.expire_all()
    return database.get_one(WorkOrder, (1, order_id))


def hold(client: FlaskClient, database: Session, order_id: int, **fields: Any) -> Any:
    data = {"version": order(database, order_id).version, "reason": "reporter_absent", "sheet": "hold-absent", **fields}
    return client.post(f"/crew/{order_id}/hold", data=data, headers=ENGLISH)


def test_a_card_or_a_proposal_is_demanded_and_what_was_chosen_stays(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician, order_id = at_the_door(ground, now)
    client = login(technician)
    refused = hold(client, database, order_id)
    assert refused.status_code == 422
    assert "Leave a card" in refused.get_data(as_text=True)
    offered_now = slots(now)
    past = value(Window(now - timedelta(days=1), now - timedelta(hours=22)))
    wrong = hold(client, database, order_id, **{"hold-absent_windows": [value(offered_now[3]), past]})
    assert wrong.status_code == 422
    page = wrong.get_data(as_text=True)
    assert "This time is not offered." in page
    assert f'value="{value(offered_now[3])}" selected' in page
    assert hold(client, database, order_id, **{"hold-absent_windows": [value(offered_now[3]), ""]}).status_code == 303
    held = order(database, order_id)
    assert (held.state, held.hold_reason, held.hold_until) == ("on_hold", "reporter_absent", None)


def test_the_reporter_is_told_chooses_and_the_crew_hears_of_it(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician, order_id = at_the_door(ground, now)
    first, second = slots(now)[4:6]
    proposals = {"hold-absent_card": "1", "hold-absent_windows": [value(first), value(second)]}
    assert hold(login(technician), database, order_id, **proposals).status_code == 303
    event = database.scalars(select(TicketEvent).where(TicketEvent.kind == "hold")).one()
    assert event.data == {
        "card": True,
        "windows": [{"from": i18n.iso(each.start), "to": i18n.iso(each.end)} for each in (first, second)],
    }
    ticket_id = order(database, order_id).ticket_id
    reporter = login(ground.student)
    page = reporter.get(f"/tickets/{ticket_id}", headers=ENGLISH).get_data(as_text=True)
    assert "A card was left at the door." in page
    assert page.count('name="visit_window"') == 2
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert reporter.post(f"/tickets/{ticket_id}/window", data={"version": version}).status_code == 422
    other = slots(now)[9]
    sent = {"version": version, "visit_window": value(first), "other": value(other)}
    assert reporter.post(f"/tickets/{ticket_id}/window", data=sent).status_code == 303
    database.expire_all()
    ticket = database.get_one(Ticket, (1, ticket_id))
    assert (ticket.visit_from, ticket.visit_to) == (other.start, other.end)
    held = order(database, order_id)
    assert (held.state, held.hold_until) == ("on_hold", other.start)
    told = [each.kind for each in database.scalars(select(OutboxEvent))]
    assert any("WindowChosen" in each for each in told)
    again = reporter.get(f"/tickets/{ticket_id}", headers=ENGLISH).get_data(as_text=True)
    assert "You chose:" in again
    assert reporter.post(f"/tickets/{ticket_id}/window", data=sent).status_code == 412


def not_before(database: Session) -> dict[str, Any]:
    database.expire_all()
    return {each.kind: (each.not_before, each.due_at) for each in database.scalars(select(Clock))}


def test_rule_16_a_window_moved_by_the_crew_moves_nothing_one_of_the_reporter_does(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician, order_id = at_the_door(ground, now)
    before = not_before(database)
    later = slots(now)[20]
    proposals = {"hold-absent_windows": [value(later)]}
    assert hold(login(technician), database, order_id, **proposals).status_code == 303
    moved = not_before(database)
    assert {kind: line[0] for kind, line in moved.items()} == {kind: line[0] for kind, line in before.items()}
    promised = database.scalar(select(Ticket.promised_at))
    ticket = database.execute(select(Ticket.id, Ticket.version)).one()
    sent = {"version": ticket.version, "visit_window": value(later)}
    assert login(ground.student).post(f"/tickets/{ticket.id}/window", data=sent).status_code == 303
    assert not_before(database)["restore"][0] == later.end
    assert database.scalar(select(Ticket.promised_at)) == max(promised, later.end)  # 22: later only


def test_a_proposal_may_be_nearer_than_what_is_offered_otherwise_but_never_past(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician, order_id = at_the_door(ground, now)
    soon = slots(now)[0]
    assert hold(login(technician), database, order_id, **{"hold-absent_windows": [value(soon)]}).status_code == 303
    ticket = database.execute(select(Ticket.id, Ticket.version)).one()
    sent = {"version": ticket.version, "visit_window": value(soon)}
    reporter = login(ground.student)
    with clock.frozen(soon.start):
        assert reporter.post(f"/tickets/{ticket.id}/window", data=sent).status_code == 422
    with clock.frozen(soon.start - timedelta(minutes=10)):
        assert reporter.post(f"/tickets/{ticket.id}/window", data=sent).status_code == 303


def test_nobody_else_chooses_and_nothing_is_chosen_when_nobody_waits(
    ground: make.Ground, now: datetime, database: Session, login: Login, client: FlaskClient
) -> None:
    technician, order_id = at_the_door(ground, now)
    ticket = database.execute(select(Ticket.id, Ticket.version)).one()
    window = slots(now)[5]
    sent = {"version": ticket.version, "visit_window": value(window)}
    assert login(ground.student).post(f"/tickets/{ticket.id}/window", data=sent).status_code == 409
    assert hold(login(technician), database, order_id, **{"hold-absent_card": "1"}).status_code == 303
    for who, status in ((technician, 403), (ground.dispatcher, 403), (accounts.person("student"), 404)):
        head = {**accounts.token(who), "If-Match": f'"v{ticket.version}"'}
        body = {"from": i18n.iso(window.start), "to": i18n.iso(window.end)}
        answer = client.post(f"/api/v1/tickets/{ticket.id}/visit-window", json=body, headers=head)
        assert answer.status_code == status
    version = database.scalar(select(Ticket.version))
    head = {**accounts.token(ground.student), "If-Match": f'"v{version}"'}
    answer = client.post(f"/api/v1/tickets/{ticket.id}/visit-window", json=body, headers=head)
    assert answer.status_code == 200
    assert answer.json["visit_window"] == body
    assert db.session.scalar(select(WorkOrder.hold_until)) == window.start


def test_held_at_the_door_is_not_shown_as_work_that_began(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician, order_id = at_the_door(ground, now)
    client = login(technician)
    assert hold(client, database, order_id, **{"hold-absent_card": "1"}).status_code == 303
    page = client.get(f"/crew/{order_id}", headers=ENGLISH).get_data(as_text=True)
    assert "Start work" in page
    assert "Go on working" not in page
    do(technician, order_id, OrderAct.START, now=now + timedelta(minutes=5))
    do(technician, order_id, OrderAct.HOLD, now=now + timedelta(minutes=9), reason="access")
    assert "Go on working" in client.get(f"/crew/{order_id}", headers=ENGLISH).get_data(as_text=True)
