"""Clocks in the database: rows, promises, due times, steps, calendars (tickets-rules 1 to 28)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import settings
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotAllowed, Rejected
from app.core.outbox import OutboxEvent
from app.sites.calendars import queries as calendar_queries
from app.sites.calendars import services as calendars
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Override, OverrideKind
from app.tickets.models import Clock, SlaPolicyVersion, Ticket, TicketEvent, WorkOrder
from app.tickets.queries import sla
from app.tickets.rules import sla_policy
from app.tickets.rules.escalation import Do, Step
from app.tickets.rules.sla import Key, Kind
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import acts, clocks, dispatching, escalating, opening, orders, priorities, recalendaring
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets import at_work

SYSTEM = Actor.system(1)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of November 2026 on a clock in Shanghai."""
    return datetime(2026, 11, day, hour - 8, minute, tzinfo=UTC)


def row(ticket_id: int, kind: Kind, *, cycle: int = 1) -> Any:
    return next(each for each in sla.of_ticket(ticket_id) if (each.kind, each.cycle) == (kind.value, cycle))


def ticket_of(filed: Any) -> Ticket:
    return db.session.get_one(Ticket, (1, filed.id), populate_existing=True)


def order_of(order_id: int | None) -> WorkOrder:
    return db.session.get_one(WorkOrder, (1, order_id), populate_existing=True)


def told(kind: str) -> list[dict[str, Any]]:
    query = select(OutboxEvent.payload).where(OutboxEvent.kind == kind).order_by(OutboxEvent.id)
    return list(db.session.scalars(query))


class TestFiling:
    def test_one_statement_starts_every_clock(self, database: Session, frozen: datetime) -> None:
        """1, 21: Wednesday 10:00; the promise is told at once where the system accepts."""
        filed = make.Ground().file()
        rows = {each.kind: each for each in sla.of_ticket(filed.id)}
        assert set(rows) == {"respond", "dispatch", "arrive", "restore", "promise"}
        assert rows["dispatch"].due_at == local(18, 10, 30)
        assert rows["dispatch"].next_at == local(18, 10, 21)  # ten minutes before, once that minute is over
        assert rows["restore"].due_at == local(23, 18)
        assert filed.promised_at == ticket_of(filed).promised_at == local(23, 18)
        assert (order_of(filed.order_id).due_at, order_of(filed.order_id).due_clock) == (local(18, 10, 30), "dispatch")
        assert clocks.recompute(filed.id).keys() == {clocks.key_of(each) for each in rows.values()}

    def test_what_waits_for_a_dispatcher_has_no_promise_yet(self, database: Session, frozen: datetime) -> None:
        ground = make.Ground()
        filed = ground.file(place_text="后山")
        assert {each.kind for each in sla.of_ticket(filed.id)} == {"respond", "restore"}
        assert ticket_of(filed).promised_at is None
        assert (ticket_of(filed).due_at, ticket_of(filed).due_clock) == (local(18, 16), "respond")
        staff = accounts.actor(ground.dispatcher)
        acts.accept(actor=staff, now=local(18, 10, 20), ticket_id=filed.id, seen=None)
        assert ticket_of(filed).promised_at == local(23, 18)
        assert row(filed.id, Kind.RESPOND).stopped_at == local(18, 10, 20)
        assert row(filed.id, Kind.DISPATCH).due_at == local(18, 10, 30)  # 4: counted from filing
        assert told("PromiseTold")[-1]["first"] is True

    def test_an_institution_without_anything_gets_it(self, database: Session, frozen: datetime) -> None:
        """6: the usual policy always exists."""
        clocks.ensure(frozen)
        assert len(db.session.scalars(select(SlaPolicyVersion.id)).all()) == 1

    def test_a_campus_of_its_own_calendar(self, database: Session, frozen: datetime) -> None:
        """15, scenario 8: 10:00 in Shanghai is 02:00 in London."""
        ground = make.Ground()
        content = calendar_data.read(calendar_queries.in_force(calendar_queries.calendars()[0].id).content)
        made = calendars.create(
            actor=SYSTEM,
            now=frozen,
            code="london",
            name={"en": "London"},
            content=replace(content, zone="Europe/London"),
        )
        calendars.set_hours(actor=SYSTEM, now=frozen, campus_id=ground.campus.id, hours="office", calendar_id=made.id)
        filed = ground.file()
        assert row(filed.id, Kind.DISPATCH).due_at == datetime(2026, 11, 18, 8, 30, tzinfo=UTC)
        night = ground.file(category=make.category("gas", ground.trade, "燃气", "Gas", emergency=True).code)
        assert row(night.id, Kind.DISPATCH).due_at == local(18, 10, 15)


class TestPriority:
    """26, 27."""

    @pytest.mark.parametrize(
        ("impact", "urgency", "priority"),
        [
            ("room", "normal", "normal"),
            ("building", "normal", "high"),
            ("safety", "low", "high"),
            ("building", "high", "emergency"),
            ("room", "emergency", "high"),  # a reporter's emergency counts in emergency categories only
        ],
    )
    def test_impact_and_urgency(
        self, database: Session, frozen: datetime, impact: str, urgency: str, priority: str
    ) -> None:
        ground = make.Ground()
        category = make.category("x", ground.trade, "某", "X", impact=impact)
        assert ground.file(category=category.code, urgency=urgency).priority == priority

    def test_the_matrix_is_the_institutions(self, database: Session, frozen: datetime) -> None:
        settings.put(priorities.setting("room", "normal"), "high", actor_id=None, now=frozen)
        assert make.Ground().file().priority == "high"

    def test_override_with_a_reason(self, database: Session, frozen: datetime) -> None:
        """17: the minutes used stay; the trail says why."""
        ground = make.Ground()
        filed = ground.file()
        staff = accounts.actor(ground.dispatcher)
        done = priorities.override(
            actor=staff, now=local(18, 10, 20), ticket_id=filed.id, priority="high", reason="考试周", seen=1
        )
        assert done.version == 2
        assert order_of(filed.order_id).priority == "high"
        assert row(filed.id, Kind.DISPATCH).due_at == local(18, 10, 30)  # what was left of 30 minutes
        assert row(filed.id, Kind.RESTORE).priority == "high"
        assert ticket_of(filed).promised_at == local(18, 18)  # earlier only, and told
        assert told("PromiseTold")[-1]["until"] == "2026-11-18T10:00:00Z"
        event = db.session.scalars(select(TicketEvent).where(TicketEvent.kind == "reclassify")).one()
        assert (event.reason, event.data["priority"]) == ("考试周", ["normal", "high"])

    @pytest.mark.parametrize(
        ("priority", "reason", "field"),
        [("high", " ", "reason"), ("normal", "因为", "priority"), ("x", "因为", "priority")],
    )
    def test_what_is_refused(self, database: Session, frozen: datetime, priority: str, reason: str, field: str) -> None:
        ground = make.Ground()
        filed = ground.file()
        staff = accounts.actor(ground.dispatcher)
        with pytest.raises(Rejected) as refused:
            priorities.override(actor=staff, now=frozen, ticket_id=filed.id, priority=priority, reason=reason)
        assert set(refused.value.fields) == {field}
        with pytest.raises(NotAllowed):
            priorities.override(
                actor=accounts.actor(ground.student), now=frozen, ticket_id=filed.id, priority="high", reason="急"
            )


class TestSteps:
    """20."""

    def take(self, filed: Any, at: datetime) -> int:
        return escalating.take_steps(actor=SYSTEM, now=at, ticket_id=filed.id)

    def test_the_timer_row_holds_the_next_step_only(self, database: Session, frozen: datetime) -> None:
        filed = make.Ground().file()
        assert sla.due_tickets(local(18, 10, 20), 10) == []
        assert sla.due_tickets(local(18, 10, 21), 10) == [filed.id]
        assert self.take(filed, local(18, 10, 21)) == 1
        assert self.take(filed, local(18, 10, 21)) == 0  # a second timer finds nothing
        assert row(filed.id, Kind.DISPATCH).next_at == local(18, 10, 31)
        assert len(told("DutyLeadCalled")) == 1  # 38: ten minutes before the dispatch is due

    def test_after_an_outage_all_are_recorded_and_told_once(self, database: Session, frozen: datetime) -> None:
        filed = make.Ground().file()
        assert self.take(filed, local(18, 15)) == 3
        assert row(filed.id, Kind.DISPATCH).next_at is None
        kinds = [
            (event.data["clock"], event.data["step"])
            for event in db.session.scalars(select(TicketEvent).where(TicketEvent.kind == "escalation"))
            if "step" in event.data
        ]
        assert kinds == [
            ("dispatch", "-10:call:duty_lead"),
            ("dispatch", "+0:notify:duty_lead"),
            ("dispatch", "+60:notify:supervisor"),
        ]
        assert [(each["clock"], each["late"], each["after"]) for each in told("ClockEscalated")] == [
            ("dispatch", True, 60)
        ]

    def test_standing_does_not_escalate(self, database: Session, frozen: datetime) -> None:
        ground = make.Ground()
        person = ground.technician()
        order_id = at_work.offered(ground, frozen)
        at_work.do(person, order_id, OrderAct.ACCEPT, now=local(18, 10, 5))
        ticket_id = order_of(order_id).ticket_id
        assert row(ticket_id, Kind.DISPATCH).next_at is None
        assert row(ticket_id, Kind.RESPOND).stopped_at == local(18, 10, 5)

    def test_a_raise_is_made_once(self, database: Session, frozen: datetime) -> None:
        self.policy(frozen, Step(after=0, do=Do.RAISE, clocks=frozenset({Kind.DISPATCH})))
        filed = make.Ground().file(urgency="low")
        due = row(filed.id, Kind.DISPATCH).due_at
        self.take(filed, due + timedelta(minutes=1))
        assert ticket_of(filed).priority == "normal"
        self.take(filed, local(20, 17))
        assert ticket_of(filed).priority == "normal"

    def test_a_raise_makes_no_emergency(self, database: Session, frozen: datetime) -> None:
        """27: people only declare one; nor is a priority raised by two steps (20)."""
        steps = (Step(after=after, do=Do.RAISE, clocks=frozenset({Kind.DISPATCH})) for after in (0, 30))
        self.policy(frozen, *steps)
        ground = make.Ground()
        low, high = ground.file(urgency="low"), ground.file(urgency="high")
        for filed in (low, high):
            self.take(filed, local(20, 17))
        assert [ticket_of(filed).priority for filed in (low, high)] == ["normal", "high"]

    def test_reassigning_takes_an_offer_back(self, database: Session, frozen: datetime) -> None:
        self.policy(frozen, Step(after=-25, do=Do.REASSIGN, clocks=frozenset({Kind.DISPATCH})))
        ground = make.Ground()
        ground.technician()
        order_id = at_work.offered(ground, frozen)
        escalating.take_steps(actor=SYSTEM, now=local(18, 10, 6), ticket_id=order_of(order_id).ticket_id)
        assert order_of(order_id).state == "queued"

    def test_reassigning_asks_anew_for_what_waits(self, database: Session, frozen: datetime) -> None:
        self.policy(frozen, Step(after=-25, do=Do.REASSIGN, clocks=frozenset({Kind.DISPATCH})))
        filed = make.Ground().file()
        self.take(filed, local(18, 10, 6))
        assert [each["wake"] for each in told("OrderQueued") if each["wake"] == "asked"] == ["asked"]
        assert order_of(filed.order_id).state == "queued"

    def test_a_step_takes_nothing_from_a_holder(self, database: Session, frozen: datetime) -> None:
        """20, ADR 0008: whom the step turns to is told, and reassigns it."""
        self.policy(frozen, Step(after=-25, do=Do.REASSIGN, clocks=frozenset({Kind.RESTORE})))
        ground = make.Ground()
        person = ground.technician()
        order_id = at_work.offered(ground, frozen)
        at_work.do(person, order_id, OrderAct.ACCEPT, now=local(18, 10, 5))
        ticket_id = order_of(order_id).ticket_id
        due = row(ticket_id, Kind.RESTORE).due_at
        assert due is not None
        assert escalating.take_steps(actor=SYSTEM, now=due, ticket_id=ticket_id) == 1
        assert (order_of(order_id).state, order_of(order_id).assignee_id) == ("accepted", person.id)

    def policy(self, now: datetime, *steps: Step) -> None:
        """The usual policy with these steps alone."""
        version = db.session.scalars(select(SlaPolicyVersion)).one()
        content = sla_policy.written(replace(sla_policy.DEFAULT, steps=steps))
        db.session.add(
            SlaPolicyVersion(policy_id=version.policy_id, number=2, content=content, note=None, published_at=now)
        )
        db.session.flush()


class TestCalendarPublished:
    """19, 22, scenario 7."""

    def publish(self, now: datetime, *closed: date) -> tuple[int, int]:
        calendar_id = next(each.id for each in calendar_queries.calendars() if each.code == "office")
        content = calendar_data.read(calendar_queries.in_force(calendar_id).content)
        overrides = {day: Override(kind=OverrideKind.CLOSED) for day in closed}
        made = calendars.publish(calendar_id, actor=SYSTEM, now=now, content=replace(content, overrides=overrides))
        return calendar_id, made.id

    def test_open_clocks_move_stopped_ones_stay_the_promise_later_only(
        self, database: Session, frozen: datetime
    ) -> None:
        ground = make.Ground()
        filed = ground.file()
        person = ground.technician()
        dispatching.dispatch_order(actor=SYSTEM, now=frozen, order_id=filed.order_id or 0)
        at_work.do(person, filed.order_id or 0, OrderAct.ACCEPT, now=local(18, 10, 5))
        calendar_id, version_id = self.publish(local(18, 11), date(2026, 11, 19))
        assert recalendaring.waiting(calendar_id, version_id, 0) == [filed.id]
        assert recalendaring.rejudge(actor=SYSTEM, now=local(18, 11), ticket_id=filed.id, version_id=version_id)
        assert row(filed.id, Kind.RESTORE).due_at == local(24, 18)
        assert row(filed.id, Kind.RESTORE).calendar_version_id == version_id
        assert row(filed.id, Kind.RESPOND).calendar_version_id != version_id
        assert ticket_of(filed).promised_at == local(24, 18)
        assert told("PromiseTold")[-1]["first"] is False
        assert recalendaring.waiting(calendar_id, version_id, 0) == []
        assert not recalendaring.rejudge(actor=SYSTEM, now=local(18, 12), ticket_id=filed.id, version_id=version_id)
        calendar_id, again = self.publish(local(18, 12))  # the holiday is taken back
        recalendaring.rejudge(actor=SYSTEM, now=local(18, 12), ticket_id=filed.id, version_id=again)
        assert row(filed.id, Kind.RESTORE).due_at == local(23, 18)
        assert ticket_of(filed).promised_at == local(24, 18)

    def test_where_nothing_is_promised_yet_nothing_is_told(self, database: Session, frozen: datetime) -> None:
        filed = make.Ground().file(place_text="后山")
        _calendar, version_id = self.publish(local(18, 11), date(2026, 11, 18))
        assert recalendaring.rejudge(actor=SYSTEM, now=local(18, 11), ticket_id=filed.id, version_id=version_id)
        assert row(filed.id, Kind.RESPOND).calendar_version_id == version_id
        assert told("PromiseTold") == []

    def test_a_new_ticket_begins_with_the_version_in_force(self, database: Session, frozen: datetime) -> None:
        _calendar, version_id = self.publish(frozen, date(2026, 11, 19))
        filed = make.Ground().file()
        assert row(filed.id, Kind.RESTORE).calendar_version_id == version_id


def test_rule_6_rows_of_clocks_a_policy_no_longer_has_are_void(database: Session, frozen: datetime) -> None:
    filed = make.Ground().file()
    clocks.write(filed.id, {}, set())
    assert {(each.phase, each.due_at, each.next_at) for each in sla.of_ticket(filed.id)} == {("void", None, None)}


class TestOldTickets:
    """Filed before there were clocks: nothing is invented; the next cycle has them."""

    def test_no_clocks_until_the_next_cycle(
        self, database: Session, frozen: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ground = make.Ground()
        person = ground.technician()
        with monkeypatch.context() as before:
            before.setattr(sla, "terms_data", lambda _terms: {})
            filed = ground.file()
        database.execute(delete(Clock).where(Clock.ticket_id == filed.id))
        order_id = filed.order_id or 0
        dispatching.dispatch_order(actor=SYSTEM, now=frozen, order_id=order_id)
        at_work.do(person, order_id, OrderAct.ACCEPT, OrderAct.START, OrderAct.DONE, now=local(18, 11), note="好了")
        assert list(sla.of_ticket(filed.id)) == []
        acts.not_fixed(
            actor=accounts.actor(ground.student), now=local(18, 12), ticket_id=filed.id, seen=None, note="还漏"
        )
        assert {(each.kind, each.cycle) for each in sla.of_ticket(filed.id)} == {
            ("respond", 2),
            ("restore", 2),
            ("promise", 2),
        }


def test_device_time_counts_bounded_by_contact(database: Session, frozen: datetime) -> None:
    """11, scenario 5: three hours fast is corrected by the known offset; set back gains nothing."""
    ground = make.Ground()
    person = ground.technician()
    order_id = at_work.offered(ground, frozen)
    at_work.do(person, order_id, OrderAct.ACCEPT, now=local(18, 10, 5))
    ticket_id = order_of(order_id).ticket_id
    orders.act(
        actor=accounts.actor(person),
        now=local(18, 11),
        order_id=order_id,
        act=OrderAct.START,
        seen=None,
        device_at=local(18, 13, 30),
        device_offset_s=-3 * 3600,
    )
    assert row(ticket_id, Kind.ARRIVE).stopped_at == local(18, 10, 30)
    assert order_of(order_id).started_at == local(18, 10, 30)
    event = db.session.scalars(select(TicketEvent).where(TicketEvent.kind == "start")).one()
    assert event.data == {"corrected": True}
    orders.act(
        actor=accounts.actor(person),
        now=local(18, 12),
        order_id=order_id,
        act=OrderAct.DONE,
        seen=None,
        note="换了垫圈",
        device_at=local(17, 9),
        device_offset_s=0,
    )
    restore = row(ticket_id, Kind.RESTORE)
    assert restore.stopped_at == local(18, 10, 30)  # not before the order's last event
    assert restore.used == 30


def test_an_order_behind_another_has_clocks_from_its_queue(database: Session, frozen: datetime) -> None:
    """4: not from filing, and not before it may begin."""
    ground = make.Ground()
    filed = ground.file()
    staff = accounts.actor(ground.dispatcher)
    second = opening.open_order(
        actor=staff, now=local(18, 10, 10), ticket_id=filed.id, trade="water", after=filed.order_id, reason="补"
    )
    assert Key(kind=Kind.DISPATCH, order_id=second.id) not in clocks.recompute(filed.id)
    event = db.session.scalars(
        select(TicketEvent).where(TicketEvent.kind == "open", TicketEvent.order_id == second.id)
    ).one()
    assert event.data == {"after": filed.order_id}
