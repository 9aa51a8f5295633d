"""Technicians over the API: admitted, changed one thing at a time, ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.accounts import policies as people_policies
from app.accounts import queries as people
from app.core import clock
from app.core.forms import id_in_address
from app.core.http import (
    accepts,
    answers,
    current_actor,
    json_list,
    no_body,
    policy,
    seen_fields,
    versioned,
)
from app.core.seen import tag
from app.sites import queries as places
from app.tickets import policies
from app.tickets.api.planning.entry import blueprint
from app.tickets.models import TechnicianProfile
from app.tickets.queries import technicians as queries
from app.tickets.queries.technicians import Line
from app.tickets.schemas.planning import technicians as schemas
from app.tickets.services import technicians as services
from app.tickets.services.catalogue import usable_trade


@blueprint.route("/technicians", methods=["GET"])
@accepts(blueprint, schemas.TechnicianQuery, location="query")
@answers(blueprint, 200, schemas.TechnicianPage)
@policy(policies.may_edit_crews)
def list_technicians(asked: dict[str, Any]) -> Any:
    """The technicians you plan, by name"""
    now = clock.now()
    page = queries.page(
        current_actor(),
        now,
        trade=asked["trade"],
        crew_id=asked["crew"],
        q=asked["q"],
        cursor=asked["cursor"],
        limit=asked["limit"],
    )
    return json_list([_shown(line, now) for line in page.items], page.next)


@blueprint.route("/technicians", methods=["POST"])
@accepts(blueprint, schemas.NewTechnician)
@answers(blueprint, 201, schemas.TechnicianOut)
@policy(policies.may_edit_crews)
def admit_technician(sent: dict[str, Any]) -> Any:
    """Make somebody a technician, or again; trades, places and shifts follow

    What he had when he ended comes back. 404: there is no such person whom you may look up.
    """
    actor, now = current_actor(), clock.now()
    person = people.person_for(actor, people_policies.lookup_permission(actor), sent["person_id"], now)
    services.admit(actor=actor, now=now, person_id=person.id, cap=sent["cap"])
    return _answer(person.id, 201)


@blueprint.route("/technicians/<string:technician_id>", methods=["GET"])
@answers(blueprint, 200, schemas.TechnicianOut)
@policy(policies.may_edit_crews)
def show_technician(technician_id: str) -> Any:
    """One technician, also one who is no longer one

    His tag stands for cap, trades and places; shifts, absences, certificates and load do not change it.
    """
    return _answer(id_in_address(technician_id))


@blueprint.route("/technicians/<string:technician_id>", methods=["PATCH"])
@accepts(blueprint, schemas.TechnicianChange)
@answers(blueprint, 200, schemas.TechnicianOut)
@policy(policies.may_edit_crews)
def change_technician(sent: dict[str, Any], technician_id: str) -> Any:
    """How many orders he may have at a time"""
    number, seen = id_in_address(technician_id), seen_fields(_now_so)
    services.set_cap(actor=current_actor(), now=clock.now(), person_id=number, cap=sent["cap"], seen=seen)
    return _answer(number)


@blueprint.route("/technicians/<string:technician_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_crews)
def end_technician(technician_id: str) -> Any:
    """Nothing more is offered to him; what he holds stays until it is given back"""
    number, seen = id_in_address(technician_id), seen_fields(_now_so, required=False)
    services.end(actor=current_actor(), now=clock.now(), person_id=number, seen=seen)
    return no_body()


@blueprint.route("/technicians/<string:technician_id>/trades", methods=["POST"])
@accepts(blueprint, schemas.TechnicianTradeIn)
@answers(blueprint, 201, schemas.TechnicianOut)
@policy(policies.may_edit_crews)
def set_technician_trade(sent: dict[str, Any], technician_id: str) -> Any:
    """He has a trade, with a level; the same trade again changes the level"""
    number, seen = id_in_address(technician_id), seen_fields(_now_so, required=False)
    trade = usable_trade(sent["trade"], clock.now())
    services.set_trade(
        actor=current_actor(), now=clock.now(), person_id=number, trade_id=trade.id, level=sent["level"], seen=seen
    )
    return _answer(number, 201)


@blueprint.route("/technicians/<string:technician_id>/trades/<string:trade_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_crews)
def end_technician_trade(technician_id: str, trade_id: str) -> Any:
    """He no longer has the trade"""
    number, trade = id_in_address(technician_id), id_in_address(trade_id)
    seen = seen_fields(_now_so, required=False)
    services.end_trade(actor=current_actor(), now=clock.now(), person_id=number, trade_id=trade, seen=seen)
    return no_body()


@blueprint.route("/technicians/<string:technician_id>/zones", methods=["POST"])
@accepts(blueprint, schemas.TechnicianZoneIn)
@answers(blueprint, 201, schemas.TechnicianOut)
@policy(policies.may_edit_crews)
def add_technician_zone(sent: dict[str, Any], technician_id: str) -> Any:
    """He works in a place and all below it"""
    number, seen = id_in_address(technician_id), seen_fields(_now_so, required=False)
    services.add_zone(actor=current_actor(), now=clock.now(), person_id=number, place_id=sent["place_id"], seen=seen)
    return _answer(number, 201)


@blueprint.route("/technicians/<string:technician_id>/zones/<string:place_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_crews)
def end_technician_zone(technician_id: str, place_id: str) -> Any:
    """He no longer works there"""
    number, place = id_in_address(technician_id), id_in_address(place_id)
    seen = seen_fields(_now_so, required=False)
    services.end_zone(actor=current_actor(), now=clock.now(), person_id=number, place_id=place, seen=seen)
    return no_body()


def _answer(person_id: int, status: int = 200) -> Any:
    """A technician, as he is planned now, with his tag. Raises NotFound."""
    now = clock.now()
    line = queries.known(current_actor(), person_id, now)
    return versioned(_shown(line, now), tag(_own(line)), status)


def _own(line: Line) -> dict[str, Any]:
    """What a technician's tag stands for."""
    return _fields(line.cap, line.ended, line.trades, line.zones)


def _now_so(profile: TechnicianProfile) -> dict[str, Any]:
    """The same of his locked row."""
    today, him = places.today(clock.now()), [profile.person_id]
    return _fields(
        profile.cap, not profile.holds_on(today), queries.trades_of(him, today), queries.zones_of(him, today)
    )


def _fields(cap: int, ended: bool, trades: Iterable[Any], zones: Iterable[Any]) -> dict[str, Any]:
    levels = {str(each.id): each.level for each in trades}
    return {"cap": cap, "ended": ended, "trades": levels, "zones": [each.id for each in zones]}


def _shown(line: Line, now: datetime) -> dict[str, Any]:
    away = line.absent(now)
    names = ("person_id", "name", "cap", "load", "ended", "account_valid", "trades", "zones")
    return {
        **{name: getattr(line, name) for name in names},
        "on_duty_until": line.on_duty(now),
        "next_duty_at": line.next_duty(now),
        "away_until": None if away is None else away.ends_at,
    }
