"""Clocks, priorities and requests for more time over the API."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, json_list, policy, seen_version
from app.sites import scope_words
from app.tickets import policies
from app.tickets.api.answering import blueprint, ticket
from app.tickets.queries import clock_view, tickets
from app.tickets.queries import extensions as open_requests
from app.tickets.schemas import clocks as shapes
from app.tickets.schemas import tickets as ticket_schemas
from app.tickets.services import extensions, priorities


@blueprint.route("/tickets/<string:ticket_id>/clocks", methods=["GET"])
@answers(blueprint, 200, shapes.ClockPage)
@policy(policies.may_read_orders)
def ticket_clocks(ticket_id: str) -> Any:
    """The clocks of a ticket and its orders, each with the trail that explains its due time"""
    found = tickets.one(current_actor(), id_in_address(ticket_id))
    scope_words.require(current_actor(), found, *policies.READ)
    return json_list(clock_view.views(found.id, clock.now()), None)


@blueprint.route("/tickets/<string:ticket_id>/priority", methods=["POST"])
@accepts(blueprint, shapes.PriorityIn)
@answers(blueprint, 200, ticket_schemas.TicketOut)
@policy(policies.may_triage)
def set_priority(sent: dict[str, Any], ticket_id: str) -> Response:
    """Another priority than the matrix gave, with a reason"""
    number = id_in_address(ticket_id)
    priorities.override(actor=current_actor(), now=clock.now(), ticket_id=number, seen=seen_version(), **sent)
    return ticket(number)


@blueprint.route("/extensions", methods=["GET"])
@accepts(blueprint, shapes.ExtensionQuery, location="query")
@answers(blueprint, 200, shapes.ExtensionPage)
@policy(policies.may_see_extensions)
def list_extensions(asked: dict[str, Any]) -> Any:
    """Requests for more time that wait for a decision, the longest waiting first"""
    page = open_requests.page(current_actor(), cursor=asked["cursor"], limit=asked["limit"])
    return json_list(list(page.items), page.next)


@blueprint.route("/tickets/<string:ticket_id>/extension", methods=["POST"])
@accepts(blueprint, shapes.ExtensionIn)
@answers(blueprint, 201, shapes.ExtensionOut)
@policy(policies.may_move_orders)
def ask_extension(sent: dict[str, Any], ticket_id: str) -> Any:
    """Ask for more time; another person decides"""
    number, seen = id_in_address(ticket_id), seen_version(required=False)
    return extensions.ask(actor=current_actor(), now=clock.now(), ticket_id=number, seen=seen, **sent)


@blueprint.route("/tickets/<string:ticket_id>/extension/decision", methods=["POST"])
@accepts(blueprint, shapes.ExtensionDecision)
@answers(blueprint, 200, shapes.ExtensionOut)
@policy(policies.may_extend)
def decide_extension(sent: dict[str, Any], ticket_id: str) -> Any:
    """Approve the time asked for, which is then the promise, or refuse it"""
    number, seen = id_in_address(ticket_id), seen_version(required=False)
    return extensions.decide(actor=current_actor(), now=clock.now(), ticket_id=number, seen=seen, **sent)


@blueprint.route("/tickets/<string:ticket_id>/clocks/<string:clock_id>/excuse", methods=["POST"])
@accepts(blueprint, shapes.ExcuseIn)
@answers(blueprint, 200, ticket_schemas.TicketOut)
@policy(policies.may_extend)
def excuse_clock(sent: dict[str, Any], ticket_id: str, clock_id: str) -> Response:
    """Excuse a due time that has passed; the figure stays what it is"""
    number, which, seen = id_in_address(ticket_id), id_in_address(clock_id), seen_version(required=False)
    extensions.excuse(actor=current_actor(), now=clock.now(), ticket_id=number, clock_id=which, seen=seen, **sent)
    return ticket(number)
