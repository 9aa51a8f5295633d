"""Many orders at once over the API."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import clock, forms
from app.core.errors import Rejected, Stale
from app.core.http import accepts, answers, current_actor, policy
from app.core.http.api import json_answer
from app.tickets import policies
from app.tickets.api.answering import blueprint
from app.tickets.refusal_words import sentence
from app.tickets.services import bulk
from app.tickets.services.bulk import BulkAction, Item


class BulkItem(forms.Schema):
    """One order with the version that was seen."""

    id = forms.Id(required=True)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(1))


class BulkTask(forms.Schema):
    """What is done to each; `assignee` for assign, `macro` for macro, `reason` where the act demands one.

    `until` (and `note` where nobody was at home) for hold, as for one order.
    """

    action = fields.String(required=True, validate=validate.OneOf([each.value for each in BulkAction]))
    assignee = forms.Id(load_default=None, allow_none=True)
    reason = forms.Text(max=500, load_default=None, allow_none=True)
    note = forms.Text(max=2000, multiline=True, load_default=None, allow_none=True)
    until = forms.Moment(load_default=None, allow_none=True)
    macro = forms.Id(load_default=None, allow_none=True)


class Bulk(BulkTask):
    """`POST /work-orders/bulk`."""

    items = fields.List(
        fields.Nested(BulkItem),
        required=True,
        validate=validate.Length(1, bulk.AT_MOST, error=_l("Choose 1 to 100 orders at a time.")),
    )


class BulkOutcome(forms.Schema):
    """What became of one item: 200, or the status and sentence of its refusal."""

    id = forms.Id()
    status = fields.Integer()
    detail = fields.String(allow_none=True)
    current = fields.Dict(allow_none=True)


class BulkDone(forms.Schema):
    """Every item of the request, in its order."""

    items = fields.List(fields.Nested(BulkOutcome))


def task_of(sent: dict[str, Any]) -> bulk.Task:
    """The task of a request. Raises Rejected where it lacks what its act needs."""
    action = BulkAction(sent["action"])
    if action is BulkAction.ASSIGN and sent["assignee"] is None:
        raise Rejected(fields={"assignee": _("Say to whom.")})
    if action is BulkAction.MACRO and sent["macro"] is None:
        raise Rejected(fields={"macro": _("Choose a macro.")})
    return bulk.Task(
        action=action,
        assignee=sent["assignee"],
        reason=sent["reason"],
        note=sent["note"],
        until=sent["until"],
        macro_id=sent["macro"],
    )


@blueprint.route("/work-orders/bulk", methods=["POST"])
@accepts(blueprint, Bulk)
@answers(blueprint, 207, BulkDone)
@policy(policies.may_dispatch)
def bulk_orders(sent: dict[str, Any]) -> Response:
    """Do one thing to many orders; each is done or refused by itself"""
    task = task_of(sent)
    outcomes = bulk.act_on_many(
        actor=current_actor(),
        now=clock.now(),
        task=task,
        items=[Item(each["id"], each["version"]) for each in sent["items"]],
    )
    return json_answer({"items": [_plain(each) for each in outcomes]}, 207)


def _plain(outcome: bulk.Outcome) -> dict[str, Any]:
    refused = outcome.refused
    if refused is None:
        return {"id": str(outcome.id), "status": 200, "detail": None, "current": None}
    return {
        "id": str(outcome.id),
        "status": refused.status,
        "detail": sentence(refused),
        "current": refused.current if isinstance(refused, Stale) else None,
    }
