"""Acts on a person's page: numbers, home, units, roles, account."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.accounts import policies, queries, schemas, services
from app.accounts.models import Person, Role
from app.accounts.rules import delegation
from app.accounts.rules.roles import carried
from app.accounts.services import people, rights, sessions
from app.accounts.web.entry import blueprint, page
from app.accounts.web.people import ONE_DAY, account_shown, back_with, editable, page_of
from app.audit import quicker
from app.core import clock, forms, seen
from app.core.actor import Actor
from app.core.errors import Conflict, DomainError, Rejected, Stale
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.sites import queries as places

OVER = ("institution", "own")  # scopes without an object
_NO_UNIT = _l("No unit has this code, or this name alone. Look it up in the list of units.")
ACCOUNT = ("person.disable", "person.enable")


def _to(person: Person) -> Response:
    return redirect(url_for("accounts.person", person_id=person.id))


def _until(last_day: date | None) -> date | None:
    return None if last_day is None else last_day + ONE_DAY


@blueprint.get("/people/<person_id>/identifiers")
@policy(policies.write_people)
def identifier(person_id: str) -> Any:
    """The form for a further number."""
    return page("identifier.html", form=forms.Form(schemas.Identifier), person=editable(person_id))


@blueprint.post("/people/<person_id>/identifiers")
@policy(policies.write_people)
def identifier_post(person_id: str) -> Any:
    """A further number; one of the same kind ends."""
    person = editable(person_id)
    form = forms.Form(schemas.Identifier)
    data = form.load(request.form)
    if data is not None:
        with form.heeding():
            people.add_identifier(current_actor(), person, now=clock.now(), **data)
            return _to(person)
    return page("identifier.html", form.status, form=form, person=person)


@blueprint.post("/people/<person_id>/identifiers/<identifier_id>/end")
@policy(policies.write_people)
def end_identifier(person_id: str, identifier_id: str) -> Any:
    """A number ends today."""
    person = editable(person_id)
    people.end_identifier(current_actor(), person, forms.id_in_address(identifier_id), clock.now())
    people.refresh_keys(person)
    return _to(person)


def _home_page(form: forms.Form, person: Person, status: int = 200) -> Any:
    """The form with the place chosen in it, or on the picker's own page (`?place_id=`)."""
    chosen = forms.parse_id(form.values.get("place_id") or request.args.get("place_id"))
    return page("home.html", status, form=form, person=person, place=places.by_id(chosen) if chosen else None)


@blueprint.get("/people/<person_id>/home")
@policy(policies.write_people)
def home(person_id: str) -> Any:
    """The form for where somebody lives."""
    return _home_page(forms.Form(schemas.Home, {"start": places.today(clock.now())}), editable(person_id))


@blueprint.post("/people/<person_id>/home")
@policy(policies.write_people)
def home_post(person_id: str) -> Any:
    """Where somebody lives from a day on."""
    person = editable(person_id)
    form = forms.Form(schemas.Home)
    data = form.load(request.form)
    if data is not None:
        with form.heeding():
            services.set_home(
                person.id,
                None if data["nowhere"] else data["place_id"],
                data["start"],
                _until(data.get("end")),
                actor=current_actor(),
                now=clock.now(),
            )
            return _to(person)
    return _home_page(form, person, form.status)


@blueprint.get("/people/<person_id>/units")
@policy(policies.write_people)
def membership(person_id: str) -> Any:
    """The form for an org unit."""
    form = forms.Form(schemas.Membership, {"start": places.today(clock.now())})
    return page("membership.html", form=form, person=editable(person_id))


@blueprint.post("/people/<person_id>/units")
@policy(policies.write_people)
def membership_post(person_id: str) -> Any:
    """Put a person into an org unit."""
    person = editable(person_id)
    form = forms.Form(schemas.Membership)
    data = form.load(request.form)
    if data is not None:
        unit = queries.org_meant(data["unit"])
        with form.heeding(Conflict):
            if unit is None:
                raise Rejected(fields={"unit": _NO_UNIT})
            people.add_membership(
                current_actor(),
                person,
                org_unit_id=unit.id,
                start=data["start"],
                end=_until(data.get("end")),
                now=clock.now(),
            )
            return _to(person)
    return page("membership.html", form.status, form=form, person=person)


@blueprint.post("/people/<person_id>/units/<membership_id>/end")
@policy(policies.write_people)
def end_membership(person_id: str, membership_id: str) -> Any:
    """The person leaves an org unit today, or does not join it."""
    person = editable(person_id)
    people.end_membership(current_actor(), person, forms.id_in_address(membership_id), clock.now())
    return _to(person)


def _grantable(actor: Actor) -> list[Role]:
    """Roles the actor could give somewhere."""
    held = rights.held_by(actor)
    anywhere = frozenset(scope for scopes in held.values() for scope in scopes)
    kinds = {kind for kind, _id in anywhere}
    return [
        role
        for role in queries.roles()
        if any(not delegation.lacking(carried(role.permissions, kind), anywhere, held) for kind in kinds)
    ]


def _grant_page(form: forms.Form, person: Person, status: int = 200) -> Any:
    today = places.today(clock.now())
    return page(
        "grant.html",
        status,
        form=form,
        person=person,
        roles=_grantable(current_actor()),
        places=queries.scope_places(today),
        crews=queries.crews(today).items,
    )


def _reachable(person_id: str) -> Person:
    return queries.person_for(current_actor(), "people.read", forms.id_in_address(person_id), clock.now())


@blueprint.get("/people/<person_id>/roles")
@policy(policies.grant_roles)
def grant(person_id: str) -> Any:
    """The form for a role."""
    return _grant_page(forms.Form(schemas.RoleGranted, {"scope_kind": "institution"}), _reachable(person_id))


@blueprint.post("/people/<person_id>/roles")
@policy(policies.grant_roles)
def grant_post(person_id: str) -> Any:
    """Give a role in a scope; the person signs in again."""
    person = _reachable(person_id)
    form = forms.Form(schemas.RoleGranted)
    data = form.load(request.form)
    if data is not None:
        with form.heeding(DomainError):
            rights.grant(
                current_actor(),
                person,
                role_id=data["role_id"],
                scope_kind=data["scope_kind"],
                scope_id=_scope_id(data["scope_kind"], data.get("scope")),
                start=data.get("start"),
                end=_until(data.get("end")),
                now=clock.now(),
            )
            return _to(person)
    return _grant_page(form, person, form.status)


def _scope_id(kind: str, code: str | None) -> int | None:
    """The id behind the code of a campus, building, crew or unit. Raises Rejected."""
    if kind in OVER:
        if code:
            raise Rejected(fields={"scope": _("Choose what the code stands for, or leave it empty.")})
        return None
    if not code:
        said = _NO_UNIT if kind == "org" else _("Say which one: type a part of its name and choose it from the list.")
        raise Rejected(fields={"scope": said})
    found: Any
    if kind == "org":
        found = queries.org_meant(code)
    elif kind == "crew":
        found = queries.crew_by_code(code)
    else:
        found = places.by_codes([code]).get(code)
    if found is None:
        other = _("Nothing of the kind chosen above has this code. Type a part of the name and choose from the list.")
        said = _NO_UNIT if kind == "org" else other
        raise Rejected(fields={"scope": said})
    return int(found.id)


@blueprint.post("/people/<person_id>/roles/<grant_id>/revoke")
@policy(policies.grant_roles)
def revoke_grant(person_id: str, grant_id: str) -> Any:
    """Take a role back; the person signs in again."""
    person = _reachable(person_id)
    rights.revoke(current_actor(), person, forms.id_in_address(grant_id), clock.now())
    return _to(person)


@blueprint.post("/people/<person_id>/disable")
@policy(policies.write_people)
def disable_person(person_id: str) -> Any:
    """Close the account at once."""
    actor, person = current_actor(), editable(person_id)
    try:
        with quicker.telling(actor, "person", person.id, *ACCOUNT):
            people.disable(actor, person, clock.now(), seen.seen_in(request.form, account_shown))
            return _to(person)
    except Rejected as error:
        return back_with(error, person.id)
    return page_of(person, Stale.status)


@blueprint.post("/people/<person_id>/enable")
@policy(policies.write_people)
def enable_person(person_id: str) -> Any:
    """Open the account again."""
    actor, person = current_actor(), editable(person_id)
    with quicker.telling(actor, "person", person.id, *ACCOUNT):
        people.enable(actor, person, clock.now(), seen.seen_in(request.form, account_shown))
        return _to(person)
    return page_of(person, Stale.status)


@blueprint.post("/people/<person_id>/sessions/revoke")
@policy(policies.write_people)
def sign_out_person(person_id: str) -> Any:
    """Sign the person out everywhere; tokens end too."""
    person = editable(person_id)
    sessions.close_all_of(current_actor(), person, clock.now())
    toast(_("Signed out everywhere; tokens are revoked."))
    return _to(person)


@blueprint.post("/people/<person_id>/tokens/<token_id>/revoke")
@policy(policies.write_people)
def revoke_person_token(person_id: str, token_id: str) -> Any:
    """Revoke one token of a person."""
    person = editable(person_id)
    sessions.revoke_token(current_actor(), person.id, forms.id_in_address(token_id), clock.now())
    return _to(person)
