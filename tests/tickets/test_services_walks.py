"""Random walks through the services: whatever is done in whatever order, the columns equal the fold of the events."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import DomainError
from app.tickets.models import Offer, Ticket, WorkOrder
from app.tickets.queries import crews, sla, timeline
from app.tickets.rules import joint, workflow
from app.tickets.rules.sla import Key, Kind
from app.tickets.rules.workflow import OrderAct, OrderState, TicketAct, TicketStatus, Who
from app.tickets.services import acts, clocks, dispatching, opening, orders, pool
from tests.factories import accounts, tickets
from tests.tickets.walking import deliver

STEPS = 45
BY_PEOPLE = {Who.REPORTER, Who.DISPATCHER, Who.OFFERED, Who.HOLDER}
SELDOM = {  # what ends or stops things
    TicketAct.WITHDRAW,
    TicketAct.REJECT,
    TicketAct.ASK,
    OrderAct.CANCEL,
    OrderAct.REVOKE,
    OrderAct.HOLD,
    OrderAct.GIVE_BACK,
    OrderAct.DECLINE,
}
REASONS = {TicketAct.REJECT: "not_ours", OrderAct.HOLD: "parts"}


class Walk:
    """One ticket, its people, a clock that goes on, and dice."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.ground = tickets.Ground()
        people = [self.ground.technician() for _ in range(3)]
        self.technicians = [accounts.actor(person) for person in people]
        self.staff, self.student = accounts.actor(self.ground.dispatcher), accounts.actor(self.ground.student)
        self.now = clock.now()
        self.filed = self.ground.file(place_text=self.dice.choice([None, None, "后山"]))
        self.done: list[str] = []

    def step(self) -> None:
        self.now += timedelta(minutes=self.dice.choice([0, 1, 5, 20]))
        if db.session.scalar(select(Ticket.status).where(Ticket.id == self.filed.id)) == "withdrawn":
            self.filed = self.ground.file(at=self.now)
        choice = self.dice.random()
        try:
            with db.session.begin_nested():
                if choice < 0.1:
                    self.on_ticket()
                elif choice < 0.65:
                    self.on_order()
                elif choice < 0.68:
                    self.assign()
                elif choice < 0.7:
                    self.open()
                elif choice < 0.74:
                    self.pool()
                else:
                    self.now += timedelta(days=self.dice.choice([0, 0, 0, 0, 0, 0, 1, 5]))
                    deliver(self.now)
        except DomainError as refused:
            self.done.append(f"refused {refused.code}")

    def on_ticket(self) -> None:
        ticket = db.session.get_one(Ticket, (1, self.filed.id), populate_existing=True)
        rows = workflow.ticket_acts(TicketStatus(ticket.status), BY_PEOPLE)
        row = self.chosen(rows)
        if row is None:
            return
        act = row.act
        actor = self.staff if Who.DISPATCHER in row.who and self.dice.random() < 0.6 else self.student
        if act is TicketAct.NOT_FIXED:
            acts.not_fixed(actor=actor, now=self.now, ticket_id=ticket.id, seen=ticket.version, note="没好")
        else:
            acts.act(
                actor=actor,
                now=self.now,
                ticket_id=ticket.id,
                act=act,
                seen=ticket.version,
                reason=REASONS.get(act, "words"),
                note="说明",
            )
        self.done.append(act)

    def order(self) -> WorkOrder | None:
        found = db.session.scalars(
            select(WorkOrder)
            .where(WorkOrder.ticket_id == self.filed.id)
            .order_by(WorkOrder.id)
            .execution_options(populate_existing=True)
        ).all()
        return self.dice.choice(found) if found else None

    def chosen(self, rows: list[Any]) -> Any:
        """One of the rows."""
        weights = [1 if row.act in SELDOM else 8 for row in rows]
        return self.dice.choices(rows, weights)[0] if rows else None

    def actor_for(self, row: workflow.OrderRow, order: WorkOrder) -> Actor:
        mine = [one for one in self.technicians if one.id == order.assignee_id]
        if mine and row.who & {Who.OFFERED, Who.HOLDER} and self.dice.random() < 0.9:
            return mine[0]
        return self.dice.choice([self.staff, *self.technicians]) if self.dice.random() < 0.1 else self.staff

    def on_order(self) -> None:
        order = self.order()
        if order is None:
            return
        ticket = TicketStatus(db.session.scalars(select(Ticket.status).where(Ticket.id == order.ticket_id)).one())
        rows = workflow.order_acts(OrderState(order.state), BY_PEOPLE, ticket=ticket)
        row = self.chosen([row for row in rows if row.act not in (OrderAct.OFFER, OrderAct.REASSIGN)])
        if row is None:
            return
        act = row.act
        orders.act(
            actor=self.actor_for(row, order),
            now=self.now,
            order_id=order.id,
            act=act,
            seen=order.version,
            reason=REASONS.get(act, "words"),
            note="做了",
            until=self.now + timedelta(hours=3),
            device_at=self.now - timedelta(minutes=1),
        )
        self.done.append(act)

    def assign(self) -> None:
        order = self.order()
        if order is None:
            return
        to = self.dice.choice(self.technicians).id or 0
        dispatching.assign(
            actor=self.staff, now=self.now, order_id=order.id, assignee_id=to, seen=order.version, reason="balance"
        )
        self.done.append("assign")

    def open(self) -> None:
        order = self.order()
        opening.open_order(
            actor=self.staff,
            now=self.now,
            ticket_id=self.filed.id,
            trade="water",
            reason="补",
            after=order.id if order is not None and self.dice.random() < 0.5 else None,
        )
        self.done.append("open")

    def pool(self) -> None:
        """Into the pool, or out of it by whoever is fast."""
        order = self.order()
        if order is None:
            return
        if not order.pooled:
            pool.put(actor=self.staff, now=self.now, order_id=order.id, seen=order.version)
            self.done.append("pool")
        if self.dice.random() < 0.7:
            pool.claim(actor=self.dice.choice(self.technicians), now=self.now, order_id=order.id, seen=None)
            self.done.append("claim")

    def responsible(self, order: WorkOrder) -> tuple[int, ...]:
        return crews.responsible(
            assignee_id=order.assignee_id,
            dispatcher_id=order.dispatcher_id,
            campus_id=order.campus_id,
            building_id=order.building_id,
            trade_id=order.trade_id,
            now=self.now,
        )

    def check(self) -> None:
        """Columns equal the fold; ticket and orders fit together; one live offer of an offered order; N1."""
        said = " → ".join(self.done)
        story = timeline.folded(self.filed.id)
        ticket = db.session.get_one(Ticket, (1, self.filed.id), populate_existing=True)
        assert (ticket.status, ticket.cycle) == (story.status, story.cycle), said
        assert (ticket.resolved_at, ticket.closed_at) == (story.resolved_at, story.closed_at), said
        states = []
        for order in db.session.scalars(
            select(WorkOrder).where(WorkOrder.ticket_id == ticket.id).execution_options(populate_existing=True)
        ):
            assert self.responsible(order), f"N1: nobody is responsible. {said}"
            told = story.orders[order.id]
            states.append(OrderState(order.state))
            assert (order.state, order.worked) == (told.state, told.worked), said
            assert order.assignee_id == (told.offered_to or told.holder_id), said
            live = db.session.scalars(
                select(Offer.person_id).where(Offer.order_id == order.id, Offer.outcome.is_(None))
            ).all()
            assert live == ([order.assignee_id] if order.state == "offered" else []), said
        if story.status in workflow.TICKET_FINISHED:
            assert not workflow.ORDER_OPEN & set(states), said
        assert joint.after_orders(story.status, states) is None, said
        self.check_clocks(ticket, said)

    def check_clocks(self, ticket: Ticket, said: str) -> None:
        """Clock rows equal what the events say (invariant 6), and the due times on ticket and orders follow them."""
        rows = {clocks.key_of(row): row for row in sla.of_ticket(ticket.id)}
        expected = clocks.recompute(ticket.id)
        assert rows.keys() == expected.keys(), said
        for key, row in expected.items():
            assert {name: getattr(rows[key], name) for name in row if name != "institution_id"} == {
                name: value for name, value in row.items() if name != "institution_id"
            }, f"{key}: {said}"
        promise = rows.get(Key(kind=Kind.PROMISE, cycle=ticket.cycle))
        assert ticket.promised_at == (promise.due_at if promise else None), said
        for order in db.session.scalars(select(WorkOrder).where(WorkOrder.ticket_id == ticket.id)):
            running = [
                row.due_at
                for key, row in rows.items()
                if row.phase == "running" and row.due_at is not None and key.order_id in (None, order.id)
            ]
            is_open = order.state in workflow.ORDER_OPEN
            assert order.due_at == (min(running, default=None) if is_open else None), said


@pytest.mark.parametrize("seed", range(8))
def test_columns_equal_the_fold_on_every_walk(database: Session, frozen: datetime, seed: int) -> None:
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
        walk.check()


def test_a_walk_uses_the_ways_there_are(database: Session, frozen: datetime) -> None:
    """The walks above would prove nothing if everything were refused."""
    walk = Walk(100)
    wanted = {OrderAct.ACCEPT, OrderAct.START, OrderAct.DONE, TicketAct.ASK, "pool", "claim"}
    for _ in range(40):
        for _ in range(STEPS):
            walk.step()
        if wanted <= set(walk.done):
            return
        walk.filed = walk.ground.file(at=walk.now)  # some ways are open to a young request only
    assert wanted <= set(walk.done)
