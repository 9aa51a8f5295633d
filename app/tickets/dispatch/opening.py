"""A further order for a request: another trade is needed, or none is open any more (N3)."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms
from app.core.errors import Conflict, NotFound
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets import policies
from app.tickets.dispatch import schemas
from app.tickets.dispatch.entry import blueprint
from app.tickets.dispatch.technicians import trade_choices
from app.tickets.queries import tickets
from app.tickets.services import opening


def _ticket(ticket_id: str) -> Any:
    """The request of an address, where the actor dispatches. Raises NotFound."""
    number = forms.parse_id(ticket_id)
    found = None if number is None else tickets.one(current_actor(), number)
    if found is None or not policies.in_scope(current_actor(), policies.DISPATCH, found):
        raise NotFound
    return found


@blueprint.get("/requests/<ticket_id>/order")
@policy(policies.may_dispatch)
def new_order(ticket_id: str) -> Any:
    """The form for an order of one trade."""
    return _page(_ticket(ticket_id), forms.Form(schemas.NewOrder))


def _page(ticket: Any, form: forms.Form, status: int = 200) -> Any:
    context = {"ticket": ticket, "form": form, "trades": trade_choices("code")}
    return render_template("tickets/dispatch/new_order.html", **context), status


@blueprint.post("/requests/<ticket_id>/order")
@policy(policies.may_dispatch)
def new_order_post(ticket_id: str) -> Any:
    """Open the order; it is offered by the ranking at once."""
    ticket = _ticket(ticket_id)
    form = forms.Form(schemas.NewOrder)
    data = form.load(request.form)
    if data is not None:
        with form.heeding(Conflict):
            done = opening.open_order(
                actor=current_actor(),
                now=clock.now(),
                ticket_id=ticket.id,
                trade=data["trade"],
                minutes=data["minutes"],
                reason=data["reason"] or None,
            )
            toast(_("Opened: %(number)s.", number=done.number))
            return redirect(url_for("dispatch.order", order_id=done.id), 303)
    return _page(ticket, form, form.status)
