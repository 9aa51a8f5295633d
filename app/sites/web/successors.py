"""Which place stands in for one that was closed."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock
from app.core.errors import NotAllowed
from app.core.forms import Form, parse_id
from app.core.http import current_actor, policy
from app.sites import policies, queries, services
from app.sites.models import Place
from app.sites.schemas import SuccessorForm
from app.sites.web import entry


def _mine(place_id: str) -> Place:
    """The place, where the reader may change it. Raises NotFound, NotAllowed."""
    found = entry.wanted(place_id)
    if not policies.covers(current_actor(), "places.write", found):
        raise NotAllowed
    return found


@entry.blueprint.get("/places/<place_id>/successor")
@policy(policies.may_write)
def successor_form(place_id: str) -> Any:
    """Choose it from the register."""
    place = _mine(place_id)
    chosen = request.args.get("successor_id") or (str(place.successor_id) if place.successor_id else None)
    return _page(Form(SuccessorForm, {"successor_id": chosen}), place)


@entry.blueprint.post("/places/<place_id>/successor")
@policy(policies.may_write)
def set_successor(place_id: str) -> Any:
    """From now on what is reported for the closed place goes there; with `clear` nothing stands in for it."""
    place = _mine(place_id)
    form = Form(SuccessorForm)
    data = form.load(request.form)
    if data is None:
        return _page(form, place), 422
    if data["successor_id"] is None and not data["clear"]:
        form.refuse({"successor_id": [_("Choose the place that stands in for this one.")]})
        return _page(form, place), 422
    chosen = None if data["clear"] else data["successor_id"]
    with form.heeding():
        services.set_successor(place.id, chosen, actor=current_actor(), now=clock.now())
        return redirect(url_for("sites.place", place_id=place.id))
    return _page(form, place), form.status


def _page(form: Form, place: Place) -> str:
    chosen = parse_id(form.values.get("successor_id"))
    return render_template(
        "sites/successor.html", form=form, place=place, chosen=queries.by_id(chosen) if chosen else None
    )
