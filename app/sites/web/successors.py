"""Which place stands in for one that was closed."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.audit import quicker
from app.core import clock, seen
from app.core.errors import Conflict
from app.core.forms import Form, parse_id
from app.core.http import current_actor, policy
from app.sites import policies, queries, services
from app.sites.models import Place
from app.sites.schemas import SuccessorForm
from app.sites.web import entry


@entry.blueprint.get("/places/<place_id>/successor")
@policy(policies.may_write)
def successor_form(place_id: str) -> Any:
    """Choose it from the register."""
    place = entry.mine(place_id)
    form = seen.form_of(SuccessorForm, _shown(place))
    form.values["successor_id"] = request.args.get("successor_id") or place.successor_id
    return _page(form, place)


def _shown(place: Place) -> dict[str, Any]:
    return {"successor_id": place.successor_id}


@entry.blueprint.post("/places/<place_id>/successor")
@policy(policies.may_write)
def set_successor(place_id: str) -> Any:
    """From now on what is reported for the closed place goes there; with `clear` nothing stands in for it."""
    place = entry.mine(place_id)
    form = Form(SuccessorForm)
    data = form.load(request.form)
    if data is None:
        return _page(form, place), 422
    if data["successor_id"] is None and not data["clear"]:
        form.refuse({"successor_id": [_("Choose the place that stands in for this one.")]})
        return _page(form, place), 422
    chosen = None if data["clear"] else data["successor_id"]
    actor = current_actor()
    with form.heeding(Conflict), quicker.heeding(form, actor, "place", place.id, "place.successor", "place.reopen"):
        services.set_successor(place.id, chosen, actor=actor, now=clock.now(), seen=seen.seen_by(form, _shown))
        return redirect(url_for("sites.place", place_id=place.id))
    return _page(form, place), form.status


def _page(form: Form, place: Place) -> str:
    chosen = parse_id(form.values.get("successor_id"))
    return render_template(
        "sites/successor.html", form=form, place=place, chosen=queries.by_id(chosen) if chosen else None
    )
