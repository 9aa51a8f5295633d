"""The list of people, a person's page, and people made and changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts import policies, queries, schemas, services
from app.accounts.models import Person
from app.accounts.rules import masking
from app.accounts.services import passwords
from app.accounts.web.entry import blueprint, page
from app.audit import quicker
from app.core import clock, forms, seen
from app.core.errors import DomainError, Rejected
from app.core.http import current_actor, policy
from app.core.http.idempotency import ignores_key
from app.core.pages import toast
from app.sites import queries as places

ONE_DAY = timedelta(days=1)
"""Forms name the last day, tables the first day after it."""

ACCOUNT_FIELDS = ("name", "lang", "sex", "email", "phone", "locale", "username", "valid_to")


@blueprint.get("/people")
@policy(policies.read_people)
def people() -> Any:
    """People the reader's scopes reach, filtered."""
    asked = forms.load(schemas.PeopleQuery(), request.args)
    moment = clock.now()
    found = queries.people(
        current_actor(),
        moment,
        q=asked["q"],
        role=asked["role"],
        org_unit_id=asked["unit"],
        state=asked["state"],
        cursor=asked["cursor"],
        limit=asked["limit"],
    )
    unit = queries.org_unit(asked["unit"]) if asked["unit"] else None
    return page("people.html", found=found, asked=asked, roles=queries.roles(), unit=unit)


@blueprint.get("/people/lookup")
@policy(policies.look_up_people)
def lookup() -> Any:
    """Choices for the person picker: at most ten people who fit what was typed."""
    moment = clock.now()
    permission = policies.lookup_permission(current_actor())
    found = queries.find_one(current_actor(), permission, request.args.get("who", "")[:100], moment)
    return render_template("accounts/_found.html", found=found, mask=shown_number, name="person_id")


def shown_number(number: str | None) -> str:
    """A person's number as this reader may see it."""
    return number or "" if current_actor().can("people.read") else masking.masked(number)


def picked(form: forms.Form, data: dict[str, Any]) -> Person | list[queries.PersonLine]:
    """The person meant by a picker, or the choices to show beside the form's errors."""
    actor, moment = current_actor(), clock.now()
    permission = policies.lookup_permission(actor)
    if data.get("person_id"):
        return queries.person_for(actor, permission, data["person_id"], moment)
    found = queries.find_one(actor, permission, data.get("who") or "", moment)
    if len(found) == 1:
        return queries.person_for(actor, permission, found[0].id, moment)
    said = (
        _("Several people fit. Choose one.") if found else _("Nobody fits. Type a name, a number or an account name.")
    )
    form.refuse({"who": [said]})
    return found


@blueprint.get("/people/<person_id>")
@policy(policies.read_people)
def person(person_id: str) -> Any:
    """All about one person; one that was merged leads to the survivor."""
    moment = clock.now()
    found = queries.person_for(current_actor(), "people.read", forms.id_in_address(person_id), moment)
    if found.merged_into_id is not None:
        return redirect(url_for("accounts.person", person_id=found.merged_into_id))
    return page_of(found)


def account_shown(person: Person) -> dict[str, Any]:
    """What the page of a person shows to who disables or enables the account."""
    return {"disabled_at": person.disabled_at}


def page_of(found: Person, status: int = 200) -> Any:
    """The page of a person."""
    actor, moment = current_actor(), clock.now()
    today = places.today(moment)
    may_write = queries.reaches(actor, "people.write", found.id, moment)
    return page(
        "person.html",
        status,
        person=found,
        version=seen.mark(account_shown(found)),
        today=today,
        state=queries.state_of(found, today),
        identifiers=queries.identifiers(found.id),
        homes=[each for each in queries.homes(found.id) if not each.during.isempty],
        memberships=[each for each in queries.memberships(found.id) if not each.during.isempty],
        crews=queries.crews_of(found.id, today),
        grants=queries.grants(found.id),
        may_write=may_write,
        sessions=queries.live_sessions(found.id, moment) if may_write else [],
        tokens=queries.live_tokens(found.id, moment) if may_write else [],
        myself=found.id == actor.id,
    )


def editable(person_id: str) -> Person:
    """The person of an address, where the actor may change people there. Raises NotFound."""
    return queries.person_for(current_actor(), "people.write", forms.id_in_address(person_id), clock.now())


@blueprint.get("/people/new")
@policy(policies.add_people)
def new_person() -> Any:
    """The form for a new person."""
    return page("person_form.html", form=_blank({"sex": "U", "lang": "zh-CN"}), person=None)


def _blank(values: dict[str, Any] | None = None) -> forms.Form:
    return forms.Form(schemas.NewPerson, values)


@blueprint.post("/people/new")
@policy(policies.add_people)
def new_person_post() -> Any:
    """Make a person."""
    form = _blank()
    data = form.load(request.form)
    if data is not None:
        if data.get("valid_to"):
            data["valid_to"] = data["valid_to"] + ONE_DAY
        with form.heeding():
            made = services.create_person(current_actor(), clock.now(), **data)
            toast(_("Added. Now give roles, a unit or a home."))
            return redirect(url_for("accounts.person", person_id=made.id))
    form.values.pop("password", None)
    return page("person_form.html", form.status, form=form, person=None)


@blueprint.get("/people/<person_id>/edit")
@policy(policies.write_people)
def edit_person(person_id: str) -> Any:
    """The form for a person's own data and account name."""
    found = editable(person_id)
    return page("person_form.html", form=seen.form_of(_fields(found), _shown(found)), person=found)


def _fields(person: Person) -> schemas.PersonFields:
    return schemas.PersonFields(_shown(person))


def _shown(person: Person) -> dict[str, Any]:
    values = {name: getattr(person, name) for name in ACCOUNT_FIELDS}
    return {**values, "valid_to": person.valid_to and person.valid_to - ONE_DAY}


@blueprint.post("/people/<person_id>/edit")
@policy(policies.write_people)
def edit_person_post(person_id: str) -> Any:
    """Change a person."""
    found = editable(person_id)
    form = forms.Form(_fields(found))
    data = form.load(request.form)
    if data is not None:
        changes = {name: data.get(name) for name in ACCOUNT_FIELDS}
        if changes["valid_to"]:
            changes["valid_to"] = changes["valid_to"] + ONE_DAY
        actor = current_actor()
        with form.heeding(), quicker.heeding(form, actor, "person", found.id, "person.edit"):
            services.people.update_person(actor, found, clock.now(), seen=seen.seen_by(form, _shown), **changes)
            return redirect(url_for("accounts.person", person_id=found.id))
    return page("person_form.html", form.status, form=form, person=found)


@blueprint.get("/people/<person_id>/password")
@policy(policies.write_people)
def set_password(person_id: str) -> Any:
    """The form for a new password of somebody else."""
    return page("set_password.html", form=forms.Form(schemas.SetPassword), person=editable(person_id), drawn=None)


@blueprint.post("/people/<person_id>/password")
@ignores_key
@policy(policies.write_people)
def set_password_post(person_id: str) -> Any:
    """Set or draw a password; it opens only the form that changes it. A drawn one is shown once, in this answer."""
    found = editable(person_id)
    form = forms.Form(schemas.SetPassword)
    data = form.load(request.form)
    form.values.clear()
    if data is not None:
        given = data.get("password")
        password = given or passwords.generate()
        with form.heeding():
            _set_for_other(found, password)
            if given:
                toast(_("The password is set. It must be changed at the first sign-in."))
                return redirect(url_for("accounts.person", person_id=found.id))
            return page("set_password.html", form=form, person=found, drawn=password)
    return page("set_password.html", form.status, form=form, person=found, drawn=None)


def _set_for_other(found: Person, password: str) -> None:
    actor, moment = current_actor(), clock.now()
    if found.id == actor.id:
        raise Rejected(_("Change your own password on your own page."))
    if found.username is None:
        raise Rejected(_("Give the person an account name first."))
    services.rights.require_power_over(actor, found, moment)
    passwords.set_password(actor, found, password, moment, must_change=True)


def back_with(error: DomainError, person_id: int) -> Any:
    """Say a refused act on the person's page."""
    toast(error.message, "error")
    return redirect(url_for("accounts.person", person_id=person_id))
