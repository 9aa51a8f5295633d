"""Certificates and walks: what the ranking weighs besides the crew itself."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from marshmallow import EXCLUDE

from app.core import clock, forms, words
from app.core.errors import NotFound
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.sites import queries as places
from app.tickets import order_words, policies
from app.tickets.dispatch.technicians import blueprint
from app.tickets.queries import narrowing
from app.tickets.queries import technicians as technicians_queries
from app.tickets.services import ranking_data as services


class CertificateKind(forms.Named):
    """A kind of certificate."""

    code = forms.Text(max=64, required=True, validate=forms.CODE)


class CertificateOf(forms.Schema):
    """Which certificate somebody holds, its number and its last day."""

    certificate = forms.Id(required=True, error_messages={"required": _l("Choose a certificate.")})
    number = forms.Text(max=60, load_default=None)
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
    minutes: dict[int, int | None] = {}
    errors: dict[str, Any] = {}
    for name, given in request.form.items():
        other = forms.parse_id(name[2:]) if name.startswith("m_") else None
        if other is None:
            continue
        text = given.strip()
        if text and not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= services.LONGEST_WALK):
            errors[name] = _("Give minutes from 1 to 600, or leave it empty.")
            continue
        minutes[other] = int(text) if text else None
    if errors:
        return _walks(building, errors, 422)
    changed = services.set_walks(actor=current_actor(), now=clock.now(), building_id=building, minutes=minutes)
    toast(ngettext("%(num)s way changed.", "%(num)s ways changed.", changed))
    return redirect(url_for("technicians.walks", building=building), 303)


def _walks(building: int | None, errors: dict[str, Any] | None = None, status: int = 200) -> Any:
    today = places.today(clock.now())
    buildings = [row for row in narrowing.campuses_and_buildings() if row.kind == "building"]
    context = {
        "buildings": [{"value": row.id, "label": row.name} for row in buildings],
        "building": building,
        "ways": services.walks_from(building, today) if building is not None else [],
        "errors": errors or {},
        "typed": request.form if errors else {},
    }
    return render_template("tickets/dispatch/walks.html", **context), status
