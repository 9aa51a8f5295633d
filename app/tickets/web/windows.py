"""Choosing another time after nobody was in."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_babel import lazy_gettext as _l

from app.core import clock, forms, transaction
from app.core.errors import Conflict, Rejected, Stale
from app.core.http import current_actor, policy
from app.core.i18n import gettext as _
from app.core.pages import toast
from app.tickets.services import windows as services
from app.tickets.visit_choice import VisitChoice
from app.tickets.web import drafts
from app.tickets.web.blueprint import blueprint
from app.tickets.web.screen import Screen
from app.tickets.web.tracking import may_act, refused_page


class Choice(forms.Schema):
    """The window: one of those proposed (`visit_window`), or `other`, any that is offered, which goes first."""

    version = forms.Version()
    visit_window = forms.Text(max=100, load_default="")
    other = forms.Text(max=100, load_default="")


@blueprint.post("/tickets/<int:ticket_id>/window")
@policy(may_act)
def choose_window(ticket_id: int) -> Any:
    """Say when somebody may come again; refused, the page comes back with why."""
    here = url_for("tickets.show", ticket_id=ticket_id)
    if not current_actor().signed_in:
        return drafts.to_sign_in(here)
    form = forms.Form(Choice)
    data = form.load(request.form)
    if data is not None:
        with form.heeding(Conflict, Stale):
            _choose(ticket_id, data)
            toast(_("Thank you. Whoever repairs it is told."))
            return redirect(here, 303)
    transaction.abandon()
    return refused_page(ticket_id, "window", form)


def _choose(ticket_id: int, data: dict[str, Any]) -> None:
    given = data["other"] or data["visit_window"]
    if not given:
        raise Rejected(fields={"visit_window": _l("Choose a time.")})
    now = clock.now()
    window = forms.load(_One(), {"visit_window": given})["visit_window"]
    screen = Screen.found(current_actor(), ticket_id, now).filled()
    services.choose(
        actor=current_actor(), now=now, ticket_id=ticket_id, window=window, seen=data["version"], among=screen.proposed
    )


class _One(forms.Schema):
    visit_window = VisitChoice(required=True)
