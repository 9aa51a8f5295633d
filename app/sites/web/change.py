"""Adding, editing, moving, closing and reopening places."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.audit import quicker
from app.core import clock, pages, seen
from app.core.errors import Conflict, DomainError, NotFound, Rejected, Stale
from app.core.forms import Form, parse_id
from app.core.http import current_actor, policy
from app.sites import labels, policies, queries, services
from app.sites.models import Place
from app.sites.rules import tree
from app.sites.schemas import CloseForm, MoveForm, NewPlaceForm, PlaceForm
from app.sites.web import browse, entry


def _to(place: Place) -> Any:
    return redirect(url_for("sites.place", place_id=place.id))


@entry.blueprint.get("/places/new")
@policy(policies.may_write)
def new_place() -> Any:
    """The form of a new place under `parent` (a campus without one)."""
    parent = entry.mine(request.args["parent"]) if request.args.get("parent") else None
    kinds = tree.kinds_under(parent.kind if parent else None)
    asked = request.args.get("kind")
    values = {
        "parent_id": parent.id if parent else "",
        "kind": asked if asked in kinds else tree.USUAL.get(parent.kind if parent else None, "asset"),
    }
    return _new_page(Form(NewPlaceForm, values), parent)


@entry.blueprint.post("/places/new")
@policy(policies.may_write)
def add_place() -> Any:
    form = Form(NewPlaceForm)
    data = form.load(request.form)
    parent_id = parse_id(request.form.get("parent_id"))
    parent = queries.by_id(parent_id) if parent_id else None
    if data is not None:
        with form.heeding():
            made = services.add_place(
                data["kind"],
                data["parent_id"],
                data["code"],
                data["name"],
                actor=current_actor(),
                now=clock.now(),
                initials=data["initials"],
                public=data["public"],
                zone_name=data["zone_name"],
            )
            pages.toast(_("%(name)s was added.", name=made.name))
            return _to(made)
    return _new_page(form, parent), form.status


def _new_page(form: Form, parent: Place | None) -> str:
    kinds = tree.kinds_under(parent.kind if parent else None)
    return render_template(
        "sites/new.html",
        form=form,
        parent=parent,
        kinds=[{"value": kind, "label": labels.KINDS[kind]} for kind in kinds],
        with_zone="campus" in kinds,
    )


@entry.blueprint.get("/places/<place_id>/edit")
@policy(policies.may_write)
def edit_form(place_id: str) -> Any:
    place = entry.mine(place_id)
    return render_template("sites/edit.html", form=seen.form_of(PlaceForm, _shown(place)), place=place)


def _shown(place: Place) -> dict[str, Any]:
    zone = {"zone_name": place.zone_name} if place.kind == "campus" else {}
    return {"code": place.code, "name": place.name, "initials": place.initials, "public": place.public, **zone}


@entry.blueprint.post("/places/<place_id>/edit")
@policy(policies.may_write)
def edit_place(place_id: str) -> Any:
    place = entry.mine(place_id)
    form = Form(PlaceForm)
    data = form.load(request.form)
    if data is not None:
        if data["name"] != place.name and data["initials"] == place.initials:
            data["initials"] = None  # they were those of the old name
        actor = current_actor()
        with form.heeding(), quicker.heeding(form, actor, "place", place.id, "place.edit"):
            services.edit_place(place.id, actor=actor, now=clock.now(), seen=seen.seen_by(form, _shown), **data)
            return _to(place)
    return render_template("sites/edit.html", form=form, place=place), form.status


@entry.blueprint.get("/places/<place_id>/move")
@policy(policies.may_write)
def move_form(place_id: str) -> Any:
    place = entry.mine(place_id)
    form = seen.form_of(MoveForm, _stands(place))
    form.values["parent_id"] = request.args.get("parent_id")
    return _move_page(form, place)


def _stands(place: Place) -> dict[str, Any]:
    return {"parent_id": place.parent_id}


@entry.blueprint.post("/places/<place_id>/move")
@policy(policies.may_write)
def move_place(place_id: str) -> Any:
    place = entry.mine(place_id)
    form = Form(MoveForm)
    data = form.load(request.form)
    if data is not None:
        actor, before = current_actor(), seen.seen_by(form, _stands)
        with form.heeding(Conflict), quicker.heeding(form, actor, "place", place.id, "place.move"):
            try:
                services.move_place(place.id, data["parent_id"], actor=actor, now=clock.now(), seen=before)
            except NotFound as error:
                raise Rejected(fields={"parent_id": _("This place is not known.")}) from error
            return _to(place)
    return _move_page(form, place), form.status


def _move_page(form: Form, place: Place) -> str:
    chosen = parse_id(form.values.get("parent_id"))
    return render_template(
        "sites/move.html",
        form=form,
        place=place,
        chosen=queries.by_id(chosen) if chosen else None,
        kinds=",".join(sorted(tree.PARENTS[place.kind])),
    )


@entry.blueprint.post("/places/<place_id>/close")
@policy(policies.may_write)
def close_place(place_id: str) -> Any:
    place = entry.mine(place_id)
    form = Form(CloseForm)
    data = form.load(request.form)
    if data is not None:
        actor, before = current_actor(), seen.seen_by(form, browse.shown)
        late = quicker.telling(actor, "place", place.id, *browse.CHANGES, form=form)
        with form.heeding(DomainError), late:
            services.close_place(place.id, data["on"], actor=actor, now=clock.now(), seen=before)
            return _to(place)
    return browse.page_of(place, close_form=form), form.status


@entry.blueprint.post("/places/<place_id>/reopen")
@policy(policies.may_write)
def reopen_place(place_id: str) -> Any:
    place = entry.mine(place_id)
    actor, before = current_actor(), seen.seen_in(request.form, browse.shown)
    with quicker.telling(actor, "place", place.id, *browse.CHANGES):
        services.reopen_place(place.id, actor=actor, now=clock.now(), seen=before)
        return _to(place)
    return browse.page_of(place), Stale.status
