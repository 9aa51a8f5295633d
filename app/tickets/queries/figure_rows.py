"""The rows figures are made of (tickets-rules 30 to 36), as SQL: sources, which of their rows a figure counts, filters.

Every figure is summed over, listed from and exported from the same statement, so that they agree. A row belongs to the
day of its end event on the wall clock of its campus. Values are named parameters; the text is ours alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.core.actor import Actor
from app.core.db import db
from app.tickets import policies
from app.tickets.models import Category
from app.tickets.rules.figures import PROVISIONAL, By, Figure

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
    Figure.RESPOND: Part("clocks", "kind = 'respond'", **_TIME),
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
        "cycles", "asked", part="CASE WHEN score IS NULL THEN 0 ELSE 1 END", whole="1", score="score"
    ),
    Figure.REOPENED: Part(
        "cycles", "true", part="CASE WHEN reopened THEN 1 ELSE 0 END", whole="1", provisional=_YOUNG
    ),
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
SOURCES: Final = ("clocks", "cycles", "done", "closings", "filings")

KEYS: Final[dict[By, str]] = {
    By.MONTH: "to_char(day, 'YYYY-MM')",
    By.BUILDING: "building_id::text",
    By.TRADE: "trade_id::text",
    By.CREW: "crew_id::text",
    By.CATEGORY: "category_id::text",
}

# what ticket and category say of a row; its day is that of `ended` on the campus
_OF_TICKET = "t.campus_id, t.building_id, t.category_id, t.status"
_TICKET_TABLES = """
    JOIN ticket t ON t.id = {of}.ticket_id
    JOIN category c ON c.id = t.category_id
    LEFT JOIN place campus ON campus.id = t.campus_id"""
_ZONE = "coalesce(campus.zone_name, :zone) AS zone"
_MINUTES = "CAST(extract(epoch FROM {until} - {since}) / 60 AS integer)"
_TOLD = "e.at >= :from AND e.at < :told_until"
_HAPPENED = "coalesce(e.effective_at, e.at)"

# a visit is a stay in working; a hold at the door on the way is a trip in vain (32); 36
_VISITS = """
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE v.kind = 'start') AS visits,
            count(*) FILTER (
                WHERE v.kind = 'hold' AND v.from_state = 'en_route' AND v.reason IN ('access', 'reporter_absent')
            ) AS in_vain,
            count(*) FILTER (WHERE v.kind IN ('give_back', 'reassign')) AS moved
        FROM ticket_event v
        WHERE v.order_id = o.id AND v.kind IN ('start', 'hold', 'give_back', 'reassign')
    ) visit ON true"""
_OFFERS = """
    LEFT JOIN LATERAL (
        SELECT count(*) AS offers, count(*) FILTER (WHERE f.outcome = 'accepted') AS taken
        FROM offer f
        WHERE f.order_id = o.id AND f.outcome IN ('accepted', 'declined', 'expired')
            AND NOT (f.outcome = 'accepted' AND f.reason IS NOT DISTINCT FROM 'pool')
    ) offered ON true"""
# how long somebody held an order that was given back or given to another: no part of dispatch (30)
_HELD = """
    LEFT JOIN LATERAL (
        SELECT sum(
            extract(
                epoch FROM date_trunc('minute', coalesce(g.effective_at, g.at)) - date_trunc('minute', taken.at)
            ) / 60
        ) AS minutes
        FROM ticket_event g
        CROSS JOIN LATERAL (
            SELECT coalesce(a.effective_at, a.at) AS at
            FROM ticket_event a
            WHERE a.ticket_id = g.ticket_id AND a.order_id = g.order_id AND a.kind IN ('accept', 'grab') AND a.id < g.id
            ORDER BY a.id DESC
            LIMIT 1
        ) taken
        WHERE g.order_id = o.id AND g.kind IN ('give_back', 'reassign')
            AND date_trunc('minute', coalesce(g.effective_at, g.at)) <= k.stopped_at
    ) held ON k.kind = 'dispatch'"""

_SOURCES: Final[dict[str, str]] = {
    "clocks": f"""
    SELECT k.id AS row_id, k.ticket_id, o.id AS order_id, k.cycle, k.stopped_at AS ended, {_ZONE}, {_OF_TICKET},
        coalesce(o.trade_id, c.trade_id) AS trade_id, k.kind, k.used AS work, k.kept, k.excused,
        {_MINUTES.format(until="k.stopped_at", since="k.started_at")} - coalesce(CAST(held.minutes AS integer), 0) AS raw
    FROM sla_clock k{_TICKET_TABLES.format(of="k")}
    LEFT JOIN work_order o ON k.owner_kind = 'order' AND o.id = k.owner_id{_HELD}
    WHERE k.phase = 'stopped' AND k.kind IN ('respond', 'dispatch', 'arrive')
        AND k.stopped_at >= :from AND k.stopped_at < :until""",
    "cycles": f"""
    SELECT e.id AS row_id, e.ticket_id, NULL::bigint AS order_id, e.cycle, {_HAPPENED} AS ended, {_ZONE}, {_OF_TICKET},
        c.trade_id, r.id IS NOT NULL AS restored, r.used AS work, r.kept, coalesce(r.excused, false) AS excused,
        {_MINUTES.format(until="r.stopped_at", since="r.started_at")} AS raw,
        EXISTS (SELECT FROM work_order w WHERE w.ticket_id = e.ticket_id AND w.kind = 'corrective') AS corrective,
        e.cycle = t.cycle AND t.status IN ('resolved', 'closed') AS final,
        {_MINUTES.format(until=f"date_trunc('minute', {_HAPPENED})", since="date_trunc('minute', t.filed_at)")} AS total,
        p.kept AS promise_kept, coalesce(p.excused, false) AS promise_excused, t.not_fixed_count AS not_fixed,
        e.cycle < t.cycle AS reopened, t.reporter_id IS NOT NULL AS asked, rating.score
    FROM ticket_event e{_TICKET_TABLES.format(of="e")}
    LEFT JOIN sla_clock r ON r.owner_kind = 'ticket' AND r.owner_id = e.ticket_id AND r.kind = 'restore'
        AND r.cycle = e.cycle AND r.phase = 'stopped'
    LEFT JOIN sla_clock p ON p.owner_kind = 'ticket' AND p.owner_id = e.ticket_id AND p.kind = 'promise'
        AND p.cycle = e.cycle AND p.phase = 'stopped'
    LEFT JOIN LATERAL (
        SELECT (g.quality + g.speed + g.manner) / 3.0 AS score
        FROM ticket_rating g
        WHERE g.ticket_id = e.ticket_id AND g.cycle = e.cycle
        ORDER BY g.at DESC, g.id DESC
        LIMIT 1
    ) rating ON true
    WHERE e.kind = 'all_done' AND {_TOLD}""",
    "done": f"""
    SELECT o.id AS row_id, o.ticket_id, o.id AS order_id, o.cycle, o.done_at AS ended, {_ZONE}, {_OF_TICKET},
        o.trade_id, o.kind, visit.visits, visit.in_vain, visit.moved, offered.offers, offered.taken,
        EXISTS (
            SELECT FROM work_order n
            WHERE n.ticket_id = o.ticket_id AND n.rework_of_id = o.id
                AND n.opened_at <= o.done_at + CAST(:thirty AS interval)
        ) AS named
    FROM work_order o{_TICKET_TABLES.format(of="o")}{_VISITS}{_OFFERS}
    WHERE o.done_at IS NOT NULL AND o.done_at >= :from AND o.done_at < :until""",
    "closings": f"""
    SELECT e.id AS row_id, e.ticket_id, NULL::bigint AS order_id, e.cycle, {_HAPPENED} AS ended, {_ZONE}, {_OF_TICKET},
        c.trade_id, e.kind
    FROM ticket_event e{_TICKET_TABLES.format(of="e")}
    WHERE e.kind IN ('confirm', 'accept_third', 'default') AND {_TOLD}""",
    "filings": f"""
    SELECT e.id AS row_id, e.ticket_id, NULL::bigint AS order_id, e.cycle, {_HAPPENED} AS ended, {_ZONE}, {_OF_TICKET},
        c.trade_id, e.kind
    FROM ticket_event e{_TICKET_TABLES.format(of="e")}
    WHERE e.kind IN ('file', 'join') AND {_TOLD}""",
}

# the crew of the holder at done (34): of the order, else of the last order done in the cycle
HOLDER = """
    LEFT JOIN LATERAL (
        SELECT w.assignee_id, CAST(w.done_at AT TIME ZONE r.zone AS date) AS done_on
        FROM work_order w
        WHERE w.ticket_id = r.ticket_id AND w.done_at IS NOT NULL AND {which}
        ORDER BY w.done_at DESC, w.id DESC
        LIMIT 1
    ) holder ON true
    LEFT JOIN LATERAL (
        SELECT m.crew_id
        FROM crew_member m
        WHERE m.person_id = holder.assignee_id AND (m.valid_from IS NULL OR m.valid_from <= holder.done_on)
            AND (m.valid_to IS NULL OR m.valid_to > holder.done_on)
        ORDER BY m.crew_id
        LIMIT 1
    ) crew ON true"""
WHICH = {
    "clocks": "(w.id = r.order_id OR r.order_id IS NULL AND w.cycle = r.cycle)",
    "cycles": "w.cycle = r.cycle",
    "done": "w.id = r.order_id",
    "closings": "w.cycle = r.cycle",
    "filings": "true",
}


@dataclass(slots=True)
class Asked:
    """A report's filters with what they mean: conditions on the rows and the values of all named parameters."""

    wanted: Wanted
    values: dict[str, Any]
    conditions: list[str] = field(default_factory=list)
    by_crew: bool = False


def ask(actor: Actor, wanted: Wanted, now: datetime, zone: ZoneInfo) -> Asked:
    """Look up what the filters mean and what the actor may see; at most one statement."""
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
        ["day BETWEEN :first AND :last"],
    )
    _scoped(asked, actor)
    for name in ("campus", "building", "trade", "crew"):
        _narrowed(asked, name, getattr(wanted, name))
    asked.by_crew = wanted.crew is not None
    if wanted.category is not None:
        asked.values["categories"] = [wanted.category] if wanted.alone else _categories_below(wanted.category)
        asked.conditions.append("category_id = ANY (:categories)")
    if wanted.weekday is not None:
        asked.values["weekday"] = wanted.weekday
        asked.conditions.append("extract(isodow FROM day) - 1 = :weekday")
    return asked


def _scoped(asked: Asked, actor: Actor) -> None:
    """Whoever reads reports of some campuses or buildings counts what lies there, and nothing else."""
    scopes = actor.scopes(policies.REPORTS)
    if actor.kind == "system" or any(scope.kind == "institution" for scope in scopes):
        return
    for kind, name in (("campus", "campuses"), ("building", "buildings")):
        asked.values[name] = sorted(scope.id for scope in scopes if scope.kind == kind and scope.id is not None)
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


def rows(source: str, asked: Asked, *, by_crew: bool = False) -> str:
    """The rows of a source that pass the filters, with `day`; with `crew_id` where it is asked for."""
    with_crew = by_crew or asked.by_crew
    crew, crew_id = (HOLDER.format(which=WHICH[source]), ", crew.crew_id") if with_crew else ("", "")
    return f"""
    SELECT * FROM (
        SELECT r.*, CAST(r.ended AT TIME ZONE r.zone AS date) AS day{crew_id}
        FROM ({_SOURCES[source]}
        ) r{crew}
    ) dated
    WHERE {" AND ".join(asked.conditions)}"""  # noqa: S608 - fragments of our own; values are parameters
