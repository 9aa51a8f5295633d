"""The week grid: shifts, on-call turns and absences of a crew, a line of text per day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import EXCLUDE

from app.accounts.queries import details
from app.core import clock, forms, i18n, transaction
from app.core.errors import Rejected
from app.core.forms import Day
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets import order_words, policies
from app.tickets.dispatch.technicians import blueprint
from app.tickets.queries import technicians as technicians_queries
from app.tickets.queries import week as queries
from app.tickets.services import week as services
from app.tickets.services.week import Cell

PEOPLE = 60
"""People on one page; a crew is smaller."""
_FIELD = re.compile(r"p([1-9][0-9]{0,18})_([0-9]{8})", re.ASCII)


class WeekQuery(forms.Schema):
    """Which week (any day of it), which crew."""

    of = Day(load_default=None)
    crew = forms.Id(load_default=None)

    class Meta:
        unknown = EXCLUDE


@dataclass(frozen=True, slots=True)
class Field:
    """One day of a person on the grid."""

    name: str
    label: str
    line: str
    was: str
    partly: tuple[str, ...]
    errors: tuple[Any, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One person with his seven days and the duty hours of the week."""

    person_id: int
    name: str
    hours: float
    cells: list[Field]


@blueprint.get("/week")
@policy(policies.may_edit_crews)
def week() -> Any:
    """Seven days of a crew, to be read and changed."""
    return _page(_asked(request.args))


@blueprint.post("/week")
@policy(policies.may_edit_crews)
def plan_week() -> Any:
    """Change the days whose lines were changed; all of them or none."""
    asked = _asked(request.form)
    try:
        changed = services.plan(actor=current_actor(), now=clock.now(), zone=_zone(), cells=list(_cells()))
    except Rejected as refused:
        transaction.abandon()
        return _page(asked, refused)
    toast(ngettext("%(num)s day changed.", "%(num)s days changed.", changed))
    return redirect(_address(asked), 303)


@blueprint.post("/week/copy")
@policy(policies.may_edit_crews)
def copy_week() -> Any:
    """Fill the empty days with the shifts of the week before."""
    asked = _asked(request.form)
    people = technicians_queries.names(current_actor(), clock.now(), asked["crew"], PEOPLE)
    copied = services.copy_week(
        actor=current_actor(),
        now=clock.now(),
        zone=_zone(),
        person_ids=[person_id for person_id, _name in people],
        monday=_monday(asked),
    )
    toast(ngettext("%(num)s day filled.", "%(num)s days filled.", copied))
    return redirect(_address(asked), 303)


def _asked(given: Any) -> dict[str, Any]:
    return forms.load(WeekQuery(), {name: given[name] for name in ("of", "crew") if given.get(name)})


def _zone() -> ZoneInfo:
    return cast(ZoneInfo, i18n.zone())


def _monday(asked: dict[str, Any]) -> date:
    day: date = asked["of"] or clock.now().astimezone(_zone()).date()
    return services.monday(day)


def _address(asked: dict[str, Any], weeks: int = 0) -> str:
    of = _monday(asked) + timedelta(days=7 * weeks)
    return url_for("technicians.week", of=of.isoformat(), crew=asked["crew"])


def _cells() -> Any:
    """The lines of the form somebody has touched, with what was shown before; the browser sends the whole grid."""
    for name, wanted in request.form.items():
        found = _FIELD.fullmatch(name)
        person_id = forms.parse_id(found[1]) if found else None
        if found is None or person_id is None:
            continue
        try:
            day = date.fromisoformat(found[2])
        except ValueError:
            continue
        was = request.form.get(f"was_{name}", "")
        if wanted.strip() != was.strip():
            yield Cell(name=name, person_id=person_id, day=day, was=was, wanted=wanted)


def _page(asked: dict[str, Any], refused: Rejected | None = None) -> Any:
    now, zone, monday = clock.now(), _zone(), _monday(asked)
    today = now.astimezone(zone).date()
    days = [monday + timedelta(days=number) for number in range(7)]
    people = technicians_queries.names(current_actor(), now, asked["crew"], PEOPLE)
    weeks = queries.around([person_id for person_id, _name in people], days[0], days[-1], zone)
    lines = [_line(person_id, name, weeks[person_id], days, today, refused) for person_id, name in people]
    crews = details.crews(today).items
    context = {
        "lines": lines,
        "days": [
            {
                "label": i18n.format_weekday(day),
                "date": i18n.format_day(day),
                "today": day == today,
                "off": day.weekday() > 4,
            }
            for day in days
        ],
        "asked": asked,
        "monday": monday,
        "crews": [{"value": row.id, "label": order_words.said(row.name)} for row in crews],
        "earlier": _address(asked, -1),
        "later": _address(asked, 1),
        "this": url_for("technicians.week", crew=asked["crew"]),
        "over": days[-1] < today,
        "problem": refused.message if refused else None,
        "zone": str(zone),
    }
    return render_template("tickets/dispatch/week.html", **context), 422 if refused else 200


def _line(
    person_id: int, name: str, week: queries.PersonWeek, days: list[date], today: date, refused: Rejected | None
) -> Line:
    zone, cells = _zone(), []
    for day in days:
        field, said = f"p{person_id}_{day:%Y%m%d}", week.plan(day, zone).text
        errors = tuple(refused.fields.get(field, ())) if refused else ()
        cells.append(
            Field(
                name=field,
                label=f"{name}, {i18n.format_weekday(day)} {i18n.format_day(day)}",
                line=request.form.get(field, said) if refused else said,
                was=said,
                partly=tuple(_partly(row) for row in week.partly(day, zone)),
                errors=errors,
                open=day >= today,
            )
        )
    return Line(person_id, name, week.duty_hours(days[0], days[-1], zone), cells)


def _partly(row: Any) -> str:
    said = _("away %(start)s – %(end)s", start=i18n.format_moment(row.starts_at), end=i18n.format_moment(row.ends_at))
    return str(said)
