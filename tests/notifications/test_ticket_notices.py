"""From act to inbox, through outbox and handlers: who hears of what about a request."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, deliveries, i18n
from app.core.actor import Actor
from app.core.outbox import OutboxDelivery
from app.core.transaction import transaction
from app.events.tickets.dispatch import OfferEnded
from app.events.tickets.duty import DutyLeadCalled
from app.events.tickets.orders import HoldReminded, OrderReleased
from app.events.tickets.tickets import AnswerReminded, TicketFiled, TicketNotFixed
from app.notifications import queries, rendering
from app.notifications.models import Notification
from app.tickets.models import Offer, Ticket, TicketFollower, WorkOrder
from app.tickets.notices import duty as told_of_duty
from app.tickets.notices import orders as told_of_orders
from app.tickets.notices import tickets as told_of_tickets
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import acts, dispatching, merging, orders
from tests.factories import accounts, tickets


@pytest.fixture
def ground(app: Flask, database: Session, frozen: datetime) -> tickets.Ground:
    return tickets.Ground()


def settle(database: Session) -> None:
    """Deliver what is due until nothing is."""
    for _ in range(30):
        database.commit()
        due = database.scalars(
            select(OutboxDelivery.id)
            .where(OutboxDelivery.done_at.is_(None), OutboxDelivery.next_at <= clock.now())
            .order_by(OutboxDelivery.id)
        ).all()
        if not due:
            return
        for delivery_id in due:
            deliveries.deliver(1, delivery_id)
    raise AssertionError("it never comes to rest")


def told(database: Session, person: Any) -> list[str]:
    return list(
        database.scalars(select(Notification.kind).where(Notification.person_id == person.id).order_by(Notification.id))
    )


def sentence(database: Session, person: Any, kind: str, tag: str = "en") -> str:
    line = database.scalars(
        select(Notification)
        .where(Notification.person_id == person.id, Notification.kind == kind)
        .order_by(Notification.id.desc())
    ).first()
    assert line is not None
    with i18n.speaking(tag):
        return rendering.line(line.kind, line.data)


def order_of(database: Session, ticket_id: int) -> WorkOrder:
    database.expire_all()
    return database.scalars(select(WorkOrder).where(WorkOrder.ticket_id == ticket_id).order_by(WorkOrder.id)).first()


def step(actor: Actor, order: WorkOrder, act: OrderAct, **more: Any) -> None:
    with transaction():
        orders.act(actor=actor, now=clock.now(), order_id=order.id, act=act, seen=None, **more)


def test_the_reporter_hears_of_every_step_and_the_technician_of_the_offer(
    ground: tickets.Ground, database: Session
) -> None:
    technician = ground.technician()
    follower = accounts.person("student", name="赵同学")
    filed = ground.file()
    database.add(TicketFollower(ticket_id=filed.id, person_id=follower.id, since=clock.now()))
    settle(database)
    assert told(database, technician) == ["order-offered"]
    assert (
        sentence(database, technician, "order-offered")
        == "W26-000001 is offered to you until 10:10: Tap, 桃园3栋 · 4层 · 412."
    )
    order = order_of(database, filed.id)
    hand = accounts.actor(technician)
    for act in (OrderAct.ACCEPT, OrderAct.LEAVE, OrderAct.START):
        step(hand, order, act)
    step(hand, order, OrderAct.DONE, note="Washer changed")
    settle(database)
    steps = ["ticket-accepted", "ticket-taken", "ticket-on-the-way", "ticket-resolved"]
    assert told(database, ground.student) == steps
    assert told(database, follower) == ["followed-status", "followed-status"]
    assert (
        sentence(database, follower, "followed-status")
        == "R26-000001, which you follow (Tap, 南校区 · 桃园3栋 · 4层): Resolved."
    )
    assert technician.name in sentence(database, ground.student, "ticket-taken")
    with transaction():
        acts.confirm(actor=accounts.actor(ground.student), now=clock.now(), ticket_id=filed.id, seen=None)
    settle(database)
    assert told(database, ground.student) == steps, "nobody is told what he did himself"
    assert sentence(database, follower, "followed-status").endswith(": Closed.")


def test_the_reporter_hears_until_when_work_is_held(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    settle(database)
    order, hand = order_of(database, filed.id), accounts.actor(technician)
    for act in (OrderAct.ACCEPT, OrderAct.START):
        step(hand, order, act)
    step(hand, order, OrderAct.HOLD, reason="parts", until=clock.now() + timedelta(days=2))
    settle(database)
    said = sentence(database, ground.student, "ticket-on-hold")
    assert said.startswith("The work on R26-000001 is on hold until 20 Nov, 10:00 (Waiting for parts): Tap,")
    assert "ticket-on-hold" not in told(database, technician)
    step(hand, order_of(database, filed.id), OrderAct.START)
    step(hand, order_of(database, filed.id), OrderAct.HOLD, reason="access")  # the same day, for another reason
    settle(database)
    assert told(database, ground.student).count("ticket-on-hold") == 2


def test_question_and_rejection_carry_their_words(ground: tickets.Ground, database: Session) -> None:
    dispatcher = accounts.actor(ground.dispatcher)
    filed = ground.file(place_text="外面")
    with transaction():
        acts.ask(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=None, note="哪个门？")
    settle(database)
    assert "哪个门？" in sentence(database, ground.student, "ticket-question")
    with transaction():
        acts.answer(actor=accounts.actor(ground.student), now=clock.now(), ticket_id=filed.id, seen=None, note="北门")
        acts.reject(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=None, reason="not_ours")
    settle(database)
    assert "Not ours to repair" in sentence(database, ground.student, "ticket-rejected")
    assert told(database, ground.student) == ["ticket-question", "ticket-rejected"]


def test_who_loses_an_order_hears_of_it(ground: tickets.Ground, database: Session) -> None:
    first, second = ground.technician(), ground.technician(on_shift=False)
    filed = ground.file()
    settle(database)
    order = order_of(database, filed.id)
    dispatcher = accounts.actor(ground.dispatcher)
    with transaction():
        dispatching.assign(
            actor=dispatcher,
            now=clock.now(),
            order_id=order.id,
            seen=None,
            assignee_id=second.id,
            reason="knows the house",
        )
    settle(database)
    assert told(database, first) == ["order-offered", "order-offer-ended"]
    assert told(database, second) == ["order-offered"]
    step(accounts.actor(second), order, OrderAct.ACCEPT)
    step(dispatcher, order, OrderAct.CANCEL, reason="not_needed")
    settle(database)
    assert told(database, second)[-1] == "order-released"
    assert "cancelled" in sentence(database, second, "order-released")


def test_a_declined_offer_is_no_news_to_who_declined(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    settle(database)
    step(accounts.actor(technician), order_of(database, filed.id), OrderAct.DECLINE, reason="busy")
    settle(database)
    assert told(database, technician) == ["order-offered"]


def test_the_lead_is_called_and_reminded(ground: tickets.Ground, database: Session, now: datetime) -> None:
    lead = accounts.person("dutylead")
    filed = ground.file()
    order, system = order_of(database, filed.id), Actor.system(1)
    told_of_duty.on_lead_called(DutyLeadCalled(order.id, filed.id, (lead.id,), 3), system, now)
    told_of_orders.on_hold_reminded(HoldReminded(order.id, filed.id, (lead.id,)), system, now)
    told_of_orders.on_hold_reminded(HoldReminded(order.id, filed.id, (lead.id,)), system, now + timedelta(minutes=1))
    assert told(database, lead) == ["duty-lead-called", "order-hold-reminder"]
    assert "3 persons have not taken it" in sentence(database, lead, "duty-lead-called")


def test_the_third_time_is_an_alarm(ground: tickets.Ground, database: Session, now: datetime) -> None:
    supervisor, dispatcher = accounts.person("supervisor"), ground.dispatcher
    accounts.person("supervisor", scope_kind="campus", scope_id=ground.campus.id)
    filed = ground.file()
    order = order_of(database, filed.id)
    for times in (1, 2, 3):
        told_of_tickets.on_not_fixed(TicketNotFixed(filed.id, times + 1, order.id, times), Actor.system(1), now)
    assert told(database, supervisor) == ["order-rework", "ticket-not-fixed"]
    assert f"{order.number} waits for you" in sentence(database, supervisor, "order-rework")
    assert told(database, dispatcher) == []


def test_a_report_without_login_tells_nobody(ground: tickets.Ground, database: Session, now: datetime) -> None:
    filed = ground.file()
    database.get_one(Ticket, (1, filed.id)).reporter_id = None
    told_of_tickets.on_filed(TicketFiled(filed.id, filed.number, None, "accepted", "normal"), Actor.system(1), now)
    told_of_tickets.on_reminded(AnswerReminded(filed.id, 1, None), Actor.system(1), now)
    assert database.scalars(select(Notification)).all() == []


def test_ends_of_offers_that_need_no_word(ground: tickets.Ground, database: Session, now: datetime) -> None:
    technician = ground.technician()
    filed = ground.file()
    order = order_of(database, filed.id)
    for outcome in ("declined", "expired"):
        told_of_orders.on_offer_ended(OfferEnded(order.id, filed.id, 1, technician.id, outcome), Actor.system(1), now)
    told_of_orders.on_released(OrderReleased(order.id, filed.id, technician.id, "give_back"), Actor.system(1), now)
    assert told(database, technician) == []
    assert database.scalars(select(Offer)).all() == []


def test_what_no_longer_asks_counts_as_seen(ground: tickets.Ground, database: Session) -> None:
    technician, student = ground.technician(), ground.student
    filed = ground.file()
    settle(database)
    assert queries.unread(technician.id) == 1
    order, hand = order_of(database, filed.id), accounts.actor(technician)
    step(hand, order, OrderAct.ACCEPT)
    step(hand, order, OrderAct.START)
    step(hand, order, OrderAct.DONE, note="Washer changed")
    settle(database)
    assert queries.unread(technician.id) == 0, "the offer was answered"
    assert queries.unread(student.id) == 3
    with transaction():
        acts.confirm(actor=accounts.actor(student), now=clock.now(), ticket_id=filed.id, seen=None)
    settle(database)
    assert queries.unread(student.id) == 0, "whoever confirms has seen it"


def test_the_reporter_hears_of_a_merge_its_undoing_and_of_a_withdrawal_by_the_desk(
    ground: tickets.Ground, database: Session
) -> None:
    first, second = ground.file(), ground.file()
    desk, now = accounts.actor(ground.dispatcher), clock.now()
    with transaction():
        merging.merge(actor=desk, now=now, ticket_id=second.id, into_id=first.id, seen=None)
    settle(database)
    assert told(database, ground.student)[-1] == "ticket-merged"
    with transaction():
        merging.unmerge(actor=desk, now=now, ticket_id=second.id, reason="different_fault", seen=None)
    settle(database)
    assert told(database, ground.student)[-1] == "ticket-reopened"
    with transaction():
        acts.withdraw(actor=desk, now=now, ticket_id=second.id, seen=None)
    settle(database)
    assert told(database, ground.student)[-1] == "ticket-withdrawn"
    for tag in ("en", "zh-CN"):
        assert second.number in sentence(database, ground.student, "ticket-withdrawn", tag)
        assert second.number in sentence(database, ground.student, "ticket-merged", tag)
