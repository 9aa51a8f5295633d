"""Planning a week on one grid: changed days of many people at once, exact, each person's change audited once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.audit import labels
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound, Rejected
from app.tickets.models import Absence, Shift, TechnicianProfile
from app.tickets.queries import technicians as technicians_queries
from app.tickets.queries import week as queries
from app.tickets.queries.week import PersonWeek
from app.tickets.rules import week_plan
from app.tickets.rules.week_plan import DayPlan, NotUnderstood
from app.tickets.services import crews

labels.declare(verbs={"week.plan": _l("Planned a week")})

ONE_DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A day of a person: the line that was shown, and the line that is wanted. `name` is its field in the form."""

    name: str
    person_id: int
    day: date
    was: str
    wanted: str


def monday(day: date) -> date:
    """The day its week begins on."""
    return day - timedelta(days=day.weekday())


def plan(*, actor: Actor, now: datetime, zone: ZoneInfo, cells: Sequence[Cell]) -> int:
    """Make the days as they are wanted; returns how many changed. All of them or none.

    A line that is wanted as it `was` is looked at like any other: a form leaves out what nobody touched. Raises
    NotAllowed; NotFound for people the actor does not plan; Rejected with the field of each line that says nothing,
    lies in the past, or was changed by somebody else meanwhile.
    """
    crews.permit_planning(actor)
    wanted, faults = _read(cells)
    people = sorted({cell.person_id for cell, _plan in wanted})
    weeks = _locked(actor, people, [cell.day for cell, _plan in wanted], zone)
    today = now.astimezone(zone).date()
    changes = []
    for cell, to in wanted:
        present = weeks[cell.person_id].plan(cell.day, zone)
        if cell.day < today:
            faults[cell.name] = _l("This day is over.")
        elif present == to:
            continue
        elif present.text != cell.was:
            faults[cell.name] = _l("Somebody has changed it to “%(line)s” meanwhile.", line=present.text or "–")
        else:
            changes.append((cell.person_id, cell.day, present, to))
    if faults:
        raise Rejected(_l("Nothing was changed yet: some days cannot be planned so."), fields=faults)
    return _carry_out(actor, now, zone, weeks, changes)


def copy_week(*, actor: Actor, now: datetime, zone: ZoneInfo, person_ids: Sequence[int], monday: date) -> int:
    """Fill the empty days of a week from today on with the shifts of the week before; returns how many.

    Absences are nobody's habit and are not copied. Raises NotAllowed, NotFound.
    """
    crews.permit_planning(actor)
    today = now.astimezone(zone).date()
    days = [monday + number * ONE_DAY for number in range(7)]
    weeks = _locked(actor, sorted(set(person_ids)), [*(day - WEEK for day in days), *days], zone)
    changes = []
    for person_id in sorted(set(person_ids)):
        for day in days:
            week = weeks[person_id]
            before = week_plan.planned(week.shifts, day - WEEK, away=False)
            if day >= today and before.turns and week.plan(day, zone) == DayPlan():
                changes.append((person_id, day, DayPlan(), before))
    return _carry_out(actor, now, zone, weeks, changes)


def _read(cells: Iterable[Cell]) -> tuple[list[tuple[Cell, DayPlan]], dict[str, Any]]:
    """The lines as plans, and the fields of those that say nothing."""
    wanted, faults = [], {}
    for cell in cells:
        try:
            wanted.append((cell, week_plan.read(cell.wanted)))
        except NotUnderstood as refused:
            faults[cell.name] = _l(refused.message)
    return wanted, faults


def _locked(actor: Actor, person_ids: list[int], days: list[date], zone: ZoneInfo) -> dict[int, PersonWeek]:
    """The people's rows, locked in the order of their ids, with what is planned around the days."""
    if not person_ids:
        return {}
    found = db.session.scalars(
        select(TechnicianProfile.person_id)
        .where(TechnicianProfile.person_id.in_(person_ids), technicians_queries.in_reach(actor))
        .order_by(TechnicianProfile.person_id)
        .with_for_update(key_share=True, of=TechnicianProfile)
    ).all()
    if len(found) != len(person_ids):
        raise NotFound
    return queries.around(person_ids, min(days), max(days), zone)


def _carry_out(
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
    weeks: dict[int, PersonWeek],
    changes: list[tuple[int, date, DayPlan, DayPlan]],
) -> int:
    said: defaultdict[int, list[tuple[date, DayPlan, DayPlan]]] = defaultdict(list)
    for person_id, day, present, to in changes:
        week = weeks[person_id]
        if present.away and not to.away:
            _come_back(week, day, zone)
        if to.away:
            _stay_away(week, person_id, day, zone)
        else:
            _plan_shifts(week, person_id, day, to)
        said[person_id].append((day, present, to))
    db.session.flush()
    for person_id, days in said.items():
        audit.record(
            actor,
            "week.plan",
            "person",
            person_id,
            now=now,
            before={day.isoformat(): before.text for day, before, _after in days},
            after={day.isoformat(): after.text for day, _before, after in days},
        )
    return len(changes)


def _plan_shifts(week: PersonWeek, person_id: int, day: date, to: DayPlan) -> None:
    change = week_plan.difference(week.shifts, day, to)
    for row in change.drop:
        before, after = week_plan.taken_out(row, day)
        shift: Any = row
        shift.valid_from, shift.valid_to = before
        if after is not None:
            rest = Shift(
                person_id=person_id,
                weekday=shift.weekday,
                starts=shift.starts,
                ends=shift.ends,
                kind=shift.kind,
                valid_from=after[0],
                valid_to=after[1],
            )
            _add(week.shifts, rest)
    for turn in change.add:
        single = Shift(
            person_id=person_id,
            weekday=day.weekday(),
            starts=turn.starts,
            ends=turn.ends,
            kind=turn.kind,
            valid_from=day,
            valid_to=day + ONE_DAY,
        )
        _add(week.shifts, single)


def _stay_away(week: PersonWeek, person_id: int, day: date, zone: ZoneInfo) -> None:
    span = queries.whole(day, zone)
    _add(week.absences, Absence(person_id=person_id, starts_at=span.start, ends_at=span.end))


def _come_back(week: PersonWeek, day: date, zone: ZoneInfo) -> None:
    """Take the day out of the absences that cover it; what lies before and after stays."""
    span = queries.whole(day, zone)
    for row in list(week.absences):
        if not (row.starts_at <= span.start and span.end <= row.ends_at):
            continue
        if span.end < row.ends_at:
            rest = Absence(person_id=row.person_id, starts_at=span.end, ends_at=row.ends_at, reason=row.reason)
            _add(week.absences, rest)
        if row.starts_at < span.start:
            row.ends_at = span.start
        else:
            db.session.delete(row)
            week.absences.remove(row)


def _add(rows: list[Any], row: Any) -> None:
    """A new row, known to the days that follow in the same change."""
    db.session.add(row)
    rows.append(row)
