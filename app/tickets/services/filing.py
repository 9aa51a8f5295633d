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

from app.core import outbox
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Rejected
from app.core.i18n import DEFAULT_ZONE
from app.core.logs import request_id
from app.core.refusals import permit
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
from app.tickets.services.filing_statements import FILE, FIND, OWN, RECURS, VISIT


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
    row = FILE.one(
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
        db.session.execute(VISIT, {"ticket_id": row.id, "start": visit.start, "end": visit.end})
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
    mine = db.session.execute(OWN, {"first_id": first_id, "person_id": reporter_id}).first()
    if mine is None:
        raise Rejected(fields={"recurs_of": _l("This request does not exist.")})
    db.session.execute(RECURS, {"ticket_id": ticket_id, "first_id": first_id})


def _filing_as(actor: Actor, origin: str, reporter_id: int | None) -> Who:
    if origin == "qr" and not actor.signed_in:
        return Who.QR
    if reporter_id is not None and reporter_id != actor.id:
        permit(actor, policies.may_file_for_others)
        return Who.DISPATCHER
    if actor.kind == "system":
        return Who.SYSTEM
    permit(actor, policies.may_file)
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
    return FIND.one(
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
