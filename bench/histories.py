"""Finished repairs with all that figures are counted from: events, clocks, second cycles, ratings, on top of `rows`.

Written by SQL alone. Every request is filed, answered, given, begun, done and closed; one in twenty is called not
fixed and done again, one in thirty found nobody in, one in fifty changed hands, two in five were rated.
"""

from __future__ import annotations

from typing import Any

import psycopg

from bench import rows

TABLES = ("ticket_event", "sla_clock", "work_order", "ticket_rating")
REWORK = 1_000_000_000
"""What the id of a rework order has beyond that of the order it reworks."""


def fill(connection: psycopg.Connection[Any], requests: int, *, days: int) -> None:
    """So many requests over the days up to now, none of them open; the tables are analysed."""
    rows.fill(connection, 1, requests, quick=True, still_open=0, apart=days * 1440 / requests)
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL synchronous_commit = off")
        connection.execute("SET LOCAL work_mem = '256MB'")
        for statement in (_REWORK, _SECOND_CYCLE, _EVENTS, _CLOCKS, _RATINGS):
            connection.execute(statement, {"rework": REWORK})
    connection.autocommit = True
    connection.execute(f"VACUUM (ANALYZE) {', '.join((*TABLES, 'ticket', 'offer'))}")
    connection.autocommit = False


_AGAIN = "t.id % 20 = 7"
_REWORK = f"""
    INSERT INTO work_order (institution_id, id, number, ticket_id, trade_id, kind, state, cycle, priority, campus_id,
        building_id, assignee_id, rework_of_id, planned_minutes, pooled, worked, opened_at, done_at, version)
    OVERRIDING SYSTEM VALUE
    SELECT 1, o.id + %(rework)s, o.number || 'B', t.id, o.trade_id, 'rework', 'closed', 2, o.priority, o.campus_id,
        o.building_id, o.assignee_id, o.id, 30, false, true, o.done_at + interval '1 day',
        o.done_at + interval '2 days', 3
    FROM work_order o JOIN ticket t ON t.id = o.ticket_id AND {_AGAIN}
""".replace(" % 20", " %% 20")  # noqa: S608 - fragments of our own
_SECOND_CYCLE = f"UPDATE ticket t SET cycle = 2, not_fixed_count = 1 WHERE {_AGAIN}"  # noqa: S608 - as above
_SECOND_CYCLE = _SECOND_CYCLE.replace(" % 20", " %% 20")

# what happened when, in minutes after the cycle of the order began; each of an order, or of its request
_STEPS = """
    (VALUES
        ('file', false, NULL, 'submitted', 'person', 0, 1, 'true'),
        ('not_fixed', false, 'closed', 'in_service', 'person', 0, 2, 'true'),
        ('accept', false, 'submitted', 'accepted', 'system', 0, 1, 'true'),
        ('open', true, NULL, 'planned', 'system', 0, 0, 'true'),
        ('queue', true, 'planned', 'queued', 'system', 0, 0, 'true'),
        ('offer', true, 'queued', 'offered', 'system', 1, 0, 'true'),
        ('accept', true, 'offered', 'accepted', 'person', 4, 0, 'true'),
        ('order_accepted', false, 'accepted', 'in_service', 'system', 4, 1, 'true'),
        ('give_back', true, 'accepted', 'queued', 'person', 6, 0, 'moved'),
        ('offer', true, 'queued', 'offered', 'system', 7, 0, 'moved'),
        ('accept', true, 'offered', 'accepted', 'person', 9, 0, 'moved'),
        ('leave', true, 'accepted', 'en_route', 'person', 15, 0, 'true'),
        ('hold', true, 'en_route', 'on_hold', 'person', 20, 0, 'in_vain'),
        ('leave', true, 'on_hold', 'en_route', 'person', 25, 0, 'in_vain'),
        ('start', true, 'en_route', 'working', 'person', 30, 0, 'true'),
        ('done', true, 'working', 'done', 'person', 60, 0, 'true'),
        ('all_done', false, 'in_service', 'resolved', 'system', 60, 0, 'true'),
        ('confirm', false, 'resolved', 'closed', 'person', 300, 0, 'confirmed'),
        ('default', false, 'resolved', 'closed', 'system', 1200, 0, 'silent')
    ) AS step (kind, of_order, from_state, to_state, actor, minutes, only_cycle, applies)"""
_EVENTS = f"""
    INSERT INTO ticket_event (institution_id, ticket_id, order_id, at, actor_kind, actor_id, kind, from_state, to_state,
        reason, audience, cycle)
    SELECT 1, o.ticket_id, CASE WHEN step.of_order THEN o.id END,
        o.opened_at + (step.minutes * (1 + o.id %% 7)) * interval '1 minute', step.actor,
        CASE WHEN step.actor = 'person' THEN o.assignee_id END, step.kind, step.from_state, step.to_state,
        CASE step.kind WHEN 'hold' THEN 'access' WHEN 'give_back' THEN 'no_tools' END, 'everyone', o.cycle
    FROM work_order o
    CROSS JOIN {_STEPS}
    WHERE step.only_cycle IN (0, o.cycle) AND CASE step.applies
        WHEN 'moved' THEN o.id %% 50 = 3 WHEN 'in_vain' THEN o.id %% 30 = 4
        WHEN 'confirmed' THEN o.id %% 3 > 0 WHEN 'silent' THEN o.id %% 3 = 0 ELSE true END
    ORDER BY 4, o.id, step.minutes
"""  # noqa: S608 - fragments of our own
_CLOCKS = """
    INSERT INTO sla_clock (institution_id, owner_kind, owner_id, ticket_id, kind, cycle, policy_version_id, priority,
        calendar_version_id, phase, started_at, since, used, target, due_at, stopped_at, kept, excused, endless)
    SELECT 1, clock.owner, CASE clock.owner WHEN 'ticket' THEN o.ticket_id ELSE o.id END, o.ticket_id, clock.kind,
        o.cycle, policy.id, o.priority, calendar.id, 'stopped', began, ended,
        CAST(extract(epoch FROM ended - began) / 90 AS integer), 240, began + interval '4 hours', ended,
        o.id %% 9 <> clock.minutes %% 7, o.id %% 90 = 0, false
    FROM work_order o
    CROSS JOIN (VALUES
        ('ticket', 'respond', 4), ('order', 'dispatch', 9), ('order', 'arrive', 30), ('ticket', 'restore', 60),
        ('ticket', 'promise', 60)
    ) AS clock (owner, kind, minutes)
    CROSS JOIN LATERAL (SELECT
        date_trunc('minute', o.opened_at) AS began,
        date_trunc('minute', o.opened_at + (clock.minutes * (1 + o.id %% 7)) * interval '1 minute') AS ended
    ) span
    CROSS JOIN (SELECT min(id) AS id FROM sla_policy_version) policy
    CROSS JOIN (SELECT min(id) AS id FROM calendar_version) calendar
    ORDER BY ended
"""
_RATINGS = """
    INSERT INTO ticket_rating (institution_id, ticket_id, cycle, person_id, quality, speed, manner, at)
    SELECT 1, t.id, t.cycle, t.reporter_id, 1 + t.id %% 5, 1 + t.id %% 4, 5, t.closed_at
    FROM ticket t WHERE t.id %% 5 < 2 AND t.reporter_id IS NOT NULL
"""
