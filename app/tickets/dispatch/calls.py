"""Calls of the duty lead: what waits for an answer, and answering by name (tickets-rules 38)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import EXCLUDE, fields

from app.accounts import queries as people
from app.core import clock, forms, transaction
from app.core.errors import Conflict
from app.core.http import current_actor, policy, signed_in
from app.core.pages import toast
from app.tickets import order_words, policies
from app.tickets.dispatch.lines import short_place
from app.tickets.queries import duty_calls as queries
from app.tickets.rules.duty import CAUSE_LABELS, Cause
from app.tickets.services import duty_calls as services

blueprint = Blueprint("duty_calls", __name__, url_prefix="/duty-calls")


class ListQuery(forms.QuerySchema):
    """`all`: those that were answered or are over, too."""

    all = fields.Boolean(load_default=False)

    class Meta:
        unknown = EXCLUDE


@blueprint.get("")
@policy(signed_in)
def index() -> str:
    """Orders nobody takes, for whoever was called or dispatches there."""
    asked = forms.load(ListQuery(), {name: value for name, value in request.args.items() if value != ""})
    found = queries.page(current_actor(), open_only=not asked["all"], cursor=asked["cursor"], limit=asked["limit"])
    return render_template(
        "tickets/dispatch/calls.html", found=found, asked=asked, names=_names(found.items), **_words()
    )


@blueprint.get("/<call_id>")
@policy(signed_in)
def one(call_id: str) -> str:
    """One call, with what is known and the button that answers it."""
    return _page(forms.id_in_address(call_id))


@blueprint.post("/<call_id>/answer")
@policy(signed_in)
def answer(call_id: str) -> Any:
    """I take it on, by name; nobody is called for it any more."""
    number = forms.id_in_address(call_id)
    try:
        services.answer(actor=current_actor(), now=clock.now(), call_id=number)
    except Conflict as refused:
        transaction.abandon()
        return _page(number, str(refused.message)), 409
    toast(_("You have taken it on. Give it to somebody, or wait for the offers that go on."))
    row = queries.one(current_actor(), number)
    if policies.in_scope(current_actor(), policies.DISPATCH, row):
        return redirect(url_for("dispatch.order", order_id=row.order_id), 303)
    return redirect(url_for("duty_calls.one", call_id=number), 303)


def _page(call_id: int, problem: str | None = None) -> str:
    row = queries.one(current_actor(), call_id)
    may_dispatch = policies.in_scope(current_actor(), policies.DISPATCH, row)
    context = {"row": row, "names": _names([row]), "problem": problem, "may_dispatch": may_dispatch}
    return render_template("tickets/dispatch/call.html", **context, **_words())


def _words() -> dict[str, Any]:
    return {"words": order_words, "cause": cause, "short_place": short_place, "waits": waits, "now": clock.now()}


def cause(code: str) -> str:
    """Why somebody was called, as a sentence."""
    return str(_(CAUSE_LABELS[Cause(code)]))


def waits(row: Any) -> bool:
    """Whether a call still waits for an answer."""
    return row.ended_at is None and row.state in ("queued", "offered")


def _names(rows: Any) -> dict[int, str]:
    return people.names(person_id for row in rows for person_id in row.called)
