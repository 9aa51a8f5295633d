"""Pages of working calendars: by which hours who works, a year at a glance, and who works by which calendar."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core import clock, forms, i18n
from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.core.forms import Form, Text
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.core.words import from_fields
from app.sites import policies
from app.sites import queries as places
from app.sites.calendars import queries, schemas, services, words, year_view
from app.sites.calendars.models import HOURS_CLASSES, CalendarVersion, WorkingCalendar
from app.sites.rules import calendar_data

blueprint = Blueprint("calendars", __name__, url_prefix="/calendars")


class NewCalendar(forms.Named):
    """A calendar that begins as a copy of another."""

    code = Text(max=schemas.CODE_MAX, required=True, validate=forms.CODE)
    like = forms.Id(required=True, error_messages={"required": _l("Choose one of the offered values.")})


def calendar_of(calendar_id: str) -> WorkingCalendar:
    """The calendar of an address. Raises NotFound."""
    return queries.calendar(forms.id_in_address(calendar_id))


@blueprint.get("")
@policy(policies.may_read_calendars)
def index() -> Any:
    """The calendars, and which one each hours class is on each campus."""
    return _index()


def _index(status: int = 200, problem: str | None = None) -> Any:
    found = queries.calendars()
    given = {(row.campus_id, row.hours): row.calendar_id for row in queries.hours_of_campuses()}
    campuses = [(None, _("Everywhere else")), *((row.id, row.name) for row in queries.campuses())]
    context = {
        "calendars": [(row, calendar_data.read(row.content)) for row in found],
        "week": year_view.week,
        "campuses": campuses,
        "classes": [(code, str(words.HOURS_LABELS[code])) for code in HOURS_CLASSES],
        "heads": [{"label": _("Campus")}, *({"label": str(words.HOURS_LABELS[code])} for code in HOURS_CLASSES)],
        "given": given,
        "names": {row.id: row.name for row in found},
        "may_write": policies.may_write_calendars(current_actor()),
        "problem": problem,
    }
    return render_template("sites/calendars/list.html", **context), status


@blueprint.post("/hours")
@policy(policies.may_write_calendars)
def set_hours() -> Any:
    """Say which calendar each hours class is on each campus; what somebody else has set meanwhile is not undone."""
    given = {(row.campus_id, row.hours): row.calendar_id for row in queries.hours_of_campuses()}
    changed = 0
    try:
        for campus_id in [None, *(row.id for row in queries.campuses())]:
            for hours in HOURS_CLASSES:
                name = f"{campus_id or 0}_{hours}"
                before, wanted = (forms.parse_id(request.form.get(f"{part}_{name}")) for part in ("was", "is"))
                if f"is_{name}" not in request.form or before == wanted:
                    continue
                if given.get((campus_id, hours)) != before:
                    raise Stale(_l("Somebody else has changed these hours in the meantime. Look at them again."))
                services.set_hours(
                    actor=current_actor(), now=clock.now(), campus_id=campus_id, hours=hours, calendar_id=wanted
                )
                changed += 1
    except (Rejected, Stale, NotFound) as refused:
        said = refused.sentences or [_("This calendar does not exist.")]
        return _index(refused.status, i18n.sentences(said))
    if changed:
        toast(_("Changed, for clocks that begin from now on."))
    return redirect(url_for("calendars.index"), 303)


@blueprint.get("/new")
@policy(policies.may_write_calendars)
def new() -> Any:
    """The form for another calendar."""
    return _new(Form(NewCalendar))


@blueprint.post("/new")
@policy(policies.may_write_calendars)
def new_post() -> Any:
    """Make it as a copy; it is edited before anybody works by it."""
    form = Form(NewCalendar)
    data = form.load(request.form)
    if data is None:
        return _new(form, 422)
    try:
        if data["like"] not in {row.id for row in queries.calendars()}:
            raise Rejected(fields={"like": [_("Choose one of the offered values.")]})
        content = calendar_data.read(queries.in_force(data["like"]).content)
        name = from_fields(data)
        made = services.create(actor=current_actor(), now=clock.now(), code=data["code"], name=name, content=content)
    except Rejected as refused:
        form.refuse(refused)
        return _new(form, 422)
    return redirect(url_for("calendars.edit", calendar_id=made.id), 303)


def _new(form: Form, status: int = 200) -> Any:
    like = [{"value": row.id, "label": words.said(row.name)} for row in queries.calendars()]
    return render_template("sites/calendars/new.html", form=form, like=like), status


@blueprint.get("/<calendar_id>")
@policy(policies.may_read_calendars)
def show(calendar_id: str) -> Any:
    """A year of what is in force, its hours, and the versions before."""
    found = calendar_of(calendar_id)
    return _show(found, queries.in_force(found.id))


@blueprint.get("/<calendar_id>/versions/<number>")
@policy(policies.may_read_calendars)
def version(calendar_id: str, number: str) -> Any:
    """A version as it was."""
    found = calendar_of(calendar_id)
    return _show(found, queries.CALENDARS.numbered(found.id, number))


def _show(found: WorkingCalendar, shown: CalendarVersion, status: int = 200, problem: str | None = None) -> Any:
    today = places.today(clock.now())
    content = calendar_data.read(shown.content)
    year = year_view.year_of(request.args.get("year"), today)
    versions = queries.versions(found.id)
    context = {
        "calendar": found,
        "shown": shown,
        "newest": versions[0].number,
        "content": content,
        "view": year_view.shown(content, year, today),
        "weeks": [(None, year_view.week(content.week))]
        + [(season, year_view.week(season.week)) for season in content.seasons if season.last.year >= year],
        "versions": versions,
        "drafted": queries.draft(found.id) is not None,
        "may_write": policies.may_write_calendars(current_actor()),
        "problem": problem,
    }
    return render_template("sites/calendars/calendar.html", **context), status


@blueprint.post("/<calendar_id>/close")
@policy(policies.may_write_calendars)
def close(calendar_id: str) -> Any:
    """Take it out of the list."""
    found = calendar_of(calendar_id)
    seen = forms.seen_in(request.form, "seen")
    try:
        services.close(found.id, actor=current_actor(), now=clock.now(), seen=seen)
    except (Conflict, Stale) as refused:
        return _show(found, queries.in_force(found.id), refused.status, str(refused.message))
    toast(_("Closed. Its versions stay with the clocks that were judged by them."), "info")
    return redirect(url_for("calendars.index"), 303)
