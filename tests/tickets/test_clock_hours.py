"""Working hours: holds without end, calls at night, clocks that never come due (tickets-rules 10, 38, 39, N4).

The clock stands in November 2026; 18 November is a Wednesday. Office hours are 8 to 12 and 14 to 18.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.sites.calendars import queries as calendars
from app.sites.calendars.models import CalendarVersion
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Calendar, Override, OverrideKind
from app.sites.rules.worktime import WorkTime, minute_of
from app.tickets import due_words
from app.tickets.models import Clock, DutyCall, DutyRoster, Offer, TicketEvent, WorkOrder
from app.tickets.rules import deadlines, duty
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import clocks, dispatching, duty_calls, escalating, orders
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import do, offered
from tests.tickets.delivering import deliver_all, mailed, told
from tests.tickets.test_clock_pages import local

SYSTEM = Actor.system(1)
DAY = ((8 * 60, 12 * 60), (14 * 60, 18 * 60))
OFFICE = WorkTime(Calendar(zone="Asia/Shanghai", week=(DAY,) * 5 + ((), ())))
CALLED = "duty-lead-called"
HOLD = "order-hold-reminder"


def order_of(database: Session, order_id: int) -> WorkOrder:
    return database.get_one(WorkOrder, (1, order_id), populate_existing=True)


def calls(database: Session) -> list[DutyCall]:
    return list(database.scalars(select(DutyCall).order_by(DutyCall.id).execution_options(populate_existing=True)))


class TestHolds:
    """N4."""

    @given(st.integers(0, 60 * 24 * 400))
    def test_without_an_end_five_working_days_count(self, minutes: int) -> None:
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        found = deadlines.hold_reminded(now, None, OFFICE)
        first, last = (OFFICE.local_date(minute_of(each)) for each in (now, found))
        later = (first + timedelta(days=count) for count in range(1, (last - first).days + 1))
        assert sum(day.isoweekday() <= 5 for day in later) == 5
        assert OFFICE.local(minute_of(found)).strftime("%H:%M") == "18:00"

    def test_with_an_end_it_is_the_end(self) -> None:
        assert deadlines.hold_reminded(local(18, 10), local(19, 9), OFFICE) == local(19, 9)

    def test_the_holder_is_reminded_daily_and_nothing_resumes(self, ground: make.Ground, database: Session) -> None:
        """Held on Wednesday 18 without an end: Wednesday 25 at the close, then every day."""
        technician = ground.technician()
        with clock.frozen(local(18, 10)):
            order_id = offered(ground, local(18, 10))
            do(technician, order_id, OrderAct.ACCEPT, now=local(18, 10))
            do(technician, order_id, OrderAct.HOLD, now=local(18, 10), reason="access")
        deliver_all(local(25, 17, 59))
        assert told(technician, HOLD) == 0
        deliver_all(local(25, 18))
        assert told(technician, HOLD) == 1
        deliver_all(local(26, 18))
        deliver_all(local(27, 18))
        assert told(technician, HOLD) == 3
        assert order_of(database, order_id).state == "on_hold"

    def test_at_its_end_whoever_is_responsible(self, ground: make.Ground, database: Session) -> None:
        technician = ground.technician()
        with clock.frozen(local(18, 10)):
            order_id = offered(ground, local(18, 10))
            do(technician, order_id, OrderAct.ACCEPT, now=local(18, 10))
            do(technician, order_id, OrderAct.HOLD, now=local(18, 10), reason="parts", until=local(19, 9))
        deliver_all(local(19, 9))
        assert told(technician, HOLD) == 1
        deliver_all(local(20, 9))
        assert told(technician, HOLD) == 2
        with clock.frozen(local(20, 10)):
            do(technician, order_id, OrderAct.START, now=local(20, 10))
        deliver_all(local(21, 9))
        assert told(technician, HOLD) == 2

    def test_holidays_do_not_count(self, ground: make.Ground, database: Session) -> None:
        closed = date(2026, 11, 20)
        content = office(database)
        closing = Override(kind=OverrideKind.CLOSED)
        publish(database, replace(content, overrides={**content.overrides, closed: closing}))
        technician = ground.technician()
        with clock.frozen(local(18, 10)):
            order_id = offered(ground, local(18, 10))
            do(technician, order_id, OrderAct.ACCEPT, now=local(18, 10))
            do(technician, order_id, OrderAct.HOLD, now=local(18, 10), reason="access")
        deliver_all(local(25, 18))
        assert told(technician, HOLD) == 0
        deliver_all(local(26, 18))
        assert told(technician, HOLD) == 1


def office(database: Session) -> Calendar:
    """What the office calendar says now."""
    version_id = calendars.version_of("office", None)
    assert version_id is not None
    return calendars.content(version_id)


def publish(database: Session, content: Calendar) -> None:
    """The next version of the office calendar, as it is stored."""
    before = database.get_one(CalendarVersion, (1, calendars.version_of("office", None)))
    database.add(
        CalendarVersion(
            calendar_id=before.calendar_id,
            number=before.number + 1,
            content=calendar_data.written(content),
            note=None,
            published_at=local(18, 9),
        )
    )
    database.flush()


class TestDutyLead:
    """38, 39: never at night for a dripping tap; in an emergency always."""

    @pytest.fixture
    def lead(self, database: Session) -> Any:
        person = accounts.person("dutylead", name="马组长", email="lead@campus.example")
        database.add(DutyRoster(person_id=person.id, starts_at=local(2, 9)))
        accounts.person("admin")
        database.flush()
        return person

    @given(st.integers(0, 60 * 24 * 30))
    def test_when_he_may_be_called(self, minutes: int) -> None:
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        assert duty.called_from(at, OFFICE, emergency=True) == at
        first = duty.called_from(at, OFFICE, emergency=False)
        assert OFFICE.works_at(minute_of(first))
        assert OFFICE.between(minute_of(at), minute_of(first)) == 0

    def refuse(self, database: Session, order_id: int, at: datetime) -> None:
        """The offer that is out ends without an answer."""
        live = database.scalars(select(Offer.id).where(Offer.order_id == order_id, Offer.outcome.is_(None))).one()
        with clock.frozen(at):
            dispatching.expire_offer(actor=SYSTEM, now=at, order_id=order_id, offer_id=live)
            if order_of(database, order_id).state == "queued":
                dispatching.dispatch_order(actor=SYSTEM, now=at, order_id=order_id)

    def test_refusals_at_night_wait_for_the_morning(self, ground: make.Ground, database: Session, lead: Any) -> None:
        """Filed at 19:00, refused three times in the evening: the lead is called at 8:00, when the clock counts."""
        for _ in range(5):
            ground.technician()
        evening = local(18, 19)
        with clock.frozen(evening):
            order_id = offered(ground, evening)
        for n in range(1, 5):
            self.refuse(database, order_id, evening + timedelta(minutes=10 * n))
        assert calls(database) == []
        morning = local(19, 8)
        self.refuse(database, order_id, morning)
        assert [call.cause for call in calls(database)] == ["refusals"]

    def test_by_day_after_the_third(self, ground: make.Ground, database: Session, lead: Any) -> None:
        for _ in range(5):
            ground.technician()
        with clock.frozen(local(18, 10)):
            order_id = offered(ground, local(18, 10))
        for n in (1, 2):
            self.refuse(database, order_id, local(18, 10, 10 * n))
        assert calls(database) == []
        self.refuse(database, order_id, local(18, 10, 30))
        assert [call.cause for call in calls(database)] == ["refusals"]

    def test_an_emergency_calls_at_night(self, ground: make.Ground, database: Session, lead: Any) -> None:
        burst = make.category("burst", ground.trade, "爆管", "Burst pipe", emergency=True, impact="building")
        at = local(18, 23)
        with clock.frozen(at):
            ground.file(category=burst.code, urgency="emergency")
        deliver_all(at)
        assert [call.cause for call in calls(database)] == ["nobody"]
        deliver_all(at + timedelta(minutes=5))
        assert mailed(lead, CALLED) == 2

    def test_before_the_due_of_the_real_dispatch_clock(self, ground: make.Ground, database: Session, lead: Any) -> None:
        """Filed 17:55: 30 working minutes are used up at 8:25 the next day, ten before that is 8:15."""
        with clock.frozen(local(18, 17, 55)):
            filed = ground.file()
        row = database.scalars(select(Clock).where(Clock.kind == "dispatch")).one()
        assert row.next_at == local(19, 8, 16)
        with clock.frozen(local(19, 8, 16)):
            escalating.take_steps(actor=SYSTEM, now=local(19, 8, 16), ticket_id=filed.id)
        assert [call.cause for call in calls(database)] == ["due_soon"]

    def test_what_an_outage_left_for_the_night_is_told_in_the_morning(
        self, ground: make.Ground, database: Session, lead: Any
    ) -> None:
        with clock.frozen(local(18, 16)):
            filed = ground.file()
        night = local(18, 22)
        with clock.frozen(night):
            assert escalating.take_steps(actor=SYSTEM, now=night, ticket_id=filed.id) > 0
            assert not duty_calls.call_before_due(actor=SYSTEM, now=night, order_id=filed.order_id or 0)
        assert calls(database) == []
        deliver_all(local(19, 8) - timedelta(minutes=1))
        assert calls(database) == []
        deliver_all(local(19, 8))
        assert [call.cause for call in calls(database)] == ["due_soon"]

    def test_calls_rest_at_night_too(self, ground: make.Ground, database: Session, lead: Any) -> None:
        """Called at 17:58 and not answered: again at 8:00, not at 18:03."""
        ground.technician(on_shift=False)
        with clock.frozen(local(18, 17, 28)):
            filed = ground.file()
        with clock.frozen(local(18, 17, 58)):
            assert duty_calls.call_before_due(actor=SYSTEM, now=local(18, 17, 58), order_id=filed.order_id or 0)
        deliver_all(local(18, 23))
        assert mailed(lead, CALLED) == 1
        deliver_all(local(19, 8))
        assert mailed(lead, CALLED) == 2
        deliver_all(local(19, 8, 5))
        assert mailed(lead, CALLED) == 3


class TestEndless:
    """10: no working time within ten years."""

    def test_the_supervisor_is_alarmed_once(self, ground: make.Ground, database: Session) -> None:
        supervisor = accounts.person("supervisor", email="sup@campus.example")
        publish(database, replace(office(database), week=((),) * 7, overrides={}, seasons=(), days={}))
        with clock.frozen(local(18, 10)):
            filed = ground.file()
        rows = database.scalars(select(Clock).where(Clock.ticket_id == filed.id)).all()
        assert {row.kind for row in rows if row.endless} >= {"respond", "dispatch", "arrive", "restore"}
        assert {row.due_at for row in rows if row.endless} == {None}
        deliver_all(local(18, 10))
        first = told(supervisor, "clock-endless")
        assert first == len([row for row in rows if row.endless])
        with clock.frozen(local(18, 11)):
            orders.act(
                actor=make.actor(ground.dispatcher),
                now=local(18, 11),
                order_id=filed.order_id or 0,
                act=OrderAct.HOLD,
                seen=None,
                reason="weather",
                until=local(20, 9),
            )
        deliver_all(local(18, 11))
        assert told(supervisor, "clock-endless") == first
        query = select(TicketEvent.data).where(TicketEvent.kind == "escalation")
        assert {(data or {}).get("alarm") for data in database.scalars(query)} == {"endless"}
        stored = {clocks.key_of(row): row.endless for row in rows}
        again = clocks.recompute(filed.id)
        assert {key: row["endless"] for key, row in again.items() if key in stored and row["phase"] == "running"}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("hour", "minute", "state", "left"),
    [
        pytest.param(23, 33, "ok", 30, id="at night thirty working minutes are not soon"),
        pytest.param(17, 50, "ok", 40, id="nor in the evening before they run on"),
        pytest.param(7, 45, "ok", 30, id="nor before the hours begin, when nothing runs down"),
        pytest.param(8, 5, "soon", 25, id="but once they run"),
    ],
)
def test_soon_is_soon_by_the_wall_clock_too(
    hour: int, minute: int, state: str, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is shown: escalation counts working minutes as before (20)."""
    monkeypatch.setattr(due_words.calendars, "work", lambda _version: OFFICE)
    day = 18 if hour > 12 else 19
    row = SimpleNamespace(due_at=local(19, 8, 30), due_clock="dispatch", due_calendar=1, zone="Asia/Shanghai")
    found = due_words.due(row, local(day, 8) + timedelta(hours=hour - 8, minutes=minute))
    assert found is not None
    assert (found.state, found.minutes) == (state, left)
