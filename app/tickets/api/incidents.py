"""One fault, several reporters: similar tickets, joining and leaving, merge and un-merge, correcting, splitting."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_babel import lazy_gettext as _l

from app.core import clock
from app.core.errors import Rejected
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy, seen_version, versioned
from app.core.http.limits import filings
from app.tickets import policies
from app.tickets.api.answering import blueprint, ticket
from app.tickets.queries import similar
from app.tickets.schemas import incidents
from app.tickets.schemas import tickets as ticket_schemas
from app.tickets.services import following, merging, reclassifying, splitting
from app.tickets.services.reclassifying import Wish


@blueprint.route("/tickets/similar", methods=["GET"])
@accepts(blueprint, incidents.SimilarQuery, location="query")
@answers(blueprint, 200, incidents.HintList)
@policy(policies.may_file)
def similar_tickets(asked: dict[str, Any]) -> Any:
    """Tickets that may speak of the fault you are about to report, the likest first; filing stays possible."""
    if asked["place_id"] is None and not asked["place_text"]:
        raise Rejected(fields={"place_id": _l("Name a place, or say in words where it is.")})
    return {"items": similar.hints(current_actor(), now=clock.now(), **asked)}


@blueprint.route("/tickets/<string:ticket_id>/join", methods=["POST"])
@filings
@accepts(blueprint, incidents.JoinIn)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_file)
def join_ticket(sent: dict[str, Any], ticket_id: str) -> Response:
    """Follow a ticket instead of filing the same fault; the answer is the reduced ticket.

    It is one at a public place, at a floor or building, or where you live. Whoever has no home on record names the
    place and category he was about to report; for a place in words they are named. Any other ticket is 404.
    """
    number, seen, about = id_in_address(ticket_id), seen_version(required=False), similar.About(**sent)
    return ticket(following.join(actor=current_actor(), now=clock.now(), ticket_id=number, seen=seen, about=about))


@blueprint.route("/tickets/<string:ticket_id>/leave", methods=["POST"])
@accepts(blueprint, incidents.Nothing)
@answers(blueprint, 204)
@policy(policies.may_file)
def leave_ticket(sent: dict[str, Any], ticket_id: str) -> Any:
    """No longer follow a ticket."""
    number, seen = id_in_address(ticket_id), seen_version(required=False)
    following.leave(actor=current_actor(), now=clock.now(), ticket_id=number, seen=seen)
    return Response(status=204)


@blueprint.route("/tickets/<string:ticket_id>/merge", methods=["POST"])
@accepts(blueprint, incidents.MergeIn)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_triage)
def merge_ticket(sent: dict[str, Any], ticket_id: str) -> Response:
    """Make a ticket the duplicate of another, which is open or resolved and no duplicate itself."""
    number = id_in_address(ticket_id)
    merging.merge(
        actor=current_actor(),
        now=clock.now(),
        ticket_id=number,
        into_id=sent["into"],
        seen=seen_version(required=False),
        note=sent["note"],
    )
    return ticket(number)


@blueprint.route("/tickets/<string:ticket_id>/unmerge", methods=["POST"])
@accepts(blueprint, incidents.UnmergeIn)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_triage)
def unmerge_ticket(sent: dict[str, Any], ticket_id: str) -> Response:
    """Undo the merge that made a ticket a duplicate; what somebody changed since stays."""
    number = id_in_address(ticket_id)
    merging.unmerge(actor=current_actor(), now=clock.now(), ticket_id=number, seen=seen_version(required=False), **sent)
    return ticket(number)


@blueprint.route("/tickets/<string:ticket_id>/reclassify", methods=["POST"])
@accepts(blueprint, incidents.ReclassifyIn)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_triage)
def reclassify_ticket(sent: dict[str, Any], ticket_id: str) -> Response:
    """Correct category, place, urgency or impact of an open ticket; orders of another trade are opened anew."""
    number = id_in_address(ticket_id)
    reason = sent.pop("reason")
    reclassifying.reclassify(
        actor=current_actor(),
        now=clock.now(),
        ticket_id=number,
        wish=Wish(**sent),
        reason=reason,
        seen=seen_version(required=False),
    )
    return ticket(number)


@blueprint.route("/tickets/<string:ticket_id>/split", methods=["POST"])
@accepts(blueprint, incidents.SplitIn)
@answers(blueprint, 201, ticket_schemas.FiledOut)
@policy(policies.may_triage)
def split_ticket(sent: dict[str, Any], ticket_id: str) -> Any:
    """Make the second fault of a report a ticket of its own, for the same reporter."""
    made = splitting.split(
        actor=current_actor(),
        now=clock.now(),
        ticket_id=id_in_address(ticket_id),
        seen=seen_version(required=False),
        **sent,
    )
    return versioned(made, made.version, 201)
