"""The rows figures are made of (tickets-rules 30 to 36), as SQL: sources, which of their rows a figure counts, filters.

Every figure is summed over, listed from and exported from the same statement, so that they agree. A row belongs to the
day of its end event on the wall clock of its campus. Values are named parameters; the text is ours alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import aliased

from app.core.actor import Actor
from app.core.db import db
from app.tickets import policies
from app.tickets.models import Category
from app.tickets.queries import figure_crews, figure_settled
from app.tickets.queries.figure_sources import columns, derived
from app.tickets.rules.figures import PROVISIONAL, By, Figure

_PATIENCE = text(
    "SET LOCAL statement_timeout = '30s'; SET LOCAL work_mem = '64MB'; SET LOCAL plan_cache_mode = force_custom_plan"
)
"""A report of years reads more than a page may otherwise; it sorts in memory, and is planned for its own span: the plan
kept for any span takes a year of 100,000 requests for a few rows (14 s of PostgreSQL
instead of 1.6; bench/README.md)."""
NONE = 0
"""The id a filter has for "none of them": rows without a building, a crew …"""
LATE_NEWS = timedelta(days=31)
"""How much later than it happened something may be told by a device; events are found by when they were told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a report is narrowed to: days on the campus's calendar, both inclusive, and ids (`NONE`: without one).

    `category` is meant with all below it, unless `alone`; `weekday` 0 is Monday.
    """

    first: date
    last: date
    campus: int | None = None
    building: int | None = None
    trade: int | None = None
    crew: int | None = None
    category: int | None = None
    alone: bool = False
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """How a figure reads the rows of its source: which it counts, and its lengths, part and whole of each."""

    source: str
    where: str
    part: str = "0"
    whole: str = "0"
    work: str = "NULL::integer"
    raw: str = "NULL::integer"
    score: str = "NULL::numeric"
    excused: str = "false"
    provisional: str = "false"


_JUDGED = {"part": "CASE WHEN kept THEN 1 ELSE 0 END", "whole": "CASE WHEN kept IS NULL THEN 0 ELSE 1 END"}
_TIME: dict[str, Any] = {"work": "work", "raw": "raw", "excused": "excused AND kept IS FALSE", **_JUDGED}
_YOUNG = "ended > :young"

PARTS: Final[dict[Figure, Part]] = {
    Figure.RESPOND: Part("responses", "true", **_TIME),
    Figure.DISPATCH: Part("clocks", "kind = 'dispatch'", **_TIME),
    Figure.ARRIVE: Part("clocks", "kind = 'arrive'", **_TIME),
    Figure.RESTORE: Part("cycles", "restored", **_TIME),
    Figure.MTTR: Part(
        "cycles", "restored AND corrective AND status NOT IN ('duplicate', 'rejected', 'withdrawn')", **_TIME
    ),
    Figure.TOTAL: Part("cycles", "final", raw="total"),
    Figure.PROMISES: Part(
        "cycles",
        "final AND promise_kept IS NOT NULL",
        part="CASE WHEN promise_kept AND not_fixed = 0 THEN 1 ELSE 0 END",
        whole="1",
        excused="promise_excused AND NOT promise_kept",
        provisional=_YOUNG,
    ),
    Figure.SATISFACTION: Part(
        "cycles", "asked", part="CASE WHEN stars IS NULL THEN 0 ELSE 1 END", whole="1", score="stars / 3.0"
    ),
    Figure.REOPENED: Part("cycles", "true", part="CASE WHEN reopened THEN 1 ELSE 0 END", whole="1", provisional=_YOUNG),
    Figure.FIRST_TIME: Part(
        "done",
        "kind <> 'rework'",
        part="CASE WHEN visits = 1 AND NOT named THEN 1 ELSE 0 END",
        whole="1",
        provisional=_YOUNG,
    ),
    Figure.IN_VAIN: Part("done", "true", part="in_vain", whole="1"),
    Figure.REASSIGNED: Part("done", "true", part="moved", whole="1"),
    Figure.OFFERS: Part("done", "offers > 0", part="offers", whole="taken"),
    Figure.BY_DEFAULT: Part("closings", "true", part="CASE WHEN kind = 'default' THEN 1 ELSE 0 END", whole="1"),
    Figure.FILED: Part("filings", "kind = 'file'", part="1", whole="1"),
    Figure.DUPLICATES: Part(
        "filings", "true", part="CASE WHEN kind = 'join' OR status = 'duplicate' THEN 1 ELSE 0 END", whole="1"
    ),
}
KEYS: Final[dict[By, str]] = {
    By.MONTH: "to_char(day, 'YYYY-MM')",
    By.BUILDING: "building_id::text",
    By.TRADE: "trade_id::text",
    By.CREW: "crew_id::text",
    By.CATEGORY: "category_id::text",
}


@dataclass(slots=True)
class Asked:
    """A report's filters with what they mean: conditions on the rows and the values of all named parameters."""

    wanted: Wanted
    values: dict[str, Any]
    conditions: list[str] = field(default_factory=list)
    by_crew: bool = False
    settled: bool = False  # rows are kept, but for those of the requests among the values


def ask(actor: Actor, wanted: Wanted, now: datetime, zone: ZoneInfo, *, ended: bool = True) -> Asked:
    """Look up what the filters mean and what the actor may see, and let the transaction take its time.

    At most four statements.

    Not `ended`: what is open now is asked for, and the days say nothing.
    """
    db.session.execute(_PATIENCE)
    edge = timedelta(days=1)  # a campus may lie on the other side of midnight
    start = datetime.combine(wanted.first, time(0), UTC) - edge
    until = datetime.combine(wanted.last, time(0), UTC) + 2 * edge
    asked = Asked(
        wanted,
        {
            "first": wanted.first,
            "last": wanted.last,
            "from": start,
            "until": until,
            "told_until": until + LATE_NEWS,
            "zone": str(zone),
            "young": now - PROVISIONAL,
            "thirty": PROVISIONAL,
        },
        ["day BETWEEN :first AND :last"] if ended else ["true"],
    )
    _scoped(asked, actor)
    for name in ("campus", "building", "trade", "crew"):
        _narrowed(asked, name, getattr(wanted, name))
    asked.by_crew = wanted.crew is not None
    if ended:
        unsettled = figure_settled.unsettled(str(zone))
        asked.settled = unsettled is not None
        asked.values["unsettled"] = unsettled
    if wanted.category is not None:
        asked.values["categories"] = [wanted.category] if wanted.alone else _categories_below(wanted.category)
        asked.conditions.append("category_id = ANY (:categories)")
    if wanted.weekday is not None:
        asked.values["weekday"] = wanted.weekday
        asked.conditions.append("extract(isodow FROM day) - 1 = :weekday")
    return asked


def _scoped(asked: Asked, actor: Actor) -> None:
    """Whoever reads reports of some campuses or buildings counts what lies there, and nothing else."""
    if actor.holds_everywhere(policies.REPORTS):
        return
    asked.values["campuses"] = actor.scope_ids("campus", policies.REPORTS)
    asked.values["buildings"] = actor.scope_ids("building", policies.REPORTS)
    asked.conditions.append("(campus_id = ANY (:campuses) OR building_id = ANY (:buildings))")


def _narrowed(asked: Asked, name: str, wanted: int | None) -> None:
    if wanted is None:
        return
    if wanted == NONE:
        asked.conditions.append(f"{name}_id IS NULL")
        return
    asked.values[name] = wanted
    asked.conditions.append(f"{name}_id = :{name}")


def _categories_below(category: int) -> list[int]:
    """A category with all below it; of every time, since old requests keep theirs."""
    base = select(Category.id).where(Category.id == category).cte("below", recursive=True)
    child = aliased(Category)
    tree = base.union(select(child.id).join(base, child.parent_id == base.c.id))
    return list(db.session.scalars(select(tree.c.id)))


def crew_joined(asked: Asked) -> str:
    """What joins `crew.crew_id` to rows `r`; its values are looked up for the first that asks, and kept."""
    if "crew_people" not in asked.values:
        asked.values |= figure_crews.known()
    return figure_crews.JOINED


def rows(source: str, asked: Asked, *, by_crew: bool = False) -> str:
    """The rows of a source that pass the filters, with `trade_id`; with `crew_id` where it is asked for.

    They are those kept, and of requests something happened to since, those of the history.
    """
    crew, crew_id = (crew_joined(asked), ", crew.crew_id") if by_crew or asked.by_crew else ("", "")
    found = (
        f"{figure_settled.kept(source)} UNION ALL ({derived(source, tickets='unsettled')})"
        if asked.settled
        else derived(source, tickets=None)
    )
    return f"""
    SELECT * FROM (
        SELECT {columns(source)}, coalesce(r.own_trade_id, c.trade_id) AS trade_id{crew_id}
        FROM ({found}) r
        JOIN category c ON c.id = r.category_id{crew}
    ) found
    WHERE {" AND ".join(asked.conditions)}"""  # noqa: S608 - fragments of our own; values are parameters
