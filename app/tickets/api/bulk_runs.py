"""One act on more than a hundred orders over the API: ordered, followed, accounted for."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import clock, forms, words
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy
from app.core.http.api import json_answer, json_list
from app.core.i18n import locale
from app.tickets import policies
from app.tickets.api.answering import blueprint
from app.tickets.api.bulk import BulkItem, BulkTask, RunOut, plain_run, run_answer, task_of
from app.tickets.queries import bulk_runs as queries
from app.tickets.queries.dispatch_list import VIEWS, Wanted
from app.tickets.rules.priority import URGENCIES
from app.tickets.services import bulk_runs as services
from app.tickets.services.bulk import Item

_OFFERED = _l("Choose one of the offered values.")


class Matching(forms.Schema):
    """Every open order of a view of the list, narrowed as the list is."""

    state = fields.String(required=True, validate=validate.OneOf(sorted(VIEWS), error=_OFFERED))
    campus = forms.Id(load_default=None, allow_none=True)
    building = forms.Id(load_default=None, allow_none=True)
    trade = forms.Text(max=64, load_default=None, allow_none=True)
    priority = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(sorted(URGENCIES), error=_OFFERED)
    )
    q = forms.Text(max=100, load_default=None, allow_none=True)


class RunIn(BulkTask):
    """`POST /work-orders/bulk-runs`: what is done, to `items` (at most 5,000) or to all orders that match."""

    items = fields.List(
        fields.Nested(BulkItem),
        load_default=list,
        validate=validate.Length(max=services.MOST, error=_l("Choose at most 5,000 orders at a time.")),
    )
    matching = fields.Nested(Matching, load_default=None, allow_none=True)


class RunList(forms.Schema):
    items = fields.List(fields.Nested(RunOut))
    next = fields.String(allow_none=True)


class RunRefusal(forms.Schema):
    """A refused order and why."""

    id = forms.Id()
    number = fields.String()
    detail = fields.String()


class RunRefusals(forms.Schema):
    items = fields.List(fields.Nested(RunRefusal))
    next = fields.String(allow_none=True)


_refusal = RunRefusal()


@blueprint.route("/work-orders/bulk-runs", methods=["GET"])
@answers(blueprint, 200, RunList)
@policy(policies.may_dispatch)
def list_runs() -> Response:
    """Your last 20 runs, the newest first."""
    return json_answer(json_list([plain_run(row) for row in queries.latest(current_actor())], None))


@blueprint.route("/work-orders/bulk-runs", methods=["POST"])
@accepts(blueprint, RunIn)
@answers(blueprint, 202, RunOut)
@policy(policies.may_dispatch)
def order_run(sent: dict[str, Any]) -> Response:
    """Do one thing to many orders in the background; each is done or refused by itself."""
    asked = sent["matching"] or {}
    run = services.order(
        actor=current_actor(),
        now=clock.now(),
        task=task_of(sent),
        items=[Item(each["id"], each["version"]) for each in sent["items"]],
        view=asked.get("state"),
        wanted=Wanted(**{name: value for name, value in asked.items() if name != "state"}),
    )
    return run_answer(run.id, 202)


@blueprint.route("/work-orders/bulk-runs/<string:run_id>", methods=["GET"])
@answers(blueprint, 200, RunOut)
@policy(policies.may_dispatch)
def get_run(run_id: str) -> Response:
    """How far a run of yours is."""
    return run_answer(id_in_address(run_id))


@blueprint.route("/work-orders/bulk-runs/<string:run_id>/refused", methods=["GET"])
@accepts(blueprint, forms.QuerySchema, location="query")
@answers(blueprint, 200, RunRefusals)
@policy(policies.may_dispatch)
def list_refused(asked: dict[str, Any], run_id: str) -> Response:
    """Its refused orders with the reason of each, in the order in which they were tried."""
    row = queries.one(current_actor(), id_in_address(run_id))
    page = queries.refused_page(row.id, asked["cursor"], asked["limit"])
    return json_answer(json_list([_refused(each) for each in page.items], page.next))


def _refused(row: Any) -> Any:
    return _refusal.dump({"id": row.id, "number": row.number, "detail": words.text(row.why, locale())})


@blueprint.route("/work-orders/bulk-runs/<string:run_id>/stop", methods=["POST"])
@answers(blueprint, 200, RunOut)
@policy(policies.may_dispatch)
def stop_run(run_id: str) -> Response:
    """Begin nothing more; what is done stays done."""
    row = queries.one(current_actor(), id_in_address(run_id))
    services.stop(actor=current_actor(), now=clock.now(), run_id=row.id)
    return run_answer(row.id)
