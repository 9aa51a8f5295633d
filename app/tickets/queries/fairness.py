"""What the fairness report counts: offers, answers and finished orders by person and week, and shifts beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, DateTime, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import db
from app.tickets.models import Absence, Shift
from app.tickets.models.crews import SHIFT_KINDS
from app.tickets.rules import shifts as rules
from app.tickets.rules.fairness import Tally
from app.tickets.rules.outcomes import POOLED
from app.tickets.rules.reasons import reasons
from app.tickets.rules.shifts import Span, WeeklyShift
from app.tickets.rules.workflow import OrderAct

WEEK = timedelta(days=7)
DUTY, ON_CALL = SHIFT_KINDS


def tallies(person_ids: Sequence[int], first: date, weeks: int, zone: ZoneInfo, now: datetime) -> list[Tally]:
    """A tally per person and week, from the Monday `first` on, persons as given; four statements however many.

    Shifts count up to `now`: work is compared with hours that have been, not with those still planned.
    """
    mondays = [first + number * WEEK for number in range(weeks)]
    start, end = _midnight(first, zone), _midnight(first + weeks * WEEK, zone)
    asked = {"people": list(person_ids), "from": start, "until": end, "zone": str(zone)}
    offers = _offers(asked)
    done = {(row.person_id, row.week): row for row in db.session.execute(_DONE, asked)}
    hours = _hours(person_ids, mondays, zone, min(end, now))
    found = []
    for person_id in person_ids:
        for monday in mondays:
            key, work = (person_id, monday), done.get((person_id, monday))
            found.append(
                Tally(
                    person_id=person_id,
                    week=monday,
                    shift_minutes=hours.get((*key, DUTY), 0),
                    on_call_minutes=hours.get((*key, ON_CALL), 0),
                    done=work.orders if work else 0,
                    minutes_done=work.minutes if work else 0,
                    emergencies=work.emergencies if work else 0,
                    **offers.get(key, {}),
                )
            )
    return found


_WEEK = "CAST(date_trunc('week', {} AT TIME ZONE :zone) AS date)"
_GIVEN = (
    bindparam("people", type_=ARRAY(BigInteger)),
    bindparam("from", type_=DateTime(timezone=True)),
    bindparam("until", type_=DateTime(timezone=True)),
    bindparam("zone", type_=Text),
)
_OFFERS = text(
    f"""
    SELECT person_id, {_WEEK.format("offered_at")} AS week, outcome, reason, count(*) AS times
    FROM offer
    WHERE offered_at >= :from AND offered_at < :until AND person_id = ANY (:people)
    GROUP BY 1, 2, 3, 4
    """  # noqa: S608 - a column of our own, no input
).bindparams(*_GIVEN)
_DONE = text(
    f"""
    SELECT assignee_id AS person_id, {_WEEK.format("done_at")} AS week, count(*) AS orders,
        coalesce(sum(planned_minutes), 0) AS minutes, count(*) FILTER (WHERE priority = 'emergency') AS emergencies
    FROM work_order
    WHERE assignee_id = ANY (:people) AND done_at >= :from AND done_at < :until
    GROUP BY 1, 2
    """  # noqa: S608 - a column of our own, no input
).bindparams(*_GIVEN)
_DECLINES = frozenset(reasons(OrderAct.DECLINE).codes)


def _offers(asked: dict[str, Any]) -> dict[tuple[int, date], dict[str, Any]]:
    found: defaultdict[tuple[int, date], dict[str, Any]] = defaultdict(
        lambda: {"offers": 0, "accepted": 0, "declined": {}, "expired": 0, "grabbed": 0}
    )
    for row in db.session.execute(_OFFERS, asked):
        tally = found[row.person_id, row.week]
        if row.outcome == "accepted" and row.reason == POOLED:
            tally["grabbed"] += row.times
            continue
        tally["offers"] += row.times
        if row.outcome == "declined":
            reason = row.reason if row.reason in _DECLINES else "other"
            tally["declined"][reason] = tally["declined"].get(reason, 0) + row.times
        elif row.outcome in ("accepted", "expired"):
            tally[row.outcome] += row.times
    return found


def _hours(
    person_ids: Sequence[int], mondays: Sequence[date], zone: ZoneInfo, end: datetime
) -> dict[tuple[int, date, str], int]:
    """Minutes of shifts before `end` without absences, by person, week and kind; on call beside duty, not during it."""
    start = _midnight(mondays[0], zone)
    weekly: defaultdict[int, dict[str, list[WeeklyShift]]] = defaultdict(lambda: {DUTY: [], ON_CALL: []})
    for row in db.session.execute(
        select(
            Shift.person_id, Shift.kind, Shift.weekday, Shift.starts, Shift.ends, Shift.valid_from, Shift.valid_to
        ).where(Shift.person_id.in_(person_ids))
    ):
        weekly[row.person_id][row.kind].append(WeeklyShift.of(row))
    away: defaultdict[int, list[Span]] = defaultdict(list)
    for gone in db.session.execute(
        select(Absence.person_id, Absence.starts_at, Absence.ends_at).where(
            Absence.person_id.in_(person_ids), Absence.ends_at > start, Absence.starts_at < end
        )
    ):
        away[gone.person_id].append(Span(gone.starts_at, gone.ends_at))
    found: dict[tuple[int, date, str], int] = {}
    for person_id, kinds in weekly.items():
        for monday in mondays:
            week = _midnight(monday, zone), min(_midnight(monday + WEEK, zone), end)
            spans = {kind: rules.spans_between(shifts, zone, *week) for kind, shifts in kinds.items()}
            present = rules.without(spans[DUTY], away[person_id])
            found[person_id, monday, DUTY] = rules.minutes(present)
            waiting = rules.without(spans[ON_CALL], (*spans[DUTY], *away[person_id]))
            found[person_id, monday, ON_CALL] = rules.minutes(waiting)
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)
