"""What the holder of an order cannot do alone: a second pair of hands, another trade."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import clock, forms
from app.core.errors import Conflict, NotFound
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.sites import queries as places
from app.tickets import order_words, policies
from app.tickets.crew.entry import blueprint, order_row
from app.tickets.queries import catalogue
from app.tickets.rules.limits import MAX_MINUTES, NOTE_LIMIT
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.rules.workflow import Who
from app.tickets.services import hands, opening


class HelpForm(forms.Schema):
    """What the second pair of hands is needed for."""

    reason = forms.Text(max=40, load_default="")
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default="")


class ProposalForm(forms.Schema):
    """Which trade is needed besides, and why; `after`: when this order is done."""

    trade = forms.Text(max=64, required=True, error_messages={"required": _l("Choose a trade.")})
    minutes = fields.Integer(
        load_default=None,
        validate=validate.Range(1, MAX_MINUTES, error=_l("Give the planned minutes, at most a week.")),
        error_messages={"invalid": _l("Give a number.")},
    )
    words = forms.Text(max=REASON_LIMIT, required=True, error_messages={"required": _l("Choose or write a reason.")})
    after = fields.Boolean(load_default=False)


@blueprint.get("/<order_id>/hands")
@policy(policies.may_work)
def not_alone(order_id: str) -> Any:
    """Who helps, and the forms to ask for somebody or for another trade."""
    return _page(_mine(order_id))


@blueprint.post("/<order_id>/help")
@policy(policies.may_work)
def ask_help(order_id: str) -> Any:
    """I need a second man."""
    row = _mine(order_id)
    form = forms.Form(HelpForm)
    data = form.load(request.form)
    if data is None:
        return _page(row, help_form=form, status=422)
    with form.heeding(Conflict):
        hands.ask(
            actor=current_actor(),
            now=clock.now(),
            order_id=row.id,
            reason=data["reason"] or None,
            note=data["note"] or None,
        )
        toast(_("Dispatch is told that you need somebody."))
        return redirect(url_for("crew.order", order_id=row.id), 303)
    return _page(_mine(order_id), help_form=form, status=form.status)


@blueprint.post("/<order_id>/propose")
@policy(policies.may_work)
def propose(order_id: str) -> Any:
    """Another trade is needed; a dispatcher decides."""
    row = _mine(order_id)
    form = forms.Form(ProposalForm)
    data = form.load(request.form)
    if data is None:
        return _page(row, proposal=form, status=422)
    with form.heeding(Conflict):
        made = opening.open_order(
            actor=current_actor(),
            now=clock.now(),
            ticket_id=row.ticket_id,
            trade=data["trade"],
            minutes=data["minutes"],
            after=row.id if data["after"] else None,
            reason=data["words"],
        )
        toast(_("Proposed: %(number)s. A dispatcher decides.", number=made.number))
        return redirect(url_for("crew.order", order_id=row.id), 303)
    return _page(_mine(order_id), proposal=form, status=form.status)


@blueprint.post("/<order_id>/leave-help")
@policy(policies.may_work)
def leave_help(order_id: str) -> Any:
    """I do not help any more."""
    row, actor = order_row(order_id), current_actor()
    hands.remove(actor=actor, now=clock.now(), order_id=row.id, person_id=actor.id or 0)
    return redirect(url_for("crew.today"), 303)


def _mine(order_id: str) -> Any:
    """The order of an address, where the reader holds it. Raises NotFound."""
    row = order_row(order_id)
    if Who.HOLDER not in policies.parts_of_order(current_actor(), row):
        raise NotFound
    return row


def _page(
    row: Any, *, help_form: forms.Form | None = None, proposal: forms.Form | None = None, status: int = 200
) -> Any:
    trades = catalogue.trades(places.today(clock.now()))
    context = {
        "row": row,
        "help_reasons": order_words.help_choices(),
        "helpers": hands.present(row.id),
        "help_form": help_form or forms.Form(HelpForm),
        "proposal": proposal or forms.Form(ProposalForm),
        "trades": [{"value": each.code, "label": order_words.said(each.name)} for each in trades],
    }
    return render_template("tickets/crew/hands.html", **context), status
