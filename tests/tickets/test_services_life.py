"""The whole way of a ticket through the services: columns, events and outbox agree at every step."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, Rejected, Stale
from app.tickets.models import Offer, Rating, TicketEvent, WorkOrder
from app.tickets.services import acts
from tests.factories import accounts, tickets
from tests.tickets.stepping import agrees, move, order_of, ticket_of, to_resolved
from tests.tickets.walking import deliver


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    return tickets.Ground()


def test_filed_offered_accepted_done_confirmed_rated(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    assert deliver() == ["tickets.on_order_queued"]
    order = order_of(filed)
    assert (order.state, order.assignee_id) == ("offered", technician.id)
    assert order.offered_until == clock.now() + timedelta(minutes=10)
    agrees(filed)
    accepted = move(technician, order.id, "accepted")
    assert (accepted.state, accepted.ticket_status) == ("accepted", "in_service")
    assert database.scalars(select(Offer.outcome)).all() == ["accepted"]
    move(technician, order.id, "en_route")
    move(technician, order.id, "working")
    with pytest.raises(Rejected) as refused:
        move(technician, order.id, "done")
    assert set(refused.value.fields) == {"note"}
    done = move(technician, order.id, "done", note="换了垫圈")
    assert (done.state, done.ticket_status) == ("done", "resolved")
    agrees(filed)
    student = accounts.actor(ground.student)
    closed = acts.confirm(actor=student, now=clock.now(), ticket_id=filed.id, seen=ticket_of(filed).version)
    assert closed.status == "closed"
    assert order_of(filed).state == "closed" or database.scalar(select(WorkOrder.state)) == "closed"
    agrees(filed)
    acts.rate(actor=student, now=clock.now(), ticket_id=filed.id, quality=5, speed=4, manner=5, comment="很快")
    acts.rate(actor=student, now=clock.now(), ticket_id=filed.id, quality=4, speed=4, manner=4)
    assert database.execute(select(Rating.quality, Rating.comment)).all() == [(4, None)]
    agrees(filed)


def test_question_and_answer(ground: tickets.Ground, database: Session) -> None:
    ground.technician()
    filed = ground.file()
    deliver()
    dispatcher, student = accounts.actor(ground.dispatcher), accounts.actor(ground.student)
    asked = acts.ask(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=1, note="哪个水龙头？")
    assert (asked.status, asked.version) == ("needs_info", 2)
    assert database.scalars(select(Offer.outcome)).all() == ["suspended"]
    agrees(filed)
    with pytest.raises(Stale) as stale:
        acts.answer(actor=student, now=clock.now(), ticket_id=filed.id, seen=1, note="洗手池")
    assert stale.value.current == {"state": "needs_info", "assignee": None, "version": 2}
    answered = acts.answer(actor=student, now=clock.now(), ticket_id=filed.id, seen=2, note="洗手池")
    assert answered.status == "accepted"
    deliver()
    database.expire_all()
    assert order_of(filed).state == "offered"
    agrees(filed)


def test_an_unanswered_question_reminds_twice_and_ends(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file(place_text="后门")
    acts.ask(actor=accounts.actor(ground.dispatcher), now=clock.now(), ticket_id=filed.id, seen=1, note="哪里？")
    start = clock.now()
    deliver(start + timedelta(days=9))
    assert ticket_of(filed).reminders == 1
    deliver(start + timedelta(days=15))
    ticket = ticket_of(filed)
    assert (ticket.status, ticket.reminders) == ("rejected", 2)
    agrees(filed)
    back = acts.reconsider(
        actor=accounts.actor(ground.dispatcher),
        now=start + timedelta(days=16),
        ticket_id=filed.id,
        seen=None,
        reason="new_facts",
    )
    assert back.status == "needs_info"
    agrees(filed)


def test_reject_and_reconsider_open_new_orders(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file()
    dispatcher = accounts.actor(ground.dispatcher)
    with pytest.raises(Rejected):
        acts.reject(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=1, reason="whatever")
    acts.reject(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=1, reason="not_ours", note="物业负责")
    assert database.scalars(select(WorkOrder.state)).all() == ["cancelled"]
    agrees(filed)
    back = acts.reconsider(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=2, reason="decided_wrongly")
    assert back.status == "accepted"
    assert sorted(database.scalars(select(WorkOrder.state))) == ["cancelled", "queued"]
    agrees(filed)


def test_withdrawn_while_untouched_only(ground: tickets.Ground) -> None:
    technician = ground.technician()
    first, second = ground.file(), ground.file()
    student = accounts.actor(ground.student)
    assert acts.withdraw(actor=student, now=clock.now(), ticket_id=first.id, seen=1).status == "withdrawn"
    agrees(first)
    deliver()
    order_id = order_of(second).id
    move(technician, order_id, "accepted")
    move(technician, order_id, "working")
    with pytest.raises(Conflict):
        acts.withdraw(actor=student, now=clock.now(), ticket_id=second.id, seen=None)


def test_not_fixed_plans_rework_for_the_supervisor(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    first_order = to_resolved(ground, technician, filed)
    student = accounts.actor(ground.student)
    with pytest.raises(Rejected):
        acts.not_fixed(actor=student, now=clock.now(), ticket_id=filed.id, seen=None)
    again = acts.not_fixed(actor=student, now=clock.now(), ticket_id=filed.id, seen=None, note="还在漏")
    assert again.status == "in_service"
    rework = order_of(filed)
    assert (rework.kind, rework.state, rework.rework_of_id, rework.cycle) == ("rework", "planned", first_order, 2)
    agrees(filed)
    deliver()
    assert order_of(filed).state == "planned"
    move(ground.dispatcher, rework.id, "queued")
    deliver()
    database.expire_all()
    assert (order_of(filed).state, order_of(filed).waiting) == ("queued", "dispatcher")
    agrees(filed)


def test_not_fixed_after_30_days_says_so(ground: tickets.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    to_resolved(ground, technician, filed)
    student = accounts.actor(ground.student)
    late = clock.now() + timedelta(days=31)
    with pytest.raises(Conflict):
        acts.not_fixed(actor=student, now=late, ticket_id=filed.id, seen=None, note="又漏了")


def test_resolved_tickets_close_by_themselves(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file()
    to_resolved(ground, ground.technician(), filed)
    deliver(clock.now() + timedelta(days=6))
    assert ticket_of(filed).status == "resolved"
    deliver(clock.now() + timedelta(days=7))
    assert ticket_of(filed).status == "closed"
    by = database.scalars(select(TicketEvent.data).where(TicketEvent.kind == "default")).one()
    assert by == {"by": "default"}
    agrees(filed)
