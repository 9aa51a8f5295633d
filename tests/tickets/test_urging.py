"""催单: after the promise, else after the restore due; once in 24 hours; counted, told, and lifted in its column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.tickets.models import Clock, DutyRoster, Ticket, TicketEvent, TicketFollower, WorkOrder
from app.tickets.queries import dispatch_list, timeline
from app.tickets.queries.dispatch_list import Wanted
from app.tickets.rules.urging import AGAIN, URGEABLE, urgeable_from
from app.tickets.rules.workflow import OrderAct, TicketStatus
from app.tickets.services import acts, urging
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets import at_work
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all, told

Login = Callable[..., FlaskClient]
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def when(**more: Any) -> datetime | None:
    said: dict[str, Any] = {
        "status": TicketStatus.ACCEPTED,
        "promised_at": None,
        "restore_due": None,
        "unclocked": False,
        "filed_at": NOON,
        "urged_at": None,
    }
    return urgeable_from(**{**said, **more})


def test_the_promise_goes_before_the_restore_due_and_a_day_lies_between_two() -> None:
    promise, due = NOON + timedelta(days=3), NOON + timedelta(days=1)
    assert when(promised_at=promise, restore_due=due) == promise
    assert when(restore_due=due) == due
    assert when() is None  # it stands: no instant can be named
    assert when(unclocked=True) == NOON + AGAIN
    assert when(promised_at=promise, urged_at=promise + timedelta(hours=2)) == promise + timedelta(hours=26)
    assert when(promised_at=promise, urged_at=promise - timedelta(days=9)) == promise  # the promise moved meanwhile
    assert {status for status in TicketStatus if when(status=status, promised_at=promise) is not None} == URGEABLE


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    return factory.Ground()


def late(database: Session, ticket_id: int, **more: Any) -> None:
    """As if the promised time were over."""
    values = {"promised_at": clock.now() - timedelta(minutes=1), **more}
    database.execute(update(Ticket).where(Ticket.id == ticket_id).values(**values))
    database.expire_all()


def row_of(database: Session, ticket_id: int) -> Ticket:
    database.expire_all()
    return database.get_one(Ticket, (1, ticket_id))


def test_a_reminder_is_an_event_that_counts_and_tells_the_responsible(
    client: FlaskClient, ground: factory.Ground, database: Session, now: datetime
) -> None:
    technician = ground.technician()
    order_id = at_work.offered(ground, clock.now())
    at_work.do(technician, order_id, OrderAct.ACCEPT, now=clock.now())
    ticket_id = database.get_one(WorkOrder, (1, order_id)).ticket_id
    mine = Caller(client, ground.student)
    early = mine.post(f"/tickets/{ticket_id}/remind")
    shown = mine.get(f"/tickets/{ticket_id}").json
    assert (early.status_code, early.json["type"].rsplit("/", 1)[-1]) == (409, "too-early")
    assert early.json["allowed_from"] == shown["promised_at"] == shown["urge_from"]
    late(database, ticket_id)
    before = row_of(database, ticket_id).version
    answer = mine.post(f"/tickets/{ticket_id}/remind")
    assert (answer.status_code, answer.json["urged"]) == (200, 1)
    again = mine.post(f"/tickets/{ticket_id}/remind")  # the second tab, or a lost reply
    assert (again.status_code, again.json["type"].rsplit("/", 1)[-1]) == (409, "too-early")
    assert row_of(database, ticket_id).version == before  # nobody's act is lost to it
    (event,) = database.scalars(select(TicketEvent).where(TicketEvent.kind == "remind"))
    assert (event.from_state, event.to_state, event.actor_id) == (None, None, ground.student.id)
    assert timeline.folded(ticket_id).urged == 1
    assert Caller(client, ground.dispatcher).get(f"/work-orders/{order_id}").json["urged"] == 1
    deliver_all(clock.now())
    assert told(technician, "ticket-urged") == 1
    late(database, ticket_id, urged_at=clock.now() - AGAIN)
    assert mine.post(f"/tickets/{ticket_id}/remind").json["urged"] == 2


def test_without_a_promise_the_restore_due_counts(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    filed = ground.file(place_text="操场后面")  # nobody has accepted it, so nothing is promised
    mine = Caller(client, ground.student)
    due = database.scalar(select(Clock.due_at).where(Clock.ticket_id == filed.id, Clock.kind == "restore"))
    assert due is not None
    assert row_of(database, filed.id).promised_at is None
    assert mine.get(f"/tickets/{filed.id}").json["urge_from"] == due.isoformat().replace("+00:00", "Z")
    assert mine.post(f"/tickets/{filed.id}/remind").status_code == 409
    database.execute(update(Clock).where(Clock.ticket_id == filed.id).values(due_at=clock.now()))
    assert mine.post(f"/tickets/{filed.id}/remind").json["urged"] == 1


def test_only_the_reporter_reminds(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    filed = ground.file()
    late(database, filed.id)
    follower = accounts.person("student")
    database.add(TicketFollower(ticket_id=filed.id, person_id=follower.id, since=clock.now()))
    database.flush()
    assert Caller(client, follower).post(f"/tickets/{filed.id}/remind").status_code == 404
    assert Caller(client, accounts.person("student")).post(f"/tickets/{filed.id}/remind").status_code == 404
    assert Caller(client, ground.dispatcher).post(f"/tickets/{filed.id}/remind").status_code == 403
    assert Caller(client, follower).get(f"/tickets/{filed.id}").json["urge_from"] is None


def test_a_question_waits_for_the_reporter_so_he_reminds_nobody(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    filed = ground.file()
    late(database, filed.id)
    acts.ask(actor=factory.actor(ground.dispatcher), now=clock.now(), ticket_id=filed.id, seen=None, note="哪一个？")
    answer = Caller(client, ground.student).post(f"/tickets/{filed.id}/remind")
    assert (answer.status_code, answer.json["type"].rsplit("/", 1)[-1]) == (409, "not-urgeable")


def test_nobody_is_reminded_while_the_time_stands_still_nor_for_an_order_that_ended(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    filed, desk = ground.file(), Caller(client, ground.dispatcher)
    more = desk.post(f"/tickets/{filed.id}/work-orders", {"trade": "water", "reason": "also the drain"}).json["id"]
    desk.post(f"/work-orders/{more}/transitions", {"to": "cancelled", "reason": "not_needed"}, seen="*")
    database.execute(update(Clock).where(Clock.ticket_id == filed.id).values(due_at=None))
    late(database, filed.id, promised_at=None)
    standing = Caller(client, ground.student).post(f"/tickets/{filed.id}/remind")
    assert (standing.status_code, standing.json["type"].rsplit("/", 1)[-1]) == (409, "not-urgeable")
    late(database, filed.id)
    assert Caller(client, ground.student).post(f"/tickets/{filed.id}/remind").status_code == 200
    urged = {row.id: row.urged for row in database.scalars(select(WorkOrder))}
    assert urged == {filed.order_id: 1, int(more): 0}


def test_it_lifts_the_order_in_list_and_column_but_not_above_emergencies(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    burst = factory.category("burst", ground.trade, "爆管", "Burst", emergency=True, emergency_phone="1")
    first, second = ground.file(), ground.file()
    urgent = ground.file(category=burst.code, urgency="emergency")
    orders = {row.ticket_id: row.id for row in database.scalars(select(WorkOrder))}
    assert database.get_one(WorkOrder, (1, orders[urgent.id])).priority == "emergency"
    late(database, second.id)
    assert Caller(client, ground.student).post(f"/tickets/{second.id}/remind").status_code == 200
    desk = factory.actor(ground.dispatcher)
    wanted = [orders[urgent.id], orders[second.id], orders[first.id]]
    assert [row.id for row in dispatch_list.page(desk, "open", Wanted()).items] == wanted
    assert [row.id for row in dispatch_list.column(desk, "queued", Wanted(), 30)] == wanted
    first_page = dispatch_list.page(desk, "open", Wanted(), limit=2)
    rest = dispatch_list.page(desk, "open", Wanted(), limit=2, cursor=first_page.next)
    assert [row.id for row in (*first_page.items, *rest.items)] == wanted


def test_reminders_are_of_a_cycle_and_a_further_order_stands_as_high(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    technician = ground.technician()
    order_id = at_work.offered(ground, clock.now())
    ticket_id = database.get_one(WorkOrder, (1, order_id)).ticket_id
    late(database, ticket_id)
    assert Caller(client, ground.student).post(f"/tickets/{ticket_id}/remind").status_code == 200
    factory.trade("paint", "油漆", "Painter")
    more = {"trade": "paint", "reason": "also the wall"}
    made = Caller(client, ground.dispatcher).post(f"/tickets/{ticket_id}/work-orders", more).json
    assert made["urged"] == 1
    desk = Caller(client, ground.dispatcher)
    desk.post(f"/work-orders/{made['id']}/transitions", {"to": "cancelled", "reason": "not_needed"}, seen="*")
    at_work.do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=clock.now())
    at_work.do(technician, order_id, OrderAct.DONE, now=clock.now(), note="换了")
    acts.not_fixed(actor=factory.actor(ground.student), now=clock.now(), ticket_id=ticket_id, seen=None, note="又漏了")
    assert (row_of(database, ticket_id).urged, timeline.folded(ticket_id).urged) == (0, 0)


def test_the_page_has_the_button_when_it_may_and_says_when_otherwise(
    client: FlaskClient, ground: factory.Ground, login: Login, database: Session
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    technician = ground.technician()
    order_id = at_work.offered(ground, clock.now())
    at_work.do(technician, order_id, OrderAct.ACCEPT, now=clock.now())
    ticket_id = database.get_one(WorkOrder, (1, order_id)).ticket_id
    here = f"/tickets/{ticket_id}"
    login(ground.student)
    page = client.get(here).text
    assert "You can remind us from" in page
    assert f"{here}/remind" not in page
    late(database, ticket_id)
    assert f"{here}/remind" in client.get(here).text
    assert client.post(f"{here}/remind").status_code == 303
    page = client.get(here).text
    assert "You have reminded us 1 time" in page
    assert "Reminder by the reporter" in page
    second = client.post(f"{here}/remind")
    assert second.status_code == 409
    assert "You have reminded us already" in second.text
    login(ground.dispatcher)
    assert "reminded 1 time" in client.get("/dispatch/").text
    assert "reminded 1 time" in client.get(f"/dispatch/{order_id}").text
    assert "reminded 1 time" in client.get("/dispatch/board").text
    assert "1 time, last" in client.get(here).text
    login(technician)
    assert "reminded 1 time" in client.get("/crew/").text


def test_a_ticket_nobody_is_at_is_told_to_the_duty_lead(ground: factory.Ground, database: Session) -> None:
    lead = accounts.person("dutylead")
    database.add(DutyRoster(person_id=lead.id, starts_at=clock.now() - timedelta(hours=1)))
    database.flush()
    filed = ground.file(place_text="操场后面")
    late(database, filed.id)
    urging.urge(actor=factory.actor(ground.student), now=clock.now(), ticket_id=filed.id)
    deliver_all(clock.now())
    assert told(lead, "ticket-urged") == 1
