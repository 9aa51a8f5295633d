"""The floor: the same Flask and server with routes that do nothing but run one prepared statement by raw psycopg.

POST /tickets writes the rows the product writes (idempotency key, counters, ticket, order, events, clocks, outbox
events and deliveries), GET /tickets answers 50 tickets that PostgreSQL itself made JSON of; with `q`, the newest that
hold a word, by the index the product searches. No sign-in, no policy, no
row-level security, no validation. `python -m bench.floor HOST PORT` serves it as the product is served.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from typing import Any

import orjson
import psycopg
from flask import Flask, Response, request
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from psycopg.conninfo import make_conninfo

from app.core.supervisor import web as ours

FILE = """
    WITH key AS (
        INSERT INTO idempotency_key (institution_id, subject, key, request_hash, status, body, at)
        VALUES (1, 'p:1', %(key)s, 'x', 201, '{}', now())
    ), ticket_serial AS (
        INSERT INTO number_counter (institution_id, kind, year, value) VALUES (1, 'R', 2027, 1)
        ON CONFLICT ON CONSTRAINT uq_number_counter DO UPDATE SET value = number_counter.value + 1 RETURNING value
    ), order_serial AS (
        INSERT INTO number_counter (institution_id, kind, year, value) SELECT 1, 'W', 2027, 1 FROM ticket_serial
        ON CONFLICT ON CONSTRAINT uq_number_counter DO UPDATE SET value = number_counter.value + 1 RETURNING value
    ), filed AS (
        INSERT INTO ticket (institution_id, number, status, cycle, category_id, place_id, campus_id, building_id,
            description, urgency, impact, priority, reporter_id, may_enter, origin, filed_at, reminders,
            not_fixed_count, version, search, grams, promised_at, due_at, due_clock)
        SELECT 1, 'F' || value, 'accepted', 1, category.id, place.id, place.campus_id, place.building_id,
            %(description)s, 'normal', 'room', 'normal', %(reporter)s, false, 'api', now(), 0, 0, 1,
            %(description)s, %(grams)s, now() + interval '3 days', now() + interval '30 min', 'dispatch'
        FROM ticket_serial, category, place WHERE category.code = %(category)s AND place.id = %(place)s
        RETURNING id, number, campus_id, building_id
    ), opened AS (
        INSERT INTO work_order (institution_id, number, ticket_id, trade_id, kind, state, cycle, priority, campus_id,
            building_id, planned_minutes, pooled, worked, opened_at, version, due_at, due_clock)
        SELECT 1, 'F' || value, filed.id, trade.id, 'corrective', 'queued', 1, 'normal', filed.campus_id,
            filed.building_id, 30, false, false, now(), 1, now() + interval '30 min', 'dispatch'
        FROM order_serial, filed, trade LIMIT 1 RETURNING id
    ), happened AS (
        INSERT INTO ticket_event (institution_id, ticket_id, order_id, at, actor_kind, kind, from_state,
            to_state, audience, cycle, data)
        SELECT 1, filed.id, CASE WHEN act.n IN (3, 4) THEN opened.id END, now(), 'system', act.kind, act.before,
            act.state, 'crew', 1, CASE act.n WHEN 1 THEN %(terms)s::jsonb WHEN 5 THEN %(promise)s::jsonb END
        FROM filed, opened, (VALUES (1, 'file', NULL, 'submitted'), (2, 'accept', 'submitted', 'accepted'),
            (3, 'open', NULL, 'planned'), (4, 'queue', 'planned', 'queued'), (5, 'promise', NULL, NULL))
            AS act(n, kind, before, state)
    ), clocked AS (
        INSERT INTO sla_clock (institution_id, owner_kind, owner_id, ticket_id, kind, cycle, policy_version_id,
            priority, calendar_version_id, phase, started_at, since, used, target, due_at, excused, endless, next_at)
        SELECT 1, CASE WHEN c.of_order THEN 'order' ELSE 'ticket' END,
            CASE WHEN c.of_order THEN opened.id ELSE filed.id END, filed.id, c.kind, 1, policy.id, 'normal',
            calendar.id, 'running', now(), now(), 0, 240, now() + interval '30 min', false, false,
            now() + interval '20 min'
        FROM filed, opened, (SELECT max(id) AS id FROM sla_policy_version) AS policy,
            (SELECT max(id) AS id FROM calendar_version) AS calendar,
            (VALUES ('respond', false), ('restore', false), ('promise', false), ('dispatch', true), ('arrive', true))
            AS c(kind, of_order)
    ), published AS (
        INSERT INTO outbox_event (institution_id, kind, payload, v, at)
        SELECT 1, word, jsonb_build_object('ticket_id', filed.id, 'order_id', opened.id), 1, now()
        FROM filed, opened, unnest(ARRAY['TicketFiled', 'OrderQueued']) AS word
        RETURNING id
    ), delivered AS (
        INSERT INTO outbox_delivery (institution_id, event_id, handler, queue, attempts, failures, next_at, done_at)
        SELECT 1, id, 'floor', 'dispatch', 0, 0, now(), now() FROM published
    )
    SELECT id, number FROM filed
"""
LIST = """
    SELECT json_build_object('items', json_agg(json_build_object('id', id::text, 'number', number, 'status', status,
        'priority', priority, 'urgency', urgency, 'category', category, 'place_id', place_id::text, 'place', path,
        'description', description, 'reporter', name, 'filed_at', filed_at, 'resolved_at', resolved_at,
        'closed_at', closed_at, 'version', version)), 'next', min(id)::text)::text
    FROM (
        SELECT t.id, t.number, t.status, t.priority, t.urgency, c.code AS category, t.place_id, p.path, t.description,
            person.name, t.filed_at, t.resolved_at, t.closed_at, t.version
        FROM ticket t
        JOIN category c ON c.institution_id = t.institution_id AND c.id = t.category_id
        LEFT JOIN place p ON p.institution_id = t.institution_id AND p.id = t.place_id
        LEFT JOIN person ON person.institution_id = t.institution_id AND person.id = t.reporter_id
        WHERE t.institution_id = 1 {} ORDER BY t.id DESC LIMIT 50
    ) AS row
"""
NEWEST = LIST.format("")
FOUND = LIST.format("AND t.grams @> %(grams)s::text[] AND t.search LIKE %(pattern)s")
# As long as what the product keeps with the event of filing, and of the promise.
TERMS = orjson.dumps({"sla": {"policy": 1, "calendar": 1, "priority": "normal", "words": "x" * 260}}).decode()
PROMISE = orjson.dumps({"until": "2027-01-04T10:00:00Z"}).decode()
_local = threading.local()


def pairs(words: str) -> list[str]:
    """Every two characters beside each other."""
    return sorted({words[at : at + 2] for at in range(len(words) - 1)})


def build(sockets: str, database: str = "houqin") -> Flask:
    """The floor's application on the servers of a folder of sockets, as the superuser: no policy is evaluated."""
    app = Flask("floor")
    address = make_conninfo(host=sockets, user="postgres", dbname=database)

    def connection() -> psycopg.Connection[Any]:
        found: psycopg.Connection[Any] | None = getattr(_local, "connection", None)
        if found is None:
            found = _local.connection = psycopg.connect(address, autocommit=True)
        return found

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.post("/tickets")
    def file() -> Response:
        sent = request.get_json()
        words = sent["description"]
        given = {
            "key": request.headers["Idempotency-Key"],
            "description": words,
            "category": sent["category"],
            "place": int(sent["place_id"]),
            "reporter": int(request.headers["X-Reporter"]),
            "grams": pairs(words),
            "terms": TERMS,
            "promise": PROMISE,
        }
        row = connection().execute(FILE, given, prepare=True).fetchone()
        if row is None:
            raise LookupError(given)
        answer = orjson.dumps({"id": str(row[0]), "number": row[1]})
        return Response(answer, 201, mimetype="application/json")

    @app.get("/tickets")
    def tickets() -> Response:
        q = request.args.get("q")
        if q:
            row = connection().execute(FOUND, {"grams": pairs(q), "pattern": f"%{q}%"}, prepare=True).fetchone()
        else:
            row = connection().execute(NEWEST, prepare=True).fetchone()
        return Response(row[0] if row else "", mimetype="application/json")

    return app


def web() -> Flask:
    return build(os.environ["FLOOR_SOCKETS"])


def main(host: str, port: int) -> None:
    """Serve with the product's server and its numbers of processes and threads."""
    gc.freeze()
    Granian(
        "bench.floor:web",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=ours.WORKERS,
        blocking_threads=ours.THREADS,
        backpressure=ours.BACKPRESSURE,
    ).serve()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
