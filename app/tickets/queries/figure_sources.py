"""What figures are counted from, as SQL: closed clocks, resolved cycles, finished orders, closings, requests filed.

Each source gives its rows with who and what they are of (`row_id`, `ticket_id`, `order_id`, `cycle`, places, category,
the trade of an order), when they `ended`, the `zone` of their campus, who did the work and until when (`holder_id`,
`held_at`), and the values figures read. The text is ours alone; what differs are named parameters: `zone` of the
institution, `thirty` days, and which rows: those of the requests a parameter names, or those of a time, `from` and
`until` (for what is found by when it happened) or `told_until` (by when it was told).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Source:
    """The statement of a source in its parts; `values` are the columns it gives beyond those of all.

    `of` is the table whose requests they are, `in_time` the condition by which a time finds them. `{near:…}` stands
    where a time narrows what is joined, for the planner's sake: it changes no row.
    """

    of: str
    columns: str
    tables: str
    where: str
    values: tuple[str, ...]
    in_time: str


_OF_TICKET = "t.campus_id, t.building_id, t.category_id, t.status"
_TICKET_TABLES = """
    JOIN ticket t ON t.id = {of}.ticket_id
    LEFT JOIN place campus ON campus.id = t.campus_id"""
_ZONE = "coalesce(campus.zone_name, :zone) AS zone"
_MINUTES = "CAST(extract(epoch FROM {until} - {since}) / 60 AS integer)"
_TOLD = "e.at >= :from AND e.at < :told_until"
_HAPPENED = "coalesce(e.effective_at, e.at)"
_MINUTE_OF = "date_trunc('minute', {})"

# who had the last order done in the cycle, or in any (34: the crew is that of the holder at done)
_LAST = """
    LEFT JOIN LATERAL (
        SELECT w.assignee_id, w.done_at
        FROM work_order w
        WHERE w.ticket_id = {of}.ticket_id AND w.done_at IS NOT NULL AND {which}
        ORDER BY w.done_at DESC, w.id DESC
        LIMIT 1
    ) holder ON true"""
_IN_CYCLE = "w.cycle = {of}.cycle"
_HOLDER = "holder.assignee_id AS holder_id, holder.done_at AS held_at"
_OF_ORDER = "CASE WHEN o.done_at IS NOT NULL THEN o.assignee_id END AS holder_id, o.done_at AS held_at"

# a visit is a stay in working; a hold at the door on the way is a trip in vain (32); 36
_VISITS = """
    LEFT JOIN LATERAL (
        SELECT CAST(count(*) FILTER (WHERE v.kind = 'start') AS integer) AS visits,
            CAST(count(*) FILTER (
                WHERE v.kind = 'hold' AND v.from_state = 'en_route' AND v.reason IN ('access', 'reporter_absent')
            ) AS integer) AS in_vain,
            CAST(count(*) FILTER (WHERE v.kind IN ('give_back', 'reassign')) AS integer) AS moved
        FROM ticket_event v
        WHERE v.order_id = o.id AND v.kind IN ('start', 'hold', 'give_back', 'reassign')
    ) visit ON true"""
_OFFERS = """
    LEFT JOIN LATERAL (
        SELECT CAST(count(*) AS integer) AS offers,
            CAST(count(*) FILTER (WHERE f.outcome = 'accepted') AS integer) AS taken
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
_RATED = """
    LEFT JOIN LATERAL (
        SELECT g.quality + g.speed + g.manner AS stars
        FROM ticket_rating g
        WHERE g.ticket_id = e.ticket_id AND g.cycle = e.cycle
        ORDER BY g.at DESC, g.id DESC
        LIMIT 1
    ) rating ON true"""


def _of_event(kinds: tuple[str, ...], *, holder: str) -> Source:
    """The requests that an event of these kinds happened to; `holder`: which of their done orders names who did it."""
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return Source(
        of="e",
        columns=f"""
        e.id AS row_id, e.ticket_id, NULL::bigint AS order_id, e.cycle, {_HAPPENED} AS ended, {_ZONE}, {_OF_TICKET},
        NULL::bigint AS own_trade_id, {_HOLDER}, e.kind""",
        tables=f"ticket_event e{_TICKET_TABLES.format(of='e')}{_LAST.format(of='e', which=holder)}",
        where=f"e.kind IN ({named})",
        values=("kind",),
        in_time=_TOLD,
    )


SOURCES: Final[dict[str, Source]] = {
    "responses": Source(
        of="k",
        columns=f"""
        k.id AS row_id, k.ticket_id, NULL::bigint AS order_id, k.cycle, k.stopped_at AS ended, {_ZONE},
        {_OF_TICKET}, NULL::bigint AS own_trade_id, {_HOLDER}, k.used AS work, k.kept, k.excused,
        {_MINUTES.format(until="k.stopped_at", since="k.started_at")} AS raw""",
        tables=f"sla_clock k{_TICKET_TABLES.format(of='k')}{_LAST.format(of='k', which=_IN_CYCLE.format(of='k'))}",
        where="k.phase = 'stopped' AND k.kind = 'respond'",
        values=("work", "kept", "excused", "raw"),
        in_time="k.stopped_at >= :from AND k.stopped_at < :until",
    ),
    "clocks": Source(
        of="k",
        columns=f"""
        k.id AS row_id, k.ticket_id, o.id AS order_id, k.cycle, k.stopped_at AS ended, {_ZONE}, {_OF_TICKET},
        o.trade_id AS own_trade_id, {_OF_ORDER}, k.kind, k.used AS work, k.kept, k.excused,
        {_MINUTES.format(until="k.stopped_at", since="k.started_at")}
            - coalesce(CAST(held.minutes AS integer), 0) AS raw""",
        tables=f"""
        sla_clock k{_TICKET_TABLES.format(of="k")}
    JOIN work_order o ON o.id = k.owner_id{_HELD}""",
        where="k.phase = 'stopped' AND k.kind IN ('dispatch', 'arrive')",
        values=("kind", "work", "kept", "excused", "raw"),
        in_time="k.stopped_at >= :from AND k.stopped_at < :until",
    ),
    "cycles": Source(
        of="e",
        columns=f"""
        e.id AS row_id, e.ticket_id, NULL::bigint AS order_id, e.cycle, {_HAPPENED} AS ended, {_ZONE}, {_OF_TICKET},
        NULL::bigint AS own_trade_id, {_HOLDER}, r.id IS NOT NULL AS restored, r.used AS work, r.kept,
        coalesce(r.excused, false) AS excused, {_MINUTES.format(until="r.stopped_at", since="r.started_at")} AS raw,
        EXISTS (SELECT FROM work_order w WHERE w.ticket_id = e.ticket_id AND w.kind = 'corrective') AS corrective,
        e.cycle = t.cycle AND t.status IN ('resolved', 'closed') AS final,
        {_MINUTES.format(until=_MINUTE_OF.format(_HAPPENED), since=_MINUTE_OF.format("t.filed_at"))} AS total,
        p.kept AS promise_kept, coalesce(p.excused, false) AS promise_excused, t.not_fixed_count AS not_fixed,
        e.cycle < t.cycle AS reopened, t.reporter_id IS NOT NULL AS asked, rating.stars""",
        tables=f"""
        ticket_event e{_TICKET_TABLES.format(of="e")}{_LAST.format(of="e", which=_IN_CYCLE.format(of="e"))}
    LEFT JOIN sla_clock r ON r.owner_kind = 'ticket' AND r.owner_id = e.ticket_id AND r.kind = 'restore'
        AND r.cycle = e.cycle AND r.phase = 'stopped'{{near:r}}
    LEFT JOIN sla_clock p ON p.owner_kind = 'ticket' AND p.owner_id = e.ticket_id AND p.kind = 'promise'
        AND p.cycle = e.cycle AND p.phase = 'stopped'{{near:p}}{_RATED}""",
        where="e.kind = 'all_done'",
        values=(
            "restored",
            "work",
            "kept",
            "excused",
            "raw",
            "corrective",
            "final",
            "total",
            "promise_kept",
            "promise_excused",
            "not_fixed",
            "reopened",
            "asked",
            "stars",
        ),
        in_time=_TOLD,
    ),
    "done": Source(
        of="o",
        columns=f"""
        o.id AS row_id, o.ticket_id, o.id AS order_id, o.cycle, o.done_at AS ended, {_ZONE}, {_OF_TICKET},
        o.trade_id AS own_trade_id, {_OF_ORDER}, o.kind, visit.visits, visit.in_vain, visit.moved, offered.offers,
        offered.taken,
        EXISTS (
            SELECT FROM work_order n
            WHERE n.rework_of_id = o.id AND n.opened_at <= o.done_at + CAST(:thirty AS interval)
        ) AS named""",
        tables=f"work_order o{_TICKET_TABLES.format(of='o')}{_VISITS}{_OFFERS}",
        where="o.done_at IS NOT NULL",
        values=("kind", "visits", "in_vain", "moved", "offers", "taken", "named"),
        in_time="o.done_at >= :from AND o.done_at < :until",
    ),
    "closings": _of_event(("confirm", "accept_third", "default"), holder=_IN_CYCLE.format(of="e")),
    "filings": _of_event(("file", "join"), holder="true"),
}

COMMON: Final = (
    "row_id",
    "ticket_id",
    "order_id",
    "cycle",
    "ended",
    "campus_id",
    "building_id",
    "category_id",
    "status",
    "own_trade_id",
    "holder_id",
)
"""What every source gives."""
DATED: Final = ("day", "held_on")
"""What is worked out of it on the wall clock of the campus."""
_NEAR = " AND {of}.stopped_at >= :from AND {of}.stopped_at < :told_until"


def columns(source: str, of: str = "r") -> str:
    """The columns of a source, in one order wherever its rows come from."""
    return ", ".join(f"{of}.{name}" for name in (*COMMON, *DATED, *SOURCES[source].values))


def derived(source: str, *, tickets: str | None) -> str:
    """The rows of a source with their days, from the history: of the tickets a parameter names, or of a time.

    OFFSET 0: the day is worked out once, and tables are joined by how many rows there are before it is compared, which
    the planner cannot guess.
    """
    one = SOURCES[source]
    tables = one.tables
    for joined in ("r", "p"):
        tables = tables.replace(f"{{near:{joined}}}", "" if tickets else _NEAR.format(of=joined))
    which = f"{one.of}.ticket_id = ANY (:{tickets})" if tickets else one.in_time
    values = "".join(f", r.{name}" for name in one.values)
    return f"""
    SELECT {", ".join(f"r.{name}" for name in COMMON)}, CAST(r.ended AT TIME ZONE r.zone AS date) AS day,
        CAST(r.held_at AT TIME ZONE r.zone AS date) AS held_on{values}
    FROM (SELECT {one.columns} FROM {tables} WHERE {one.where} AND {which}) r
    OFFSET 0"""  # noqa: S608 - fragments of our own; values are parameters
