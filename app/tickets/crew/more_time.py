"""The holder of an order asks for more time than was promised; another person decides (tickets-rules 23)."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core import clock, forms, i18n, transaction
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets import due_words, policies
from app.tickets.crew.entry import blueprint, order_row
from app.tickets.order_forms import LocalMoment
from app.tickets.queries import extensions as queries
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.rules.workflow import ORDER_HELD
from app.tickets.services import extensions


class AskForm(forms.Schema):
    """Until when, and why."""

    until = LocalMoment(required=True, error_messages={"required": _l("Give a day and a time.")})
    reason = forms.Text(
        max=REASON_LIMIT,
        multiline=True,
        required=True,
        error_messages={"required": _l("Say why, in at most %(limit)s characters.", limit=REASON_LIMIT)},
    )


@blueprint.get("/<order_id>/more-time")
@policy(policies.may_work)
def more_time(order_id: str) -> Any:
    """What is promised, what was asked for, and the form that asks."""
    return _page(_mine(order_id))


@blueprint.post("/<order_id>/more-time")
@policy(policies.may_work)
def ask_more_time(order_id: str) -> Any:
    """Ask; the reporter is told when somebody has approved it."""
    row = _mine(order_id)
    form = forms.Form(AskForm)
    with i18n.in_zone(row.zone):  # typed by the clocks of the campus
        data = form.load(request.form)
    if data is None:
        return _page(row, form), 422
    try:
        extensions.ask(
            actor=current_actor(),
            now=clock.now(),
            ticket_id=row.ticket_id,
            until=data["until"],
            reason=data["reason"],
        )
    except Rejected as refused:
        transaction.abandon()
        form.refuse(refused)
        return _page(row, form), refused.status
    except (Conflict, NotAllowed) as refused:
        transaction.abandon()
        form.problem = str(refused.message) if refused.message else _("This order is not in your hands now.")
        return _page(row, form), refused.status
    toast(_("Asked. You are told when somebody has decided."))
    return redirect(url_for("crew.order", order_id=row.id), 303)


def _mine(order_id: str) -> Any:
    """An order the reader holds. Raises NotFound."""
    row = order_row(order_id)
    if row.assignee_id != current_actor().id or row.state not in ORDER_HELD:
        raise NotFound
    return row


def _page(row: Any, form: forms.Form | None = None) -> str:
    asked = queries.of_ticket(row.ticket_id)
    with i18n.in_zone(row.zone):
        return render_template(
            "tickets/crew/more_time.html",
            row=row,
            form=form,
            waiting=next((each for each in asked if each.decided_at is None), None),
            past=[each for each in asked if each.decided_at is not None],
            promise=due_words.promised(row.promised_at, row.zone),
            deciders=queries.deciders(row.ticket_id, current_actor().id or 0, clock.now()),
        )
