"""Open orders and open requests with their age, as SQL, and the lists of them (tickets-rules 33).

An order is of the crew of whoever it is offered to or who holds it; a request of that of whoever has one of its open
orders. Ages are counted on the calendar by which the request is to be repaired.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, BigInteger, Date, Text, select

from app.core.db import db, valid_on_sql
from app.core.paging import Page, encode
from app.sites.calendars import queries as calendars
from app.tickets.models import Clock
from app.tickets.queries.figure_list import mark
from app.tickets.queries.figure_rows import Asked
from app.tickets.queries.figures import TYPES, statement
from app.tickets.rules import figures as rules
from app.tickets.rules.figures import AGE_ENDS, Age
from app.tickets.rules.workflow import ORDER_OPEN, TICKET_OPEN

LOOKED_BACK: Final = 400
"""Days in which the last 31 working dates are looked for."""
AT_ONCE: Final = 500
USUAL: Final = 0
"""The calendar of requests without a clock: the institution's office hours."""

TYPES.update(
    versions=ARRAY(BigInteger), zones=ARRAY(Text), age_0=ARRAY(Date), age_1=ARRAY(Date), age_2=ARRAY(Date), age=Text
)


def _among(states: Any) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


# looked up once, not for each row; of several crews it is the first
_CREW = f"""
    LEFT JOIN (
        SELECT m.person_id, min(m.crew_id) AS crew_id
        FROM crew_member m
        WHERE {valid_on_sql("m", ":last")}
        GROUP BY m.person_id
    ) crew ON crew.person_id = {{person}}"""  # noqa: S608 - conditions of our own, no input
ORDERS: Final = f"""
    SELECT o.id AS row_id, o.ticket_id, o.id AS order_id, o.planned_minutes, o.campus_id, o.building_id, t.category_id,
        o.trade_id, crew.crew_id, t.filed_at AS ended, NULL::text AS age
    FROM work_order o
    JOIN ticket t ON t.id = o.ticket_id{_CREW.format(person="o.assignee_id")}
    WHERE o.state IN ({_among(ORDER_OPEN)})"""  # noqa: S608 - codes of our own
REQUESTS: Final = f"""
    SELECT t.id AS row_id, t.id AS ticket_id, NULL::bigint AS order_id, NULL::integer AS planned_minutes, t.campus_id,
        t.building_id, t.category_id, c.trade_id, crew.crew_id, t.filed_at AS ended,
        CASE
            WHEN CAST(t.filed_at AT TIME ZONE dates.zone AS date) >= dates.age_0 THEN '{AGE_ENDS[0][0].value}'
            WHEN CAST(t.filed_at AT TIME ZONE dates.zone AS date) >= dates.age_1 THEN '{AGE_ENDS[1][0].value}'
            WHEN CAST(t.filed_at AT TIME ZONE dates.zone AS date) >= dates.age_2 THEN '{AGE_ENDS[2][0].value}'
            ELSE '{Age.OLD.value}'
        END AS age
    FROM ticket t
    JOIN category c ON c.id = t.category_id
    LEFT JOIN sla_clock k ON k.owner_kind = 'ticket' AND k.owner_id = t.id AND k.kind = 'restore' AND k.cycle = t.cycle
    JOIN unnest(:versions, :zones, :age_0, :age_1, :age_2) AS dates (version, zone, age_0, age_1, age_2)
        ON dates.version = coalesce(k.calendar_version_id, {USUAL})
    LEFT JOIN LATERAL (
        SELECT w.assignee_id
        FROM work_order w
        WHERE w.ticket_id = t.id AND w.assignee_id IS NOT NULL AND w.state IN ({_among(ORDER_OPEN)})
        ORDER BY w.id DESC
        LIMIT 1
    ) holder ON true{_CREW.format(person="holder.assignee_id")}
    WHERE t.status IN ({_among(TICKET_OPEN)})"""  # noqa: S608 - codes of our own
KINDS: Final = {"orders": ORDERS, "requests": REQUESTS}


def calendar(asked: Asked, now: datetime) -> None:
    """Add to the values since which day of filing a request is of which age, by calendar; two statements."""
    used = db.session.scalars(
        select(Clock.calendar_version_id)
        .where(Clock.kind == "restore", Clock.phase.in_(["running", "paused", "standing"]))
        .distinct()
    ).all()
    usual = calendars.version_of("office", None)
    versions = {version: version for version in used} | ({USUAL: usual} if usual is not None else {})
    rows = [(version, *_ages(of, now)) for version, of in versions.items()]
    for place, name in enumerate(("versions", "zones", "age_0", "age_1", "age_2")):
        asked.values[name] = [row[place] for row in rows]


def _ages(version: int, now: datetime) -> tuple[Any, ...]:
    """The zone of a calendar and the first day of filing of each age, as of today there."""
    content = calendars.content(version)
    today = now.astimezone(ZoneInfo(content.zone)).date()
    worked = (day for back in range(LOOKED_BACK) if content.hours(day := today - timedelta(days=back)))
    found = rules.eldest(today, worked)
    return content.zone, *(found[age] for age, _last in AGE_ENDS)


def _listed(kind: str, asked: Asked, *, after: bool, limit: bool) -> str:
    beyond = "(r.ended, r.row_id) > (:cursor_at, :cursor_id)" if after else "true"
    aged = "r.age = :age" if "age" in asked.values else "true"
    return f"""
    SELECT r.row_id, r.ticket_id, r.order_id, r.ended, r.planned_minutes, r.age, t.number, o.number AS order_number,
        o.state, t.status, place.path AS place, t.place_text, coalesce(campus.zone_name, :zone) AS zone,
        category.name AS category, trade.name AS trade, named.name AS crew
    FROM (
        SELECT * FROM ({KINDS[kind]}) r
        WHERE {" AND ".join(asked.conditions)} AND {aged} AND {beyond}
        ORDER BY ended, row_id
        {"LIMIT :limit" if limit else ""}
    ) r
    JOIN ticket t ON t.id = r.ticket_id
    JOIN category ON category.id = r.category_id
    LEFT JOIN trade ON trade.id = r.trade_id
    LEFT JOIN work_order o ON o.id = r.order_id
    LEFT JOIN place ON place.id = t.place_id
    LEFT JOIN place campus ON campus.id = t.campus_id
    LEFT JOIN crew named ON named.id = r.crew_id
    ORDER BY r.ended, r.row_id"""  # noqa: S608 - fragments of our own; values are parameters


def page(kind: str, asked: Asked, now: datetime, cursor: str | None, limit: int) -> Page[Any]:
    """Open orders or requests, the eldest request first. Raises Rejected for a cursor that is none of ours."""
    calendar(asked, now)
    given: dict[str, Any] = {"limit": limit + 1}
    if cursor:
        given |= mark(cursor)
    made, named = statement(_listed(kind, asked, after=bool(cursor), limit=True), asked, **given)
    found = db.session.execute(made, named).all()
    kept = found[:limit]
    return Page(kept, encode([kept[-1].ended.isoformat(), kept[-1].row_id]) if len(found) > limit else None)


def stream(kind: str, asked: Asked, now: datetime) -> Iterator[Any]:
    """All of them, through a cursor of the server."""
    calendar(asked, now)
    made, named = statement(_listed(kind, asked, after=False, limit=False), asked)
    yield from db.session.execute(made, named, execution_options={"stream_results": True, "yield_per": AT_ONCE})
