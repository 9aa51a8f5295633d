"""The load of what is open now: orders against the shifts of their crews, requests by age (tickets-rules 33)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.accounts.models import CrewMember
from app.core.db import db, valid_on
from app.tickets.models import Shift
from app.tickets.queries.figure_rows import KEYS, NONE, Asked
from app.tickets.queries.figures import statement
from app.tickets.queries.open_rows import ORDERS, REQUESTS, calendar
from app.tickets.rules import figures as rules
from app.tickets.rules import shifts
from app.tickets.rules.figures import Age, By
from app.tickets.rules.shifts import WeeklyShift

WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Open:
    """Of one group: open orders with their planned minutes, the crew's shift minutes in a week, requests by age."""

    orders: int
    planned: int
    weekly: int | None
    ages: dict[Age, int]

    @property
    def weeks(self) -> float | None:
        """Crew weeks; None without a crew, or without shifts."""
        return None if self.weekly is None else rules.weeks(self.planned, self.weekly)


def summed(asked: Asked, by: By, now: datetime) -> tuple[Open, dict[str | None, Open]]:
    """In all, and by group; five statements."""
    calendar(asked, now)
    key = KEYS[by]
    load: dict[Any, tuple[int, int]] = {}
    ages: defaultdict[Any, dict[Age, int]] = defaultdict(dict)
    for row in _run(f"SELECT {key} AS key, count(*) AS rows, sum(planned_minutes) AS planned", ORDERS, asked):
        load[row.key] = (row.rows, int(row.planned))
    for row in _run(f"SELECT {key} AS key, count(*) AS rows, age", REQUESTS, asked, grouped="key, age"):
        ages[row.key][Age(row.age)] = row.rows
    weekly = shift_minutes(asked.values["last"], ZoneInfo(asked.values["zone"]))
    crews = weekly if by is By.CREW else {}
    keys = {*load, *ages, *(str(crew) for crew in crews if crew is not None and _shown(asked, crew))}
    groups = {
        one: Open(*load.get(one, (0, 0)), weekly=None if one is None else crews.get(int(one)), ages=ages.get(one, {}))
        for one in keys
    }
    total = Open(
        sum(each.orders for each in groups.values()),
        sum(each.planned for each in groups.values()),
        None if asked.wanted.crew == NONE else weekly.get(asked.wanted.crew, 0),
        {age: sum(each.ages.get(age, 0) for each in groups.values()) for age in Age},
    )
    return total, groups


def _shown(asked: Asked, crew: int) -> bool:
    """A crew without open work is shown too, unless another one is asked for."""
    return asked.wanted.crew in (None, crew)


def _run(what: str, rows: str, asked: Asked, grouped: str = "key") -> Sequence[Any]:
    sql = f"{what} FROM ({rows}) r WHERE {' AND '.join(asked.conditions)} GROUP BY {grouped}"
    made, named = statement(sql, asked)
    return db.session.execute(made, named).all()


def shift_minutes(today: date, zone: ZoneInfo) -> dict[int | None, int]:
    """Minutes of the duty shifts of a crew's people in the week of a day; None: of all who are in a crew, each once."""
    monday = today - timedelta(days=today.weekday())
    start, end = (datetime.combine(day, time(0), zone) for day in (monday, monday + WEEK))
    weekly: defaultdict[int, set[WeeklyShift]] = defaultdict(set)
    crews: defaultdict[int, set[int]] = defaultdict(set)
    for row in db.session.execute(
        select(
            CrewMember.crew_id,
            CrewMember.person_id,
            Shift.weekday,
            Shift.starts,
            Shift.ends,
            Shift.valid_from,
            Shift.valid_to,
        )
        .join(Shift, Shift.person_id == CrewMember.person_id)
        .where(
            Shift.kind == "duty",
            valid_on(CrewMember, today),
        )
    ):
        weekly[row.person_id].add(WeeklyShift.of(row))
        crews[row.crew_id].add(row.person_id)
    minutes = {
        person: shifts.minutes(shifts.spans_between(list(its), zone, start, end)) for person, its in weekly.items()
    }
    found: dict[int | None, int] = {crew: sum(minutes[one] for one in people) for crew, people in crews.items()}
    found[None] = sum(minutes.values())
    return found
