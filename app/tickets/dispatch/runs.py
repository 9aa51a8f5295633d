"""Acts on more orders than a request does: asked about once more, then followed while they run, and accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, render_template, request, url_for

from app.core import clock, words
from app.core.errors import Conflict, NotFound, Rejected
from app.core.forms import id_in_address
from app.core.http import current_actor, policy
from app.core.i18n import locale
from app.core.pages import toast
from app.tickets import policies, run_words
from app.tickets.dispatch import entry
from app.tickets.dispatch.entry import blueprint
from app.tickets.queries import bulk_runs as queries
from app.tickets.queries import dispatch_list
from app.tickets.queries import macros as macro_queries
from app.tickets.refusal_words import sentence
from app.tickets.services import bulk_runs as services
from app.tickets.services.bulk import BulkAction, Task


def begin(task: Task, view: str, given: Mapping[str, Any]) -> Any:
    """Ask whether all orders of a view are meant; said so, have it done and show how far it is."""
    query = entry.asked()
    if not request.form.get("sure"):
        counts = dispatch_list.counts(current_actor(), entry.wanted(query))
        return render_template(
            "tickets/dispatch/run_confirm.html",
            act=run_words.act(task),
            message=_message(task),
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
        return redirect(entry.home(query), 303)
    return redirect(url_for("dispatch.run", run_id=run.id), 303)


def _message(task: Task) -> Any:
    """What the macro of a task writes to reporters, as words with its marks; None where nothing is written."""
    if task.action is not BulkAction.MACRO:
        return None
    try:
        return macro_queries.one(task.macro_id or 0).message
    except NotFound:
        return None


@blueprint.get("/runs")
@policy(policies.may_dispatch)
def runs() -> str:
    """One's own last runs."""
    latest = queries.latest(current_actor())
    acts = run_words.all_stored([row.task for row in latest])
    rows = [{"row": row, "act": act, "state": run_words.state(row)} for row, act in zip(latest, acts, strict=True)]
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
        "act": run_words.stored(row.task),
        "over": over,
        "state": run_words.state(row),
        "seen": row.done + row.refused,
        "reasons": _by_reason(refused),
        "unlisted": row.refused - len(refused) if over else 0,
    }


def _by_reason(refused: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    found: dict[str, list[Any]] = {}
    for row in refused:
        found.setdefault(words.text(row.why, locale()), []).append(row)
    return sorted(found.items(), key=lambda each: -len(each[1]))
