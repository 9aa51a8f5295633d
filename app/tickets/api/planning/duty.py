"""The duty roster over the API; what a lead is called for stands in `api.duty`."""

from __future__ import annotations

from typing import Any

from app.accounts import policies as people_policies
from app.accounts import queries as people
from app.core import clock, forms
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, json_list, no_body, policy
from app.tickets import policies
from app.tickets.api.planning.entry import blueprint
from app.tickets.queries import technicians as queries
from app.tickets.schemas.planning import duty as schemas
from app.tickets.services import technicians as services
from app.tickets.services.catalogue import usable_trade


@blueprint.route("/duty-roster", methods=["GET"])
@accepts(blueprint, forms.QuerySchema, location="query")
@answers(blueprint, 200, schemas.DutyPage)
@policy(policies.may_edit_crews)
def list_duties(asked: dict[str, Any]) -> Any:
    """Who leads now and later, in the order of their beginnings"""
    page = queries.duty_roster(clock.now(), cursor=asked["cursor"], limit=asked["limit"])
    return json_list([_shown(row) for row in page.items], page.next)


@blueprint.route("/duty-roster", methods=["POST"])
@accepts(blueprint, schemas.DutyIn)
@answers(blueprint, 201, schemas.DutyOut)
@policy(policies.may_edit_crews)
def add_duty(sent: dict[str, Any]) -> Any:
    """Somebody you may look up leads for a time

    The duty of all campuses is for whoever plans them all.
    """
    actor, now = current_actor(), clock.now()
    person = people.person_for(actor, people_policies.lookup_permission(actor), sent["person_id"], now)
    made = services.set_duty_lead(
        actor=actor,
        now=now,
        person_id=person.id,
        starts_at=sent["starts_at"],
        ends_at=sent["ends_at"],
        campus_id=sent["campus"],
        trade_id=None if sent["trade"] is None else usable_trade(sent["trade"], now).id,
    )
    return _shown(queries.duty(made)), 201


@blueprint.route("/duty-roster/<string:duty_id>", methods=["GET"])
@answers(blueprint, 200, schemas.DutyOut)
@policy(policies.may_edit_crews)
def show_duty(duty_id: str) -> Any:
    """One duty; a past one, too"""
    return _shown(queries.duty(id_in_address(duty_id)))


@blueprint.route("/duty-roster/<string:duty_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_crews)
def end_duty(duty_id: str) -> Any:
    """A duty that has begun ends now, one that has not is taken back"""
    services.end_duty(actor=current_actor(), now=clock.now(), duty_id=id_in_address(duty_id))
    return no_body()


def _shown(row: Any) -> dict[str, Any]:
    campus = None if row.campus_id is None else {"id": str(row.campus_id), "name": row.campus}
    return {
        "id": row.id,
        "person": {"id": str(row.person_id), "name": row.name},
        "campus": campus,
        "trade": row.trade_code,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }
