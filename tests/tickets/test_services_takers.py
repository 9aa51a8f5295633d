"""Who takes an order and who may act on it: offers, refusals, latecomers, giving back, acting on behalf."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import NotAllowed, NotFound, Rejected, Stale
from app.tickets.models import TicketEvent
from app.tickets.services import acts, orders
from tests.factories import accounts, tickets
from tests.tickets.stepping import agrees, move, order_of
from tests.tickets.walking import deliver


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    return tickets.Ground()


def test_an_answered_offer_does_not_expire(ground: tickets.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    move(technician, order_of(filed).id, "accepted")
    later = clock.now() + timedelta(minutes=11)
    assert "tickets.on_offer_expired" in deliver(later)
    assert order_of(filed).state == "accepted"
    agrees(filed)


def test_three_refusals_call_the_duty_lead_once(ground: tickets.Ground, database: Session) -> None:
    people = [ground.technician() for _ in range(4)]
    filed = ground.file()
    deliver()
    asked = []
    for turn in range(4):
        holder = order_of(filed).assignee_id
        asked.append(holder)
        person = next(one for one in people if one.id == holder)
        if turn % 2:
            deliver(clock.now() + timedelta(minutes=20 * turn))
        else:
            move(person, order_of(filed).id, "declined", reason="busy")
            deliver()
        database.expire_all()
    assert sorted(asked) == sorted(one.id for one in people)
    assert database.scalars(select(TicketEvent.kind).where(TicketEvent.kind == "escalation")).all() == ["escalation"]
    order = order_of(filed)
    assert (order.state, order.waiting) == ("queued", "nobody_eligible")
    agrees(filed)


def test_nobody_eligible_waits_until_somebody_frees_up(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician(cap=1)
    first, second = ground.file(), ground.file()
    deliver()
    assert (order_of(first).state, order_of(second).state) == ("offered", "queued")
    move(technician, order_of(first).id, "accepted")
    move(technician, order_of(first).id, "working")
    move(technician, order_of(first).id, "done", note="好了")
    deliver()
    database.expire_all()
    assert order_of(second).state == "offered"


def test_only_those_with_a_part_act(ground: tickets.Ground) -> None:
    technician, other = ground.technician(), ground.technician(cap=0)
    filed = ground.file()
    deliver()
    order_id = order_of(filed).id
    stranger = accounts.person("student")
    with pytest.raises(NotFound):
        acts.withdraw(actor=accounts.actor(stranger), now=clock.now(), ticket_id=filed.id, seen=None)
    with pytest.raises(NotFound):
        move(other, order_id, "accepted")
    with pytest.raises(NotFound):
        move(ground.student, order_id, "accepted")
    with pytest.raises(NotAllowed):
        move(ground.dispatcher, order_id, "accepted")
    with pytest.raises(NotAllowed):
        acts.accept(actor=accounts.actor(technician), now=clock.now(), ticket_id=filed.id, seen=None)


def test_who_comes_late_learns_who_won(ground: tickets.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    order = order_of(filed)
    seen, order_id = order.version, order.id
    deliver(clock.now() + timedelta(minutes=10))
    with pytest.raises(Stale) as stale:
        orders.transition(
            actor=accounts.actor(technician), now=clock.now(), order_id=order_id, to="accepted", seen=seen
        )
    assert stale.value.current["state"] == "queued"


def test_done_on_behalf_demands_reason_and_true_time(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    order_id = order_of(filed).id
    move(technician, order_id, "accepted")
    move(technician, order_id, "working")
    with pytest.raises(Rejected) as refused:
        move(ground.dispatcher, order_id, "done", note="好了")
    assert set(refused.value.fields) == {"reason", "device_at"}
    true_time = clock.now() - timedelta(minutes=5)
    move(ground.dispatcher, order_id, "done", note="好了", reason="no_phone", device_at=true_time)
    event = database.scalars(select(TicketEvent).where(TicketEvent.kind == "done")).one()
    assert (event.device_at, event.effective_at) == (true_time, clock.now())
    agrees(filed)


def test_a_technician_gives_an_order_back(ground: tickets.Ground, database: Session) -> None:
    technician, second = ground.technician(), ground.technician()
    filed = ground.file()
    deliver()
    order_id = order_of(filed).id
    first = technician if order_of(filed).assignee_id == technician.id else second
    other = second if first is technician else technician
    move(first, order_id, "accepted")
    move(first, order_id, "queued", reason="shift_ends")
    deliver()
    database.expire_all()
    assert order_of(filed).assignee_id == other.id
    agrees(filed)


def test_staff_opens_a_second_order_and_both_must_be_done(ground: tickets.Ground, database: Session) -> None:
    from app.tickets.services import opening

    technician = ground.technician()
    filed = ground.file()
    with pytest.raises(NotFound):
        opening.open_order(actor=accounts.actor(technician), now=clock.now(), ticket_id=filed.id, trade="water")
    made = opening.open_order(
        actor=accounts.actor(ground.dispatcher), now=clock.now(), ticket_id=filed.id, trade="water", minutes=45
    )
    deliver()
    first = order_of(filed).id if order_of(filed).id != made.id else made.id - 1
    for order_id in (first, made.id):
        move(technician, order_id, "accepted")
        move(technician, order_id, "working")
    assert move(technician, first, "done", note="好了").ticket_status == "in_service"
    assert move(technician, made.id, "done", note="好了").ticket_status == "resolved"
    agrees(filed)
