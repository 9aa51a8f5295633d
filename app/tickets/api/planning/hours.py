"""Shifts and absences of one technician over the API."""

from __future__ import annotations

from typing import Any

from app.core import clock, forms
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, json_list, no_body, policy
from app.sites import queries as places
from app.tickets import policies
from app.tickets.api.planning.entry import blueprint
from app.tickets.queries import technicians as queries
from app.tickets.schemas.planning import hours as schemas
from app.tickets.services import technicians as services


@blueprint.route("/technicians/<string:technician_id>/shifts", methods=["GET"])
@accepts(blueprint, forms.QuerySchema, location="query")
@answers(blueprint, 200, schemas.ShiftPage)
@policy(policies.may_edit_crews)
def list_shifts(asked: dict[str, Any], technician_id: str) -> Any:
    """Shifts of a technician that still have a beginning, in the order in which they were planned"""
    line, today = _reached(technician_id), places.today(clock.now())
    page = queries.shifts_page(line.person_id, today, cursor=asked["cursor"], limit=asked["limit"])
    return json_list(list(page.items), page.next)


@blueprint.route("/technicians/<string:technician_id>/shifts", methods=["POST"])
@accepts(blueprint, schemas.NewShifts)
@answers(blueprint, 201, schemas.ShiftsMade)
@policy(policies.may_edit_crews)
def add_shifts(sent: dict[str, Any], technician_id: str) -> Any:
    """Add weekly shifts, one for each weekday, or the shift of one day"""
    plan = services.ShiftPlan(**{**sent, "weekdays": tuple(sent["weekdays"])})
    made = services.add_shifts(
        actor=current_actor(), now=clock.now(), person_id=id_in_address(technician_id), plan=plan
    )
    return {"items": made}


@blueprint.route("/technicians/<string:technician_id>/shifts/<string:shift_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_crews)
def end_shift(technician_id: str, shift_id: str) -> Any:
    """A shift has no further beginnings; one that runs now goes on to its end"""
    number, shift = id_in_address(technician_id), id_in_address(shift_id)
    services.end_shift(actor=current_actor(), now=clock.now(), person_id=number, shift_id=shift)
    return no_body()


@blueprint.route("/technicians/<string:technician_id>/absences", methods=["GET"])
@accepts(blueprint, forms.QuerySchema, location="query")
@answers(blueprint, 200, schemas.AbsencePage)
@policy(policies.may_edit_crews)
def list_absences(asked: dict[str, Any], technician_id: str) -> Any:
    """Absences of a technician that are not over, the next one first"""
    line = _reached(technician_id)
    page = queries.absences_page(line.person_id, clock.now(), cursor=asked["cursor"], limit=asked["limit"])
    return json_list(list(page.items), page.next)


@blueprint.route("/technicians/<string:technician_id>/absences", methods=["POST"])
@accepts(blueprint, schemas.NewAbsence)
@answers(blueprint, 201, schemas.AbsenceOut)
@policy(policies.may_edit_crews)
def add_absence(sent: dict[str, Any], technician_id: str) -> Any:
    """He is away for a time"""
    made = services.add_absence(actor=current_actor(), now=clock.now(), person_id=id_in_address(technician_id), **sent)
    return {"id": made, **sent}


@blueprint.route("/technicians/<string:technician_id>/absences/<string:absence_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_crews)
def end_absence(technician_id: str, absence_id: str) -> Any:
    """He is back: an absence that has begun ends now, one that has not is taken back"""
    number, absence = id_in_address(technician_id), id_in_address(absence_id)
    services.end_absence(actor=current_actor(), now=clock.now(), person_id=number, absence_id=absence)
    return no_body()


def _reached(technician_id: str) -> queries.Line:
    """The technician of an address, where the actor plans him. Raises NotFound."""
    return queries.known(current_actor(), id_in_address(technician_id), clock.now())
