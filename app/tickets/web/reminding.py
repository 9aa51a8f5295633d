"""The reporter's reminder on the page of his ticket: when it is allowed, and the button."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask_babel import gettext as _

from app.core import clock
from app.core.errors import Conflict
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets.services import urging
from app.tickets.web import drafts
from app.tickets.web.blueprint import blueprint
from app.tickets.web.screen import Screen
from app.tickets.web.tracking import may_act, page_of


@blueprint.post("/tickets/<int:ticket_id>/remind")
@policy(may_act)
def remind(ticket_id: int) -> Any:
    """Remind whoever is responsible; too early, or a second time from another tab, the page says why not."""
    here = url_for("tickets.show", ticket_id=ticket_id)
    if not current_actor().signed_in:
        return drafts.to_sign_in(here)
    try:
        urging.urge(actor=current_actor(), now=clock.now(), ticket_id=ticket_id)
    except Conflict as refused:
        screen = Screen.found(current_actor(), ticket_id, clock.now())
        return page_of(screen, said=str(refused.message)), refused.status
    toast(_("Whoever is responsible has been reminded."), "good")
    return redirect(f"{here}#remind", 303)
