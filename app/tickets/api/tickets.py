"""Tickets and work orders over the API (contract.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response
from flask_babel import lazy_gettext as _l

from app.accounts import queries as people
from app.core import clock, paging
from app.core.actor import Actor
from app.core.errors import NotFound, Rejected
from app.core.forms import id_in_address as _id
from app.core.http import (
    accepts,
    answers,
    current_actor,
    policy,
    seen_version,
    upload,
    versioned,
)
from app.core.http.api import json_answer, json_list
from app.core.http.dumping import compiled
from app.core.http.idempotency import demands_key
from app.core.http.limits import filings
from app.core.i18n import iso, zone
from app.core.refusals import permit
from app.tickets import code_tries, policies
from app.tickets.api.answering import blueprint, dump_orders, dump_tickets, files_of, left
from app.tickets.api.answering import order as _order
from app.tickets.api.answering import ticket as _ticket
from app.tickets.api.ranking import explained
from app.tickets.queries import followed, orders, tickets, timeline
from app.tickets.rules import visits as rules_of_visits
from app.tickets.rules.dispatching import Ranking
from app.tickets.rules.needs import Part
from app.tickets.rules.visits import Window
from app.tickets.rules.workflow import TicketAct
from app.tickets.schemas import events as event_schemas
from app.tickets.schemas import evidence
from app.tickets.schemas import orders as order_schemas
from app.tickets.schemas import tickets as ticket_schemas
from app.tickets.schemas.photos import PhotoFiles, PhotoList, PhotoMoment
from app.tickets.services import acts, dispatching, filing, opening, photos, visits
from app.tickets.services import orders as order_acts
from app.tickets.services.evidence import Handed

MEGABYTES = 60  # six photos of a phone, with the parts around them

_events = compiled(event_schemas.EventOut(), timeline.NAMES)


@blueprint.route("/tickets", methods=["POST"])
@filings
@accepts(blueprint, ticket_schemas.NewTicket)
@answers(blueprint, 201, ticket_schemas.FiledOut)
@demands_key
@policy(policies.may_file)
def file_ticket(sent: dict[str, Any]) -> Any:
    """File a ticket; the same Idempotency-Key gives the same ticket."""
    actor, now = current_actor(), clock.now()
    _may_file_for(actor, sent, now)
    filed = filing.file_ticket(
        actor=actor,
        now=now,
        category=sent["category"],
        description=sent["description"],
        place_id=sent["place_id"],
        place_text=sent["place_text"],
        urgency=sent["urgency"],
        may_enter=sent["may_enter"],
        origin="api",
        answers=sent["answers"],
        recurs_of_id=sent["recurs_of"],
        visit=_window(sent["visit_window"]),
        reporter_id=sent["reporter_id"],
        contact_name=sent["contact_name"] or None,
        contact_phone=sent["contact_phone"] or None,
    )
    return versioned(filed, filed.version, 201)


def _may_file_for(actor: Actor, sent: dict[str, Any], now: datetime) -> None:
    """Others are reported for with a right of its own, and only those the reporting page would find (`LOOK_UP`)."""
    who = sent["reporter_id"]
    other = who is not None and who != actor.id
    if other or sent["contact_name"] or sent["contact_phone"]:
        permit(actor, policies.may_file_for_others)
    if other and not people.finds(actor, policies.LOOK_UP, who, now):
        raise Rejected(fields={"reporter_id": _l("This person does not exist.")})


def _window(sent: dict[str, Any] | None) -> Window | None:
    return None if sent is None else Window(sent["from_"], sent["to"])


@blueprint.route("/visit-windows", methods=["GET"])
@answers(blueprint, 200, ticket_schemas.SlotList)
@policy(policies.may_file)
def visit_windows() -> Any:
    """The windows that can be chosen now for a visit, in order; several neighbouring ones may be taken as one."""
    found = rules_of_visits.slots(clock.now(), zone(), visits.hours())
    return json_answer({"items": [{"from": iso(each.start), "to": iso(each.end)} for each in found]})


@blueprint.route("/tickets", methods=["GET"])
@accepts(blueprint, ticket_schemas.TicketQuery, location="query")
@answers(blueprint, 200, ticket_schemas.TicketPage)
@policy(policies.may_read)
def list_tickets(asked: dict[str, Any]) -> Response:
    """The tickets you may see, newest first."""
    wanted = tickets.TicketFilter(
        statuses=asked["status"],
        place=asked["place"],
        category=asked["category"],
        q=asked["q"],
        mine=asked["mine"],
    )
    page = tickets.page(current_actor(), wanted, cursor=asked["cursor"], limit=asked["limit"])
    if asked["mine"] and not (asked["q"] or asked["place"] or asked["category"]):
        # what one follows is shown reduced, and so found by nothing it does not show
        also = followed.page(current_actor(), statuses=asked["status"], cursor=asked["cursor"], limit=asked["limit"])
        page = paging.woven(page, also, "id", asked["limit"])
    return json_answer(json_list(dump_tickets(page.items), page.next))


@blueprint.route("/tickets/<string:ticket_id>", methods=["GET"])
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_read)
def show_ticket(ticket_id: str) -> Response:
    """One ticket."""
    return _ticket(_id(ticket_id))


@blueprint.route("/tickets/<string:ticket_id>/events", methods=["GET"])
@accepts(blueprint, event_schemas.EventQuery, location="query")
@answers(blueprint, 200, event_schemas.EventPage)
@policy(policies.may_read)
def ticket_events(asked: dict[str, Any], ticket_id: str) -> Response:
    """What happened, oldest first; only what is meant for you."""
    actor = current_actor()
    number = _id(ticket_id)
    try:
        row = tickets.one(actor, number)
    except NotFound:
        followed.one(actor, number)
        return json_answer(json_list(_events(followed.events(number)), None))
    page = timeline.page(actor, row, cursor=asked["cursor"], limit=asked["limit"])
    return json_answer(json_list(_events(page.items), page.next))


@blueprint.route("/tickets/<string:ticket_id>/transitions", methods=["POST"])
@accepts(blueprint, ticket_schemas.TicketAct)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_own)
def ticket_transition(sent: dict[str, Any], ticket_id: str) -> Response:
    """Accept, ask, answer, reject or reconsider; accept the finished work as a third party."""
    number = _id(ticket_id)
    acts.act(
        actor=current_actor(),
        now=clock.now(),
        ticket_id=number,
        act=TicketAct(sent["act"]),
        seen=seen_version(),
        reason=sent["reason"],
        note=sent["note"],
    )
    return _ticket(number)


@blueprint.route("/tickets/<string:ticket_id>/withdraw", methods=["POST"])
@accepts(blueprint, ticket_schemas.Noted)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_own)
def withdraw_ticket(sent: dict[str, Any], ticket_id: str) -> Response:
    """It is no longer needed; possible until somebody has worked on it. Where others follow, it becomes theirs."""
    number = _id(ticket_id)
    done = acts.withdraw(
        actor=current_actor(), now=clock.now(), ticket_id=number, seen=seen_version(), note=_said(sent)
    )
    try:
        return _ticket(number)
    except NotFound:
        return left(done)


@blueprint.route("/tickets/<string:ticket_id>/confirm", methods=["POST"])
@accepts(blueprint, ticket_schemas.Noted)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_own)
def confirm_ticket(sent: dict[str, Any], ticket_id: str) -> Response:
    """The reporter says that it is fixed."""
    number = _id(ticket_id)
    acts.confirm(actor=current_actor(), now=clock.now(), ticket_id=number, seen=seen_version(), note=_said(sent))
    return _ticket(number)


@blueprint.route("/tickets/<string:ticket_id>/not-fixed", methods=["POST"])
@accepts(blueprint, ticket_schemas.NotFixed)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_own)
def not_fixed(sent: dict[str, Any], ticket_id: str) -> Response:
    """The repair did not hold: it is taken up again with a rework order."""
    number = _id(ticket_id)
    acts.not_fixed(
        actor=current_actor(),
        now=clock.now(),
        ticket_id=number,
        seen=seen_version(),
        note=_said(sent),
        order_id=sent["order_id"],
    )
    return _ticket(number)


def _said(sent: dict[str, Any]) -> str | None:
    """The words, whichever of the two fields they came in."""
    said: str | None = sent["note"] or sent["reason"]
    return said


@blueprint.route("/tickets/<string:ticket_id>/rating", methods=["POST"])
@accepts(blueprint, ticket_schemas.RatingIn)
@answers(blueprint, 200, ticket_schemas.RatingOut)
@policy(policies.may_own)
def rate_ticket(sent: dict[str, Any], ticket_id: str) -> Any:
    """Rate the repair, or change the rating; until 30 days after closing."""
    return acts.rate(
        actor=current_actor(),
        now=clock.now(),
        ticket_id=_id(ticket_id),
        seen=seen_version(required=False),
        **sent,
    )


@blueprint.route("/tickets/<string:ticket_id>/work-orders", methods=["POST"])
@accepts(blueprint, order_schemas.NewOrder)
@answers(blueprint, 201, order_schemas.OrderDetail)
@policy(policies.may_move_orders)
def open_order(sent: dict[str, Any], ticket_id: str) -> Response:
    """Add an order for another trade; it is offered at once, or when `after` is done."""
    made = opening.open_order(
        actor=current_actor(),
        now=clock.now(),
        ticket_id=_id(ticket_id),
        seen=seen_version(required=False),
        **sent,
    )
    return _order(made.id, 201)


@blueprint.route("/tickets/<string:ticket_id>/photos", methods=["POST"])
@accepts(blueprint, PhotoFiles, location="files")
@answers(blueprint, 201, PhotoList)
@upload(MEGABYTES)
@policy(policies.may_read)
def add_ticket_photos(sent: dict[str, Any], ticket_id: str) -> Any:
    """Add photos to a ticket; they are shown once they have been re-encoded."""
    number, actor, now, seen = _id(ticket_id), current_actor(), clock.now(), seen_version(required=False)
    added = [
        photos.add_to_ticket(
            actor=actor, now=now, ticket_id=number, stream=each.stream, name=each.filename or "", field=field, seen=seen
        )
        for field, each in files_of(sent)
    ]
    return {"items": added}


@blueprint.route("/work-orders", methods=["GET"])
@accepts(blueprint, order_schemas.OrderQuery, location="query")
@answers(blueprint, 200, order_schemas.OrderPage)
@policy(policies.may_read_orders)
def list_orders(asked: dict[str, Any]) -> Response:
    """The work orders you may see, newest first; `mine`: offered to you or held by you."""
    wanted = orders.OrderFilter(states=asked["state"], ticket=asked["ticket"], mine=asked["mine"])
    page = orders.page(current_actor(), wanted, cursor=asked["cursor"], limit=asked["limit"])
    return json_answer(json_list(dump_orders(page.items), page.next))


@blueprint.route("/work-orders/<string:order_id>", methods=["GET"])
@answers(blueprint, 200, order_schemas.OrderDetail)
@policy(policies.may_read_orders)
def show_order(order_id: str) -> Response:
    """One work order."""
    return _order(_id(order_id))


@blueprint.route("/work-orders/<string:order_id>/transitions", methods=["POST"])
@accepts(blueprint, evidence.OrderAct)
@answers(blueprint, 200, order_schemas.OrderDetail)
@policy(policies.may_move_orders)
def order_transition(sent: dict[str, Any], order_id: str) -> Response:
    """Move an order, or decline its offer.

    `accepted` takes an offer, or an order from the pool as `claim` does: 412 with `current` where somebody was faster.
    """
    number = _id(order_id)
    if sent["code"]:
        code_tries.count(orders.one(current_actor(), number).id, sent["code"])
    order_acts.transition(
        actor=current_actor(),
        now=clock.now(),
        order_id=number,
        to=sent["to"],
        seen=seen_version(),
        reason=sent["reason"],
        note=sent["note"],
        until=sent["until"],
        device_at=sent["device_at"],
        device_offset_s=sent["device_offset_s"],
        handed=Handed(
            place_token=sent["place_token"],
            ticked=tuple(sent["checklist"]),
            code=sent["code"],
            signed_by=sent["signed_by"],
            parts=tuple(Part(each["name"], each["quantity"]) for each in sent["parts"]),
            card_left=sent["card_left"],
            windows=tuple(Window(each["from_"], each["to"]) for each in sent["windows"]),
        ),
    )
    return _order(number)


@blueprint.route("/work-orders/<string:order_id>/assignment", methods=["POST"])
@accepts(blueprint, order_schemas.Assignment)
@answers(blueprint, 200, order_schemas.AssignedOut)
@policy(policies.may_dispatch)
def assign_order(sent: dict[str, Any], order_id: str) -> Response:
    """Offer an order to a person, or run the ranking; the answer says why."""
    number, actor, now, seen = _id(order_id), current_actor(), clock.now(), seen_version()
    if sent["auto"] == (sent["assignee"] is not None):
        raise Rejected(fields={"assignee": _l("Name a person, or ask for the ranking with “auto”.")})
    if sent["auto"]:
        if sent["note"]:
            raise Rejected(fields={"note": _l("A note goes to a person. Name the person, or leave it out.")})
        done = dispatching.assign_automatically(actor=actor, now=now, order_id=number, seen=seen)
    else:
        done = dispatching.assign(
            actor=actor,
            now=now,
            order_id=number,
            assignee_id=sent["assignee"],
            seen=seen,
            reason=sent["reason"],
            note=sent["note"],
        )
    return _order(number, **explained(Ranking.from_data(done.why)))


@blueprint.route("/work-orders/<string:order_id>/photos", methods=["POST"])
@accepts(blueprint, PhotoMoment, location="form")
@accepts(blueprint, PhotoFiles, location="files")
@answers(blueprint, 201, PhotoList)
@upload(MEGABYTES)
@policy(policies.may_move_orders)
def add_order_photos(form: dict[str, Any], sent: dict[str, Any], order_id: str) -> Any:
    """Add photos of before or after the work."""
    number, actor, now, seen = _id(order_id), current_actor(), clock.now(), seen_version(required=False)
    added = [
        photos.add_to_order(
            actor=actor,
            now=now,
            order_id=number,
            moment=form["moment"],
            stream=each.stream,
            name=each.filename or "",
            field=field,
            seen=seen,
        )
        for field, each in files_of(sent)
    ]
    return {"items": added}
