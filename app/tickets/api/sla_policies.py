"""SLA policies over the API: what is promised, every version of it, and publishing another."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, json_list, policy, seen_version, versioned
from app.core.http.preconditions import no_body
from app.core.versions.shapes import VersionFields, drafted, shown
from app.sites import policies as sites_policies
from app.sites.calendars import queries as calendars
from app.tickets import policies
from app.tickets.api.answering import blueprint
from app.tickets.queries import calendar_effect
from app.tickets.queries import sla_policies as queries
from app.tickets.rules.sla_policy import differing
from app.tickets.schemas import sla_policies as schemas
from app.tickets.services import sla_policies as services


@blueprint.route("/sla-policies", methods=["GET"])
@answers(blueprint, 200, schemas.PolicyPage)
@policy(policies.may_read_policies)
def sla_policies() -> Any:
    """The SLA policies with what is in force"""
    return json_list([row._asdict() for row in queries.policies()], None)


@blueprint.route("/sla-policies", methods=["POST"])
@accepts(blueprint, schemas.NewPolicy)
@answers(blueprint, 201, schemas.PolicyOut)
@policy(policies.may_edit_policies)
def add_sla_policy(sent: dict[str, Any]) -> Any:
    """A new policy with its first version; categories choose it by its code"""
    made = services.create(actor=current_actor(), now=clock.now(), **sent)
    return versioned(shown(made, queries.in_force(made.id), usual=made.usual), 1, 201)


@blueprint.route("/sla-policies/<string:policy_id>", methods=["GET"])
@answers(blueprint, 200, schemas.PolicyOut)
@policy(policies.may_read_policies)
def sla_policy(policy_id: str) -> Any:
    """One policy with what is in force"""
    found = queries.policy(id_in_address(policy_id))
    version = queries.in_force(found.id)
    return versioned(shown(found, version, usual=found.usual), version.number)


@blueprint.route("/sla-policies/<string:policy_id>", methods=["PUT"])
@accepts(blueprint, schemas.NewPolicyVersion)
@answers(blueprint, 200, schemas.PolicyOut)
@policy(policies.may_edit_policies)
def publish_sla_policy(sent: dict[str, Any], policy_id: str) -> Any:
    """Put new content in force for clocks that begin or change from now on; running ones keep theirs

    Content that says the same makes no version: what is in force is answered, with the version it had.
    """
    found = queries.policy(id_in_address(policy_id))
    made = services.publish(found.id, actor=current_actor(), now=clock.now(), seen=seen_version(), **sent)
    return versioned(shown(found, made, usual=found.usual), made.number)


@blueprint.route("/sla-policies/<string:policy_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_policies)
def close_sla_policy(policy_id: str) -> Any:
    """Take a policy out of the choice; its versions stay"""
    seen = seen_version(required=False)
    services.close(id_in_address(policy_id), actor=current_actor(), now=clock.now(), seen=seen)
    return no_body()


def _draft(policy_id: int) -> Any:
    found = queries.desk(policy_id)
    return versioned({**drafted(found), "name": found.draft and found.draft.name}, found.seen)


@blueprint.route("/sla-policies/<string:policy_id>/draft", methods=["GET"])
@answers(blueprint, 200, schemas.PolicyDraftOut)
@policy(policies.may_edit_policies)
def sla_policy_draft(policy_id: str) -> Any:
    """What is being made of a policy and not in force"""
    return _draft(id_in_address(policy_id))


@blueprint.route("/sla-policies/<string:policy_id>/draft", methods=["PUT"])
@accepts(blueprint, schemas.PolicyDraftIn)
@answers(blueprint, 200, schemas.PolicyDraftOut)
@policy(policies.may_edit_policies)
def keep_sla_policy_draft(sent: dict[str, Any], policy_id: str) -> Any:
    """Keep what a policy is to become; the version of a draft that is not there yet is 0"""
    number = id_in_address(policy_id)
    services.save_draft(number, actor=current_actor(), now=clock.now(), seen=seen_version(), **sent)
    return _draft(number)


@blueprint.route("/sla-policies/<string:policy_id>/draft", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_policies)
def discard_sla_policy_draft(policy_id: str) -> Any:
    """Forget what was being made of a policy"""
    services.discard_draft(id_in_address(policy_id), actor=current_actor(), seen=seen_version(required=False))
    return no_body()


@blueprint.route("/sla-policies/<string:policy_id>/draft/changes", methods=["GET"])
@answers(blueprint, 200, schemas.PolicyChanges)
@policy(policies.may_edit_policies)
def sla_policy_draft_changes(policy_id: str) -> Any:
    """What publishing the draft changes, for clocks that begin or change from then on"""
    desk = queries.desk(id_in_address(policy_id))
    found = differing(desk.in_force.content, drafted(desk)["content"])
    return {"items": [{"field": name, "before": before, "after": after} for name, before, after in found]}


@blueprint.route("/sla-policies/<string:policy_id>/draft/publish", methods=["POST"])
@accepts(blueprint, VersionFields)
@answers(blueprint, 200, schemas.PolicyOut)
@policy(policies.may_edit_policies)
def publish_sla_policy_draft(sent: dict[str, Any], policy_id: str) -> Any:
    """Put the draft in force for clocks that begin or change from now on; running ones keep theirs

    A draft that says the same makes no version: what is in force is answered, with the version it had.
    """
    found = queries.policy(id_in_address(policy_id))
    made = services.publish_draft(found.id, actor=current_actor(), now=clock.now(), seen=seen_version(), **sent)
    return versioned(shown(found, made, usual=found.usual), made.number)


@blueprint.route("/calendars/<string:calendar_id>/draft/effect", methods=["GET"])
@answers(blueprint, 200, schemas.CalendarEffect)
@policy(sites_policies.may_write_calendars)
def calendar_draft_effect(calendar_id: str) -> Any:
    """What publishing the draft of a calendar does to open clocks; nothing is written"""
    return asdict(calendar_effect.of_draft(calendars.calendar(id_in_address(calendar_id)).id, clock.now()))


@blueprint.route("/sla-policies/<string:policy_id>/versions", methods=["GET"])
@answers(blueprint, 200, schemas.PolicyVersionPage)
@policy(policies.may_read_policies)
def sla_policy_versions(policy_id: str) -> Any:
    """Every version of a policy, the newest first"""
    found = queries.policy(id_in_address(policy_id))
    return json_list([row._asdict() for row in queries.versions(found.id)], None)
