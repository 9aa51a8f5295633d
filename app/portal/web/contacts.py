"""Whom to call for what, the emergency numbers first; and the forms of those who keep the list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms
from app.core.http import current_actor, policy, signed_in
from app.portal import policies
from app.portal.queries import contacts as queries
from app.portal.schemas.desk import ContactForm
from app.portal.services.contacts import CONTACTS
from app.portal.ways import way
from app.portal.web.entries import Editor

blueprint = Blueprint("contacts", __name__, url_prefix="/contacts")


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
    return _EDITOR.empty()


@blueprint.post("/new")
@policy(policies.write_desk)
def new_post() -> Any:
    """Keep it."""
    return _EDITOR.written()


@blueprint.get("/<contact_id>")
@policy(policies.write_desk)
def edit(contact_id: str) -> Any:
    """The form that changes it."""
    return _EDITOR.filled(contact_id)


@blueprint.post("/<contact_id>")
@policy(policies.write_desk)
def edit_post(contact_id: str) -> Any:
    """Change it."""
    return _EDITOR.written(contact_id)


@blueprint.post("/<contact_id>/close")
@policy(policies.write_desk)
def close(contact_id: str) -> Any:
    """Nobody is told to call it any more."""
    return _EDITOR.closed(contact_id, _("The contact is closed."))


def _beside() -> dict[str, Any]:
    return {"campuses": [{"value": place.id, "label": place.name} for place in queries.campuses(clock.now())]}


_EDITOR = Editor(
    entries=CONTACTS,
    schema=ContactForm,
    read=ContactForm.entry,
    columns=("phone", "campus_id", "emergency"),
    texts=("name", "purpose", "hours"),
    template="portal/contacts/form.html",
    beside=_beside,
    back="contacts.index",
)
