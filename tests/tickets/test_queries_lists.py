"""Lists walk along indexes by several ways; what they show is what the plain conditions say, page after page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.tickets.models import Ticket, WorkOrder
from app.tickets.queries import crew_day, dispatch_list, orders, tickets, viewer
from app.tickets.queries.orders import OrderFilter
from app.tickets.queries.tickets import TicketFilter
from app.tickets.rules.dispatching import PRIORITY_ORDER
from app.tickets.services import acts
from tests.factories import accounts
from tests.factories import tickets as made
from tests.tickets.walking import deliver

pytestmark = pytest.mark.usefixtures("frozen")


def walked(ask: Callable[[str | None], paging.Page[Any]]) -> list[int]:
    """The ids of all pages."""
    found: list[int] = []
    cursor = None
    while True:
        page = ask(cursor)
        found += [row.id for row in page.items]
        cursor = page.next
        if cursor is None:
            return found


@pytest.fixture
def desk(database: Session, frozen: datetime, now: datetime) -> made.Ground:
    """Two buildings, two reporters, two technicians, requests in several states and of several priorities."""
    ground = made.Ground()
    library = made.place("building", "图书馆", ground.campus)
    other = accounts.person("student")
    ground.technician()
    ground.technician()
    for turn in range(9):
        where = {"place_id": library.id} if turn % 3 == 0 else {}
        by = {"by": other} if turn % 4 == 1 else {}
        urgency = ("normal", "high", "low")[turn % 3]
        ground.file(description=f"水龙头漏水 {turn}", urgency=urgency, **where, **by)
    ids = list(db.session.scalars(select(Ticket.id).order_by(Ticket.id)))
    acts.reject(actor=made.actor(ground.dispatcher), now=now, ticket_id=ids[0], seen=None, reason="no_fault")
    acts.withdraw(actor=made.actor(ground.student), now=now, ticket_id=ids[2], seen=None)
    deliver()
    return ground


def viewers(ground: made.Ground) -> list[Actor]:
    both = accounts.person("dormmanager", scope_kind="building", scope_id=ground.building.id)
    campus = accounts.person("dispatcher", scope_kind="campus", scope_id=ground.campus.id)
    crew = db.session.scalars(select(WorkOrder.assignee_id).where(WorkOrder.assignee_id.is_not(None)).distinct()).all()
    known = [ground.dispatcher, ground.student, both, campus]
    return [accounts.actor(person) for person in known] + [
        accounts.actor(db.session.get_one(Person, (1, each))) for each in crew if each
    ]


OPEN = ("accepted", "in_service")
TICKETS: list[tuple[TicketFilter, Any]] = [
    (TicketFilter(), Ticket.id > 0),
    (TicketFilter(statuses=OPEN), Ticket.status.in_(OPEN)),
    (TicketFilter(statuses=("rejected",)), Ticket.status == "rejected"),
    (TicketFilter(priorities=("high", "low")), Ticket.priority.in_(("high", "low"))),
    (TicketFilter(trade="water"), Ticket.category_id > 0),
    (TicketFilter(trade="none"), Ticket.id < 0),
    (TicketFilter(q="漏水 7"), and_(Ticket.search.like("%漏水%"), Ticket.search.like("%7%"))),
]


@pytest.mark.parametrize(("wanted", "condition"), TICKETS, ids=[str(number) for number in range(len(TICKETS))])
def test_tickets_are_those_one_may_see(desk: made.Ground, wanted: TicketFilter, condition: Any) -> None:
    for actor in viewers(desk):
        seen = select(Ticket.id).where(viewer.tickets_seen(actor), condition).order_by(Ticket.id.desc())
        expected = list(db.session.scalars(seen))
        found = walked(lambda cursor, actor=actor: tickets.page(actor, wanted, cursor=cursor, limit=2))
        assert found == expected, actor.roles


@pytest.mark.parametrize("states", [(), ("offered",), ("offered", "cancelled")])
def test_orders_are_those_one_may_see(desk: made.Ground, states: tuple[str, ...]) -> None:
    wanted = OrderFilter(states=states)
    for actor in viewers(desk):
        among = (WorkOrder.state.in_(states),) if states else ()
        seen = select(WorkOrder.id).where(viewer.orders_seen(actor), *among).order_by(WorkOrder.id.desc())
        expected = list(db.session.scalars(seen))
        assert walked(lambda cursor, actor=actor: orders.page(actor, wanted, cursor=cursor, limit=2)) == expected


def test_what_a_technician_proposed_is_in_his_list(desk: made.Ground) -> None:
    """The list and the single order agree: he sees what he proposed, as `viewer` says."""
    proposer = accounts.actor(desk.technician())
    proposed = db.session.scalars(select(WorkOrder).order_by(WorkOrder.id)).first()
    assert proposed is not None
    assert orders.page(proposer, OrderFilter()).items == []
    proposed.proposed_by, proposed.version = proposer.id, proposed.version + 1
    db.session.flush()
    for wanted in (OrderFilter(), OrderFilter(states=(proposed.state,))):
        assert [row.id for row in orders.page(proposer, wanted).items] == [proposed.id]
    assert orders.one(proposer, proposed.id).id == proposed.id


def test_open_orders_come_in_their_turn_and_are_counted(desk: made.Ground) -> None:
    wanted = dispatch_list.Wanted()
    for actor in viewers(desk)[:4]:
        seen = select(WorkOrder).where(viewer.orders_seen(actor), WorkOrder.state.in_(dispatch_list.VIEWS["open"]))
        expected = sorted(db.session.scalars(seen), key=lambda each: (PRIORITY_ORDER.index(each.priority), each.id))
        found = walked(lambda cursor, actor=actor: dispatch_list.page(actor, "open", wanted, cursor=cursor, limit=2))
        assert found == [each.id for each in expected]
        counts = dispatch_list.counts(actor, wanted)
        assert counts["open"] == len(expected)
        assert counts["offered"] == sum(each.state == "offered" for each in expected)


def test_a_day_done_is_shown_last_first(desk: made.Ground, now: datetime) -> None:
    held = db.session.scalars(select(WorkOrder).where(WorkOrder.assignee_id.is_not(None)).order_by(WorkOrder.id)).all()
    person = held[0].assignee_id
    assert person is not None
    mine = [each for each in held if each.assignee_id == person]
    before = crew_day.stamp(person, now)
    assert sorted(row.id for row in crew_day.held(person)) == sorted(each.id for each in mine)
    for each in mine[:2]:
        each.state, each.offered_until, each.done_at, each.version = "done", None, now, each.version + 1
    assert [row.id for row in crew_day.done_since(person, now)] == sorted((each.id for each in mine[:2]), reverse=True)
    assert crew_day.stamp(person, now) != before
