"""Writing to the reporter from the page of an order."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from app.core import clock, forms
from app.core.errors import Conflict
from app.core.http import current_actor, policy, upload
from app.tickets import policies
from app.tickets.crew import screens
from app.tickets.crew.entry import blueprint, order_row
from app.tickets.crew.pages import show
from app.tickets.services import messages
from app.tickets.talk import MEGABYTES, Message, pictures


@blueprint.post("/<order_id>/messages")
@upload(MEGABYTES)
@policy(policies.may_work)
def write(order_id: str) -> Any:
    """Write to the reporter; refused, the page comes back with what was typed."""
    row = order_row(order_id)
    form = forms.Form(Message)
    data = form.load(request.form, request.files)
    if data is not None:
        with form.heeding(Conflict):
            messages.send_message(
                actor=current_actor(),
                now=clock.now(),
                ticket_id=row.ticket_id,
                text=data["text"],
                order_id=row.id,
                photos=pictures(data["photos"]),
            )
            return redirect(url_for("crew.order", order_id=row.id, _anchor="thread"), 303)
    it = screens.screen(row, current_actor(), clock.now())
    it.message = form
    return show(it, 422)
