"""Who is given an order: by hand, by the ranking, rework, emergencies, what waits (tickets-rules 37 to 44)."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import wiring
from app.accounts.models import Person
from app.core import settings
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, Rejected
from app.core.outbox import OutboxEvent
from app.tickets import handlers
from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.queries import candidates
from app.tickets.queries import orders as order_queries
from app.tickets.rules.offers import Wake
from app.tickets.rules.workflow import ORDER_LOAD, ORDER_TABLE, OrderAct, OrderState
from app.tickets.services import acts, announcing, dispatching, opening, orders
from tests.factories import accounts, tickets
from tests.tickets.walking import deliver

SYSTEM = Actor.system(1)


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    return tickets.Ground()


def actor(person: Person) -> Actor:
    return accounts.actor(person)


def test_assignment_by_hand(ground: tickets.Ground, database: Session, now: datetime) -> None:
    first, second = ground.technician(), ground.technician()
    stranger = accounts.person("technician")
    filed = ground.file()
    order_id, dispatcher = filed.order_id or 0, actor(ground.dispatcher)

    def give(to: Person, by: Actor = dispatcher, reason: str | None = None) -> dispatching.Assigned:
        return dispatching.assign(actor=by, now=now, order_id=order_id, assignee_id=to.id, seen=None, reason=reason)

    with pytest.raises(Rejected):
        give(stranger)
    with pytest.raises(NotAllowed):
        give(first, by=actor(accounts.person("leader")))
    assert give(first).order.assignee_id == first.id
    with pytest.raises(Rejected):
        give(first)
    moved = give(second)
    assert moved.order.assignee_id == second.id
    outcomes = [one.outcome for one in order_queries.offers_of(order_id)]
    assert outcomes == [None, "replaced"]
    with pytest.raises(Conflict):
        dispatching.assign_automatically(actor=dispatcher, now=now, order_id=order_id, seen=None)
    orders.act(actor=dispatcher, now=now, order_id=order_id, act=OrderAct.REVOKE, seen=None, reason="absent")
    deliver()
    database.expire_all()
    assert database.scalar(select(WorkOrder.waiting)) == "dispatcher"
    preview = dispatching.preview(actor=dispatcher, now=now, order_id=order_id)
    assert {one.person_id for one in preview.excluded} == {first.id, second.id}
    assert (
        dispatching.assign_automatically(actor=dispatcher, now=now, order_id=order_id, seen=None).order.state
        == "offered"
    )
    with pytest.raises(NotAllowed):
        dispatching.preview(actor=actor(accounts.person("leader")), now=now, order_id=order_id)


def test_an_order_that_waits_for_another_cannot_be_assigned(ground: tickets.Ground, now: datetime) -> None:
    first = ground.technician()
    dispatcher = actor(ground.dispatcher)
    filed = ground.file()
    second = opening.open_order(actor=dispatcher, now=now, ticket_id=filed.id, trade="water", after=filed.order_id)
    assert second.state == "planned"
    with pytest.raises(Conflict):
        dispatching.assign(actor=dispatcher, now=now, order_id=second.id, assignee_id=first.id, seen=None)


def test_rework_is_queued_by_its_assignment(ground: tickets.Ground, database: Session, now: datetime) -> None:
    """44: the supervisor chooses; by the ranking, whoever did not do the work goes first."""
    technicians = [ground.technician(), ground.technician()]
    dispatcher = actor(ground.dispatcher)
    filed = ground.file()
    deliver()
    did = order_queries.one(dispatcher, filed.order_id or 0).assignee_id
    worker = actor(next(one for one in technicians if one.id == did))
    for act in (OrderAct.ACCEPT, OrderAct.START, OrderAct.DONE):
        orders.act(actor=worker, now=now, order_id=filed.order_id or 0, act=act, seen=None, note="好了")
    acts.not_fixed(actor=actor(ground.student), now=now, ticket_id=filed.id, seen=None, note="还在漏")
    rework_id = order_queries.of_ticket(dispatcher, filed.id)[-1].id
    given = dispatching.assign_automatically(actor=dispatcher, now=now, order_id=rework_id, seen=None)
    assert given.order.state == "offered"
    assert given.order.assignee_id != did
    kinds = database.scalars(
        select(TicketEvent.kind).where(TicketEvent.order_id == rework_id).order_by(TicketEvent.id)
    ).all()
    assert kinds == ["open", "queue", "offer"]


def test_absence_is_never_overridden(ground: tickets.Ground, now: datetime) -> None:
    from app.tickets.services import crews

    technician = ground.technician()
    filed = ground.file()
    dispatcher = actor(ground.dispatcher)
    crews.add_absence(
        actor=actor(technician), now=now, person_id=technician.id, starts_at=now, ends_at=now + timedelta(days=1)
    )
    with pytest.raises(Rejected) as refused:
        dispatching.assign(
            actor=dispatcher,
            now=now,
            order_id=filed.order_id or 0,
            assignee_id=technician.id,
            seen=None,
            reason="urgent",
        )
    assert set(refused.value.fields) == {"assignee"}
    with pytest.raises(NotAllowed):
        crews.add_absence(actor=actor(ground.student), now=now, person_id=technician.id, starts_at=now, ends_at=now)


def test_an_emergency_asks_for_three_minutes_and_calls_the_lead_at_once(
    ground: tickets.Ground, database: Session, now: datetime
) -> None:
    tickets.category("flood", ground.trade, "爆管", "Burst", emergency=True, emergency_phone="110")
    filed = ground.file(category="flood")
    deliver()
    called = database.scalars(select(OutboxEvent.payload).where(OutboxEvent.kind == "DutyLeadCalled")).one()
    assert called["person_ids"] == [ground.dispatcher.id]
    ground.technician()
    settings.put("tickets.emergency_offer_minutes", 5, actor_id=None, now=now)
    offered = dispatching.dispatch_order(actor=SYSTEM, now=now, order_id=filed.order_id or 0, wake=Wake.SHIFT_BEGAN)
    assert offered is not None
    assert database.scalar(select(WorkOrder.offered_until)) == now + timedelta(minutes=5)
    assert len(database.scalars(select(OutboxEvent.id).where(OutboxEvent.kind == "DutyLeadCalled")).all()) == 1


def test_whoever_could_not_be_locked_is_passed_over(
    ground: tickets.Ground, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    first, second = ground.technician(), ground.technician()
    filed = ground.file()
    usual = candidates.lock_crew
    monkeypatch.setattr(candidates, "lock_crew", lambda **given: [each for each in usual(**given) if each != first.id])
    offered = dispatching.dispatch_order(actor=SYSTEM, now=now, order_id=filed.order_id or 0)
    assert offered is not None
    assert offered.assignee_id == second.id


def test_rule_40_waiting_orders_are_served_by_priority_due_number(database: Session, now: datetime) -> None:
    ground = tickets.Ground()
    served = (
        ("emergency", None),
        ("high", now),
        ("high", now),
        ("high", None),
        ("normal", now - timedelta(days=9)),
        ("normal", now),
        ("low", now - timedelta(days=30)),
    )
    made = [ground.file().order_id for _each in served]
    for order_id, (priority, due_at) in zip([made[1], made[0], *made[2:]], served, strict=True):
        database.execute(update(WorkOrder).where(WorkOrder.id == order_id).values(priority=priority, due_at=due_at))
    assert [order_id for order_id, _ticket_id in dispatching.waiting_orders()] == [made[1], made[0], *made[2:]]


def test_what_takes_load_off_somebody_wakes_the_others() -> None:
    """39, 40: an outstanding offer is load, so its end frees somebody too."""
    waking = {
        event.__name__
        for event, turns in wiring.REACTIONS.items()
        if any(turn.handler is handlers.on_somebody_freed for turn in turns)
    }
    walked = 0
    for row in ORDER_TABLE:
        for state in ORDER_LOAD.intersection(row.froms):
            if row.to in ORDER_LOAD or row.act is OrderAct.REQUEUE:
                continue
            told: list[object] = []
            before = SimpleNamespace(id=1, state=state, assignee_id=7)
            after = SimpleNamespace(id=1, state=row.to, assignee_id=None)
            offer = SimpleNamespace(id=3, made_by=None) if state is OrderState.OFFERED else None
            case_of = SimpleNamespace(
                ticket=SimpleNamespace(id=2), tell=lambda event, told=told, **_more: told.append(event)
            )
            announcing.order(case_of, before, after, row.act, offer)
            assert waking & {type(each).__name__ for each in told}, (row.act, state)
            walked += 1
    assert walked > 8
