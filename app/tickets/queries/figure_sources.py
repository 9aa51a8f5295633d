"""What figures are counted from, as SQL: closed clocks, resolved cycles, finished orders, closings, requests filed.

Each source gives its rows of a time with who and what they are of (`row_id`, `ticket_id`, `order_id`, `cycle`, places,
category, trade), when they `ended`, the `zone` of their campus, and the values figures read. The text is ours alone;
what differs are named parameters: `from`, `until` (for what is found by when it happened), `told_until` (by when it was
told), `zone` of the institution, `thirty` days.
"""

from __future__ import annotations

from typing import Final

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
_MINUTE_OF = "date_trunc('minute', {})"

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

SOURCES: Final[dict[str, str]] = {
    "responses": f"""
    SELECT k.id AS row_id, k.ticket_id, NULL::bigint AS order_id, k.cycle, k.stopped_at AS ended, {_ZONE},
        {_OF_TICKET}, c.trade_id, k.used AS work, k.kept, k.excused,
        {_MINUTES.format(until="k.stopped_at", since="k.started_at")} AS raw
    FROM sla_clock k{_TICKET_TABLES.format(of="k")}
    WHERE k.phase = 'stopped' AND k.kind = 'respond' AND k.stopped_at >= :from
        AND k.stopped_at < :until""",  # noqa: S608 - fragments of our own; values are parameters
    "clocks": f"""
    SELECT k.id AS row_id, k.ticket_id, o.id AS order_id, k.cycle, k.stopped_at AS ended, {_ZONE}, {_OF_TICKET},
        o.trade_id, k.kind, k.used AS work, k.kept, k.excused,
        {_MINUTES.format(until="k.stopped_at", since="k.started_at")}
            - coalesce(CAST(held.minutes AS integer), 0) AS raw
    FROM sla_clock k{_TICKET_TABLES.format(of="k")}
    JOIN work_order o ON o.id = k.owner_id{_HELD}
    WHERE k.phase = 'stopped' AND k.kind IN ('dispatch', 'arrive') AND k.stopped_at >= :from
        AND k.stopped_at < :until""",  # noqa: S608 - fragments of our own; values are parameters
    "cycles": f"""
    SELECT e.id AS row_id, e.ticket_id, NULL::bigint AS order_id, e.cycle, {_HAPPENED} AS ended, {_ZONE}, {_OF_TICKET},
        c.trade_id, r.id IS NOT NULL AS restored, r.used AS work, r.kept, coalesce(r.excused, false) AS excused,
        {_MINUTES.format(until="r.stopped_at", since="r.started_at")} AS raw,
        EXISTS (SELECT FROM work_order w WHERE w.ticket_id = e.ticket_id AND w.kind = 'corrective') AS corrective,
        e.cycle = t.cycle AND t.status IN ('resolved', 'closed') AS final,
        {_MINUTES.format(until=_MINUTE_OF.format(_HAPPENED), since=_MINUTE_OF.format("t.filed_at"))} AS total,
        p.kept AS promise_kept, coalesce(p.excused, false) AS promise_excused, t.not_fixed_count AS not_fixed,
        e.cycle < t.cycle AS reopened, t.reporter_id IS NOT NULL AS asked, rating.score
    FROM ticket_event e{_TICKET_TABLES.format(of="e")}
    LEFT JOIN sla_clock r ON r.owner_kind = 'ticket' AND r.owner_id = e.ticket_id AND r.kind = 'restore'
        AND r.cycle = e.cycle AND r.phase = 'stopped' AND r.stopped_at >= :from AND r.stopped_at < :told_until
    LEFT JOIN sla_clock p ON p.owner_kind = 'ticket' AND p.owner_id = e.ticket_id AND p.kind = 'promise'
        AND p.cycle = e.cycle AND p.phase = 'stopped' AND p.stopped_at >= :from AND p.stopped_at < :told_until
    LEFT JOIN LATERAL (
        SELECT (g.quality + g.speed + g.manner) / 3.0 AS score
        FROM ticket_rating g
        WHERE g.ticket_id = e.ticket_id AND g.cycle = e.cycle
        ORDER BY g.at DESC, g.id DESC
        LIMIT 1
    ) rating ON true
    WHERE e.kind = 'all_done' AND {_TOLD}""",  # noqa: S608 - fragments of our own; values are parameters
    "done": f"""
    SELECT o.id AS row_id, o.ticket_id, o.id AS order_id, o.cycle, o.done_at AS ended, {_ZONE}, {_OF_TICKET},
        o.trade_id, o.kind, visit.visits, visit.in_vain, visit.moved, offered.offers, offered.taken,
        o.id IN (
            SELECT n.rework_of_id
            FROM work_order n
            JOIN work_order d ON d.id = n.rework_of_id
            WHERE n.rework_of_id IS NOT NULL AND n.opened_at <= d.done_at + CAST(:thirty AS interval)
        ) AS named
    FROM work_order o{_TICKET_TABLES.format(of="o")}{_VISITS}{_OFFERS}
    WHERE o.done_at IS NOT NULL AND o.done_at >= :from AND o.done_at < :until""",  # noqa: S608 - fragments of our own; values are parameters
    "closings": f"""
    SELECT e.id AS row_id, e.ticket_id, NULL::bigint AS order_id, e.cycle, {_HAPPENED} AS ended, {_ZONE}, {_OF_TICKET},
        c.trade_id, e.kind
    FROM ticket_event e{_TICKET_TABLES.format(of="e")}
    WHERE e.kind IN ('confirm', 'accept_third', 'default') AND {_TOLD}""",  # noqa: S608 - fragments of our own; values are parameters
    "filings": f"""
    SELECT e.id AS row_id, e.ticket_id, NULL::bigint AS order_id, e.cycle, {_HAPPENED} AS ended, {_ZONE}, {_OF_TICKET},
        c.trade_id, e.kind
    FROM ticket_event e{_TICKET_TABLES.format(of="e")}
    WHERE e.kind IN ('file', 'join') AND {_TOLD}""",  # noqa: S608 - fragments of our own; values are parameters
}

# the crew of the holder at done (34): of the order, else of the last order done in the cycle
_LAST = """
    LEFT JOIN LATERAL (
        SELECT w.assignee_id, w.done_at
        FROM work_order w
        WHERE w.ticket_id = r.ticket_id AND w.done_at IS NOT NULL AND {which}
        ORDER BY w.done_at DESC, w.id DESC
        LIMIT 1
    ) holder ON true"""
_OF_ORDER = """
    LEFT JOIN work_order holder ON holder.id = r.order_id AND holder.done_at IS NOT NULL"""
_CREW = """
    LEFT JOIN LATERAL (
        SELECT m.crew_id
        FROM crew_member m
        WHERE m.person_id = holder.assignee_id
            AND (m.valid_from IS NULL OR m.valid_from <= CAST(holder.done_at AT TIME ZONE r.zone AS date))
            AND (m.valid_to IS NULL OR m.valid_to > CAST(holder.done_at AT TIME ZONE r.zone AS date))
        ORDER BY m.crew_id
        LIMIT 1
    ) crew ON true"""
_IN_CYCLE = _LAST.format(which="w.cycle = r.cycle") + _CREW
HOLDERS: Final = {
    "responses": _IN_CYCLE,
    "clocks": _OF_ORDER + _CREW,
    "cycles": _IN_CYCLE,
    "done": _OF_ORDER + _CREW,
    "closings": _IN_CYCLE,
    "filings": _LAST.format(which="true") + _CREW,
}
"""What joins `crew.crew_id` to the rows `r` of a source."""
