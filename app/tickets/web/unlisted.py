"""The pages on which staff says what reporters' words for a place mean."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core import clock, forms
from app.core.errors import Rejected
from app.core.forms import Form, Schema, Text
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.sites import queries as places
from app.tickets import policies
from app.tickets.queries import unlisted as queries
from app.tickets.rules.limits import PLACE_LIMIT
from app.tickets.services import unlisted as services
from app.tickets.web.blueprint import blueprint


class Meant(Schema):
    """Words, and the place they mean; `ticket`: the request from whose wording alone the page was asked for."""

    text = Text(max=PLACE_LIMIT, required=True)
    place_id = forms.Id(load_default=None)
    ticket = forms.Id(load_default=None)


@blueprint.get("/tickets/unlisted")
@policy(policies.may_triage)
def unlisted() -> Any:
    """The wordings that wait, each with the nearest places; of one request (`ticket`) with all to choose from."""
    return _page(forms.parse_id(request.args.get("ticket")))


def _page(ticket_id: int | None, form: Form | None = None, status: int = 200) -> Any:
    wordings = queries.by_words(current_actor(), places.today(clock.now()), of=ticket_id)
    if ticket_id is not None and not wordings:
        return _page(None, form, status)  # somebody has named it meanwhile
    chosen = forms.parse_id(request.values.get("place_id"))
    place = places.by_id(chosen) if ticket_id is not None and chosen is not None else None
    near = wordings[0].near if place is not None else ()
    return render_template(
        "tickets/unlisted.html",
        wordings=wordings,
        form=form,
        ticket_id=ticket_id,
        chosen=chosen,
        place=None if any(each.id == chosen for each in near) else place,
    ), status


@blueprint.post("/tickets/unlisted")
@policy(policies.may_triage)
def name_place() -> Any:
    """From now on the words mean that place."""
    form = Form(Meant)
    data = form.load(request.form)
    if data is not None:
        with form.heeding():
            if data["place_id"] is None:
                raise Rejected(fields={"place_id": _("Choose a place.")})
            count = services.name_for_all(
                actor=current_actor(), now=clock.now(), text=data["text"], place_id=data["place_id"]
            )
            toast(
                ngettext("%(num)s request is being moved there.", "%(num)s requests are being moved there.", count)
                if count
                else _("From now on these words mean that place."),
                "good",
            )
            return redirect(url_for("tickets.unlisted"), 303)
    return _page(forms.parse_id(request.form.get("ticket")), form, form.status)
