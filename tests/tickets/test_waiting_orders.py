"""Orders nobody could take, tried again: by the clock, and when somebody has a hand free (tickets-rules 37, 39, 40).

And what the clock does for many tickets at once: one whose history cannot be read keeps no others waiting (20).
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.outbox import OutboxDelivery
from app.events.tickets.clocks import ClocksDue
from app.events.tickets.dispatch import WaitingOrdersDue
from app.events.tickets.orders import OrderReleased
from app.sites.models import Place
from app.tickets import handlers
from app.tickets.models import Absence, Clock, Offer, Shift, TechnicianProfile, TechnicianZone, TicketEvent, WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import dispatching
from tests.factories import tickets as make
from tests.tickets import at_work
from tests.tickets.delivering import deliver_all

pytestmark = pytest.mark.usefixtures("frozen")
MINUTE = timedelta(minutes=1)


def state(database: Session, order_id: int) -> tuple[str, int | None]:
    row = database.execute(select(WorkOrder.state, WorkOrder.assignee_id).where(WorkOrder.id == order_id)).one()
    return row.state, row.assignee_id


def tried(database: Session, at: datetime) -> None:
    """As the relay does every minute."""
    with clock.frozen(at):
        outbox.publish(WaitingOrdersDue())
        deliver_all(at)


def declined(ground: make.Ground, technician: Person, now: datetime) -> int:
    order_id = at_work.filed(ground)
    deliver_all(now)
    at_work.do(technician, order_id, OrderAct.DECLINE, now=now, reason="busy")
    deliver_all(now)
    return order_id


class TestAskedAgain:
    """37, 39: a round asks each person once; a shift, an absence that ended or a free hand begins another."""

    def test_who_declined_is_not_asked_again_by_the_minute(
        self, ground: make.Ground, database: Session, now: datetime
    ) -> None:
        technician = ground.technician()
        order_id = declined(ground, technician, now)
        for minutes in (1, 2, 60):
            tried(database, now + minutes * MINUTE)
            assert state(database, order_id) == ("queued", None)
        newcomer = ground.technician()
        tried(database, now + 61 * MINUTE)
        assert state(database, order_id) == ("offered", newcomer.id), "whoever was not asked yet is, at any time"

    def test_a_shift_that_began_asks_everybody_anew(
        self, ground: make.Ground, database: Session, now: datetime
    ) -> None:
        technician = ground.technician()
        order_id = declined(ground, technician, now)  # at ten in Shanghai
        full = ground.technician(cap=0, on_shift=False)
        database.add(Shift(person_id=full.id, weekday=now.weekday(), starts=time(10, 30), ends=time(18)))
        database.flush()
        tried(database, now + 29 * MINUTE)
        assert state(database, order_id) == ("queued", None)
        tried(database, now + 30 * MINUTE)
        assert state(database, order_id) == ("offered", technician.id)
        at_work.do(technician, order_id, OrderAct.DECLINE, now=now + 31 * MINUTE, reason="busy")
        deliver_all(now + 31 * MINUTE)
        tried(database, now + 32 * MINUTE)
        assert state(database, order_id) == ("queued", None), "that shift has had its round"

    def test_an_absence_that_ended_asks_everybody_anew(
        self, ground: make.Ground, database: Session, now: datetime
    ) -> None:
        technician = ground.technician()
        order_id = declined(ground, technician, now)
        until = now + 45 * MINUTE
        database.add(Absence(person_id=technician.id, starts_at=now + MINUTE, ends_at=until))
        database.flush()
        tried(database, until - MINUTE)
        assert state(database, order_id) == ("queued", None)
        tried(database, until)
        assert state(database, order_id) == ("offered", technician.id)
        assert database.scalars(select(Offer.round).order_by(Offer.id)).all() == [1, 2]

    def test_what_waits_no_longer_is_left_alone(self, ground: make.Ground, database: Session, now: datetime) -> None:
        technician = ground.technician()
        order_id = at_work.offered(ground, now)
        assert dispatching.try_again(actor=Actor.system(1), now=now, order_id=order_id) is None
        assert state(database, order_id) == ("offered", technician.id)


def elsewhere(ground: make.Ground) -> Place:
    return make.place("room", "101", make.place("building", "竹园1栋", ground.campus))


def waiting(ground: make.Ground, database: Session, count: int) -> tuple[Person, list[int], int]:
    """A technician of one building; orders of another that are not for him, and behind them one that is."""
    technician = ground.technician(cap=0)
    database.execute(update(TechnicianZone).values(place_id=ground.building.id))
    away = elsewhere(ground)
    others = [at_work.filed(ground, place_id=away.id) for _ in range(count)]
    last = at_work.filed(ground)
    database.execute(update(OutboxDelivery).values(done_at=clock.now()))  # what was told of them has been done
    database.execute(update(WorkOrder).values(waiting="nobody_eligible"))
    database.execute(update(TechnicianProfile).values(cap=5))
    return technician, others, last


def test_rule_40_every_waiting_order_has_its_turn(ground: make.Ground, database: Session, now: datetime) -> None:
    technician, _others, last = waiting(ground, database, 203)
    tried(database, now + MINUTE)
    assert state(database, last) == ("offered", technician.id)


class TestAFreeHand:
    """39, 40: one freed hand takes one order, the first in turn that is for him."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(handlers, "WOKEN_AT_ONCE", 2)

    def freed(self, order_id: int, person: Person, now: datetime) -> None:
        ticket_id = db.session.scalars(select(WorkOrder.ticket_id).where(WorkOrder.id == order_id)).one()
        outbox.publish(OrderReleased(order_id, ticket_id, person.id, "cancel"))
        deliver_all(now)

    def test_finds_what_stands_behind_those_that_are_not_for_him(
        self, ground: make.Ground, database: Session, now: datetime
    ) -> None:
        technician, others, last = waiting(ground, database, 6)
        self.freed(others[0], technician, now)
        assert state(database, last) == ("queued", None)
        for _ in range(3):
            now += handlers.SEEN_AFTER
            deliver_all(now)
        assert state(database, last) == ("offered", technician.id)

    def test_goes_no_further_where_it_has_found_one(
        self, ground: make.Ground, database: Session, now: datetime
    ) -> None:
        technician, others, last = waiting(ground, database, 1)
        more = [at_work.filed(ground) for _ in range(2)]
        database.execute(update(OutboxDelivery).values(done_at=clock.now()))
        database.execute(update(WorkOrder).values(waiting="nobody_eligible"))
        self.freed(others[0], technician, now)
        deliver_all(now + handlers.SEEN_AFTER)
        assert [state(database, each)[0] for each in (last, *more)] == ["offered", "offered", "queued"]


def test_rule_20_a_history_that_cannot_be_read_stops_nobody_elses_steps(
    ground: make.Ground, database: Session, now: datetime
) -> None:
    broken, whole = ground.file(), ground.file()
    data: dict[str, Any] = {"sla": {"priority": "normal"}}
    told = {"actor_kind": "system", "kind": "reclassify", "audience": "staff", "data": data}
    database.add(TicketEvent(ticket_id=broken.id, at=now, cycle=1, **told))
    database.flush()
    due = database.scalar(select(Clock.next_at).where(Clock.ticket_id == broken.id).order_by(Clock.next_at).limit(1))
    assert due is not None
    with clock.frozen(due + MINUTE):
        outbox.publish(ClocksDue())
        deliver_all(due + MINUTE)
    steps = select(TicketEvent.ticket_id).where(TicketEvent.kind == "escalation").distinct()
    assert database.scalars(steps).all() == [whole.id]
    first = select(Clock.next_at).where(Clock.ticket_id == broken.id).order_by(Clock.next_at).limit(1)
    assert database.scalar(first) == due + MINUTE + handlers.AGAIN_AFTER, "it stands at the head of no later pass"
