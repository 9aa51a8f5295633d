"""Many orders at once, or one that is moved: from the board's bar, its menu, its macros and from dragging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, request
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import EXCLUDE, fields, validate

from app.core import clock, forms, i18n, transaction
from app.core.errors import DomainError, NotFound, Rejected
from app.core.http import current_actor, policy
from app.core.pages import toast
from app.tickets import policies
from app.tickets.dispatch import entry, runs, waiting
from app.tickets.dispatch.acts import carry_out
from app.tickets.dispatch.entry import blueprint, order_row
from app.tickets.order_forms import LocalMoment, OrderActForm, named
from app.tickets.queries import macros as macro_queries
from app.tickets.queries import orders
from app.tickets.queries.dispatch_list import VIEWS
from app.tickets.refusal_words import sentence
from app.tickets.rules.limits import NOTE_LIMIT
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.services import bulk as services
from app.tickets.services import macros
from app.tickets.services.bulk import BulkAction, Task
from app.tickets.services.done import OrderDone

TOLD_AT_MOST = 5  # reasons
NAMED_AT_MOST = 20  # orders of a reason
KEPT = ("action", "assignee", "reason", "hold_reason", "until", "note", "scope")
MACRO = "macro:"  # before its id, as the value of a button


class BulkForm(forms.Schema):
    """What is done to the chosen orders; `hold_reason` is a code, `reason` one's own words."""

    action = forms.Text(max=40, required=True)
    assignee = forms.Id(load_default=None)
    reason = forms.Text(max=REASON_LIMIT, load_default="")
    hold_reason = forms.Text(max=40, load_default="")
    until = LocalMoment(load_default=None)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default="")
    scope = forms.Text(max=20, load_default="")
    item = fields.List(fields.Raw(), load_default=list, validate=validate.Length(max=services.AT_MOST))

    class Meta:
        unknown = EXCLUDE


class MacroChoice(OrderActForm):
    """Which macro is used on an order."""

    macro = forms.Id(required=True)


@blueprint.post("/bulk")
@policy(policies.may_dispatch)
def bulk() -> Any:
    """Do one thing to the chosen orders; the page says of each that was refused why."""
    back = redirect(entry.home(entry.asked()), 303)
    data, wrong = _asked()
    if data is None:
        toast(wrong, "late")
        return back
    task = _task(data)
    if data["scope"] in VIEWS:
        return runs.begin(task, data["scope"], {name: request.form[name] for name in KEPT if name in request.form})
    try:
        outcomes = services.act_on_many(actor=current_actor(), now=clock.now(), task=task, items=data["item"])
    except NotFound:
        toast(_closed(), "late")
        return back
    tell(outcomes)
    return back


@blueprint.post("/bulk/check")
@policy(policies.may_dispatch)
def bulk_check() -> Any:
    """What `bulk` would do, and nothing is done: to how many, and what their reporters would read. js/later.js asks.

    200 with `doing`, the sentence to wait with; 422 with `why` where nothing would be done, or where all of a view are
    meant: that is asked about on a page of its own.
    """
    data, wrong = _asked()
    if data is None or data["scope"] in VIEWS:
        return {"why": wrong}, 422
    actor, now, task = current_actor(), clock.now(), _task(data)
    try:
        outcomes = services.act_on_many(actor=actor, now=now, task=task, items=data["item"])
    except NotFound:
        return {"why": _closed()}, 422
    transaction.abandon()
    done = [each.id for each in outcomes if each.refused is None]
    if not done:
        why = dict.fromkeys(sentence(each.refused) for each in outcomes if each.refused is not None)
        return {"why": i18n.sentences(why)}, 422
    return {"doing": waiting.sentence(task, now, done, len(outcomes) - len(done))}


@blueprint.post("/<order_id>/macros")
@policy(policies.may_dispatch)
def use_macro(order_id: str) -> Any:
    """Use a macro on one order."""
    return carry_out(order_id, "macro", forms.Form(MacroChoice), _use)


@blueprint.post("/<order_id>/macros/check")
@policy(policies.may_dispatch)
def macro_check(order_id: str) -> Any:
    """What the macro would do to the order, as `bulk_check` answers. Raises what using it would."""
    row = order_row(order_id)
    data = forms.Form(MacroChoice).load(named(request.form, "macro"))
    if data is None:
        raise Rejected
    _use(row, data)
    transaction.abandon()
    task = Task(action=BulkAction.MACRO, macro_id=data["macro"])
    return {"doing": waiting.sentence(task, clock.now(), [row.id], 0)}


def _use(row: Any, data: dict[str, Any]) -> OrderDone:
    macro = macro_queries.one(data["macro"])
    return macros.use(actor=current_actor(), now=clock.now(), order_id=row.id, seen=data["version"], macro=macro)


def _asked() -> tuple[dict[str, Any] | None, str]:
    """What the form asks for, its orders read; else None and what is missing. Raises Rejected for other faults."""
    form = forms.Form(BulkForm)
    data = form.load(request.form)
    if data is None and not {"item", "action"} & form.errors.keys():
        raise Rejected(fields=form.errors)
    chosen = [item for item in map(_item, data["item"]) if item is not None] if data else []
    if data is None or not _known(data["action"]) or not (chosen or data["scope"] in VIEWS):
        return None, _("Choose 1 to 100 orders first.")
    if data["action"] == BulkAction.ASSIGN and data["assignee"] is None:
        return None, _("Say to whom.")
    return {**data, "item": chosen}, ""


def _closed() -> str:
    """Why nothing is done where the only thing that can be missing is the macro."""
    return str(_("The macro is closed."))


def _known(action: str) -> bool:
    if action.startswith(MACRO):
        return forms.parse_id(action.removeprefix(MACRO)) is not None
    return action in set(BulkAction) - {BulkAction.MACRO}


def _task(data: dict[str, Any]) -> Task:
    """What a form that was read asks for."""
    wanted = str(data["action"])
    if wanted.startswith(MACRO):
        return Task(action=BulkAction.MACRO, macro_id=forms.parse_id(wanted.removeprefix(MACRO)))
    action = BulkAction(wanted)
    hold = action is BulkAction.HOLD
    return Task(
        action=action,
        assignee=data["assignee"],
        reason=(data["hold_reason"] if hold else data["reason"]) or None,
        note=(data["note"] or data["reason"] or None) if hold else None,
        until=data["until"] if hold else None,
    )


def _item(given: str) -> services.Item | None:
    order_id, _colon, version = str(given).partition(":")
    number, seen = forms.parse_id(order_id), forms.parse_id(version)
    return None if number is None or seen is None else services.Item(number, seen)


def tell(outcomes: Sequence[services.Outcome]) -> None:
    """How many were done and how many refused, and each refusal with its order."""
    refused = [(each.id, each.refused) for each in outcomes if each.refused is not None]
    done = len(outcomes) - len(refused)
    if done:
        toast(ngettext("%(num)d order done", "%(num)d orders done", done))
    if refused:
        _tell_refused(refused)


def _tell_refused(refused: Sequence[tuple[int, DomainError]]) -> None:
    """How many were refused, then each reason with its orders; toasts travel in a cookie, so they are bounded."""
    if len(refused) > 1:
        toast(ngettext("%(num)d order was refused", "%(num)d orders were refused", len(refused)), "late")
    numbers = orders.numbers([order_id for order_id, _why in refused])
    reasons: dict[str, list[str]] = {}
    for order_id, why in refused:
        reasons.setdefault(sentence(why), []).append(str(numbers.get(order_id, order_id)))
    for what, those in list(reasons.items())[:TOLD_AT_MOST]:
        named = _(", ").join(those[:NAMED_AT_MOST])
        if len(those) > NAMED_AT_MOST:
            named = _("%(numbers)s and %(num)s more", numbers=named, num=len(those) - NAMED_AT_MOST)
        toast(_("%(number)s: %(what)s", number=named, what=what), "late")
    rest = sum(len(those) for those in list(reasons.values())[TOLD_AT_MOST:])
    if rest:
        toast(ngettext("%(num)d more was refused", "%(num)d more were refused", rest), "late")
