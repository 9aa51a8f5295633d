"""Acts on more orders than a request does: asked about once more, then followed while they run, and accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core import clock
from app.core.errors import Conflict, NotFound, Rejected
from app.core.forms import id_in_address
from app.core.http import current_actor, policy
from app.core.pages import said, toast
from app.tickets import order_words, policies
from app.tickets.dispatch import entry
from app.tickets.dispatch.entry import blueprint
from app.tickets.queries import bulk_runs as queries
from app.tickets.queries import dispatch_list
from app.tickets.queries import macros as macro_queries
from app.tickets.queries import orders as order_queries
from app.tickets.refusal_words import sentence
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import bulk_runs as services
from app.tickets.services.bulk import BulkAction, Task

ACTIONS = {
    BulkAction.AUTO: _l("By the ranking"),
    BulkAction.ASSIGN: _l("Give to this person"),
    BulkAction.POOL: _l("Put into the pool"),
    BulkAction.UNPOOL: _l("Out of the pool"),
    BulkAction.CANCEL: _l("Cancel the orders"),
    BulkAction.HOLD: _l("Put on hold"),
    BulkAction.REQUEUE: _l("Back to the queue"),
    BulkAction.QUEUE: _l("To the queue"),
    BulkAction.REVOKE: _l("Take the offer back"),
}


def begin(task: Task, view: str, given: Mapping[str, Any]) -> Any:
    """Ask whether all orders of a view are meant; said so, have it done and show how far it is."""
    query = entry.asked()
    if not request.form.get("sure"):
        counts = dispatch_list.counts(current_actor(), entry.wanted(query))
        return render_template(
            "tickets/dispatch/run_confirm.html",
            act=act_words(task),
            count=counts[view],
            most=dispatch_list.COUNTED,
            view=entry.view_labels()[view],
            fields=[(name, value) for name, value in given.items() if value],
            query=query,
            entry=entry,
        )
    try:
        run = services.order(actor=current_actor(), now=clock.now(), task=task, view=view, wanted=entry.wanted(query))
    except (Conflict, Rejected) as refused:
        toast(sentence(refused), "late")
        return redirect(url_for("dispatch.board", **entry.kept(query)), 303)
    return redirect(url_for("dispatch.run", run_id=run.id), 303)


@blueprint.get("/runs")
@policy(policies.may_dispatch)
def runs() -> str:
    """One's own last runs."""
    rows = [
        {"row": row, "act": stored_words(row.task), "state": state_of(row)} for row in queries.latest(current_actor())
    ]
    return render_template("tickets/dispatch/runs.html", runs=rows)


@blueprint.get("/runs/<run_id>")
@policy(policies.may_dispatch)
def run(run_id: str) -> str:
    """How far a run is, and of each refused order why."""
    return render_template("tickets/dispatch/run.html", it=_shown(run_id))


@blueprint.get("/runs/<run_id>/state")
@policy(policies.may_dispatch)
def run_state(run_id: str) -> str:
    """The same without its frame, asked for every second while it runs."""
    return render_template("tickets/dispatch/_run.html", it=_shown(run_id))


@blueprint.post("/runs/<run_id>/stop")
@policy(policies.may_dispatch)
def run_stop(run_id: str) -> Any:
    """Begin nothing more; what is done stays done."""
    row = queries.one(current_actor(), id_in_address(run_id))
    services.stop(actor=current_actor(), now=clock.now(), run_id=row.id)
    return redirect(url_for("dispatch.run", run_id=row.id), 303)


def _shown(run_id: str) -> dict[str, Any]:
    row = queries.one(current_actor(), id_in_address(run_id))
    over = row.ended_at is not None or row.stopped_at is not None
    refused = queries.refused(row.id) if over and row.refused else []
    return {
        "row": row,
        "act": stored_words(row.task),
        "over": over,
        "state": state_of(row),
        "seen": row.done + row.refused,
        "reasons": _by_reason(refused),
        "unlisted": row.refused - len(refused) if over else 0,
    }


def _by_reason(refused: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    found: dict[str, list[Any]] = {}
    for row in refused:
        found.setdefault(row.detail or "", []).append(row)
    return sorted(found.items(), key=lambda each: -len(each[1]))


def state_of(row: Any) -> str:
    """How a run stands, in words."""
    if row.stopped_at is not None:
        return str(_("stopped"))
    return str(_("finished")) if row.ended_at is not None else str(_("running"))


def act_words(task: Task) -> str:
    """What is done, in words."""
    if task.action is BulkAction.MACRO:
        try:
            return str(_("Macro “%(name)s”", name=said(macro_queries.one(task.macro_id or 0).name)))
        except NotFound:
            return str(_("A macro that is closed"))
    label = str(ACTIONS[task.action])
    if task.action is BulkAction.ASSIGN and task.assignee is not None:
        label = f"{label}: {order_queries.names([task.assignee]).get(task.assignee, '')}"
    if task.action is BulkAction.HOLD and task.reason:
        label = f"{label}: {order_words.reason(OrderAct.HOLD, task.reason)}"
    return label


def stored_words(stored: Mapping[str, Any]) -> str:
    """The same of a stored run."""
    return act_words(services.task_of(stored))
