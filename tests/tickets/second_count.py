"""The figures once more, in plain SQL, from events, calendars, crews and ratings alone (tickets-rules 30 to 36).

Nothing here reads what the product derives: no clock, no state or holder of an order, no counter. Working minutes are
counted from the calendars' published content, states from the events. One campus zone without a change of the clocks
in the time looked at; no request there was reclassified.
"""

from __future__ import annotations

ZONE = "Asia/Shanghai"
STOPPING = "('parts', 'weather', 'access', 'reporter_absent')"

TABLES = (
    """CREATE TEMP TABLE ev AS SELECT id, ticket_id, order_id, kind, from_state, to_state, reason, actor_id, actor_kind <> 'system' AS human,
        at, date_trunc('minute', at) AS m, cycle, data
    FROM ticket_event""",
    "CREATE INDEX ON ev (ticket_id, id)",
    "CREATE INDEX ON ev (order_id, id)",
    "ANALYZE ev",
    """CREATE TEMP TABLE content AS SELECT id AS version, content FROM calendar_version""",
    """CREATE TEMP TABLE dates AS SELECT version, content, CAST(d AS date) AS day,
        (SELECT o FROM jsonb_array_elements(content -> 'overrides') o WHERE o ->> 'on' = CAST(CAST(d AS date) AS text)) AS ov,
        (SELECT o FROM jsonb_array_elements(content -> 'days') o WHERE o ->> 'on' = CAST(CAST(d AS date) AS text)) AS sp,
        coalesce(
            (
                SELECT s -> 'week' FROM jsonb_array_elements(content -> 'seasons') s
                WHERE CAST(d AS date) BETWEEN CAST(s ->> 'from' AS date) AND CAST(s ->> 'to' AS date)
            ),
            content -> 'week'
        ) AS week
    FROM content, generate_series(timestamp '2026-08-25', timestamp '2026-12-05', interval '1 day') d""",
    """CREATE TEMP TABLE hours AS SELECT version, day,
        CASE
            WHEN CAST(content ->> 'always' AS boolean) THEN '00:00-24:00'
            WHEN ov ->> 'kind' = 'closed' THEN ''
            WHEN ov ->> 'kind' = 'hours' THEN ov ->> 'hours'
            WHEN ov ->> 'kind' = 'weekday' THEN week ->> CAST(ov ->> 'as' AS integer)
            WHEN sp ->> 'kind' = 'holiday' THEN ''
            WHEN sp ->> 'kind' = 'makeup' THEN week ->> CAST(sp ->> 'as' AS integer)
            ELSE week ->> CAST(extract(isodow FROM day) - 1 AS integer)
        END AS said
    FROM dates""",
    """CREATE TEMP TABLE open_hours AS SELECT version,
        (day + CAST(split_part(piece, '-', 1) AS interval)) AT TIME ZONE 'Asia/Shanghai' AS opens,
        (day + CAST(split_part(piece, '-', 2) AS interval)) AT TIME ZONE 'Asia/Shanghai' AS closes
    FROM hours, regexp_split_to_table(said, ', ') piece
    WHERE said <> ''""",
    "CREATE INDEX ON open_hours (version, opens)",
    "ANALYZE open_hours",
    # what calendar counts in a cycle and when the cycle began
    """CREATE TEMP TABLE cycle AS SELECT ticket_id, cycle, m AS began, id AS event_id, CAST(data -> 'sla' ->> 'calendar' AS bigint) AS version
    FROM ev WHERE kind IN ('file', 'not_fixed')""",
    # between two events of a ticket everything stands still
    """CREATE TEMP TABLE segment AS SELECT e.ticket_id, e.id, e.cycle, e.m AS since, lead(e.m) OVER (PARTITION BY e.ticket_id ORDER BY e.id) AS until,
        (
            SELECT s.to_state FROM ev s
            WHERE s.ticket_id = e.ticket_id AND s.order_id IS NULL AND s.to_state IS NOT NULL AND s.id <= e.id
            ORDER BY s.id DESC LIMIT 1
        ) AS status
    FROM ev e""",
    "CREATE INDEX ON segment (ticket_id, id)",
    "CREATE INDEX ON segment (id)",
    "ANALYZE segment",
    # how an order stands in each segment
    """CREATE TEMP TABLE standing AS SELECT g.ticket_id, g.id, g.since, g.until, o.order_id, last.to_state AS state, last.reason, took.kind AS took
    FROM segment g
    JOIN (SELECT DISTINCT ticket_id, order_id FROM ev WHERE order_id IS NOT NULL) o ON o.ticket_id = g.ticket_id
    JOIN LATERAL (
        SELECT s.to_state, s.reason FROM ev s
        WHERE s.order_id = o.order_id AND s.to_state IS NOT NULL AND s.id <= g.id ORDER BY s.id DESC LIMIT 1
    ) last ON true
    LEFT JOIN LATERAL (
        SELECT s.kind FROM ev s
        WHERE s.order_id = o.order_id AND s.kind IN ('accept', 'grab', 'give_back', 'reassign') AND s.id <= g.id
        ORDER BY s.id DESC LIMIT 1
    ) took ON true""",
    "CREATE INDEX ON standing (order_id, id)",
    "CREATE INDEX ON standing (id)",
    "ANALYZE standing",
    """CREATE TEMP TABLE done AS SELECT e.order_id, e.ticket_id, e.cycle, e.at, e.id,
        (
            SELECT s.actor_id FROM ev s
            WHERE s.order_id = e.order_id AND s.kind IN ('accept', 'grab') AND s.id < e.id ORDER BY s.id DESC LIMIT 1
        ) AS holder
    FROM ev e WHERE e.kind = 'done'""",
    "CREATE INDEX ON done (order_id)",
    "ANALYZE done",
    """CREATE TEMP TABLE crew_of AS SELECT d.*,
        (
            SELECT min(m.crew_id) FROM crew_member m
            WHERE m.person_id = d.holder
                AND coalesce(m.valid_from, '-infinity') <= CAST(d.at AT TIME ZONE 'Asia/Shanghai' AS date)
                AND coalesce(m.valid_to, 'infinity') > CAST(d.at AT TIME ZONE 'Asia/Shanghai' AS date)
        ) AS crew_id
    FROM done d""",
    "CREATE INDEX ON crew_of (ticket_id)",
    "CREATE INDEX ON crew_of (order_id)",
    "ANALYZE crew_of",
)
"""What the figures are counted from, made once; in the order in which one is made of another."""

_WORKED = """coalesce((
        SELECT CAST(sum(extract(epoch FROM least(h.closes, {until}) - greatest(h.opens, {since})) / 60) AS integer)
        FROM open_hours h
        WHERE h.version = {version} AND h.opens < {until} AND h.closes > {since}
    ), 0)"""
_RAW = "CAST(extract(epoch FROM {until} - {since}) / 60 AS integer)"

_RESPOND = f"""
    SELECT c.ticket_id, NULL::bigint AS order_id, c.cycle, answer.m AS ended,
        {_WORKED.format(version="c.version", since="c.began", until="answer.m")} AS work,
        {_RAW.format(since="c.began", until="answer.m")} AS raw, 0 AS part, 0 AS whole, NULL::numeric AS score
    FROM cycle c
    JOIN LATERAL (
        SELECT e.m FROM ev e
        WHERE e.ticket_id = c.ticket_id AND e.id > c.event_id AND e.cycle = c.cycle
            AND (
                e.human AND (
                    e.order_id IS NULL AND e.kind IN ('accept', 'ask', 'reject', 'merge')
                    OR e.order_id IS NOT NULL AND e.kind IN ('offer', 'reassign', 'accept', 'grab')
                )
                OR e.kind = 'message' AND CAST(e.data ->> 'staff' AS boolean)
            )
        ORDER BY e.id LIMIT 1
    ) answer ON true"""

# an order counts from filing where the system opened it in the minute of accepting, else from being queued first
_ORDERS = """
    SELECT o.order_id, o.ticket_id, o.cycle, first.m AS began, first.id AS event_id, c.version,
        (SELECT min(s.id) FROM ev s WHERE s.order_id = o.order_id AND s.kind = 'start') AS worked
    FROM ev o
    JOIN cycle c ON c.ticket_id = o.ticket_id AND c.cycle = o.cycle
    JOIN LATERAL (
        SELECT e.m, e.id FROM ev e
        WHERE e.ticket_id = o.ticket_id AND (
            e.order_id = o.order_id AND e.kind = 'queue'
            OR e.kind = 'file' AND NOT o.human AND EXISTS (
                SELECT FROM ev a WHERE a.ticket_id = o.ticket_id AND a.order_id IS NULL AND a.kind = 'accept' AND a.m = o.m
            )
        )
        ORDER BY e.id LIMIT 1
    ) first ON true
    WHERE o.kind = 'open'"""

_DISPATCH = f"""
    SELECT o.ticket_id, o.order_id, o.cycle, final.m AS ended,
        (
            SELECT coalesce(sum({_WORKED.format(version="o.version", since="g.since", until="g.until")}), 0)
            FROM segment g
            LEFT JOIN standing s ON s.id = g.id AND s.order_id = o.order_id
            WHERE g.ticket_id = o.ticket_id AND g.id >= o.event_id AND g.id < o.worked AND (
                s.order_id IS NULL AND g.status = 'submitted' OR s.state IN ('queued', 'offered')
            )
        ) AS work,
        {_RAW.format(since="o.began", until="final.m")} - (
            SELECT coalesce(sum({_RAW.format(since="s.since", until="s.until")}), 0)
            FROM standing s
            WHERE s.order_id = o.order_id AND s.id < final.id AND s.took IN ('accept', 'grab')
        ) AS raw, 0 AS part, 0 AS whole, NULL::numeric AS score
    FROM ({_ORDERS}) o
    JOIN LATERAL (
        SELECT e.m, e.id FROM ev e
        WHERE e.order_id = o.order_id AND e.kind IN ('accept', 'grab') AND e.id < o.worked ORDER BY e.id DESC LIMIT 1
    ) final ON true
    WHERE o.worked IS NOT NULL"""

_ARRIVE = f"""
    SELECT o.ticket_id, o.order_id, o.cycle, there.m AS ended,
        (
            SELECT coalesce(sum({_WORKED.format(version="o.version", since="g.since", until="g.until")}), 0)
            FROM segment g
            LEFT JOIN standing s ON s.id = g.id AND s.order_id = o.order_id
            WHERE g.ticket_id = o.ticket_id AND g.id >= o.event_id AND g.id < there.id AND (
                s.order_id IS NULL AND g.status = 'submitted'
                OR s.state <> 'planned' AND NOT (s.state = 'on_hold' AND s.reason IN {STOPPING})
            )
        ) AS work,
        {_RAW.format(since="o.began", until="there.m")} AS raw, 0 AS part, 0 AS whole, NULL::numeric AS score
    FROM ({_ORDERS}) o
    JOIN LATERAL (
        SELECT e.m, e.id FROM ev e
        WHERE e.order_id = o.order_id AND (
            e.kind = 'start' OR e.kind = 'hold' AND e.from_state = 'en_route' AND e.reason IN ('access', 'reporter_absent')
        )
        ORDER BY e.id LIMIT 1
    ) there ON true"""

_RESOLVED = """
    SELECT e.ticket_id, e.cycle, e.m, e.at, e.id, c.began, c.event_id, c.version,
        (SELECT count(*) FROM ev n WHERE n.ticket_id = e.ticket_id AND n.kind = 'not_fixed' AND n.cycle = e.cycle + 1) AS failed,
        (SELECT max(n.cycle) FROM ev n WHERE n.ticket_id = e.ticket_id) AS last
    FROM ev e
    JOIN cycle c ON c.ticket_id = e.ticket_id AND c.cycle = e.cycle
    WHERE e.kind = 'all_done'"""

_RESTORE = f"""
    SELECT r.ticket_id, NULL::bigint AS order_id, r.cycle, r.at AS ended,
        (
            SELECT coalesce(sum({_WORKED.format(version="r.version", since="g.since", until="g.until")}), 0)
            FROM segment g
            WHERE g.ticket_id = r.ticket_id AND g.id >= r.event_id AND g.id < r.id
                AND g.status NOT IN ('needs_info', 'duplicate')
                AND NOT (
                    SELECT count(*) > 0 AND bool_and(s.state = 'on_hold' AND s.reason IN {STOPPING})
                    FROM standing s
                    WHERE s.id = g.id
                        AND s.state IN ('planned', 'queued', 'offered', 'accepted', 'en_route', 'working', 'on_hold')
                )
        ) AS work,
        {_RAW.format(since="r.began", until="r.m")} AS raw, 0 AS part, 0 AS whole, NULL::numeric AS score
    FROM ({_RESOLVED}) r"""

_TOTAL = f"""
    SELECT r.ticket_id, NULL::bigint AS order_id, r.cycle, r.at AS ended, NULL::integer AS work,
        {_RAW.format(since="f.m", until="r.m")} AS raw, 0 AS part, 0 AS whole, NULL::numeric AS score
    FROM ({_RESOLVED}) r
    JOIN ev f ON f.ticket_id = r.ticket_id AND f.kind = 'file'
    WHERE r.cycle = r.last"""

# 24: kept where no promise in force ran out before the next was told or the request was resolved, and nobody came back
_PROMISES = f"""
    SELECT r.ticket_id, NULL::bigint AS order_id, r.cycle, r.at AS ended, NULL::integer AS work, NULL::integer AS raw,
        CASE WHEN told.kept AND NOT EXISTS (
            SELECT FROM ev n WHERE n.ticket_id = r.ticket_id AND n.kind = 'not_fixed'
        ) THEN 1 ELSE 0 END AS part, 1 AS whole, NULL::numeric AS score
    FROM ({_RESOLVED}) r
    JOIN LATERAL (
        SELECT bool_and(date_trunc('minute', p.until) >= p.next) AS kept
        FROM (
            SELECT CAST(e.data ->> 'until' AS timestamptz) AS until, lead(e.m, 1, r.m) OVER (ORDER BY e.id) AS next
            FROM ev e
            WHERE e.ticket_id = r.ticket_id AND e.cycle = r.cycle AND e.kind = 'promise' AND e.id < r.id
        ) p
    ) told ON told.kept IS NOT NULL
    WHERE r.cycle = r.last"""

_RATED = f"""
    SELECT r.ticket_id, NULL::bigint AS order_id, r.cycle, r.at AS ended, NULL::integer AS work, NULL::integer AS raw,
        CASE WHEN g.id IS NULL THEN 0 ELSE 1 END AS part, 1 AS whole, (g.quality + g.speed + g.manner) / 3.0 AS score
    FROM ({_RESOLVED}) r
    JOIN ticket t ON t.id = r.ticket_id AND t.reporter_id IS NOT NULL
    LEFT JOIN ticket_rating g ON g.ticket_id = r.ticket_id AND g.cycle = r.cycle"""

_REOPENED = f"""
    SELECT r.ticket_id, NULL::bigint AS order_id, r.cycle, r.at AS ended, NULL::integer AS work, NULL::integer AS raw,
        CAST(r.failed AS integer) AS part, 1 AS whole, NULL::numeric AS score
    FROM ({_RESOLVED}) r"""


def _of_done(part: str, where: str = "true", whole: str = "1") -> str:
    """A figure over finished orders; its part and whole of one of them."""
    return f"""
    SELECT d.ticket_id, d.order_id, d.cycle, d.at AS ended, NULL::integer AS work, NULL::integer AS raw,
        CAST({part} AS integer) AS part, CAST({whole} AS integer) AS whole, NULL::numeric AS score
    FROM done d WHERE {where}"""


def _events(kinds: str, part: str) -> str:
    """A figure over events of tickets."""
    return f"""
    SELECT e.ticket_id, NULL::bigint AS order_id, e.cycle, e.at AS ended, NULL::integer AS work, NULL::integer AS raw,
        CAST({part} AS integer) AS part, 1 AS whole, NULL::numeric AS score
    FROM ev e WHERE e.kind IN ({kinds})"""


def _count(condition: str) -> str:
    return f"(SELECT count(*) FROM ev x WHERE x.order_id = d.order_id AND {condition})"


_NOT_REWORK = """NOT EXISTS (
    SELECT FROM ev o JOIN ev n ON n.ticket_id = o.ticket_id AND n.kind = 'not_fixed' AND n.m = o.m AND n.id < o.id
    WHERE o.order_id = d.order_id AND o.kind = 'open'
)"""
_NAMED = """EXISTS (
    SELECT FROM ev n
    WHERE n.ticket_id = d.ticket_id AND n.kind = 'not_fixed' AND n.data ->> 'order_id' = CAST(d.order_id AS text)
        AND n.at <= d.at + interval '30 days'
)"""
_VISITS = _count("x.to_state = 'working'")
_TAKEN = _count("x.kind = 'accept'")
_ANSWERED = _count("x.kind IN ('accept', 'decline', 'expire')")
_MERGED = """coalesce((
    SELECT x.kind = 'merge' FROM ev x
    WHERE x.ticket_id = e.ticket_id AND x.kind IN ('merge', 'unmerge') ORDER BY x.id DESC LIMIT 1
), false)"""

ROWS: dict[str, str] = {
    "respond": _RESPOND,
    "dispatch": _DISPATCH,
    "arrive": _ARRIVE,
    "restore": _RESTORE,
    "mttr": f"SELECT * FROM ({_RESTORE}) r WHERE EXISTS (SELECT FROM ev o WHERE o.ticket_id = r.ticket_id AND o.kind = 'open')",
    "total": _TOTAL,
    "first_time": _of_done(f"CASE WHEN {_VISITS} = 1 AND NOT {_NAMED} THEN 1 ELSE 0 END", _NOT_REWORK),
    "in_vain": _of_done(
        _count("x.kind = 'hold' AND x.from_state = 'en_route' AND x.reason IN ('access', 'reporter_absent')")
    ),
    "promises": _PROMISES,
    "satisfaction": _RATED,
    "reopened": _REOPENED,
    "by_default": _events("'confirm', 'accept_third', 'default'", "CASE WHEN e.kind = 'default' THEN 1 ELSE 0 END"),
    "filed": _events("'file'", "1"),
    "duplicates": _events("'file', 'join'", f"CASE WHEN e.kind = 'join' OR {_MERGED} THEN 1 ELSE 0 END"),
    "reassigned": _of_done(_count("x.kind IN ('give_back', 'reassign')")),
    "offers": _of_done(_ANSWERED, f"{_ANSWERED} > 0", _TAKEN),
}

_KEYS = {
    None: "NULL::text",
    "month": "to_char(r.ended AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')",
    "building": "CAST(place.building_id AS text)",
    "trade": "CAST(coalesce(o.trade_id, c.trade_id) AS text)",
    "category": "CAST(t.category_id AS text)",
    "crew": """CAST((
        SELECT w.crew_id FROM crew_of w
        WHERE w.ticket_id = r.ticket_id AND {whose}
        ORDER BY w.at DESC, w.order_id DESC LIMIT 1
    ) AS text)""",
}


# 33: working dates after the day of filing, up to today (the 18th), by the calendar of the cycle
AGES = """
SELECT CASE WHEN dates <= 3 THEN 0 WHEN dates <= 7 THEN 1 WHEN dates <= 30 THEN 2 ELSE 3 END AS age, count(*)
FROM (
    SELECT t.id, (
        SELECT count(*) FROM hours h
        WHERE h.version = c.version AND h.said <> '' AND h.day <= date '2026-11-18'
            AND h.day > CAST(t.filed_at AT TIME ZONE 'Asia/Shanghai' AS date)
    ) AS dates
    FROM ticket t
    JOIN cycle c ON c.ticket_id = t.id AND c.cycle = t.cycle
    WHERE t.status IN ('submitted', 'needs_info', 'accepted', 'in_service')
) aged
GROUP BY 1"""


def made() -> list[str]:
    """The statements that make everything, a table of rows for each figure included."""
    return [*TABLES, *(f"CREATE TEMP TABLE second_{figure} AS {rows}" for figure, rows in ROWS.items())]


def counted(figure: str, by: str | None) -> str:
    """The sums of a figure by group: `key`, `rows`, `part`, `whole`, the lengths and the score.

    Quantiles are worked out by hand: the value at 1 + p (n - 1) of the sorted ones, between two neighbours if need be.
    """
    of_cycle = "(w.order_id = r.order_id OR r.order_id IS NULL AND w.cycle = r.cycle)"
    key = _KEYS[by].replace("{whose}", "true" if figure in ("filed", "duplicates") else of_cycle)
    return f"""
    SELECT key, count(*) AS rows, sum(part) AS part, sum(whole) AS whole, avg(score) AS score,
        avg(work) AS work_mean, {_quantile("work", "0.5")} AS work_median, {_quantile("work", "0.9")} AS work_p90,
        avg(raw) AS raw_mean, {_quantile("raw", "0.5")} AS raw_median, {_quantile("raw", "0.9")} AS raw_p90
    FROM (
        SELECT r.*, {key} AS key
        FROM second_{figure} r
        JOIN ticket t ON t.id = r.ticket_id
        JOIN category c ON c.id = t.category_id
        LEFT JOIN work_order o ON o.id = r.order_id
        LEFT JOIN place ON place.id = t.place_id
    ) keyed
    GROUP BY key"""


def _quantile(column: str, at: str) -> str:
    values = f"array_agg({column} ORDER BY {column}) FILTER (WHERE {column} IS NOT NULL)"
    place = f"({at} * (count({column}) - 1))"
    low, high = f"({values})[CAST(floor({place}) AS integer) + 1]", f"({values})[CAST(ceil({place}) AS integer) + 1]"
    return f"({low} + ({place} - floor({place})) * ({high} - {low}))"
