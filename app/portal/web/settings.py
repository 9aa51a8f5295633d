"""One page for all settings of the institution."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from app.core import clock, forms, settings
from app.core.errors import Conflict, Rejected, Stale
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.portal import policies
from app.portal.queries import operations as queries
from app.portal.schemas.operations import SettingSchema
from app.portal.services import operations as services
from app.portal.web.blueprint import blueprint


@blueprint.get("/settings")
@policy(policies.write_settings)
def settings_page() -> Any:
    """All declared settings with words, unit, bounds, default, and who changed them when."""
    return _page()


@blueprint.post("/settings/<name>")
@policy(policies.write_settings)
def change_setting(name: str) -> Any:
    """Set one value."""
    form = forms.Form(SettingSchema)
    data = form.load(request.form)
    if data is None:
        return _page(name, form.errors.get("value", form.errors.get("seen", [])), form.values.get("value")), 422
    try:
        services.change_setting(name, data["value"], actor=current_actor(), now=clock.now(), seen=data["seen"])
    except (Rejected, Stale, Conflict) as refused:
        return _page(name, [str(each) for each in refused.sentences], data["value"]), refused.status
    toast(_("The setting is changed."))
    return redirect(url_for("portal.settings_page", _anchor=name))


def _page(name: str = "", errors: list[str] | None = None, typed: str | None = None) -> str:
    in_force = queries.settings_in_force()
    groups: dict[str, list[dict[str, Any]]] = {}
    for declared in sorted(settings.DECLARED.values(), key=lambda each: each.name):
        row = in_force.get(declared.name)
        wrong = declared.name == name
        groups.setdefault(declared.name.partition(".")[0], []).append(
            {
                "declared": declared,
                "value": typed if wrong and typed is not None else (row.value if row else declared.default),
                "row": row,
                "errors": errors or [] if wrong else [],
            }
        )
    pages = {each.name.partition(".")[0]: url_for(each.page) for each in settings.DECLARED.values() if each.page}
    return render_template("portal/settings.html", groups=groups, areas=_areas(), pages=pages, named=_named())


def _areas() -> dict[str, str]:
    return {
        "portal": _("Start page"),
        "tickets": _("Requests and dispatch"),
        "priority": _("Priority by impact and urgency"),
        "sites": _("Places and working hours"),
        "sign_in": _("Sign-in"),
        "sessions": _("Sessions"),
        "limits": _("Limits"),
        "attachments": _("Photos"),
        "crew": _("Crew"),
        "orders": _("Work orders"),
        "visits": _("Visits"),
    }


def _named() -> dict[str, str]:
    """The values a setting can be chosen from, in words; countries by their codes."""
    language = get_locale()
    return {
        "low": _("Low"),
        "normal": _("Normal"),
        "high": _("High"),
        "emergency": _("Emergency"),
        "dispatcher": _("Dispatcher"),
        "supervisor": _("Supervisor"),
        "dutylead": _("Duty lead"),
        "admin": _("Administrator"),
        **(dict(language.territories) if language else {}),
    }
