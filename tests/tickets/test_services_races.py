"""Acts at the same instant on connections of their own: one wins, the others are told, nothing is doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from app.core import clock, deliveries, outbox
from app.core.actor import Actor
from app.core.database_errors import is_busy
from app.core.db import db, institution_bound
from app.core.errors import Conflict, DomainError, NotAllowed, Stale
from app.core.outbox import OutboxDelivery
from app.core.transaction import transaction
from app.events.tickets import dispatch as ticket_events
from app.tickets.models import Offer, TechnicianProfile, Ticket, WorkOrder
from app.tickets.queries import timeline
from app.tickets.services import bulk_runs, dispatching, filing, opening, orders, technicians
from app.tickets.services.bulk import BulkAction, Item, Task
from tests.factories import accounts, tickets

pytestmark = pytest.mark.race

ROUNDS = 5


def work(app: Flask, act: Callable[[], Any], tries: int = 3) -> Any:
    """Do one act as a request would: its own transaction, one more try where a lock was not had."""
    for attempt in range(1, tries + 1):
        with app.app_context(), institution_bound(1):
            try:
                with transaction():
                    return act()
            except DomainError as refused:
                return refused
            except DBAPIError as error:
                if not is_busy(error) or attempt == tries:
                    raise
    raise AssertionError("unreachable")


def together(app: Flask, *acts: Callable[[], Any], tries: int = 3) -> list[Any]:
    """The results of acts begun at one barrier."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(at: int) -> None:
        barrier.wait()
        try:
            results[at] = work(app, acts[at], tries)
        except Exception as error:  # noqa: BLE001 - shown to the test
            results[at] = error

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not [one for one in results if isinstance(one, Exception) and not isinstance(one, DomainError)], results
    return results


def column_of(column: Any, order_id: int) -> Any:
    return db.session.scalar(select(column).where(WorkOrder.id == order_id))


class World:
    """Ids and actors of a committed ground, usable on any thread."""

    def __init__(self, technicians: int, cap: int = 50) -> None:
        ground = tickets.Ground()
        people = [ground.technician(cap=cap) for _ in range(technicians)]
        self.category, self.room_id = ground.category.code, ground.room.id
        self.student, self.dispatcher = accounts.actor(ground.student), accounts.actor(ground.dispatcher)
        self.technicians = [accounts.actor(person) for person in people]

    def file(self) -> filing.Filed:
        return filing.file_ticket(
            actor=self.student, now=clock.now(), category=self.category, place_id=self.room_id, description="漏水"
        )


def test_numbers_are_unique_and_without_gap(committed: Flask) -> None:
    world = work(committed, lambda: World(1))
    filed = together(committed, *([world.file] * 12))
    assert sorted(one.number for one in filed) == [f"R26-{serial:06d}" for serial in range(1, 13)]

    def refused() -> None:
        world.file()
        raise Conflict

    assert isinstance(work(committed, refused), Conflict)
    assert work(committed, world.file).number == "R26-000013"


def test_a_duty_two_end_at_once_is_ended_once(committed: Flask) -> None:
    world = work(committed, lambda: World(1))
    given: Any = {"actor": world.dispatcher, "now": clock.now()}
    for begins in (timedelta(days=-1), timedelta(days=1)):  # ended now, taken back
        for _ in range(ROUNDS):

            def lead(begins: timedelta = begins) -> int:
                of_all: Any = {"ends_at": None, "campus_id": None, "trade_id": None}
                starts_at = given["now"] + begins
                return technicians.set_duty_lead(
                    person_id=world.technicians[0].id or 0, starts_at=starts_at, **given, **of_all
                )

            duty_id = work(committed, lead)

            def end(duty_id: int = duty_id) -> None:
                technicians.end_duty(duty_id=duty_id, **given)

            results = together(committed, end, end)
            assert sorted(type(each).__name__ for each in results) == ["NoneType", "NotFound"]


def test_two_dispatchers_one_wins(committed: Flask) -> None:
    world = work(committed, lambda: World(4))
    for _ in range(ROUNDS):
        filed = work(committed, world.file)

        def give(to: Actor, order_id: int = filed.order_id) -> Callable[[], Any]:
            return lambda: dispatching.assign(
                actor=world.dispatcher, now=clock.now(), order_id=order_id, assignee_id=to.id or 0, seen=1
            )

        results = together(committed, *(give(to) for to in world.technicians))
        won = [one for one in results if not isinstance(one, DomainError)]
        lost = [one for one in results if isinstance(one, Stale)]
        assert (len(won), len(lost)) == (1, 3)
        assert all(one.current["assignee"]["id"] == str(won[0].order.assignee_id) for one in lost)
        live = work(
            committed,
            lambda order_id=filed.order_id: db.session.scalar(
                select(func.count()).where(Offer.order_id == order_id, Offer.outcome.is_(None))
            ),
        )
        assert live == 1


def test_accept_against_expiry(committed: Flask) -> None:
    world = work(committed, lambda: World(1))
    system = Actor.system(1)
    for _ in range(ROUNDS):
        filed = work(committed, world.file)
        order_id = filed.order_id or 0
        offered = work(
            committed, lambda it=order_id: dispatching.dispatch_order(actor=system, now=clock.now(), order_id=it)
        )
        offer_id = work(committed, lambda it=order_id: db.session.scalar(select(Offer.id).where(Offer.order_id == it)))
        late = clock.now() + timedelta(minutes=10)

        def accept(it: int = order_id, seen: int = offered.version) -> Any:
            return orders.transition(actor=world.technicians[0], now=clock.now(), order_id=it, to="accepted", seen=seen)

        def expire(it: int = order_id, offer: int = offer_id, at: Any = late) -> Any:
            return dispatching.expire_offer(actor=system, now=at, order_id=it, offer_id=offer)

        accepted, _expired = together(committed, accept, expire)
        state = work(committed, lambda it=order_id: column_of(WorkOrder.state, it))
        assert state == ("queued" if isinstance(accepted, Stale) else "accepted")
        assert isinstance(accepted, Stale) or accepted.state == "accepted"
        story = work(committed, lambda it=filed.id: timeline.folded(it))
        assert story.orders[order_id].state == state


def test_two_orders_of_one_ticket_finished_at_once(committed: Flask) -> None:
    world = work(committed, lambda: World(2))
    system = Actor.system(1)
    for _ in range(ROUNDS):
        filed = work(committed, world.file)
        second = work(
            committed,
            lambda it=filed.id: opening.open_order(
                actor=world.dispatcher, now=clock.now(), ticket_id=it, trade="water", reason="x"
            ),
        )
        pairs = []
        for order_id in (filed.order_id, second.id):
            work(committed, lambda it=order_id: dispatching.dispatch_order(actor=system, now=clock.now(), order_id=it))
            holder_id = work(committed, lambda it=order_id: column_of(WorkOrder.assignee_id, it))
            holder = next(one for one in world.technicians if one.id == holder_id)
            for step in ("accepted", "working"):
                done = work(
                    committed,
                    lambda it=order_id, who=holder, to=step: orders.transition(
                        actor=who, now=clock.now(), order_id=it, to=to, seen=None
                    ),
                )
            pairs.append((holder, order_id, done.version))

        def finish(who: Actor, order_id: int, seen: int) -> Callable[[], Any]:
            return lambda: orders.transition(
                actor=who, now=clock.now(), order_id=order_id, to="done", seen=seen, note="好了"
            )

        results = together(committed, *(finish(*pair) for pair in pairs))
        assert [one.state for one in results] == ["done", "done"]
        assert sorted(one.ticket_status for one in results) == ["in_service", "resolved"]
        status = work(committed, lambda it=filed.id: db.session.scalar(select(Ticket.status).where(Ticket.id == it)))
        assert status == "resolved"


def test_nobody_is_offered_beyond_the_cap(committed: Flask) -> None:
    world = work(committed, lambda: World(2, cap=2))
    system = Actor.system(1)
    filed = [work(committed, world.file) for _ in range(8)]

    def offer(order_id: int) -> Callable[[], Any]:
        return lambda: dispatching.dispatch_order(actor=system, now=clock.now(), order_id=order_id)

    together(committed, *(offer(one.order_id or 0) for one in filed))
    loads = work(
        committed,
        lambda: {
            row[0]: row[1]
            for row in db.session.execute(
                select(WorkOrder.assignee_id, func.count())
                .where(WorkOrder.state == "offered")
                .group_by(WorkOrder.assignee_id)
            )
        },
    )
    assert set(loads.values()) == {2}
    assert len(loads) == 2


def test_offers_to_the_same_people_never_wait_for_each_other_in_a_ring(committed: Flask) -> None:
    """Rule 5: several dispatch rows are locked in the order of their ids, whatever the ranking; nobody tries twice."""
    world = work(committed, lambda: World(3))
    system = Actor.system(1)
    for _ in range(ROUNDS):
        filed = [work(committed, world.file) for _ in range(6)]
        named = [
            lambda it=one.order_id, to=world.technicians[at % 3].id: dispatching.assign(
                actor=world.dispatcher, now=clock.now(), order_id=it, assignee_id=to, seen=None
            )
            for at, one in enumerate(filed[:3])
        ]
        ranked = [
            lambda it=one.order_id: dispatching.dispatch_order(actor=system, now=clock.now(), order_id=it)
            for one in filed[3:]
        ]
        results = together(committed, *named, *ranked, tries=1)
        assert not [one for one in results if isinstance(one, DomainError)]
    loads = work(
        committed,
        lambda: db.session.scalars(
            select(func.count()).where(WorkOrder.state == "offered").group_by(WorkOrder.assignee_id)
        ).all(),
    )
    assert sum(loads) == 6 * ROUNDS


def test_one_of_many_accepts_of_a_reassigned_order_wins(committed: Flask) -> None:
    world = work(committed, lambda: World(1))
    system = Actor.system(1)
    filed = work(committed, world.file)
    order_id = filed.order_id or 0
    offered = work(committed, lambda: dispatching.dispatch_order(actor=system, now=clock.now(), order_id=order_id))

    def accept() -> Any:
        return orders.transition(
            actor=world.technicians[0], now=clock.now(), order_id=order_id, to="accepted", seen=offered.version
        )

    results = together(committed, *([accept] * 6))
    assert sum(isinstance(one, Stale) for one in results) == 5
    assert not any(isinstance(one, NotAllowed) for one in results)


def test_waiting_orders_are_tried_again_by_the_clock(committed: Flask) -> None:
    """The periodic job, as the runner delivers it: each order in a transaction of its own."""
    world = work(committed, lambda: World(1, cap=0))
    filed = work(committed, world.file)
    system = Actor.system(1)
    work(committed, lambda: dispatching.dispatch_order(actor=system, now=clock.now(), order_id=filed.order_id or 0))
    assert work(committed, lambda: column_of(WorkOrder.waiting, filed.order_id or 0)) == "nobody_eligible"
    work(committed, lambda: db.session.execute(update(TechnicianProfile).values(cap=5)))
    work(committed, lambda: outbox.publish(ticket_events.WaitingOrdersDue()))
    delivery = work(
        committed,
        lambda: db.session.scalar(
            select(OutboxDelivery.id).where(OutboxDelivery.handler == "tickets.on_waiting_orders")
        ),
    )
    with committed.app_context(), institution_bound(1):
        assert deliveries.deliver(1, delivery)
    assert work(committed, lambda: column_of(WorkOrder.state, filed.order_id or 0)) == "offered"


def test_no_more_runs_of_a_person_than_allowed_however_many_are_ordered_at_once(committed: Flask) -> None:
    world = work(committed, lambda: World(1))
    item = Item(work(committed, world.file).order_id or 0, 1)

    def order() -> Any:
        task = Task(action=BulkAction.POOL)
        return bulk_runs.order(actor=world.dispatcher, now=clock.now(), task=task, items=[item])

    results = together(committed, *([order] * (2 * bulk_runs.AT_ONCE)))
    assert sum(isinstance(one, Conflict) for one in results) == bulk_runs.AT_ONCE
