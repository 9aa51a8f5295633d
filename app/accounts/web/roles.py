"""Roles: what each may do, changed as data."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from app.accounts import labels, policies, queries, schemas
from app.accounts.models import Role
from app.accounts.rules.roles import PERMISSIONS
from app.accounts.services import rights
from app.accounts.web.entry import blueprint, page
from app.audit import quicker
from app.core import clock, forms, seen, words
from app.core.errors import DomainError, Rejected, Stale
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.sites import queries as places


@blueprint.get("/roles")
@policy(policies.see_roles)
def roles() -> Any:
    """All roles with what they may do and how many hold them."""
    return page("roles.html", roles=queries.roles(), holders=queries.holder_counts(places.today(clock.now())))


def _form_page(form: forms.Form, role: Role | None, status: int = 200) -> Any:
    actor = current_actor()
    return page(
        "role_form.html",
        status,
        form=form,
        role=role,
        groups=labels.by_group(PERMISSIONS),
        own=role is not None and role.code in actor.roles,
    )


@blueprint.get("/roles/new")
@policy(policies.write_roles)
def new_role() -> Any:
    """The form for a role of the institution's own."""
    return _form_page(forms.Form(schemas.NewRole, {"permissions": [], "staff": True}), None)


@blueprint.post("/roles/new")
@policy(policies.write_roles)
def new_role_post() -> Any:
    """Make a role."""
    return _save(forms.Form(schemas.NewRole), None)


@blueprint.get("/roles/<role_id>")
@policy(policies.write_roles)
def role(role_id: str) -> Any:
    """The form that changes a role."""
    found = queries.role(forms.id_in_address(role_id))
    return _form_page(seen.form_of(schemas.RoleFields, _shown(found)), found)


def _shown(role: Role) -> dict[str, Any]:
    return {**words.to_fields(role.name), "permissions": role.permissions, "staff": role.staff}


@blueprint.post("/roles/<role_id>")
@policy(policies.write_roles)
def role_post(role_id: str) -> Any:
    """Change a role; holders have it so with their next request."""
    return _save(forms.Form(schemas.RoleFields), queries.role(forms.id_in_address(role_id)))


def _save(form: forms.Form, found: Role | None) -> Any:
    data = form.load(request.form)
    if data is None:
        return _form_page(form, found, 422)
    actor, role_id = current_actor(), found.id if found else None
    overtaken = quicker.heeding(form, actor, "role", role_id, "role.edit", named=labels.permission)
    with form.heeding(DomainError), overtaken:
        rights.save_role(
            actor,
            found,
            name=words.from_fields(data),
            permissions=data["permissions"],
            staff=data["staff"],
            code=data.get("code"),
            now=clock.now(),
            seen=seen.seen_by(form, _shown),
        )
        return redirect(url_for("accounts.roles"))
    return _form_page(form, found, form.status)


@blueprint.post("/roles/<role_id>/close")
@policy(policies.write_roles)
def close_role(role_id: str) -> Any:
    """Give a role up."""
    actor, found = current_actor(), queries.role(forms.id_in_address(role_id))
    try:
        with quicker.telling(actor, "role", found.id, "role.edit", "role.close"):
            rights.close_role(actor, found, clock.now(), seen.seen_in(request.form, _shown))
            return redirect(url_for("accounts.roles"))
    except Rejected as error:
        toast(error.message, "error")
        return redirect(url_for("accounts.roles"))
    return _form_page(seen.form_of(schemas.RoleFields, _shown(found)), found, Stale.status)
