"""The page on which staff says what reporters' words for a place mean."""

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
from app.tickets.services import unlisted as services
from app.tickets.web.blueprint import blueprint
from app.tickets.web.forms import PLACE_LIMIT


class Meant(Schema):
    """Words, and the place they mean: one of the suggestions, or another by its code."""

    text = Text(max=PLACE_LIMIT, required=True)
    place_id = forms.Id(load_default=None)
    code = Text(max=64, load_default="")


@blueprint.get("/tickets/unlisted")
@policy(policies.may_triage)
def unlisted() -> Any:
    """The wordings that wait, each with the nearest places."""
    return _page()


def _page(form: Form | None = None, status: int = 200) -> Any:
    wordings = queries.by_words(current_actor(), places.today(clock.now()))
    return render_template("tickets/unlisted.html", wordings=wordings, form=form), status


@blueprint.post("/tickets/unlisted")
@policy(policies.may_triage)
def name_place() -> Any:
    """From now on the words mean that place."""
    form = Form(Meant)
    data = form.load(request.form)
    if data is not None:
        with form.heeding():
            count = services.name_for_all(
                actor=current_actor(), now=clock.now(), text=data["text"], place_id=_place(data)
            )
            toast(
                ngettext("%(num)s request is moved there now.", "%(num)s requests are moved there now.", count)
                if count
                else _("From now on these words mean that place."),
                "good",
            )
            return redirect(url_for("tickets.unlisted"), 303)
    return _page(form, form.status)


def _place(data: dict[str, Any]) -> int:
    """The place chosen, or that of the code. Raises Rejected."""
    if data["code"]:
        found = places.by_codes([data["code"]]).get(data["code"])
        if found is None:
            raise Rejected(fields={"place_id": _("There is no place with this code.")})
        return int(found.id)
    if data["place_id"] is None:
        raise Rejected(fields={"place_id": _("Choose a place, or give its code.")})
    return int(data["place_id"])
