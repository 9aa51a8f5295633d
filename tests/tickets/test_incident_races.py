"""Merges crosswise, merge against accept and withdraw: one wins, nothing is hidden, nothing is stuck."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import DomainError
from app.tickets.models import Ticket, TicketFollower, WorkOrder
from app.tickets.queries import timeline
from app.tickets.services import acts, dispatching, following, merging, orders
from tests.factories import accounts
from tests.tickets.test_services_races import World, together, work

pytestmark = pytest.mark.race
ROUNDS = 4


def rows() -> dict[int, tuple[str, int | None]]:
    found = db.session.execute(select(Ticket.id, Ticket.status, Ticket.duplicate_of_id))
    return {row.id: (row.status, row.duplicate_of_id) for row in found}


def whole(app: Flask, *ticket_ids: int) -> None:
    """Each history is one the tables could have written, the columns say the same, no finished ticket is at work."""
    now_is = work(app, rows)
    for ticket_id in ticket_ids:
        story = work(app, lambda it=ticket_id: timeline.folded(it))
        assert story.status == now_is[ticket_id][0]
    stuck = work(
        app,
        lambda: db.session.scalar(
            select(func.count())
            .select_from(WorkOrder)
            .join(Ticket, (Ticket.institution_id == WorkOrder.institution_id) & (Ticket.id == WorkOrder.ticket_id))
            .where(Ticket.status == "duplicate", WorkOrder.state.not_in(["cancelled", "done", "verified", "closed"]))
        ),
    )
    assert stuck == 0


@pytest.fixture
def world(committed: Flask) -> World:
    return work(committed, lambda: World(2))


def test_crosswise_merges_never_hide_both(committed: Flask, world: World) -> None:
    for _ in range(ROUNDS):
        one, two = work(committed, world.file).id, work(committed, world.file).id

        def merge(a: int, b: int) -> Any:
            return lambda: merging.merge(actor=world.dispatcher, now=clock.now(), ticket_id=a, into_id=b)

        results = together(committed, merge(one, two), merge(two, one), merge(one, two), merge(two, one))
        assert sum(not isinstance(each, DomainError) for each in results) == 1, results
        found = work(committed, rows)
        assert sorted(found[each][0] for each in (one, two)) == ["accepted", "duplicate"]
        whole(committed, one, two)


def test_a_ring_of_merges_leaves_an_original(committed: Flask, world: World) -> None:
    for _ in range(ROUNDS):
        a, b, c = (work(committed, world.file).id for _ in range(3))

        def merge(one: int, into: int) -> Any:
            return lambda: merging.merge(actor=world.dispatcher, now=clock.now(), ticket_id=one, into_id=into)

        together(committed, merge(a, b), merge(b, c), merge(c, a))
        found = work(committed, rows)
        originals = [each for each in (a, b, c) if found[each][0] != "duplicate"]
        assert len(originals) >= 1
        for each in (a, b, c):
            pointer = found[each][1]
            assert pointer is None or found[pointer][0] != "duplicate"  # depth 1
        whole(committed, a, b, c)


def test_merge_against_accept_and_withdraw(committed: Flask, world: World) -> None:
    system = Actor.system(1)
    for _ in range(ROUNDS):
        one, two = work(committed, world.file), work(committed, world.file)
        ids, order_id = (one.id, two.id), one.order_id or 0
        offered = work(
            committed, lambda it=order_id: dispatching.dispatch_order(actor=system, now=clock.now(), order_id=it)
        )
        holder = next(each for each in world.technicians if each.id == offered.assignee_id)

        def merge(a: int = ids[0], b: int = ids[1]) -> Any:
            return merging.merge(actor=world.dispatcher, now=clock.now(), ticket_id=a, into_id=b)

        def accept(it: int = order_id, who: Actor = holder) -> Any:
            return orders.transition(actor=who, now=clock.now(), order_id=it, to="accepted", seen=None)

        def withdraw(it: int = ids[0]) -> Any:
            return acts.withdraw(actor=world.student, now=clock.now(), ticket_id=it, seen=None)

        together(committed, merge, accept, withdraw)
        whole(committed, *ids)


def test_a_merge_undone_twice_is_undone_once(committed: Flask, world: World) -> None:
    one, two = work(committed, world.file).id, work(committed, world.file).id
    work(committed, lambda: merging.merge(actor=world.dispatcher, now=clock.now(), ticket_id=one, into_id=two))

    def part() -> Any:
        return merging.unmerge(actor=world.dispatcher, now=clock.now(), ticket_id=one, reason="other")

    results = together(committed, part, part, part)
    assert sum(not isinstance(each, DomainError) for each in results) == 1
    assert work(committed, rows)[one][0] == "accepted"
    whole(committed, one, two)


def roommate(world: World) -> Actor:
    person = accounts.person("student")
    accounts.home(person, world.room_id)
    return accounts.actor(person)


def test_many_join_at_once_and_each_once(committed: Flask, world: World) -> None:
    one = work(committed, world.file).id
    crowd = work(committed, lambda: [roommate(world) for _ in range(8)])

    def join(actor: Actor) -> Any:
        return lambda: following.join(actor=actor, now=clock.now(), ticket_id=one)

    results = together(committed, *(join(each) for each in crowd for _ in range(2)))
    assert results == [one] * 16
    count = work(committed, lambda: db.session.scalar(select(func.count()).select_from(TicketFollower)))
    assert count == 8


def test_a_reporter_withdraws_while_the_only_follower_leaves(committed: Flask, world: World) -> None:
    """Whoever leaves holds the ticket: nobody hands it on to him, and nobody finds no one to hand it on to."""
    one, other = work(committed, world.file).id, work(committed, lambda: roommate(world))
    work(committed, lambda: following.join(actor=other, now=clock.now(), ticket_id=one))
    gone = threading.Event()

    def leave() -> None:
        following.leave(actor=other, now=clock.now(), ticket_id=one)
        gone.set()
        time.sleep(0.3)

    def withdraw() -> Any:
        assert gone.wait(5)
        return acts.withdraw(actor=world.student, now=clock.now(), ticket_id=one, seen=None)

    assert together(committed, leave, withdraw)[1].status == "withdrawn"
    whole(committed, one)
