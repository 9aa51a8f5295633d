"""The whole way of a ticket through the services: columns, events and outbox agree at every step."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected, Stale
from app.events.tickets import orders as events
from app.tickets.models import Offer, Rating, Ticket, TicketEvent, WorkOrder
from app.tickets.queries import timeline
from app.tickets.services import acts, orders, reclassifying, timers
from app.tickets.services.done import OrderDone
from app.tickets.services.filing import Filed
from tests.factories import accounts, tickets
from tests.tickets.walking import deliver


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    return tickets.Ground()


def order_of(filed: Filed) -> WorkOrder:
    from app.core.db import db

    return db.session.scalars(
        select(WorkOrder).where(WorkOrder.ticket_id == filed.id).order_by(WorkOrder.id.desc())
    ).first()  # type: ignore[return-value]  # it is there, or the test fails


def ticket_of(filed: Filed) -> Ticket:
    from app.core.db import db

    return db.session.get_one(Ticket, (1, filed.id), populate_existing=True)


def move(person: Person, order_id: int, to: str, **more: object) -> OrderDone:
    return orders.transition(
        actor=accounts.actor(person), now=clock.now(), order_id=order_id, to=to, seen=None, **more  # type: ignore[arg-type]  # values of a table, or wrong ones on purpose
    )  # fmt: skip


def agrees(filed: Filed) -> None:
    """State columns equal the fold of the events."""
    from app.core.db import db

    story, ticket = timeline.folded(filed.id), ticket_of(filed)
    assert (ticket.status, ticket.cycle) == (story.status, story.cycle)
    assert (ticket.resolved_at, ticket.closed_at, ticket.rejected_at) == (
        story.resolved_at, story.closed_at, story.rejected_at,
    )  # fmt: skip
    if story.before is not None:
        assert (ticket.asked_from if ticket.status == "needs_info" else ticket.state_before) == story.before
    for order in db.session.scalars(
        select(WorkOrder).where(WorkOrder.ticket_id == filed.id).execution_options(populate_existing=True)
    ):
        told = story.orders[order.id]
        assert (order.state, order.worked) == (told.state, told.worked)
        assert order.assignee_id == (told.offered_to or told.holder_id), order.state


def to_resolved(ground: tickets.Ground, technician: Person, filed: Filed) -> int:
    deliver()
    order_id = order_of(filed).id
    for step in ("accepted", "working"):
        move(technician, order_id, step)
    move(technician, order_id, "done", note="换了垫圈")
    return order_id


def test_filed_offered_accepted_done_confirmed_rated(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    assert deliver() == ["tickets.on_order_queued"]
    order = order_of(filed)
    assert (order.state, order.assignee_id) == ("offered", technician.id)
    assert order.offered_until == clock.now() + timedelta(minutes=10)
    agrees(filed)
    accepted = move(technician, order.id, "accepted")
    assert (accepted.state, accepted.ticket_status) == ("accepted", "in_service")
    assert database.scalars(select(Offer.outcome)).all() == ["accepted"]
    move(technician, order.id, "en_route")
    move(technician, order.id, "working")
    with pytest.raises(Rejected) as refused:
        move(technician, order.id, "done")
    assert set(refused.value.fields) == {"note"}
    done = move(technician, order.id, "done", note="换了垫圈")
    assert (done.state, done.ticket_status) == ("done", "resolved")
    agrees(filed)
    student = accounts.actor(ground.student)
    closed = acts.confirm(actor=student, now=clock.now(), ticket_id=filed.id, seen=ticket_of(filed).version)
    assert closed.status == "closed"
    assert order_of(filed).state == "closed" or database.scalar(select(WorkOrder.state)) == "closed"
    agrees(filed)
    acts.rate(actor=student, now=clock.now(), ticket_id=filed.id, quality=5, speed=4, manner=5, comment="很快")
    acts.rate(actor=student, now=clock.now(), ticket_id=filed.id, quality=4, speed=4, manner=4)
    assert database.execute(select(Rating.quality, Rating.comment)).all() == [(4, None)]
    agrees(filed)


def test_an_answered_offer_does_not_expire(ground: tickets.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    move(technician, order_of(filed).id, "accepted")
    later = clock.now() + timedelta(minutes=11)
    assert "tickets.on_offer_expired" in deliver(later)
    assert order_of(filed).state == "accepted"
    agrees(filed)


def test_three_refusals_call_the_duty_lead_once(ground: tickets.Ground, database: Session) -> None:
    people = [ground.technician() for _ in range(4)]
    filed = ground.file()
    deliver()
    asked = []
    for turn in range(4):
        holder = order_of(filed).assignee_id
        asked.append(holder)
        person = next(one for one in people if one.id == holder)
        if turn % 2:
            deliver(clock.now() + timedelta(minutes=20 * turn))
        else:
            move(person, order_of(filed).id, "declined", reason="busy")
            deliver()
        database.expire_all()
    assert sorted(asked) == sorted(one.id for one in people)
    assert database.scalars(select(TicketEvent.kind).where(TicketEvent.kind == "escalation")).all() == ["escalation"]
    order = order_of(filed)
    assert (order.state, order.waiting) == ("queued", "nobody_eligible")
    agrees(filed)


def test_nobody_eligible_waits_until_somebody_frees_up(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician(cap=1)
    first, second = ground.file(), ground.file()
    deliver()
    assert (order_of(first).state, order_of(second).state) == ("offered", "queued")
    move(technician, order_of(first).id, "accepted")
    move(technician, order_of(first).id, "working")
    move(technician, order_of(first).id, "done", note="好了")
    deliver()
    database.expire_all()
    assert order_of(second).state == "offered"


def test_question_and_answer(ground: tickets.Ground, database: Session) -> None:
    ground.technician()
    filed = ground.file()
    deliver()
    dispatcher, student = accounts.actor(ground.dispatcher), accounts.actor(ground.student)
    asked = acts.ask(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=1, note="哪个水龙头？")
    assert (asked.status, asked.version) == ("needs_info", 2)
    assert database.scalars(select(Offer.outcome)).all() == ["suspended"]
    agrees(filed)
    with pytest.raises(Stale) as stale:
        acts.answer(actor=student, now=clock.now(), ticket_id=filed.id, seen=1, note="洗手池")
    assert stale.value.current == {"state": "needs_info", "assignee": None, "version": 2}
    answered = acts.answer(actor=student, now=clock.now(), ticket_id=filed.id, seen=2, note="洗手池")
    assert answered.status == "accepted"
    deliver()
    database.expire_all()
    assert order_of(filed).state == "offered"
    agrees(filed)


def test_an_unanswered_question_reminds_twice_and_ends(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file(place_text="后门")
    acts.ask(actor=accounts.actor(ground.dispatcher), now=clock.now(), ticket_id=filed.id, seen=1, note="哪里？")
    start = clock.now()
    deliver(start + timedelta(days=9))
    assert ticket_of(filed).reminders == 1
    deliver(start + timedelta(days=15))
    ticket = ticket_of(filed)
    assert (ticket.status, ticket.reminders) == ("rejected", 2)
    agrees(filed)
    back = acts.reconsider(
        actor=accounts.actor(ground.dispatcher),
        now=start + timedelta(days=16),
        ticket_id=filed.id,
        seen=None,
        reason="new_facts",
    )
    assert back.status == "needs_info"
    agrees(filed)


def test_reject_and_reconsider_open_new_orders(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file()
    dispatcher = accounts.actor(ground.dispatcher)
    with pytest.raises(Rejected):
        acts.reject(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=1, reason="whatever")
    acts.reject(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=1, reason="not_ours", note="物业负责")
    assert database.scalars(select(WorkOrder.state)).all() == ["cancelled"]
    agrees(filed)
    back = acts.reconsider(actor=dispatcher, now=clock.now(), ticket_id=filed.id, seen=2, reason="decided_wrongly")
    assert back.status == "accepted"
    assert sorted(database.scalars(select(WorkOrder.state))) == ["cancelled", "queued"]
    agrees(filed)


def test_withdrawn_while_untouched_only(ground: tickets.Ground) -> None:
    technician = ground.technician()
    first, second = ground.file(), ground.file()
    student = accounts.actor(ground.student)
    assert acts.withdraw(actor=student, now=clock.now(), ticket_id=first.id, seen=1).status == "withdrawn"
    agrees(first)
    deliver()
    order_id = order_of(second).id
    move(technician, order_id, "accepted")
    move(technician, order_id, "working")
    with pytest.raises(Conflict):
        acts.withdraw(actor=student, now=clock.now(), ticket_id=second.id, seen=None)


def test_not_fixed_plans_rework_for_the_supervisor(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    first_order = to_resolved(ground, technician, filed)
    student = accounts.actor(ground.student)
    with pytest.raises(Rejected):
        acts.not_fixed(actor=student, now=clock.now(), ticket_id=filed.id, seen=None)
    again = acts.not_fixed(actor=student, now=clock.now(), ticket_id=filed.id, seen=None, note="还在漏")
    assert again.status == "in_service"
    rework = order_of(filed)
    assert (rework.kind, rework.state, rework.rework_of_id, rework.cycle) == ("rework", "planned", first_order, 2)
    agrees(filed)
    deliver()
    assert order_of(filed).state == "planned"
    move(ground.dispatcher, rework.id, "queued")
    deliver()
    database.expire_all()
    assert (order_of(filed).state, order_of(filed).waiting) == ("queued", "dispatcher")
    agrees(filed)


def test_not_fixed_after_30_days_says_so(ground: tickets.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    to_resolved(ground, technician, filed)
    student = accounts.actor(ground.student)
    late = clock.now() + timedelta(days=31)
    with pytest.raises(Conflict):
        acts.not_fixed(actor=student, now=late, ticket_id=filed.id, seen=None, note="又漏了")


def test_resolved_tickets_close_by_themselves(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file()
    to_resolved(ground, ground.technician(), filed)
    deliver(clock.now() + timedelta(days=6))
    assert ticket_of(filed).status == "resolved"
    deliver(clock.now() + timedelta(days=7))
    assert ticket_of(filed).status == "closed"
    by = database.scalars(select(TicketEvent.data).where(TicketEvent.kind == "default")).one()
    assert by == {"by": "default"}
    agrees(filed)


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


def test_only_those_with_a_part_act(ground: tickets.Ground) -> None:
    technician, other = ground.technician(), ground.technician(cap=0)
    filed = ground.file()
    deliver()
    order_id = order_of(filed).id
    stranger = accounts.person("student")
    with pytest.raises(NotFound):
        acts.withdraw(actor=accounts.actor(stranger), now=clock.now(), ticket_id=filed.id, seen=None)
    with pytest.raises(NotFound):
        move(other, order_id, "accepted")
    with pytest.raises(NotFound):
        move(ground.student, order_id, "accepted")
    with pytest.raises(NotAllowed):
        move(ground.dispatcher, order_id, "accepted")
    with pytest.raises(NotAllowed):
        acts.accept(actor=accounts.actor(technician), now=clock.now(), ticket_id=filed.id, seen=None)


def test_who_comes_late_learns_who_won(ground: tickets.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    order = order_of(filed)
    seen, order_id = order.version, order.id
    deliver(clock.now() + timedelta(minutes=10))
    with pytest.raises(Stale) as stale:
        orders.transition(
            actor=accounts.actor(technician), now=clock.now(), order_id=order_id, to="accepted", seen=seen
        )
    assert stale.value.current["state"] == "queued"


def test_done_on_behalf_demands_reason_and_true_time(ground: tickets.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    order_id = order_of(filed).id
    move(technician, order_id, "accepted")
    move(technician, order_id, "working")
    with pytest.raises(Rejected) as refused:
        move(ground.dispatcher, order_id, "done", note="好了")
    assert set(refused.value.fields) == {"reason", "device_at"}
    true_time = clock.now() - timedelta(minutes=5)
    move(ground.dispatcher, order_id, "done", note="好了", reason="no_phone", device_at=true_time)
    event = database.scalars(select(TicketEvent).where(TicketEvent.kind == "done")).one()
    assert (event.device_at, event.effective_at) == (true_time, clock.now())
    agrees(filed)


def test_a_technician_gives_an_order_back(ground: tickets.Ground, database: Session) -> None:
    technician, second = ground.technician(), ground.technician()
    filed = ground.file()
    deliver()
    order_id = order_of(filed).id
    first = technician if order_of(filed).assignee_id == technician.id else second
    other = second if first is technician else technician
    move(first, order_id, "accepted")
    move(first, order_id, "queued", reason="shift_ends")
    deliver()
    database.expire_all()
    assert order_of(filed).assignee_id == other.id
    agrees(filed)


def test_staff_opens_a_second_order_and_both_must_be_done(ground: tickets.Ground, database: Session) -> None:
    from app.tickets.services import opening

    technician = ground.technician()
    filed = ground.file()
    with pytest.raises(NotFound):
        opening.open_order(actor=accounts.actor(technician), now=clock.now(), ticket_id=filed.id, trade="water")
    made = opening.open_order(
        actor=accounts.actor(ground.dispatcher), now=clock.now(), ticket_id=filed.id, trade="water", minutes=45
    )
    deliver()
    first = order_of(filed).id if order_of(filed).id != made.id else made.id - 1
    for order_id in (first, made.id):
        move(technician, order_id, "accepted")
        move(technician, order_id, "working")
    assert move(technician, first, "done", note="好了").ticket_status == "in_service"
    assert move(technician, made.id, "done", note="好了").ticket_status == "resolved"
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
