"""A technician's orders in a calendar program: read by another library, without names, ended at once when revoked."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import vobject
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.core import clock
from app.core.actor import Actor
from app.tickets.models import CalendarFeed, Ticket, WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import dispatching
from app.tickets.services import orders as order_acts
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as factory


def address(page: str) -> str:
    """The path of the secret address on the page that shows it."""
    found = re.search(r"<code[^>]*>https?://[^/]+(/crew/calendar/[^<]+\.ics)</code>", page)
    assert found, page
    return found[1]


def at_work(database: Session) -> tuple[factory.Ground, Person, WorkOrder]:
    ground = factory.Ground()
    technician = ground.technician()
    filed = ground.file()
    now = clock.now()
    dispatching.dispatch_order(actor=Actor.system(1), now=now, order_id=filed.order_id or 0)
    order_acts.act(
        actor=accounts.actor(technician), now=now, order_id=filed.order_id or 0, act=OrderAct.ACCEPT, seen=None
    )
    database.flush()
    return ground, technician, database.get_one(WorkOrder, (1, filed.order_id))


def test_a_calendar_library_reads_the_feed(client: FlaskClient, login: Any, database: Session) -> None:
    ground, technician, order = at_work(database)
    due = datetime(2026, 11, 30, 10, 0, tzinfo=clock.now().tzinfo)
    database.execute(update(WorkOrder).values(due_at=due))
    login(technician)
    made = client.post("/crew/calendar")
    assert made.status_code == 201
    where = address(made.text)
    client.post("/logout")
    answer = client.get(where)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    calendar = vobject.readOne(answer.text)
    (event,) = calendar.vevent_list
    assert "水龙头" in event.summary.value
    assert "412" in event.summary.value
    assert event.dtend.value == due
    assert event.dtend.value - event.dtstart.value == timedelta(minutes=order.planned_minutes)
    assert event.uid.value.startswith(f"order-1-{order.id}@")
    assert event.sequence.value == str(order.version)
    for name in (technician.name, ground.student.name):
        assert name not in answer.text
    assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))  # RFC 5545 3.1


def test_an_order_without_a_due_time_is_a_note_on_today(client: FlaskClient, login: Any, database: Session) -> None:
    _ground, technician, _order = at_work(database)
    database.execute(update(WorkOrder).values(due_at=None))
    login(technician)
    where = address(client.post("/crew/calendar").text)
    (event,) = vobject.readOne(client.get(where).text).vevent_list
    assert not isinstance(event.dtstart.value, datetime)
    assert event.transp.value == "TRANSPARENT"


def test_a_visit_window_still_to_come_is_the_time_of_the_order(
    client: FlaskClient, login: Any, database: Session
) -> None:
    _ground, technician, order = at_work(database)
    tomorrow = clock.now().replace(microsecond=0) + timedelta(days=1)
    window = {"visit_from": tomorrow, "visit_to": tomorrow + timedelta(hours=2)}
    database.execute(update(Ticket).where(Ticket.id == order.ticket_id).values(**window))
    login(technician)
    where = address(client.post("/crew/calendar").text)
    (event,) = vobject.readOne(client.get(where).text).vevent_list
    assert (event.dtstart.value, event.dtend.value) == (window["visit_from"], window["visit_to"])


def test_the_address_is_a_secret_that_ends(client: FlaskClient, login: Any, database: Session) -> None:
    _ground, technician, _order = at_work(database)
    login(technician)
    first = address(client.post("/crew/calendar").text)
    second = address(client.post("/crew/calendar").text)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    assert first not in client.get("/crew/calendar").text  # shown once
    stored = database.scalars(select(CalendarFeed.token_hash)).all()
    assert all(second.encode() not in each for each in stored)
    client.post("/crew/calendar/revoke")
    assert client.get(second).status_code == 404
    third = address(client.post("/crew/calendar").text)
    database.execute(update(Person).where(Person.id == technician.id).values(disabled_at=clock.now()))
    assert client.get(third).status_code == 404
    assert client.get("/crew/calendar/nonsense.ics").status_code == 404
    verbs = database.scalars(select(AuditEntry.verb).where(AuditEntry.verb.startswith("calendar."))).all()
    assert sorted(set(verbs)) == ["calendar.make", "calendar.revoke"]


def test_the_feed_costs_a_constant_number_of_statements(client: FlaskClient, login: Any, database: Session) -> None:
    ground, technician, _order = at_work(database)
    login(technician)
    where = address(client.post("/crew/calendar").text)
    with counted() as few:
        client.get(where)
    for _each in range(3):
        filed = ground.file()
        database.execute(
            update(WorkOrder).where(WorkOrder.id == filed.order_id).values(state="accepted", assignee_id=technician.id)
        )
    with counted() as more:
        client.get(where)
    assert len(more) == len(few)


def test_what_is_not_there_ends_without_a_trace(client: FlaskClient, login: Any, database: Session) -> None:
    _ground, technician, _order = at_work(database)
    login(technician)
    assert client.post("/crew/calendar/revoke").location == "/crew/calendar"
    assert database.scalars(select(AuditEntry).where(AuditEntry.verb == "calendar.revoke")).all() == []
