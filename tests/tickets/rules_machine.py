"""Ticket and orders as one machine that takes every step the tables allow; the explorer and the walks use it.

It plays the services: an act, what follows for the orders, what follows for the ticket, all of it recorded as events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.tickets.rules import history, joint, workflow
from app.tickets.rules.workflow import Guard, OrderAct, OrderState, TicketAct, TicketStatus, Who

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BY_FOLLOW_UP = {OrderAct.SUSPEND, OrderAct.VERIFY, OrderAct.REWORKED}
CAUSED = {TicketAct.ORDER_ACCEPTED, TicketAct.ALL_DONE}


@dataclass(frozen=True)
class World:
    story: history.Story
    events: tuple[history.Event, ...]
    used: tuple[tuple[str, str | None, str], ...] = ()
    """The rows this step used: (kind, from, act)."""

    @property
    def key(self) -> tuple[object, ...]:
        """What of the world the tables can tell apart."""
        story = self.story
        orders = sorted(
            (order.state, order.holder_id is not None)
            for order in story.orders.values()
            if order.state not in workflow.ORDER_ENDS
        )
        earlier = any(order.state is OrderState.CLOSED for order in story.orders.values())
        back = story.asked_from if story.before else None
        return (story.status, story.before, back, tuple(orders), story.untouched, earlier)

    @property
    def living(self) -> int:
        return sum(order.state not in workflow.ORDER_ENDS for order in self.story.orders.values())

    def record(self, kind: str, order_id: int | None = None, **more: Any) -> World:
        """The world after one more event, written as a service would write it."""
        act: TicketAct | OrderAct
        if order_id is None:
            act = TicketAct(kind)
            status = self.story.status
            to: str = workflow.ticket_transition(status, act, workflow.ALL_FEATURES).target(self.story.before)
            start: str | None = status
        else:
            act = OrderAct(kind)
            order = self.story.orders.get(order_id)
            state = order.state if order else None
            row = workflow.order_transition(state, act, workflow.ALL_FEATURES, ticket=self.story.status)
            start, to = state, row.target()
        event = history.Event(
            id=self.events[-1].id + 1,
            at=START + timedelta(minutes=self.events[-1].id),
            kind=kind,
            order_id=order_id,
            from_state=start,
            to_state=to,
            cycle=history.next_cycle(self.story.cycle, act),
            **more,
        )
        story = history._next(self.story, event)
        used = ("order" if order_id else "ticket", start, kind)
        return replace(self, story=story, events=(*self.events, event), used=(*self.used, used))


def filed() -> World:
    event = history.Event(id=1, at=START, kind="file", to_state="submitted", actor_id=7)
    return World(history.fold([event]), (event,), (("ticket", None, "file"),))


def steps(world: World, features: frozenset[workflow.Feature] = workflow.ALL_FEATURES) -> Iterator[World]:
    """Every world one act away."""
    fresh = replace(world, used=())
    for row in workflow.ticket_acts(world.story.status, list(Who), features):
        if row.act not in CAUSED and all(_possible(need.guard, world) for need in row.needs):
            yield from _do_ticket(fresh, row.act)
    for order_id, order in world.story.orders.items():
        for order_row in workflow.order_acts(order.state, list(Who), features, ticket=world.story.status):
            if order_row.act not in BY_FOLLOW_UP and _free(order_row, order):
                yield settle(_do_order(fresh, order_id, order_row.act))
    if world.living < 2 and workflow.order_acts(None, [Who.DISPATCHER], features, ticket=world.story.status):
        yield settle(_open(fresh))


def _possible(guard: Guard, world: World) -> bool:
    """The demands that depend on ticket and orders; all others may hold or not, so they do."""
    states = world.story.order_states.values()
    stranded = joint.stranded(world.story.status, states)
    return {
        Guard.UNTOUCHED: world.story.untouched,
        Guard.UNTOUCHED_OR_STRANDED: world.story.untouched or stranded,
        Guard.NONE_BEYOND_OFFERED: joint.none_beyond_offered(states),
    }.get(guard, True)


def _free(row: workflow.OrderRow, order: history.OrderStory) -> bool:
    held = order.holder_id is not None
    if row.act is OrderAct.REQUEUE:
        return not held
    return held if row.who == {Who.HOLDER} else True


def _do_ticket(world: World, act: TicketAct) -> Iterator[World]:
    orders = world.story.order_states
    done = [order_id for order_id, state in orders.items() if state is OrderState.DONE]
    named_ones = done if act is TicketAct.NOT_FIXED and done else [None]
    for named in named_ones:
        after = world.record(act)
        lingering = after
        for follow in joint.follow_ups(act, orders, named):
            after = after.record(follow.act, follow.order_id, reason=follow.reason)
            if follow.act is not OrderAct.CLOSE:
                lingering = lingering.record(follow.act, follow.order_id, reason=follow.reason)
        yield from _opened(after, act)
        if lingering.key != after.key:
            yield from _opened(lingering, act)


def _opened(world: World, act: TicketAct) -> Iterator[World]:
    if not joint.opens_orders(act, world.story.status, world.story.order_states.values()):
        yield settle(world)
        return
    if world.living >= 2:
        return  # beyond the two orders looked at
    one = _open(world)
    yield settle(one)
    if one.living < 2 and act is not TicketAct.NOT_FIXED:
        yield settle(_open(one))


def _open(world: World) -> World:
    return world.record(OrderAct.OPEN, max(world.story.orders, default=0) + 1)


def _do_order(world: World, order_id: int, act: OrderAct) -> World:
    person = 11 + len(world.events) % 3
    if act in {OrderAct.OFFER, OrderAct.REASSIGN}:
        return world.record(act, order_id, person_id=person)
    return world.record(act, order_id, actor_id=person)


def settle(world: World) -> World:
    """What the orders do to their ticket, until they do no more."""
    while (act := joint.after_orders(world.story.status, world.story.order_states.values())) is not None:
        world = world.record(act)
    return world


def explore(
    features: frozenset[workflow.Feature] = workflow.ALL_FEATURES,
) -> tuple[dict[tuple[object, ...], World], dict[tuple[object, ...], set[tuple[object, ...]]], set[object]]:
    """Every joint state reachable with at most two living orders, the steps between them, the rows used."""
    first = filed()
    worlds = {first.key: first}
    edges: dict[tuple[object, ...], set[tuple[object, ...]]] = {}
    used: set[object] = set(first.used)
    frontier = [first]
    while frontier:
        following: list[World] = []
        for world in frontier:
            edges[world.key] = set()
            for after in steps(world, features):
                used.update(after.used)
                edges[world.key].add(after.key)
                if after.key not in worlds:
                    worlds[after.key] = after
                    following.append(after)
        frontier = following
    return worlds, edges, used


def finished(status: TicketStatus) -> bool:
    return status in workflow.TICKET_FINISHED
