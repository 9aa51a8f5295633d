"""Filing a ticket: number, ticket, its first order, events and outbox in one statement of one commit.

It is the hottest path of the product, and the counter's row is locked from its number to the commit, so everything is
one round trip: a chain of data-modifying CTEs (the counters always in the order R, W).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, Boolean, Date, Integer, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import DateTime, Text

from app.core import outbox
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import NotAllowed, Rejected
from app.core.i18n import DEFAULT_ZONE
from app.core.logs import request_id
from app.core.prepared import Prepared
from app.sites import queries as places
from app.sites.rules import aliases
from app.tickets import policies
from app.tickets.rules import guards, questions, workflow
from app.tickets.rules.demands import impact_at
from app.tickets.rules.grams import folded, grams
from app.tickets.rules.guards import Facts
from app.tickets.rules.numbers import numbering_year
from app.tickets.rules.visits import Window
from app.tickets.rules.workflow import TicketAct, TicketStatus, Who
from app.tickets.services import clocks, opening, priorities, refusals, visits
from app.tickets.services.case import by_ticket


@dataclass(frozen=True, slots=True)
class Filed:
    """The answer to filing. `order_id` is None where a dispatcher has to look at the ticket first.

    `instead_of`: the place that was named is gone, and the request is about the one that stands in for it.
    """

    id: int
    number: str
    status: str
    priority: str
    order_id: int | None
    promised_at: datetime | None = None
    version: int = 1
    instead_of: str | None = None


def file_ticket(
    *,
    actor: Actor,
    now: datetime,
    category: str | int,
    description: str = "",
    place_id: int | None = None,
    place_text: str | None = None,
    urgency: str = "normal",
    may_enter: bool = False,
    reporter_id: int | None = None,
    contact_name: str | None = None,
    contact_phone: str | None = None,
    origin: str = "web",
    answers: Mapping[str, Any] | None = None,
    photos: int | None = None,
    visit: Window | None = None,
    asks: bool = True,
    photos_possible: bool = True,
    recurs_of_id: int | None = None,
    reporter_may_have_left: bool = False,
) -> Filed:
    """File a ticket. A category with automatic dispatch and a known place: accepted by the system, its order queued.

    `category` is a code or an id. `origin` "qr": written without login through a sticker (the edge has checked its
    secret); then nobody is the reporter. `reporter_id`: on behalf of that person (needs `tickets.on_behalf`).
    `answers` are those to the category's questions, by code; `photos` how many photos come with the report (None: they
    follow); without `asks` nothing is asked (staff splits a report); where no `photos_possible` (a sticker without
    sign-in, Open311) no photo is asked for. `visit`: when somebody may come; its order stays planned until then.
    `reporter_may_have_left`: staff goes on with what somebody once reported, whose account may be closed by now (N5).
    Raises NotAllowed, Rejected (fields `category`, `place_id`, `reporter_id`, `answers.…`; code "call-first" with
    `phone` where an answer means danger).
    """
    who = _filing_as(actor, origin, reporter_id)
    left_too = reporter_may_have_left
    found = _look_up(category, place_id, place_text, reporter_id, now, left_too=left_too)
    gone = None
    if place_id is not None and found.place_id is None and (moved := _stands_in(place_id, now)) is not None:
        place_id, gone = moved
        found = _look_up(category, place_id, None, reporter_id, now, left_too=left_too)
    _check(found, place_id, place_text, reporter_id, who, now)
    photos_possible = photos_possible and who is not Who.QR
    given = _answered(found, answers or {}, photos, photos_possible=photos_possible) if asks else {}
    if visit is not None:
        visits.check(visit, emergency=found.emergency, zone_name=found.zone_name, now=now)
    named = place_id if place_id is not None else found.place_id  # words staff has mapped mean the place
    reporter = reporter_id if reporter_id is not None else actor.id
    impact = impact_at(found.place_kind, found.impact, found.impacts)
    priority = priorities.starting(impact, urgency, emergency_category=found.emergency, by_staff=who is Who.DISPATCHER)
    later = visit is not None and not visits.is_near(visit.start, now)
    automatic = found.auto_dispatch and named is not None and not later
    status = TicketStatus.ACCEPTED if automatic else TicketStatus.SUBMITTED
    searched = folded(description, found.place_path, place_text)
    begun = clocks.begin(found, priority, automatic, now, None if visit is None else visit.end)
    row = _FILE.one(
        {
            **_outbox_rows(automatic),
            **begun.values,
            "institution": current_institution(),
            "year": numbering_year(now, found.zone_name or DEFAULT_ZONE),
            "now": now,
            "status": status.value,
            "automatic": automatic,
            "category_id": found.category_id,
            "category_version_id": found.category_version_id,
            "asked_version_id": found.category_version_id if given else None,
            "answers": orjson.dumps(given).decode() if given else None,
            "trade_id": found.trade_id,
            "planned_minutes": found.planned_minutes,
            "place_id": named,
            "place_text": gone if place_id is not None else place_text,  # what it was called
            "campus_id": found.campus_id,
            "building_id": found.building_id,
            "description": description,
            "urgency": urgency,
            "impact": impact,
            "priority": priority,
            "reporter_id": reporter,
            "on_behalf_by": actor.id if who is Who.DISPATCHER else None,
            "contact_name": contact_name,
            "contact_phone": contact_phone,
            "may_enter": may_enter,
            "origin": origin,
            "search": searched,
            "grams": grams(searched),
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "request_id": request_id.get(),
        }
    )
    if recurs_of_id is not None:
        _names_the_first(row.id, recurs_of_id, reporter)
    if visit is not None:
        db.session.execute(_VISIT, {"ticket_id": row.id, "start": visit.start, "end": visit.end})
    outbox.ring_after_commit()
    if later and found.auto_dispatch and named is not None:
        return replace(_planned(row, actor, now, priority), instead_of=gone)
    if begun.endless:
        _alarm(row.id, actor, now)
    return Filed(row.id, row.number, status.value, priority, row.order_id, begun.promised_at, instead_of=gone)


def _alarm(ticket_id: int, actor: Actor, now: datetime) -> None:
    """One of its clocks will never come due (10)."""
    case = by_ticket(ticket_id, actor=Actor.system(actor.institution_id), now=now)
    clocks.alarm(case)
    case.write()


def _stands_in(place_id: int, now: datetime) -> tuple[int, str] | None:
    """What stands in for a place that is gone, and what that one was called."""
    place, day = places.by_id(place_id), places.today(now)
    found = None if place is None else places.standing_in(place, day)
    return None if place is None or found is None else (found.id, place.path)


def _planned(row: Any, actor: Actor, now: datetime, priority: str) -> Filed:
    """Accepted at once, its order planned until the window of the visit comes near."""
    case = by_ticket(row.id, actor=Actor.system(actor.institution_id), now=now)
    case.move_ticket(TicketAct.ACCEPT, by_system=True, automatic=True)
    order = opening.first_order(case)
    case.write()
    ticket = case.ticket
    return Filed(row.id, row.number, ticket.status.value, priority, order.id, ticket.promised_at, ticket.version)


def _names_the_first(ticket_id: int, first_id: int, reporter_id: int | None) -> None:
    """The fault came again (N8, N10): the new ticket names the reporter's own, or one he follows. Raises Rejected."""
    mine = db.session.execute(_OWN, {"first_id": first_id, "person_id": reporter_id}).first()
    if mine is None:
        raise Rejected(fields={"recurs_of": _l("This request does not exist.")})
    db.session.execute(_RECURS, {"ticket_id": ticket_id, "first_id": first_id})


def _filing_as(actor: Actor, origin: str, reporter_id: int | None) -> Who:
    if origin == "qr" and not actor.signed_in:
        return Who.QR
    if reporter_id is not None and reporter_id != actor.id:
        if actor.kind != "system" and not actor.can(policies.ON_BEHALF):
            raise NotAllowed
        return Who.DISPATCHER
    if actor.kind == "system":
        return Who.SYSTEM
    if not policies.may_file(actor):
        raise NotAllowed
    return Who.REPORTER


def _look_up(
    category: str | int,
    place_id: int | None,
    place_text: str | None,
    reporter_id: int | None,
    now: datetime,
    *,
    left_too: bool = False,
) -> Any:
    """Category, place with its campus's zone, and the reporter, in one statement; nulls where there is none."""
    return _FIND.one(
        {
            "code": None if isinstance(category, int) else category,
            "category_id": category if isinstance(category, int) else None,
            "place_id": place_id,
            "place_key": None if place_id is not None or not place_text else aliases.key(place_text),
            "reporter_id": reporter_id,
            "left_too": left_too,
            "today": places.today(now),
        }
    )


def _check(
    found: Any,
    place_id: int | None,
    place_text: str | None,
    reporter_id: int | None,
    who: Who,
    now: datetime,
) -> None:
    """The demands of the table's first row, and that what was named is there. Raises Rejected."""
    row = workflow.ticket_transition(None, TicketAct.FILE)
    facts = Facts(
        now=now,
        has_place_or_text=place_id is not None or bool(place_text),
        has_category=found.category_id is not None and found.trade_id is not None,
    )
    fields: dict[str, Any] = {
        refusal.field: _l(refusal.message) for refusal in guards.check(row, who, facts) if refusal.field
    }
    if place_id is not None and found.place_id is None:
        fields["place_id"] = _l("This place does not exist. Choose it again, or describe it in words.")
    if reporter_id is not None and found.reporter_id is None:
        fields["reporter_id"] = _l("This person does not exist.")
    if fields:
        raise Rejected(fields=fields)


def _answered(found: Any, given: Mapping[str, Any], photos: int | None, *, photos_possible: bool) -> dict[str, Any]:
    """The answers as they are stored. Raises Rejected for what is wrong or missing, and where one means danger."""
    asked = questions.read_all(found.questions)
    if not photos_possible:
        asked = questions.without_photos(asked)
    if not asked and not given:
        return {}
    answers = questions.answered(asked, given, photos=photos)
    if answers.stopped is not None:
        raise refusals.call_first(answers.stopped, found.emergency_phone)
    if answers.faults:
        raise Rejected(fields={f"answers.{code}": refusals.fault(each) for code, each in answers.faults.items()})
    return answers.values


def _outbox_rows(automatic: bool) -> dict[str, Any]:
    """The handlers of the events filing publishes, as the arrays the statement unnests."""
    kinds = ("TicketFiled", "OrderQueued") if automatic else ("TicketFiled",)
    table = outbox.subscribers()
    turns = [(kind, turn) for kind in kinds for turn in table.turns(kind)]
    return {
        "turns": [kind for kind, _turn in turns],
        "handlers": [turn.name for _kind, turn in turns],
        "queues": [turn.queue for _kind, turn in turns],
    }


_FIND = Prepared(
    text(
        """
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
        AND (category.valid_from IS NULL OR category.valid_from <= :today)
        AND (category.valid_to IS NULL OR category.valid_to > :today)
    LEFT JOIN category_version AS version ON version.institution_id = category.institution_id
        AND version.category_id = category.id AND version.number = category.version
    LEFT JOIN place_alias ON place_alias.key = :place_key
    LEFT JOIN place ON place.id = coalesce(:place_id, place_alias.place_id)
        AND (place.valid_to IS NULL OR place.valid_to > :today)
    LEFT JOIN place AS campus ON campus.institution_id = place.institution_id AND campus.id = place.campus_id
    LEFT JOIN person ON person.id = :reporter_id AND (person.disabled_at IS NULL OR :left_too)
    ORDER BY category.id DESC
    LIMIT 1
    """
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
        SELECT published.institution_id, published.id, turn.handler, turn.queue, 0, 0, :now
        FROM published JOIN unnest(:turns, :handlers, :queues) AS turn(kind, handler, queue) USING (kind)
    )
    SELECT filed.id, filed.number, opened.id AS order_id FROM filed LEFT JOIN opened ON true
    """
_OWN = text(
    """
    SELECT FROM ticket WHERE id = :first_id AND (reporter_id = :person_id OR EXISTS (
        SELECT FROM ticket_follower AS follower
        WHERE follower.institution_id = ticket.institution_id AND follower.ticket_id = ticket.id
            AND follower.person_id = :person_id AND follower.ended_at IS NULL))
    """
).bindparams(*(bindparam(name, type_=BigInteger) for name in ("first_id", "person_id")))
_VISIT = text("UPDATE ticket SET visit_from = :start, visit_to = :end WHERE id = :ticket_id")
_RECURS = text("UPDATE ticket SET recurs_of_id = :first_id WHERE id = :ticket_id")
_FILE = Prepared(
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
