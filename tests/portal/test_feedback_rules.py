"""The rules of feedback: the table told again, walks through it, clocks on working calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.portal.rules import feedback as rules
from app.portal.rules import feedback_clocks as clocks
from app.portal.rules.feedback import Act, NotPossible, Status, Who
from app.sites.rules.calendars import Calendar, DayKind, SpecialDay
from app.sites.rules.worktime import WorkTime

# Written again from the product: from, act, to ("=": the status stays), who.
SAID = """
- file open author
open reply = author
answered reply open author
closed reply open author
open answer answered staff
answered answer = staff
open convert closed staff
answered convert closed staff
answered lapse closed system
open note = staff
answered note = staff
closed note = staff
open assign = staff
answered assign = staff
open name = staff
answered name = staff
closed name = staff
open escalate = system
open postpone = system
"""
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = ((8 * 60, 12 * 60), (14 * 60, 18 * 60))
OFFICE = WorkTime(Calendar(zone="Asia/Shanghai", week=(DAY, DAY, DAY, DAY, DAY, (), ())))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_the_table_is_what_is_said_of_it() -> None:
    told = {tuple(line.split()) for line in SAID.split("\n") if line}
    table = {
        (start.value if start else "-", row.act.value, row.to.value if row.to else "=", row.who.value)
        for row in rules.TABLE
        for start in row.froms
    }
    assert table == told


@given(st.none() | st.sampled_from(Status), st.sampled_from(Act))
def test_what_the_table_has_not_is_refused(status: Status | None, act: Act) -> None:
    possible = any(act == row.act and status in row.froms for row in rules.TABLE)
    if possible:
        assert rules.row(status, act).act == act
    else:
        with pytest.raises(NotPossible):
            rules.row(status, act)


@given(st.lists(st.sampled_from(Act), max_size=30))
def test_the_status_is_the_fold_of_a_walk(wanted: list[Act]) -> None:
    """Whatever is tried in whatever order: the events of what was possible fold to where it stands."""
    status: Status | None = None
    events: list[tuple[str | None, str | None]] = []
    for act in [Act.FILE, *wanted]:
        try:
            row = rules.row(status, act)
        except NotPossible:
            continue
        events.append((status.value if status and row.to else None, row.to.value if row.to else None))
        status = row.to or status
    assert rules.folded(events) == status


def test_an_event_that_does_not_follow_is_found() -> None:
    with pytest.raises(ValueError, match="but it was"):
        rules.folded([(None, "open"), ("answered", "closed")])


def test_nothing_is_stuck_and_everything_ends() -> None:
    """From each status the author can speak, and by itself or by the staff it comes to an end."""
    ends = {row.froms for row in rules.TABLE if row.to == Status.CLOSED}
    assert {status for froms in ends for status in froms} == {Status.OPEN, Status.ANSWERED}
    for status in Status:
        assert Act.REPLY in rules.acts(status, Who.AUTHOR)
    assert rules.acts(Status.CLOSED, Who.STAFF) == (Act.NOTE, Act.NAME)


def test_the_constraint_knows_the_same_moves() -> None:
    assert set(rules.moves()) == {
        ("file", "", "open"),
        ("reply", "answered", "open"),
        ("reply", "closed", "open"),
        ("answer", "open", "answered"),
        ("convert", "open", "closed"),
        ("convert", "answered", "closed"),
        ("lapse", "answered", "closed"),
    }


def test_a_reply_reopens_for_thirty_days() -> None:
    closed = datetime(2026, 11, 1, tzinfo=UTC)
    rules.check_reply(Status.CLOSED, closed, closed + timedelta(days=30))
    rules.check_reply(Status.ANSWERED, None, closed)
    with pytest.raises(NotPossible, match="anew"):
        rules.check_reply(Status.CLOSED, closed, closed + timedelta(days=30, minutes=1))


@pytest.mark.parametrize(
    ("start", "respond", "answer", "remind"),
    [
        # Wednesday noon break: Thursday's close, Monday's close, half a working day before that
        ("2026-11-18T13:10", "2026-11-19T18:00", "2026-11-23T18:00", "2026-11-23T12:00"),
        # Friday evening: the weekend counts nothing
        ("2026-11-20T19:00", "2026-11-23T18:00", "2026-11-25T18:00", "2026-11-25T12:00"),
        ("2026-11-22T03:00", "2026-11-23T18:00", "2026-11-25T18:00", "2026-11-25T12:00"),
    ],
)
def test_due_times_are_closes_of_worked_days(start: str, respond: str, answer: str, remind: str) -> None:
    """tickets-rules 12: the start's own day is not counted."""
    found = clocks.dues(OFFICE, local(start))
    assert (found.respond, found.answer, found.remind) == (local(respond), local(answer), local(remind))


def test_a_holiday_makes_it_later_and_a_make_up_day_sooner() -> None:
    """The bug of a rival the other way round: days off never make a promise earlier."""
    start = local("2026-11-18T10:00")
    day = local("2026-11-20T00:00").date()
    off = WorkTime(
        Calendar(zone="Asia/Shanghai", week=OFFICE.calendar.week, days={day: SpecialDay(kind=DayKind.HOLIDAY)})
    )
    makeup = WorkTime(
        Calendar(
            zone="Asia/Shanghai",
            week=OFFICE.calendar.week,
            days={local("2026-11-21T00:00").date(): SpecialDay(kind=DayKind.MAKEUP)},
        )
    )
    usual = clocks.dues(OFFICE, start).answer
    assert usual == local("2026-11-23T18:00")
    assert clocks.dues(off, start).answer == local("2026-11-24T18:00")
    assert clocks.dues(makeup, start).answer == local("2026-11-21T18:00")


@given(st.integers(0, 60 * 24 * 60), st.integers(0, 20 * 24 * 60))
def test_kept_means_at_or_before_the_due_minute(start: int, after: int) -> None:
    begin = local("2026-03-01T00:00") + timedelta(minutes=start)
    due = clocks.dues(OFFICE, begin).answer
    assert due is not None
    stopped = begin + timedelta(minutes=after)
    assert clocks.kept(due, stopped) == (stopped < due + timedelta(minutes=1))
    assert clocks.used(OFFICE, begin, due) >= 3 * 480
    assert clocks.kept(None, stopped)


def test_a_calendar_without_working_time_has_no_due() -> None:
    never = WorkTime(Calendar(zone="Asia/Shanghai"))
    assert clocks.dues(never, local("2026-11-18T10:00")) == clocks.Dues(None, None, None)
