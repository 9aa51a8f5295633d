"""Certificates and walks: what the ranking weighs besides the crew itself."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from marshmallow import EXCLUDE

from app.audit import quicker
from app.core import clock, forms, seen, words
from app.core.errors import NotFound
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.sites import queries as places
from app.tickets import order_words, policies
from app.tickets.dispatch.technicians import blueprint
from app.tickets.queries import narrowing
from app.tickets.queries import technicians as technicians_queries
from app.tickets.schemas.planning.certificates import NUMBER_LIMIT
from app.tickets.services import ranking_data as services


class CertificateKind(forms.Named):
    """A kind of certificate."""

    code = forms.Text(max=64, required=True, validate=forms.CODE)


class CertificateOf(forms.Schema):
    """Which certificate somebody holds, its number and its last day."""

    certificate = forms.Id(required=True, error_messages={"required": _l("Choose a certificate.")})
    number = forms.Text(max=NUMBER_LIMIT, load_default=None)
    until = forms.Day(load_default=None)


class WalksOf(forms.Schema):
    """The building the ways begin at."""

    building = forms.Id(load_default=None)

    class Meta:
        unknown = EXCLUDE


@blueprint.get("/certificates")
@policy(policies.may_edit_crews)
def certificates() -> Any:
    """The kinds of certificates, and the form for another."""
    return _kinds(forms.Form(CertificateKind))


@blueprint.post("/certificates")
@policy(policies.may_edit_crews)
def add_certificate() -> Any:
    """Another kind of certificate."""
    form = forms.Form(CertificateKind)
    data = form.load(request.form)
    if data is not None:
        with form.heeding():
            services.add_certificate(
                actor=current_actor(), now=clock.now(), code=data["code"], name=words.from_fields(data)
            )
            return redirect(url_for("technicians.certificates"), 303)
    return _kinds(form, form.status)


def _kinds(form: forms.Form, status: int = 200) -> Any:
    kinds = services.certificates(places.today(clock.now()))
    return render_template("tickets/dispatch/certificates.html", kinds=kinds, form=form), status


@blueprint.get("/<person_id>/certificates")
@policy(policies.may_edit_crews)
def certificates_of(person_id: str) -> Any:
    """The certificates of a technician."""
    return _held(person_id, forms.Form(CertificateOf))


@blueprint.post("/<person_id>/certificates")
@policy(policies.may_edit_crews)
def give_certificate(person_id: str) -> Any:
    """He holds a certificate."""
    number = forms.parse_id(person_id)
    form = forms.Form(CertificateOf)
    data = form.load(request.form)
    if number is None or data is None:
        return _held(person_id, form, 422)
    with form.heeding():
        services.give(
            actor=current_actor(),
            now=clock.now(),
            person_id=number,
            certificate_id=data["certificate"],
            number=data["number"],
            last_day=data["until"],
        )
        return redirect(url_for("technicians.certificates_of", person_id=person_id), 303)
    return _held(person_id, form, form.status)


@blueprint.post("/<person_id>/certificates/<held_id>/end")
@policy(policies.may_edit_crews)
def take_certificate(person_id: str, held_id: str) -> Any:
    """It counts no more."""
    person, held = forms.parse_id(person_id), forms.parse_id(held_id)
    if person is None or held is None:
        raise NotFound
    services.take(actor=current_actor(), now=clock.now(), person_id=person, held_id=held)
    return redirect(url_for("technicians.certificates_of", person_id=person_id), 303)


def _held(person_id: str, form: forms.Form, status: int = 200) -> Any:
    now = clock.now()
    line = technicians_queries.known(current_actor(), forms.id_in_address(person_id), now)
    today = places.today(now)
    kinds = [{"value": row.id, "label": order_words.said(row.name)} for row in services.certificates(today)]
    context = {"line": line, "held": services.held(line.person_id, today), "kinds": kinds, "form": form}
    return render_template("tickets/dispatch/certificates_of.html", **context), status


@blueprint.get("/walks")
@policy(policies.may_edit_crews)
def walks() -> Any:
    """Minutes on foot from one building to the others of its campus."""
    asked = forms.load(WalksOf(), {name: value for name, value in request.args.items() if value != ""})
    return _walks(asked["building"])


@blueprint.post("/walks")
@policy(policies.may_edit_crews)
def set_walks() -> Any:
    """Keep them; both ways are as long."""
    building = forms.parse_id(request.form.get("building"))
    if building is None:
        raise NotFound
    form = forms.Form(forms.Schema, request.form.to_dict())
    minutes: dict[int, int | None] = {}
    for name, given in request.form.items():
        other = forms.parse_id(name[2:]) if name.startswith("m_") else None
        if other is None:
            continue
        text = given.strip()
        if text and not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= services.LONGEST_WALK):
            form.refuse({name: [_("Give minutes from 1 to 600, or leave it empty.")]})
            continue
        minutes[other] = int(text) if text else None
    if form.errors:
        return _walks(building, form)
    actor, before = current_actor(), seen.seen_in(request.form, services.shown_walks)
    with form.heeding(), quicker.heeding(form, actor, "place", building, "walk.set"):
        changed = services.set_walks(actor=actor, now=clock.now(), building_id=building, minutes=minutes, seen=before)
        toast(ngettext("%(num)s way changed.", "%(num)s ways changed.", changed))
        return redirect(url_for("technicians.walks", building=building), 303)
    return _walks(building, form)


def _walks(building: int | None, form: forms.Form | None = None) -> Any:
    ways = services.walks_from(building, places.today(clock.now())) if building is not None else []
    buildings = [row for row in narrowing.campuses_and_buildings() if row.kind == "building"]
    shown = services.shown_walks(ways)
    context = {
        "buildings": [{"value": row.id, "label": row.name} for row in buildings],
        "building": building,
        "ways": ways,
        "form": form or forms.Form(forms.Schema, {**shown, seen.FIELD: seen.mark(shown)}),
    }
    return render_template("tickets/dispatch/walks.html", **context), form.status if form else 200
