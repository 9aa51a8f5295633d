"""Many orders at once over the API."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import clock, forms
from app.core.errors import Rejected, Stale
from app.core.http import accepts, also_answers, answers, current_actor, policy
from app.core.http.api import json_answer
from app.tickets import policies
from app.tickets.api.answering import blueprint
from app.tickets.queries import bulk_runs as queries
from app.tickets.refusal_words import sentence
from app.tickets.rules.limits import NOTE_LIMIT
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.services import bulk, bulk_runs
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
    reason = forms.Text(max=REASON_LIMIT, load_default=None, allow_none=True)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)
    until = forms.Moment(load_default=None, allow_none=True)
    macro = forms.Id(load_default=None, allow_none=True)


class Bulk(BulkTask):
    """`POST /work-orders/bulk`; more than 100 orders become a run in the background."""

    items = fields.List(
        fields.Nested(BulkItem),
        required=True,
        validate=validate.Length(1, bulk_runs.MOST, error=_l("Choose 1 to 5,000 orders at a time.")),
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


class RunOut(forms.Schema):
    """A run: `done` and `refused` of `total`; it is over when `ended_at` or `stopped_at` is set."""

    id = forms.Id()
    action = fields.String()
    total = fields.Integer()
    done = fields.Integer()
    refused = fields.Integer()
    ordered_at = forms.Moment()
    ended_at = forms.Moment(allow_none=True)
    stopped_at = forms.Moment(allow_none=True)


_run = RunOut()


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
@also_answers(blueprint, 202, RunOut, description="More than 100 orders: the run that does it")
@policy(policies.may_dispatch)
def bulk_orders(sent: dict[str, Any]) -> Response:
    """Do one thing to many orders; each is done or refused by itself; over 100 a run in the background does it"""
    actor, now, task = current_actor(), clock.now(), task_of(sent)
    items = [Item(each["id"], each["version"]) for each in sent["items"]]
    if len(items) > bulk.AT_MOST:
        return run_answer(bulk_runs.order(actor=actor, now=now, task=task, items=items).id, 202)
    outcomes = bulk.act_on_many(actor=actor, now=now, task=task, items=items)
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


def plain_run(row: Any) -> Any:
    """A run as it is answered."""
    return _run.dump({**row._asdict(), "action": row.task["action"]})


def run_answer(run_id: int, status: int = 200) -> Response:
    """A run of the actor's, and where it can be followed. Raises NotFound."""
    followed = {"Location": url_for("api_tickets.get_run", run_id=run_id)} if status == 202 else None
    return json_answer(plain_run(queries.one(current_actor(), run_id)), status, followed)
