"""Holds through the services: what ends one, who is reminded, and that a corrected place changes nothing of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Rejected
from app.events.tickets import orders as events
from app.tickets.models import TicketEvent
from app.tickets.services import reclassifying, timers
from app.tickets.services.filing import Filed
from tests.factories import accounts, tickets
from tests.tickets.stepping import agrees, move, order_of
from tests.tickets.walking import deliver


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    return tickets.Ground()


def test_holds(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    order_id = order_of(filed).id
    move(technician, order_id, "accepted")
    with pytest.raises(Rejected) as refused:
        move(technician, order_id, "on_hold", reason="parts")
    assert set(refused.value.fields) == {"until"}
    with pytest.raises(Rejected):
        move(technician, order_id, "on_hold", reason="because")
    until = clock.now() + timedelta(days=2)
    move(technician, order_id, "on_hold", reason="parts", until=until)
    deliver(until)
    assert order_of(filed).state == "on_hold"
    assert database.scalars(select(TicketEvent.kind).where(TicketEvent.kind == "remind")).all() == ["remind"]
    move(technician, order_id, "working")
    database.expire_all()
    assert (order_of(filed).hold_reason, order_of(filed).hold_until) == (None, None)
    agrees(filed)


def test_a_hold_of_nobodys_order_ends_by_itself(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file()
    until = clock.now() + timedelta(hours=3)
    move(ground.dispatcher, order_of(filed).id, "on_hold", reason="weather", until=until)
    deliver(until)
    database.expire_all()
    assert order_of(filed).state == "queued"
    agrees(filed)


def place_corrected(ground: tickets.Ground, filed: Filed) -> None:
    """A colleague corrects the place: the orders follow, and rise in version (26)."""
    room = tickets.place("room", "101", tickets.place("building", "竹园1栋", ground.campus))
    reclassifying.reclassify(
        actor=accounts.actor(ground.dispatcher),
        now=clock.now(),
        ticket_id=filed.id,
        wish=reclassifying.Wish(place_id=room.id),
        reason="看过现场",
    )


def test_rule_n4_a_hold_ends_though_the_place_was_corrected(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file()
    until = clock.now() + timedelta(hours=3)
    move(ground.dispatcher, order_of(filed).id, "on_hold", reason="weather", until=until)
    place_corrected(ground, filed)
    deliver(until)
    database.expire_all()
    assert order_of(filed).state == "queued"
    agrees(filed)


def test_rule_n4_a_holder_is_reminded_though_the_place_was_corrected(ground: tickets.Ground, database: Session) -> None:
    technician, filed = ground.technician(), ground.file()
    deliver()
    order_id = order_of(filed).id
    move(technician, order_id, "accepted")
    until = clock.now() + timedelta(days=2)
    move(technician, order_id, "on_hold", reason="parts", until=until)
    place_corrected(ground, filed)
    reminded = select(TicketEvent.kind).where(TicketEvent.kind == "remind")
    deliver(until)
    deliver(until + timedelta(days=1))
    assert database.scalars(reminded).all() == ["remind", "remind"]
    move(technician, order_id, "working")
    later = until + timedelta(days=30)
    move(technician, order_id, "on_hold", reason="parts", until=later)
    deliver(until + timedelta(days=2))
    assert len(database.scalars(reminded).all()) == 2, "the timer of an earlier hold says nothing of this one"


def test_rule_n4_a_timer_an_older_release_has_set_still_counts(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file()
    until = clock.now() + timedelta(hours=3)
    order = order_of(filed)
    move(ground.dispatcher, order.id, "on_hold", reason="weather", until=until)
    database.refresh(order)
    timers.hold_due(actor=Actor.system(1), now=until, timer=events.HoldDue(order.id, order.version))
    database.expire_all()
    assert order_of(filed).state == "queued"
