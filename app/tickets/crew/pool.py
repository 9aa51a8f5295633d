"""The pool: orders whoever is first may take."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _

from app.core import clock, forms, i18n, transaction
from app.core.errors import Conflict, Rejected, Stale
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets import due_words, order_words, policies
from app.tickets.crew import screens
from app.tickets.crew.entry import blueprint
from app.tickets.queries import pool as queries
from app.tickets.services import pool as services


@blueprint.get("/pool")
@policy(policies.may_work)
def pool() -> str:
    """What lies in the pool for me, most urgent first."""
    return _page()


@blueprint.get("/pool/list")
@policy(policies.may_work)
def pool_list() -> str:
    """The same without its frame, asked for every few seconds."""
    return render_template("tickets/crew/_pool.html", **_context())


@blueprint.post("/pool/<order_id>/claim")
@policy(policies.may_work)
def claim(order_id: str) -> Any:
    """I take it; who is too late learns who was faster."""
    number = forms.id_in_address(order_id)
    try:
        done = services.claim(actor=current_actor(), now=clock.now(), order_id=number, seen=None)
    except Stale as lost:
        transaction.abandon()
        return _page(_lost(lost.current)), lost.status
    except Rejected as refused:
        transaction.abandon()
        said = i18n.listed(refused.fields.get("assignee", ()))
        return _page(_("You cannot take this order now: %(reasons)s.", reasons=said)), refused.status
    except Conflict as refused:
        transaction.abandon()
        return _page(str(refused.message)), refused.status
    toast(_("%(number)s is yours.", number=done.number))
    return redirect(url_for("crew.order", order_id=done.id), 303)


def _lost(current: dict[str, Any]) -> str:
    if current["assignee"] is not None:
        return str(_("%(name)s was faster and has it now.", name=current["assignee"]["name"]))
    return order_words.now_is(current["state"])


def _page(problem: str | None = None) -> str:
    return render_template("tickets/crew/pool.html", problem=problem, **_context())


def _context() -> dict[str, Any]:
    now = clock.now()
    found = queries.waiting(current_actor(), now)
    return {
        "rows": found,
        "now": now,
        "words": order_words,
        "screens": screens,
        "due": lambda row: due_words.due(row, now),
    }
