"""The reporter's time for another visit, over the API."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy, seen_version
from app.tickets import policies
from app.tickets.api.answering import blueprint, ticket
from app.tickets.rules.visits import Window
from app.tickets.schemas import tickets as ticket_schemas
from app.tickets.services import windows


@blueprint.route("/tickets/<string:ticket_id>/visit-window", methods=["POST"])
@accepts(blueprint, ticket_schemas.VisitWindow)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_own)
def choose_window(sent: dict[str, Any], ticket_id: str) -> Response:
    """Nobody was in: say when somebody may come again, one or several neighbouring slots of `GET /visit-windows`."""
    number = id_in_address(ticket_id)
    windows.choose(
        actor=current_actor(),
        now=clock.now(),
        ticket_id=number,
        window=Window(sent["from_"], sent["to"]),
        seen=seen_version(),
    )
    return ticket(number)
