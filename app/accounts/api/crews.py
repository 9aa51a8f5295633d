"""Crews and their members over the API."""

from __future__ import annotations

from typing import Any

from app.accounts import policies, queries, schemas
from app.accounts.models import Crew
from app.accounts.services import structure
from app.core import clock, forms
from app.core.forms import id_in_address
from app.core.http import (
    ApiBlueprint,
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

blueprint = ApiBlueprint("crews", "app.accounts.api.crews", description="Crews and their members")


@blueprint.route("/crews", methods=["GET"])
@accepts(blueprint, forms.QuerySchema, location="query")
@answers(blueprint, 200, schemas.CrewPage)
@policy(policies.write_crews)
def list_crews(asked: dict[str, Any]) -> Any:
    """The crews of today that you may change, by code"""
    ids = policies.crews_within(current_actor())
    page = queries.crews(places.today(clock.now()), ids=ids, cursor=asked["cursor"], limit=asked["limit"])
    return json_list(list(page.items), page.next)


@blueprint.route("/crews", methods=["POST"])
@accepts(blueprint, schemas.CrewIn)
@answers(blueprint, 201, schemas.CrewOut)
@policy(policies.add_crews)
def add_crew(sent: dict[str, Any]) -> Any:
    """A new crew"""
    made = structure.save_crew(current_actor(), None, now=clock.now(), **sent)
    return versioned(made, tag(_own(made)), 201)


@blueprint.route("/crews/<string:crew_id>", methods=["GET"])
@answers(blueprint, 200, schemas.CrewOut)
@policy(policies.write_crews)
def show_crew(crew_id: str) -> Any:
    """One crew; a closed one, too"""
    crew = _crew(crew_id)
    return versioned(crew, tag(_own(crew)))


@blueprint.route("/crews/<string:crew_id>", methods=["PUT"])
@accepts(blueprint, schemas.CrewIn)
@answers(blueprint, 200, schemas.CrewOut)
@policy(policies.write_crews)
def change_crew(sent: dict[str, Any], crew_id: str) -> Any:
    """Write it anew: code, name, whether it is a contractor's"""
    seen = seen_fields(_own)
    changed = structure.save_crew(current_actor(), _crew(crew_id), now=clock.now(), seen=seen, **sent)
    return versioned(changed, tag(_own(changed)))


@blueprint.route("/crews/<string:crew_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.add_crews)
def close_crew(crew_id: str) -> Any:
    """It ends today, with its memberships"""
    seen = seen_fields(_own, required=False)
    structure.close_crew(current_actor(), _crew(crew_id), clock.now(), seen)
    return no_body()


@blueprint.route("/crews/<string:crew_id>/members", methods=["GET"])
@accepts(blueprint, forms.QuerySchema, location="query")
@answers(blueprint, 200, schemas.CrewMemberPage)
@policy(policies.write_crews)
def list_crew_members(asked: dict[str, Any], crew_id: str) -> Any:
    """Who belongs to a crew today, by name"""
    crew, today = _crew(crew_id), places.today(clock.now())
    page = queries.members(crew.id, today, asked["cursor"], asked["limit"])
    items = [
        {"id": row.member_id, "person": {"id": str(row.id), "name": row.name}, "since": row.valid_from}
        for row in page.items
    ]
    return json_list(items, page.next)


@blueprint.route("/crews/<string:crew_id>/members", methods=["POST"])
@accepts(blueprint, schemas.CrewMemberIn)
@answers(blueprint, 201, schemas.CrewMemberOut)
@policy(policies.add_members)
def add_crew_member(sent: dict[str, Any], crew_id: str) -> Any:
    """Somebody you may look up joins a crew today; 409: he belongs to it already"""
    actor, now, crew = current_actor(), clock.now(), _crew(crew_id)
    person = queries.person_for(actor, policies.lookup_permission(actor), sent["person_id"], now)
    made = structure.add_member(actor, crew, person, now)
    return {"id": made.id, "person": {"id": str(person.id), "name": person.name}, "since": made.valid_from}


@blueprint.route("/crews/<string:crew_id>/members/<string:member_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.write_crews)
def end_crew_member(crew_id: str, member_id: str) -> Any:
    """Somebody leaves a crew today"""
    structure.end_member(current_actor(), _crew(crew_id), id_in_address(member_id), clock.now())
    return no_body()


def _crew(crew_id: str) -> Crew:
    return queries.crew(id_in_address(crew_id), within=policies.crews_within(current_actor()))


def _own(crew: Crew) -> dict[str, Any]:
    """What a crew's tag stands for."""
    return {"code": crew.code, "name": crew.name, "contractor": crew.contractor, "valid_to": crew.valid_to}
