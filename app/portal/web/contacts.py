"""Whom to call for what, the emergency numbers first; and the forms of those who keep the list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms, words
from app.core.errors import NotFound, Stale
from app.core.http import current_actor, policy, signed_in
from app.core.pages import toast
from app.portal import policies
from app.portal.models import DutyContact
from app.portal.queries import contacts as queries
from app.portal.schemas.desk import ContactForm
from app.portal.schemas.notices import VersionForm
from app.portal.services import contacts as services
from app.portal.ways import way

blueprint = Blueprint("contacts", __name__, url_prefix="/contacts")

TEXTS = ("name", "purpose", "hours")


@blueprint.get("")
@policy(signed_in)
def index() -> Any:
    """All of them; `campus` leaves those of the others out."""
    actor = current_actor()
    campuses = queries.campuses(clock.now())
    asked = forms.parse_id(request.args.get("campus"))
    rows = queries.all_of(asked)
    tabs = [(None, _("All campuses")), *((campus.id, campus.name) for campus in campuses)]
    return render_template(
        "portal/contacts/list.html",
        urgent=[row for row in rows if row.emergency],
        others=[row for row in rows if not row.emergency],
        tabs=[
            {"label": label, "url": url_for("contacts.index", campus=value), "current": value == asked}
            for value, label in tabs
        ]
        if len(campuses) > 1
        else [],
        edit=policies.write_desk(actor),
        new=way(actor, "contacts.new"),
    )


@blueprint.get("/new")
@policy(policies.write_desk)
def new() -> Any:
    """An empty contact."""
    return _form_page(forms.Form(ContactForm, {"position": 0}))


@blueprint.post("/new")
@policy(policies.write_desk)
def new_post() -> Any:
    """Keep it."""
    return _written(None)


@blueprint.get("/<contact_id>")
@policy(policies.write_desk)
def edit(contact_id: str) -> Any:
    """The form that changes it."""
    contact = _mine(contact_id)
    values = {name: getattr(contact, name) for name in ("phone", "campus_id", "emergency", "position", "version")}
    for name in TEXTS:
        values |= words.to_fields(getattr(contact, name), name)
    return _form_page(forms.Form(ContactForm, values), contact)


@blueprint.post("/<contact_id>")
@policy(policies.write_desk)
def edit_post(contact_id: str) -> Any:
    """Change it."""
    return _written(_mine(contact_id))


@blueprint.post("/<contact_id>/close")
@policy(policies.write_desk)
def close(contact_id: str) -> Any:
    """Nobody is told to call it any more."""
    contact = _mine(contact_id)
    data = forms.load(VersionForm(unknown="exclude"), request.form.to_dict())
    services.close(actor=current_actor(), now=clock.now(), contact_id=contact.id, seen=data["version"])
    toast(_("The contact is closed."), "info")
    return redirect(url_for("contacts.index"), 303)


def _mine(contact_id: str) -> DutyContact:
    found = queries.for_writer(forms.id_in_address(contact_id))
    if found is None:
        raise NotFound
    return found


def _written(contact: DutyContact | None) -> Any:
    form = forms.Form(ContactForm)
    data = form.load(request.form)
    if data is not None:
        given: dict[str, Any] = {"actor": current_actor(), "now": clock.now(), "entry": ContactForm.entry(data)}
        with form.heeding(Stale):
            if contact is None:
                services.write(**given)
            else:
                services.change(contact_id=contact.id, seen=data["version"], **given)
            toast(_("Kept."))
            return redirect(url_for("contacts.index"), 303)
    return _form_page(form, contact), form.status


def _form_page(form: forms.Form, contact: DutyContact | None = None) -> str:
    return render_template(
        "portal/contacts/form.html",
        form=form,
        contact=contact,
        campuses=[{"value": place.id, "label": place.name} for place in queries.campuses(clock.now())],
    )
