"""The editor of a calendar: a draft is changed part by part, looked at as a year, compared, and published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms, i18n, settings
from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.core.forms import Form, Text
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.core.versions.series import Desk
from app.core.versions.shapes import NOTE_MAX
from app.sites import policies
from app.sites import queries as places
from app.sites.calendars import editor_forms as shapes
from app.sites.calendars import holidays, queries, services, words, year_view
from app.sites.calendars.comparison import compared
from app.sites.calendars.models import CalendarDraft, CalendarVersion, WorkingCalendar
from app.sites.calendars.web import blueprint
from app.sites.rules import calendar_data, calendar_edit
from app.sites.rules.calendar_changes import minutes_of
from app.sites.rules.calendars import Calendar

_PAGES = {
    "dates": "calendars.edit",
    "holidays": "calendars.edit",
    "season": "calendars.seasons",
    "week": "calendars.week",
}


class PublishForm(shapes.Seen):
    """Publishing: the draft as it was looked at, and a sentence for the history."""

    note = Text(max=NOTE_MAX, load_default="")


CalendarDesk = Desk[WorkingCalendar, CalendarVersion, CalendarDraft]


def _desk(calendar_id: str) -> CalendarDesk:
    return queries.desk(forms.id_in_address(calendar_id))


def _content(desk: CalendarDesk) -> Calendar:
    return calendar_data.read(desk.content)


@blueprint.get("/<calendar_id>/edit")
@policy(policies.may_write_calendars)
def edit(calendar_id: str) -> Any:
    """The draft as a year, and the form that changes its dates; `on` fills it."""
    return _page(_desk(calendar_id), "dates")


@blueprint.get("/<calendar_id>/edit/week")
@policy(policies.may_write_calendars)
def week(calendar_id: str) -> Any:
    """The ordinary week of the draft, its zone, and whether it is round the clock."""
    return _page(_desk(calendar_id), "week")


@blueprint.get("/<calendar_id>/edit/seasons")
@policy(policies.may_write_calendars)
def seasons(calendar_id: str) -> Any:
    """The seasons of the draft, and the form for one; `season` fills it, counted from 1."""
    return _page(_desk(calendar_id), "season")


@blueprint.post("/<calendar_id>/edit/week")
@policy(policies.may_write_calendars)
def edit_week(calendar_id: str) -> Any:
    """Another ordinary week, zone, or round the clock."""

    def change(content: Calendar, data: dict[str, Any]) -> Calendar:
        return calendar_edit.with_week(content, zone=data["zone"], always=data["always"], week=shapes.week(data))

    return _change(calendar_id, "week", Form(shapes.WeekForm), change)


@blueprint.post("/<calendar_id>/edit/dates")
@policy(policies.may_write_calendars)
def edit_dates(calendar_id: str) -> Any:
    """What one date becomes, or each of a stretch."""

    def change(content: Calendar, data: dict[str, Any]) -> Calendar:
        return calendar_edit.with_dates(content, shapes.dates(data), shapes.made(data))

    return _change(calendar_id, "dates", Form(shapes.DatesForm), change)


@blueprint.post("/<calendar_id>/edit/season")
@policy(policies.may_write_calendars)
def edit_season(calendar_id: str) -> Any:
    """Another season, or a changed one."""

    def change(content: Calendar, data: dict[str, Any]) -> Calendar:
        return calendar_edit.with_season(content, shapes.season(data), data["place"])

    return _change(calendar_id, "season", Form(shapes.SeasonForm), change)


@blueprint.post("/<calendar_id>/edit/seasons/<number>/remove")
@policy(policies.may_write_calendars)
def remove_season(calendar_id: str, number: str) -> Any:
    """Take a season out, counted from 1; its dates follow the ordinary week."""
    place = forms.id_in_address(number) - 1

    def change(content: Calendar, _data: dict[str, Any]) -> Calendar:
        return calendar_edit.without_season(content, place)

    return _change(calendar_id, "season", Form(shapes.Seen), change)


@blueprint.post("/<calendar_id>/edit/holidays")
@policy(policies.may_write_calendars)
def fill_holidays(calendar_id: str) -> Any:
    """Fill the holidays and make-up days of a year in anew; single dates somebody decided stay."""

    def change(content: Calendar, data: dict[str, Any]) -> Calendar:
        found = holidays.days(settings.get(services.COUNTRY), [data["year"]])
        return calendar_edit.with_holidays(content, data["year"], found)

    return _change(calendar_id, "holidays", Form(shapes.HolidaysForm), change)


def _change(calendar_id: str, part: str, form: Form, change: Callable[[Calendar, dict[str, Any]], Calendar]) -> Any:
    """Load a part's form, change the draft by it and keep it; refused, the page comes back with what was typed."""
    desk = _desk(calendar_id)
    data = form.load(request.form)
    if data is None:
        return _page(desk, part, form, 422)
    try:
        services.save_draft(
            desk.head.id,
            actor=current_actor(),
            now=clock.now(),
            content=change(_content(desk), data),
            seen=data["seen"],
        )
    except Rejected as refused:
        beside = {name: [str(said)] for name, said in refused.fields.items() if name in form.schema.fields}
        form.errors |= beside
        form.problem = i18n.sentences(said for name, said in refused.fields.items() if name not in beside) or None
        return _page(desk, part, form, 422)
    except Stale as stale:
        form.problem = str(stale.message)
        return _page(desk, part, form, stale.status)
    year = data.get("year") or next((data[name].year for name in ("on", "first") if data.get(name)), None)
    to = _PAGES[part]
    return redirect(url_for(to, calendar_id=desk.head.id, year=year or request.args.get("year")), 303)


def _page(desk: CalendarDesk, part: str, form: Form | None = None, status: int = 200) -> Any:
    """The page of a part; `form` is what was sent and refused."""
    content, today = _content(desk), places.today(clock.now())
    year = year_view.year_of(request.args.get("year"), today)

    def there(on: date) -> str:
        return url_for("calendars.edit", calendar_id=desk.head.id, year=year, on=on.isoformat(), _anchor="dates")

    tabs = (("calendars.edit", _("Dates")), ("calendars.seasons", _("Seasons")), ("calendars.week", _("Ordinary week")))
    context = {
        "calendar": desk.head,
        "desk": desk,
        "content": content,
        "year": year,
        "view": year_view.shown(content, year, today, there),
        "seasons": [(number, season, year_view.week(season.week)) for number, season in enumerate(content.seasons, 1)],
        "kinds": [{"value": code, "label": str(label)} for code, label in shapes.KINDS.items()],
        "weekdays": [{"value": day, "label": i18n.format_weekday(date(2024, 1, day + 1))} for day in range(7)],
        "country": settings.get(services.COUNTRY),
        "part": part,
        "refused": form is not None,
        "forms": _filled(content, today) | ({part: form} if form is not None else {}),
        "tabs": [
            {"label": label, "url": url_for(to, calendar_id=desk.head.id, year=year), "current": to == _PAGES[part]}
            for to, label in tabs
        ],
    }
    page = {"calendars.seasons": "seasons", "calendars.week": "week"}.get(_PAGES[part], "dates")
    return render_template(f"sites/calendars/edit_{page}.html", **context), status


def _filled(content: Calendar, today: date) -> dict[str, Form]:
    """The forms as they begin: the week as it is, the date or season the address names."""
    week = {"zone": content.zone, "always": content.always, **shapes.week_values(content.week)}
    place = forms.parse_id(request.args.get("season"))  # from 1: what an address can say
    season = (
        shapes.season_values(content.seasons[place - 1], place - 1)
        if place is not None and place <= len(content.seasons)
        else shapes.week_values(content.week)
    )
    return {
        "week": Form(shapes.WeekForm, week),
        "dates": Form(shapes.DatesForm, shapes.date_values(content, _asked(request.args.get("on")) or today)),
        "season": Form(shapes.SeasonForm, season),
        "holidays": Form(shapes.HolidaysForm, {"year": year_view.year_of(request.args.get("year"), today)}),
    }


def _asked(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given and len(given) == 10 else None
    except ValueError:
        return None


@blueprint.get("/<calendar_id>/publish")
@policy(policies.may_write_calendars)
def publish(calendar_id: str) -> Any:
    """What publishing the draft would change: the dates, and the clocks that are judged anew."""
    return _preview(_desk(calendar_id), Form(PublishForm))


@blueprint.post("/<calendar_id>/publish")
@policy(policies.may_write_calendars)
def publish_post(calendar_id: str) -> Any:
    """Put the draft in force; open clocks are judged by it from their start (19)."""
    desk = _desk(calendar_id)
    form = Form(PublishForm)
    data = form.load(request.form)
    if data is None:
        return _preview(desk, form, 422)
    try:
        made = services.publish_draft(
            desk.head.id, actor=current_actor(), now=clock.now(), seen=data["seen"], note=data["note"] or None
        )
    except (Stale, Conflict) as refused:
        form.problem = str(refused.message)
        return _preview(desk, form, refused.status)
    if made.number == desk.in_force.number:
        toast(_("It says the same as before, so there is no new version."), "info")
    else:
        toast(_("Version %(number)s is in force. Open clocks are judged by it now.", number=made.number))
    return redirect(url_for("calendars.show", calendar_id=desk.head.id), 303)


@blueprint.post("/<calendar_id>/discard")
@policy(policies.may_write_calendars)
def discard(calendar_id: str) -> Any:
    """Forget the draft."""
    desk = _desk(calendar_id)
    try:
        services.discard_draft(desk.head.id, seen=forms.seen_in(request.form, "seen"))
    except Stale as stale:
        form = Form(shapes.DatesForm)
        form.problem = str(stale.message)
        return _page(desk, "dates", form, stale.status)
    toast(_("The draft is gone. What is in force stays."), "info")
    return redirect(url_for("calendars.show", calendar_id=desk.head.id), 303)


def _preview(desk: CalendarDesk, form: Form, status: int = 200) -> Any:
    if desk.draft is None and status == 200:
        raise NotFound
    found = compared(calendar_data.read(desk.in_force.content), _content(desk), places.today(clock.now()))
    lines = [
        {
            "first": each.first,
            "last": each.last,
            "before": year_view.hours(each.before),
            "after": year_view.hours(each.after),
            "minutes": minutes_of(each.after) - minutes_of(each.before),
        }
        for each in found.stretches
    ]
    context = {
        "calendar": desk.head,
        "desk": desk,
        "form": form,
        "lines": lines,
        "left_out": found.left_out,
        "years": f"{found.first.year}–{found.last.year}",
        "zones": found.zones,
        "used_by": _used_by(desk.head.id),
    }
    return render_template("sites/calendars/publish.html", **context), status


def _used_by(calendar_id: int) -> Sequence[str]:
    """Where the calendar is which hours class, in words."""
    names = {row.id: row.name for row in queries.campuses()}
    return [
        _(
            "%(campus)s: %(hours)s",
            campus=names.get(row.campus_id, _("Everywhere else")),
            hours=words.HOURS_LABELS[row.hours],
        )
        for row in queries.hours_of_campuses()
        if row.calendar_id == calendar_id
    ]
