"""Asking the reporter for a call; his number stays with the desk."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask_babel import gettext as _

from app.core import clock
from app.core.errors import Conflict
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets import policies
from app.tickets.crew.entry import blueprint, order_row
from app.tickets.services import calls_back


@blueprint.post("/<order_id>/call")
@policy(policies.may_work)
def ask_call(order_id: str) -> Any:
    """I would like to speak to the reporter."""
    row = order_row(order_id)
    try:
        calls_back.ask(actor=current_actor(), now=clock.now(), order_id=row.id)
    except Conflict as refused:
        toast(str(refused.message), "soon")
    else:
        toast(_("The reporter is asked to call the desk, or to say where it may call."))
    return redirect(url_for("crew.order", order_id=row.id), 303)
