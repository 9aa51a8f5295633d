"""The SQL of filing: what is looked up first, the one statement that files, and what is written besides.

Filing is the hottest path of the product: everything is one round trip, a chain of data-modifying CTEs (the counters
always in the order R, W), and the counter's row is locked from its number to the commit.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Date, Integer, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import DateTime, Text

from app.core.db import not_over_sql, valid_on_sql
from app.core.prepared import Prepared

# CASE, not coalesce(): that is not leakproof, so that under row-level security the one plan for all values would read
# every place, and PostgreSQL planned each filing anew
FIND = Prepared(
    text(
        f"""
    SELECT category.id AS category_id, category.trade_id, category.planned_minutes, category.impact,
        category.emergency, category.emergency_phone, category.auto_dispatch,
        version.id AS category_version_id, version.questions, version.impacts,
        place.id AS place_id, place.kind AS place_kind, place.path AS place_path,
        place.campus_id, place.building_id, campus.zone_name, person.id AS reporter_id,
        (SELECT sla.id FROM sla_policy AS policy JOIN sla_policy_version AS sla
            ON sla.institution_id = policy.institution_id AND sla.policy_id = policy.id
            WHERE policy.usual OR (policy.code = version.sla_policy AND policy.valid_to IS NULL)
            ORDER BY policy.usual, sla.number DESC LIMIT 1) AS policy_version_id,
        (SELECT jsonb_object_agg(given.hours, given.version_id ORDER BY given.campus_id NULLS FIRST) FROM (
            SELECT hours.campus_id, hours.hours, (SELECT content.id FROM calendar_version AS content
                WHERE content.institution_id = hours.institution_id AND content.calendar_id = hours.calendar_id
                ORDER BY content.number DESC LIMIT 1) AS version_id
            FROM campus_hours AS hours WHERE hours.campus_id IS NULL OR hours.campus_id = place.campus_id
        ) AS given) AS hours
    FROM (SELECT 1) AS one
    LEFT JOIN category ON (category.code = :code OR category.id = :category_id)
        AND {valid_on_sql("category", ":today")}
    LEFT JOIN category_version AS version ON version.institution_id = category.institution_id
        AND version.category_id = category.id AND version.number = category.version
    LEFT JOIN place_alias ON place_alias.key = :place_key
    LEFT JOIN place ON place.id = CASE WHEN :place_id IS NULL THEN place_alias.place_id ELSE :place_id END
        AND {not_over_sql("place", ":today")}
    LEFT JOIN place AS campus ON campus.institution_id = place.institution_id AND campus.id = place.campus_id
    LEFT JOIN person ON person.id = :reporter_id AND (:left_too
        OR (person.disabled_at IS NULL AND person.merged_into_id IS NULL AND person.name <> ''))
    ORDER BY category.id DESC
    LIMIT 1
    """  # noqa: S608 - conditions of our own, no input
    ).bindparams(
        bindparam("code", type_=Text),
        bindparam("place_key", type_=Text),
        bindparam("today", type_=Date),
        bindparam("left_too", type_=Boolean),
        *(bindparam(name, type_=BigInteger) for name in ("category_id", "place_id", "reporter_id")),
    )
)

_SQL = """
    WITH ticket_serial AS (
        INSERT INTO number_counter (institution_id, kind, year, value) VALUES (:institution, 'R', :year, 1)
        ON CONFLICT ON CONSTRAINT uq_number_counter DO UPDATE SET value = number_counter.value + 1
        RETURNING value
    ), order_serial AS (
        INSERT INTO number_counter (institution_id, kind, year, value)
        SELECT :institution, 'W', :year, 1 FROM ticket_serial WHERE :automatic
        ON CONFLICT ON CONSTRAINT uq_number_counter DO UPDATE SET value = number_counter.value + 1
        RETURNING value
    ), filed AS (
        INSERT INTO ticket (
            institution_id, number, status, cycle, category_id, category_version_id, asked_version_id, answers,
            place_id, place_text, campus_id, building_id,
            description, urgency, impact, priority, reporter_id, on_behalf_by, contact_name, contact_phone, may_enter,
            origin, filed_at, reminders, not_fixed_count, version, search, grams, promised_at, due_at, due_clock)
        SELECT :institution,
            'R' || to_char(:year % 100, 'FM00') || '-' || lpad(value::text, greatest(6, length(value::text)), '0'),
            :status, 1, :category_id, :category_version_id, :asked_version_id, :answers,
            :place_id, :place_text, :campus_id, :building_id,
            :description, :urgency, :impact, :priority, :reporter_id, :on_behalf_by, :contact_name, :contact_phone,
            :may_enter, :origin, :now, 0, 0, 1, :search, :grams, :promised_at, :due_at, :due_clock
        FROM ticket_serial
        RETURNING id, number
    ), opened AS (
        INSERT INTO work_order (
            institution_id, number, ticket_id, trade_id, kind, state, cycle, priority, campus_id, building_id,
            planned_minutes, pooled, worked, opened_at, version, due_at, due_clock)
        SELECT :institution,
            'W' || to_char(:year % 100, 'FM00') || '-' || lpad(value::text, greatest(6, length(value::text)), '0'),
            filed.id, :trade_id, 'corrective', 'queued', 1, :priority, :campus_id, :building_id,
            :planned_minutes, false, false, :now, 1, :due_at, :due_clock
        FROM order_serial, filed
        RETURNING id
    ), happened AS (
        INSERT INTO ticket_event (
            institution_id, ticket_id, order_id, at, actor_kind, actor_id, kind, from_state, to_state, audience, cycle,
            data)
        SELECT :institution, filed.id, CASE WHEN act.of_order THEN opened.id END, :now,
            CASE WHEN act.seq = 1 THEN :actor_kind ELSE 'system' END,
            CASE WHEN act.seq = 1 THEN CAST(:actor_id AS bigint) END,
            act.kind, act.from_state, act.to_state, act.audience, 1,
            CASE act.seq WHEN 1 THEN CAST(:terms AS jsonb) WHEN 5 THEN CAST(:promise AS jsonb) END
        FROM filed
        LEFT JOIN opened ON true
        JOIN (VALUES
            (1, false, 'file', NULL, 'submitted', 'everyone'),
            (2, false, 'accept', 'submitted', 'accepted', 'everyone'),
            (3, true, 'open', NULL, 'planned', 'crew'),
            (4, true, 'queue', 'planned', 'queued', 'crew'),
            (5, false, 'promise', NULL, NULL, 'everyone')
        ) AS act(seq, of_order, kind, from_state, to_state, audience)
            ON act.seq = 1 OR (:automatic AND act.seq < 5) OR (act.seq = 5 AND :promised_at IS NOT NULL)
        ORDER BY act.seq
    ), clocked AS (
        INSERT INTO sla_clock (
            institution_id, owner_kind, owner_id, ticket_id, kind, cycle, policy_version_id, priority,
            calendar_version_id, phase, started_at, since, used, target, due_at, not_before, excused, endless, next_at)
        SELECT :institution, CASE WHEN c.of_order THEN 'order' ELSE 'ticket' END,
            CASE WHEN c.of_order THEN opened.id ELSE filed.id END, filed.id, c.kind, 1, :policy, :priority,
            :calendar, 'running', :minute, :minute, 0, c.target, c.due, c.earliest, false, c.due IS NULL, c.next
        FROM filed LEFT JOIN opened ON true
        CROSS JOIN unnest(:c_kinds, :c_of_order, :c_targets, :c_dues, :c_earliest, :c_next)
            AS c(kind, of_order, target, due, earliest, next)
    ), published AS (
        INSERT INTO outbox_event (institution_id, kind, payload, v, request_id, at)
        SELECT :institution, 'TicketFiled', jsonb_build_object('ticket_id', filed.id, 'number', filed.number,
            'reporter_id', CAST(:reporter_id AS bigint), 'status', CAST(:status AS text),
            'priority', CAST(:priority AS text)), 1, :request_id, :now
        FROM filed
        UNION ALL
        SELECT :institution, 'OrderQueued', jsonb_build_object('order_id', opened.id, 'ticket_id', filed.id,
            'wake', 'queued'), 1, :request_id, :now
        FROM filed, opened
        RETURNING institution_id, id, kind
    ), delivered AS (
        INSERT INTO outbox_delivery (institution_id, event_id, handler, queue, attempts, failures, next_at)
        SELECT published.institution_id, published.id, turn.handler, turn.queue, 0, 0,
            least(:now, clock_timestamp())
        FROM published JOIN unnest(:turns, :handlers, :queues) AS turn(kind, handler, queue) USING (kind)
    )
    SELECT filed.id, filed.number, opened.id AS order_id FROM filed LEFT JOIN opened ON true
    """
OWN = text(
    """
    SELECT FROM ticket WHERE id = :first_id AND (reporter_id = :person_id OR EXISTS (
        SELECT FROM ticket_follower AS follower
        WHERE follower.institution_id = ticket.institution_id AND follower.ticket_id = ticket.id
            AND follower.person_id = :person_id AND follower.ended_at IS NULL))
    """
).bindparams(*(bindparam(name, type_=BigInteger) for name in ("first_id", "person_id")))
VISIT = text("UPDATE ticket SET visit_from = :start, visit_to = :end WHERE id = :ticket_id")
RECURS = text("UPDATE ticket SET recurs_of_id = :first_id WHERE id = :ticket_id")
FILE = Prepared(
    text(" ".join(_SQL.split())).bindparams(
        bindparam("now", type_=DateTime(timezone=True)),
        bindparam("automatic", type_=Boolean),
        bindparam("year", type_=Integer),
        *(
            bindparam(name, type_=BigInteger)
            for name in (
                "category_id",
                "category_version_id",
                "asked_version_id",
                "trade_id",
                "place_id",
                "campus_id",
                "building_id",
                "reporter_id",
                "on_behalf_by",
                "policy",
                "calendar",
            )
        ),
        bindparam("answers", type_=JSONB(none_as_null=True)),
        *(bindparam(name, type_=DateTime(timezone=True)) for name in ("minute", "promised_at", "due_at")),
        *(bindparam(name, type_=Text) for name in ("due_clock", "terms", "promise")),
        *(bindparam(name, type_=ARRAY(DateTime(timezone=True))) for name in ("c_dues", "c_earliest", "c_next")),
        bindparam("c_of_order", type_=ARRAY(Boolean)),
        bindparam("c_targets", type_=ARRAY(Integer)),
        *(bindparam(name, type_=ARRAY(Text)) for name in ("grams", "turns", "handlers", "queues", "c_kinds")),
    )
)
