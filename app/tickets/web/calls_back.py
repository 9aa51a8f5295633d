"""The crew would like to speak to the reporter: where the desk may call him."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms
from app.core.errors import Conflict
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets.services import calls_back
from app.tickets.web import drafts
from app.tickets.web.blueprint import blueprint
from app.tickets.web.tracking import may_act, refused_page


class Where(forms.Schema):
    """The number, and when."""

    phone = forms.Text(max=40, load_default="")
    when = forms.Text(max=100, load_default="")


@blueprint.post("/tickets/<int:ticket_id>/call")
@policy(may_act)
def answer_call(ticket_id: int) -> Any:
    """Leave a number for the desk; refused, the page comes back with what was typed."""
    here = url_for("tickets.show", ticket_id=ticket_id)
    if not current_actor().signed_in:
        return drafts.to_sign_in(here)
    form = forms.Form(Where)
    data = form.load(request.form)
    if data is not None:
        with form.heeding(Conflict):
            calls_back.answer(actor=current_actor(), now=clock.now(), ticket_id=ticket_id, **data)
            toast(_("The desk calls you. Nobody else sees your number."))
            return redirect(here, 303)
    return refused_page(ticket_id, "call", form)
