"""The dated tree of colleges, majors, classes, years and departments."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from app.accounts import policies, queries, schemas
from app.accounts.models import OrgUnit
from app.accounts.services import structure
from app.accounts.web.entry import blueprint, page
from app.audit import quicker
from app.core import clock, forms, seen
from app.core.actor import Actor
from app.core.errors import NotFound, Rejected, Stale
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.sites import queries as places


def may_change(actor: Actor, unit_id: int | None) -> bool:
    """Whether the actor changes what lies below a unit (None: the topmost level)."""
    if actor.holds_everywhere("orgs.write"):
        return True
    own = actor.scope_ids("org", "orgs.write")
    return unit_id is not None and any(unit.id in own for unit in queries.org_ancestors(unit_id))


def _changeable(unit_id: str) -> OrgUnit:
    unit = queries.org_unit(forms.id_in_address(unit_id))
    if not may_change(current_actor(), unit.id):
        raise NotFound
    return unit


@blueprint.get("/orgs")
@policy(policies.see_orgs)
def orgs() -> Any:
    """The topmost units."""
    return _level(None)


@blueprint.get("/orgs/<unit_id>")
@policy(policies.see_orgs)
def org(unit_id: str) -> Any:
    """One unit with what lies right below it."""
    return _level(queries.org_unit(forms.id_in_address(unit_id)))


def _level(unit: OrgUnit | None, status: int = 200) -> Any:
    asked = forms.load(schemas.Cursor(), request.args)
    today = places.today(clock.now())
    actor = current_actor()
    return page(
        "orgs.html",
        status,
        unit=unit,
        version=seen.mark(_shown_whole(unit)) if unit else None,
        way=queries.org_ancestors(unit.id) if unit else [],
        found=queries.org_children(unit.id if unit else None, today, asked["cursor"]),
        may_change=may_change(actor, unit.id if unit else None),
        may_read=policies.read_people(actor),
        closed=unit is not None and unit.over_by(today),
    )


@blueprint.get("/orgs/new")
@policy(policies.write_orgs)
def new_org() -> Any:
    """The form for a unit, below `?parent=` or at the top."""
    return _form_page(forms.Form(schemas.OrgUnitFields, {"kind": "college"}), None, _parent())


@blueprint.post("/orgs/new")
@policy(policies.write_orgs)
def new_org_post() -> Any:
    """Make a unit."""
    return _save(None, _parent())


def _parent() -> OrgUnit | None:
    asked = request.args.get("parent")
    parent = queries.org_unit(forms.id_in_address(asked)) if asked else None
    if not may_change(current_actor(), parent.id if parent else None):
        raise NotFound
    return parent


@blueprint.get("/orgs/<unit_id>/edit")
@policy(policies.write_orgs)
def edit_org(unit_id: str) -> Any:
    """The form that renames a unit."""
    unit = _changeable(unit_id)
    return _form_page(seen.form_of(schemas.OrgUnitFields, _shown(unit)), unit, None)


def _shown(unit: OrgUnit) -> dict[str, Any]:
    return {"kind": unit.kind, "code": unit.code, "name": unit.name}


def _shown_whole(unit: OrgUnit) -> dict[str, Any]:
    """What the page of a unit shows to who closes it."""
    return {**_shown(unit), "valid_to": unit.valid_to}


@blueprint.post("/orgs/<unit_id>/edit")
@policy(policies.write_orgs)
def edit_org_post(unit_id: str) -> Any:
    """Rename a unit."""
    return _save(_changeable(unit_id), None)


def _form_page(form: forms.Form, unit: OrgUnit | None, parent: OrgUnit | None, status: int = 200) -> Any:
    return page("org_form.html", status, form=form, unit=unit, parent=parent)


def _save(unit: OrgUnit | None, parent: OrgUnit | None) -> Any:
    form = forms.Form(schemas.OrgUnitFields)
    data = form.load(request.form)
    if data is not None:
        of = ("org_unit", unit.id if unit else None)
        with form.heeding(), quicker.heeding(form, current_actor(), *of, "org.edit"):
            saved = structure.save_org_unit(
                current_actor(),
                unit,
                parent_id=parent.id if parent else None,
                now=clock.now(),
                seen=seen.seen_by(form, _shown),
                **data,
            )
            return redirect(url_for("accounts.org", unit_id=saved.id))
    return _form_page(form, unit, parent, form.status)


@blueprint.post("/orgs/<unit_id>/close")
@policy(policies.write_orgs)
def close_org(unit_id: str) -> Any:
    """A unit ends, where nothing depends on it."""
    actor, unit = current_actor(), _changeable(unit_id)
    try:
        with quicker.telling(actor, "org_unit", unit.id, "org.edit", "org.close"):
            structure.close_org_unit(actor, unit, clock.now(), seen.seen_in(request.form, _shown_whole))
            above = unit.parent_id
            return redirect(url_for("accounts.org", unit_id=above) if above else url_for("accounts.orgs"))
    except Rejected as error:
        toast(error.message, "error")
        return redirect(url_for("accounts.org", unit_id=unit.id))
    return _level(unit, Stale.status)
