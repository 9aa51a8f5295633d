"""Certificates over the API: the kinds there are, and who holds them."""

from __future__ import annotations

from typing import Any

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, json_list, no_body, policy
from app.sites import queries as places
from app.tickets import policies
from app.tickets.api.planning.entry import blueprint
from app.tickets.queries import technicians
from app.tickets.schemas.planning import certificates as schemas
from app.tickets.services import ranking_data as services


@blueprint.route("/certificates", methods=["GET"])
@answers(blueprint, 200, schemas.CertificateList)
@policy(policies.may_edit_crews)
def list_certificates() -> Any:
    """The kinds of certificates, by code; all of them, at most 200"""
    return json_list(list(services.certificates(places.today(clock.now()))), None)


@blueprint.route("/certificates", methods=["POST"])
@accepts(blueprint, schemas.CertificateIn)
@answers(blueprint, 201, schemas.CertificateOut)
@policy(policies.may_edit_crews)
def add_certificate(sent: dict[str, Any]) -> Any:
    """Another kind of certificate"""
    made = services.add_certificate(actor=current_actor(), now=clock.now(), **sent)
    return {"id": made, **sent}


@blueprint.route("/technicians/<string:technician_id>/certificates", methods=["GET"])
@answers(blueprint, 200, schemas.HeldCertificateList)
@policy(policies.may_edit_crews)
def list_held_certificates(technician_id: str) -> Any:
    """What a technician holds and has not expired, the next to expire first; all of it, at most 200"""
    now = clock.now()
    line = technicians.known(current_actor(), id_in_address(technician_id), now)
    return json_list(list(services.held(line.person_id, places.today(now))), None)


@blueprint.route("/technicians/<string:technician_id>/certificates", methods=["POST"])
@accepts(blueprint, schemas.HeldCertificateIn)
@answers(blueprint, 201, schemas.HeldCertificateOut)
@policy(policies.may_edit_crews)
def give_certificate(sent: dict[str, Any], technician_id: str) -> Any:
    """He holds a certificate from today on"""
    number, now = id_in_address(technician_id), clock.now()
    made = services.give(
        actor=current_actor(),
        now=now,
        person_id=number,
        certificate_id=sent["certificate"],
        number=sent["number"],
        last_day=sent["until"],
    )
    return next(row for row in services.held(number, places.today(now)) if row.id == made)


@blueprint.route("/technicians/<string:technician_id>/certificates/<string:held_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_crews)
def take_certificate(technician_id: str, held_id: str) -> Any:
    """It counts no more"""
    number, held = id_in_address(technician_id), id_in_address(held_id)
    services.take(actor=current_actor(), now=clock.now(), person_id=number, held_id=held)
    return no_body()
