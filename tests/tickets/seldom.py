"""What the demo's weeks may not hold, so that every figure has something to tell apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.transaction import transaction
from app.tickets.models import Ticket, WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import acts, dispatching, merging, orders
from tests.factories import accounts


def seldom(moment: datetime) -> None:
    """What the demo's weeks may not hold: a trip in vain, a repair not fixed, an order given back and on, merges."""
    by_name = {each.username: each for each in db.session.scalars(select(Person)) if each.username}
    actors = {name: accounts.actor(by_name[name]) for name in ("dispatcher", "technician", "technician2", "student")}
    dispatcher, other = actors["dispatcher"], actors["technician2"]
    by_id = {actor.id: actor for actor in actors.values()}
    at = moment

    def act(order_id: int, what: OrderAct, by: Actor, **more: Any) -> None:
        nonlocal at
        at += timedelta(minutes=7)
        with clock.frozen(at), transaction():
            orders.act(actor=by, now=at, order_id=order_id, act=what, seen=None, **more)

    def give(order_id: int, to: int | None) -> None:
        nonlocal at
        at += timedelta(minutes=3)
        with clock.frozen(at), transaction():
            dispatching.assign(
                actor=dispatcher, now=at, order_id=order_id, assignee_id=to or 0, seen=None, reason="balance"
            )

    standing = {
        row.state: (row.id, by_id.get(row.assignee_id))
        for row in db.session.execute(
            select(WorkOrder.id, WorkOrder.state, WorkOrder.assignee_id).where(
                WorkOrder.assignee_id.in_([actor.id for actor in by_id.values()])
            )
        )
    }
    db.session.rollback()
    on_the_way, holder = standing["en_route"]
    assert holder is not None
    act(on_the_way, OrderAct.HOLD, holder, reason="access", note="没人应门")
    act(on_the_way, OrderAct.LEAVE, holder)
    act(on_the_way, OrderAct.START, holder)
    act(on_the_way, OrderAct.DONE, holder, note="ok")
    ticket_id, reporter_id = db.session.execute(
        select(Ticket.id, Ticket.reporter_id)
        .join(WorkOrder, WorkOrder.ticket_id == Ticket.id)
        .where(WorkOrder.id == on_the_way)
    ).one()
    reporter = accounts.actor(db.session.scalars(select(Person).where(Person.id == reporter_id)).one())
    db.session.rollback()
    with clock.frozen(at), transaction():
        acts.not_fixed(actor=reporter, now=at, ticket_id=ticket_id, seen=None, note="还是不行")
    again = db.session.scalars(select(WorkOrder.id).where(WorkOrder.rework_of_id == on_the_way)).one()
    db.session.rollback()
    give(again, holder.id)
    act(again, OrderAct.ACCEPT, holder)
    act(again, OrderAct.START, holder)
    act(again, OrderAct.DONE, holder, note="ok")
    taken, holder = standing["accepted"]
    assert holder is not None
    second = other if holder.id != other.id else actors["technician"]
    act(taken, OrderAct.GIVE_BACK, holder, reason="no_tools")
    give(taken, second.id)
    act(taken, OrderAct.ACCEPT, second)
    give(taken, holder.id)
    act(taken, OrderAct.ACCEPT, holder)
    act(taken, OrderAct.START, holder)
    act(taken, OrderAct.DONE, holder, note="ok")
    waiting = db.session.scalars(
        select(Ticket.id).where(Ticket.status.in_(["submitted", "accepted"])).order_by(Ticket.id.desc()).limit(4)
    ).all()
    db.session.rollback()
    with clock.frozen(at), transaction():
        merging.merge(actor=dispatcher, now=at, ticket_id=waiting[0], into_id=waiting[1])
        merging.merge(actor=dispatcher, now=at, ticket_id=waiting[2], into_id=waiting[3])
    with clock.frozen(at), transaction():
        merging.unmerge(actor=dispatcher, now=at, ticket_id=waiting[2], reason="another fault")
