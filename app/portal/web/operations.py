"""What runs in the background: health, queues, long jobs, deliveries that were given up."""

from __future__ import annotations

from typing import Any

import orjson
from flask import current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms, health, metrics, queue
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.portal import part_words, policies
from app.portal.queries import operations as queries
from app.portal.schemas.operations import DropSchema
from app.portal.services import operations as services
from app.portal.web.blueprint import blueprint


@blueprint.get("/operations")
@policy(policies.read_operations)
def operations() -> Any:
    """How every part is, what waits, what runs."""
    return render_template("portal/operations.html", **_state())


@blueprint.get("/operations/state")
@policy(policies.read_operations)
def operations_state() -> Any:
    """The same without its frame, asked for every few seconds."""
    return render_template("portal/_operations.html", **_state())


def _state() -> dict[str, Any]:
    parts = health.parts()
    return {
        "parts": [(part_words.name(each), part_words.trouble(each)) for each in parts],
        "depths": _depths(),
        "waiting": metrics.waiting(),
        "running": queries.running(clock.now()),
        "failing": queries.failing(),
    }


def _depths() -> dict[str, int] | None:
    """Bells per queue; None where the queue does not answer."""
    return queue.depths_of(current_app.config["HOUQIN"].redis_url)


@blueprint.get("/operations/parked")
@policy(policies.read_operations)
def parked() -> Any:
    """Deliveries that were given up after eight tries."""
    return _parked()


def _parked(form: forms.Form | None = None, delivery_id: int | None = None) -> str:
    page = queries.parked(request.args.get("cursor"))
    return render_template(
        "portal/parked.html",
        page=page,
        payloads={row.id: orjson.dumps(row.payload, option=orjson.OPT_INDENT_2).decode() for row in page.items},
        may_act=policies.retry(current_actor()),
        form=form,
        refused_id=delivery_id,
    )


@blueprint.post("/operations/deliveries/<int:delivery_id>/retry")
@policy(policies.retry)
def retry_delivery(delivery_id: int) -> Any:
    """Let it run again."""
    services.retry(delivery_id, actor=current_actor(), now=clock.now())
    toast(_("It runs again within a second."))
    return redirect(url_for("portal.parked"))


@blueprint.post("/operations/deliveries/<int:delivery_id>/drop")
@policy(policies.retry)
def drop_delivery(delivery_id: int) -> Any:
    """Give it up for good, with the reason in the audit log."""
    form = forms.Form(DropSchema)
    data = form.load(request.form)
    if data is None:
        return _parked(form, delivery_id), 422
    services.drop(delivery_id, data["reason"], actor=current_actor(), now=clock.now())
    toast(_("It is given up; the audit log says why."))
    return redirect(url_for("portal.parked"))
