"""Who can be offered work: the list of technicians and one technician, changed one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.models import Person
from app.accounts.web import people as people_pages
from app.audit import quicker
from app.core import clock, forms, i18n, seen, transaction
from app.core.errors import NotFound
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.sites import queries as places
from app.tickets import order_words, policies
from app.tickets.dispatch import schemas, weeks
from app.tickets.order_forms import Part, named
from app.tickets.queries import catalogue
from app.tickets.queries import technicians as queries
from app.tickets.queries.technicians import Line
from app.tickets.services import crews
from app.tickets.services import technicians as services

blueprint = Blueprint("technicians", __name__, url_prefix="/crews/technicians")

MONDAY, ONE_DAY = date(2024, 1, 1), timedelta(days=1)


@blueprint.get("")
@policy(policies.may_edit_crews)
def index() -> str:
    """Technicians with trades, zones, load and where they are now."""
    now = clock.now()
    asked = forms.load(schemas.ListQuery(), {name: value for name, value in request.args.items() if value != ""})
    found = queries.page(
        current_actor(), now, trade=asked["trade"], q=asked["q"], cursor=asked["cursor"], limit=asked["limit"]
    )
    return render_template(
        "tickets/dispatch/technicians.html",
        found=found,
        asked=asked,
        now=now,
        weeks=weeks,
        trades=trade_choices("code"),
    )


def trade_choices(value: str) -> list[dict[str, Any]]:
    """The trades of today as options, by id or code."""
    rows = catalogue.trades(places.today(clock.now()))
    return [{"value": getattr(row, value), "label": order_words.said(row.name)} for row in rows]


@blueprint.get("/new")
@policy(policies.may_edit_crews)
def new() -> str:
    """The form that makes somebody a technician."""
    return _new(forms.Form(schemas.Admit, {"cap": crews.USUAL_CAP}))


def _new(form: forms.Form, choices: Any = ()) -> str:
    return render_template(
        "tickets/dispatch/technician_new.html", form=form, choices=choices, mask=people_pages.shown_number
    )


@blueprint.post("/new")
@policy(policies.may_edit_crews)
def new_post() -> Any:
    """Make somebody a technician; trades, zones and shifts follow on his page."""
    form = forms.Form(schemas.Admit)
    data = form.load(request.form)
    meant: Any = [] if data is None else people_pages.picked(form, data)
    if data is None or not isinstance(meant, Person):
        return _new(form, meant), 422
    with form.heeding():
        services.admit(actor=current_actor(), now=clock.now(), person_id=meant.id, cap=data["cap"])
        toast(_("%(name)s is a technician now. Add trades, zones and shifts.", name=meant.name))
        return redirect(_address(meant.id), 303)
    if "person_id" in form.errors:
        form.errors["who"] = form.errors.pop("person_id")  # it stands beside the picker
    return _new(form), form.status


def _address(person_id: int) -> str:
    return url_for("technicians.technician", person_id=person_id)


def _line(person_id: str) -> Line:
    """The technician of an address, where the actor plans him. Raises NotFound."""
    return queries.known(current_actor(), forms.id_in_address(person_id), clock.now())


@blueprint.get("/<person_id>")
@policy(policies.may_edit_crews)
def technician(person_id: str) -> Any:
    """One technician: what he can do, where, when, and when not."""
    return _page(_line(person_id))


def _page(line: Line, form: forms.Form | None = None, of: str = "", status: int = 200) -> Any:
    now, actor = clock.now(), current_actor()
    picked_id = forms.parse_id(request.args.get("zone_place_id"))
    context: dict[str, Any] = {
        "line": line,
        "now": now,
        "week": weeks.week(line, now),
        "chip": weeks.present(line, now),
        "shifts": queries.shifts_of([line.person_id], places.today(now)),
        "trades": trade_choices("id"),
        "shared": crews.SHARED if queries.works_elsewhere(actor, line.person_id) else None,
        "own_zones": {zone.id for zone in line.zones if policies.in_scope(actor, policies.CREWS, zone)},
        "cap_version": seen.mark(_shown_cap(line)),
        "place": places.by_id(picked_id) if picked_id else None,
        "part": lambda name: Part(form, name) if form is not None and of == name else None,
        "day_names": [{"value": day, "label": i18n.format_weekday(MONDAY + day * ONE_DAY)} for day in range(7)],
    }
    return render_template("tickets/dispatch/technician.html", **context), status


def _change(person_id: str, schema: type[forms.Schema], of: str, service: Callable[[Line, dict[str, Any]], Any]) -> Any:
    """Load the form of one section and do it; refused, the page comes back with the errors in that section."""
    line = _line(person_id)
    form = forms.Form(schema)
    data = form.load(named(request.form, of))
    if data is not None:
        overtaken = quicker.heeding(form, current_actor(), "person", line.person_id, "technician.cap")
        with form.heeding(), overtaken:
            service(line, data)
            return redirect(_address(line.person_id), 303)
        transaction.abandon()  # the page shows what is, not what was tried
    return _page(_line(person_id), form, of, form.status)


def _shown_cap(line: Any) -> dict[str, Any]:
    return {"cap": line.cap}


@blueprint.post("/<person_id>/cap")
@policy(policies.may_edit_crews)
def cap(person_id: str) -> Any:
    """How many orders he may have at a time."""
    return _change(
        person_id,
        schemas.Cap,
        "cap",
        lambda line, data: services.set_cap(
            actor=current_actor(),
            now=clock.now(),
            person_id=line.person_id,
            cap=data["cap"],
            seen=seen.Seen(request.form.get("cap_version", ""), _shown_cap),
        ),
    )


@blueprint.post("/<person_id>/trades")
@policy(policies.may_edit_crews)
def add_trade(person_id: str) -> Any:
    """A trade with its level; the same trade again changes the level."""
    return _change(
        person_id,
        schemas.TradeOf,
        "trade",
        lambda line, data: services.set_trade(
            actor=current_actor(),
            now=clock.now(),
            person_id=line.person_id,
            trade_id=data["trade"],
            level=data["level"],
        ),
    )


@blueprint.post("/<person_id>/zones")
@policy(policies.may_edit_crews)
def add_zone(person_id: str) -> Any:
    """A place he works in, with all below it."""
    return _change(
        person_id,
        schemas.ZoneOf,
        "zone",
        lambda line, data: services.add_zone(
            actor=current_actor(), now=clock.now(), person_id=line.person_id, place_id=data["place_id"]
        ),
    )


@blueprint.post("/<person_id>/shifts")
@policy(policies.may_edit_crews)
def add_shifts(person_id: str) -> Any:
    """Weekly shifts, or the shift of one day."""

    def add(line: Line, data: dict[str, Any]) -> None:
        plan = services.ShiftPlan(**{**data, "weekdays": tuple(data["weekdays"])})
        services.add_shifts(actor=current_actor(), now=clock.now(), person_id=line.person_id, plan=plan)

    return _change(person_id, schemas.ShiftOf, "shift", add)


@blueprint.post("/<person_id>/absences")
@policy(policies.may_edit_crews)
def add_absence(person_id: str) -> Any:
    """He is away for a time."""
    return _change(
        person_id,
        schemas.AbsenceOf,
        "absence",
        lambda line, data: services.add_absence(
            actor=current_actor(), now=clock.now(), person_id=line.person_id, **data
        ),
    )


_ENDS: dict[str, Callable[[int, int], None]] = {
    "trades": lambda person_id, it: services.end_trade(
        actor=current_actor(), now=clock.now(), person_id=person_id, trade_id=it
    ),
    "zones": lambda person_id, it: services.end_zone(
        actor=current_actor(), now=clock.now(), person_id=person_id, place_id=it
    ),
    "shifts": lambda person_id, it: services.end_shift(
        actor=current_actor(), now=clock.now(), person_id=person_id, shift_id=it
    ),
    "absences": lambda person_id, it: services.end_absence(
        actor=current_actor(), now=clock.now(), person_id=person_id, absence_id=it
    ),
}


@blueprint.post("/<person_id>/<of>/<it>/end")
@policy(policies.may_edit_crews)
def end_part(person_id: str, of: str, it: str) -> Any:
    """A trade, zone, shift or absence ends."""
    line, number = _line(person_id), forms.parse_id(it)
    if of not in _ENDS or number is None:
        raise NotFound
    _ENDS[of](line.person_id, number)
    return redirect(_address(line.person_id), 303)


@blueprint.post("/<person_id>/end")
@policy(policies.may_edit_crews)
def end(person_id: str) -> Any:
    """Nothing more is offered to him."""
    line = _line(person_id)
    services.end(actor=current_actor(), now=clock.now(), person_id=line.person_id)
    toast(_("%(name)s is offered nothing more. Orders in hand stay until they are given back.", name=line.name), "info")
    return redirect(url_for("technicians.index"), 303)


@blueprint.post("/<person_id>/again")
@policy(policies.may_edit_crews)
def again(person_id: str) -> Any:
    """He is a technician again."""
    line = _line(person_id)
    services.admit(actor=current_actor(), now=clock.now(), person_id=line.person_id, cap=line.cap)
    return redirect(_address(line.person_id), 303)
