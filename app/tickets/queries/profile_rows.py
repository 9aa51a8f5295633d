"""What hangs on a technician's profile, as pieces of SQL for statements over `technician_profile profile`.

They ask for the parameter `:day`; the shifts they bring are read by `weekly`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

from app.core.db import begun_by_sql, not_over_sql, valid_on_sql
from app.tickets.models.orders import LOAD_STATES
from app.tickets.rules.shifts import WeeklyShift

HIS: Final = "mine.institution_id = profile.institution_id AND mine.assignee_id = profile.person_id"
"""His orders (`work_order mine`)."""

HELD: Final = f"{HIS} AND {LOAD_STATES}"
"""Those that count for his load."""


def valid(table: str) -> str:
    """Rows that hold on the day."""
    return valid_on_sql(table, ":day")


def own(table: str) -> str:
    """Rows of the technician."""
    return f"{table}.institution_id = profile.institution_id AND {table}.person_id = profile.person_id"


SHIFTS: Final = f"""
    (SELECT jsonb_agg(jsonb_build_array(kind, weekday, starts, ends, valid_from, valid_to))
        FROM shift WHERE {own("shift")} AND {not_over_sql("shift", ":day - 3")} AND {begun_by_sql("shift", ":day + 3")})
"""  # noqa: S608 - conditions of our own, no input
"""His shifts of the days around, of all kinds."""


def weekly(shifts: Iterable[Sequence[Any]] | None) -> Mapping[str, list[WeeklyShift]]:
    """What `SHIFTS` brings, by kind; a kind he has none of is empty."""
    found: defaultdict[str, list[WeeklyShift]] = defaultdict(list)
    for kind, weekday, starts, ends, since, until in shifts or ():
        found[kind].append(
            WeeklyShift(
                weekday=weekday,
                starts=time.fromisoformat(starts),
                ends=time.fromisoformat(ends),
                valid_from=_day(since),
                valid_to=_day(until),
            )
        )
    return found


def _day(given: str | None) -> date | None:
    return None if given is None else datetime.fromisoformat(given).date()
