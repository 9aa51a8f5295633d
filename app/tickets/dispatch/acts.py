"""What a dispatcher does with an order: assign it, run the ranking, hold it, take an offer back, cancel it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import redirect, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts import queries as people
from app.core import clock, forms, transaction
from app.core.errors import Conflict, DomainError, NotFound, Rejected, Stale
from app.core.http import current_actor, policy, upload
from app.core.pages import toast
from app.tickets import order_acts, order_photos, order_words, policies
from app.tickets.dispatch import entry, pages, screens
from app.tickets.dispatch.entry import blueprint, order_row
from app.tickets.order_forms import MEGABYTES, OrderActForm, explained, given_note, named, overtaken
from app.tickets.refusal_words import sentence
from app.tickets.rules.workflow import OrderAct, OrderState
from app.tickets.services import dispatching, hands, opening
from app.tickets.services import pool as pool_services
from app.tickets.services.done import OrderDone

ACTS = frozenset({OrderAct.QUEUE, OrderAct.REVOKE, OrderAct.HOLD, OrderAct.REQUEUE, OrderAct.DONE, OrderAct.CANCEL})


class AssignForm(OrderActForm):
    """Who is given the order."""

    assignee = forms.Id(required=True, error_messages={"required": _l("Choose a person.")})


class HelperForm(forms.Schema):
    """Who is sent along."""

    person_id = forms.Id(required=True, error_messages={"required": _l("Choose a person.")})


@blueprint.post("/<order_id>/assign")
@policy(policies.may_dispatch)
def assign(order_id: str) -> Any:
    """Give the order to a person; he still accepts."""

    def give(row: Any, data: dict[str, Any]) -> OrderDone:
        return dispatching.assign(
            actor=current_actor(),
            now=clock.now(),
            order_id=row.id,
            assignee_id=data["assignee"],
            seen=data["version"],
            reason=explained(data),
            note=given_note(data),
        ).order

    return carry_out(order_id, "assign", forms.Form(AssignForm), give)


@blueprint.post("/<order_id>/auto")
@policy(policies.may_dispatch)
def auto(order_id: str) -> Any:
    """Let the ranking choose."""

    def choose(row: Any, data: dict[str, Any]) -> OrderDone:
        return dispatching.assign_automatically(
            actor=current_actor(), now=clock.now(), order_id=row.id, seen=data["version"]
        ).order

    return carry_out(order_id, "auto", forms.Form(OrderActForm), choose)


@blueprint.post("/<order_id>/pool")
@policy(policies.may_dispatch)
def pool(order_id: str) -> Any:
    """Whoever of the crew is first may take it; offers stop."""
    return carry_out(order_id, "pool", forms.Form(OrderActForm), _pooling(pool_services.put))


@blueprint.post("/<order_id>/unpool")
@policy(policies.may_dispatch)
def unpool(order_id: str) -> Any:
    """Out of the pool: it is offered by the ranking again."""
    return carry_out(order_id, "unpool", forms.Form(OrderActForm), _pooling(pool_services.take_out))


def _pooling(service: Callable[..., OrderDone]) -> Callable[[Any, dict[str, Any]], OrderDone]:
    return lambda row, data: service(actor=current_actor(), now=clock.now(), order_id=row.id, seen=data["version"])


@blueprint.post("/<order_id>/approve")
@policy(policies.may_dispatch)
def approve(order_id: str) -> Any:
    """Take up what a technician proposed."""

    def take(row: Any, data: dict[str, Any]) -> OrderDone:
        return opening.approve(actor=current_actor(), now=clock.now(), order_id=row.id, seen=data["version"])

    return carry_out(order_id, "approve", forms.Form(OrderActForm), take)


@blueprint.post("/<order_id>/helpers")
@policy(policies.may_dispatch)
def add_helper(order_id: str) -> Any:
    """Send somebody along."""
    row = order_row(order_id)
    form = forms.Form(HelperForm)
    data = form.load(named(request.form, "helper"))
    if data is None:
        return _again(row.id, "helper", form, 422)
    try:
        hands.add(actor=current_actor(), now=clock.now(), order_id=row.id, person_id=data["person_id"])
    except Rejected as refused:
        form.refuse(refused)
        return _again(row.id, "helper", form, 422)
    except Conflict as lost:
        return _again(row.id, "helper", form, lost.status, lost=lost)
    return redirect(entry.address(row.id, entry.asked()), 303)


@blueprint.post("/<order_id>/helpers/<person_id>/end")
@policy(policies.may_dispatch)
def remove_helper(order_id: str, person_id: str) -> Any:
    """He helps no more."""
    row, number = order_row(order_id), forms.parse_id(person_id)
    if number is None:
        raise NotFound
    hands.remove(actor=current_actor(), now=clock.now(), order_id=row.id, person_id=number)
    return redirect(entry.address(row.id, entry.asked()), 303)


@blueprint.post("/<order_id>/<act>")
@upload(MEGABYTES)
@policy(policies.may_dispatch)
def act(order_id: str, act: str) -> Any:
    """Any other act the transition tables open to a dispatcher."""
    wanted = _wanted(act)

    def do(row: Any, data: dict[str, Any]) -> OrderDone:
        return order_acts.do(row.id, wanted, data, _when)

    return carry_out(order_id, act, forms.Form(OrderActForm), do)


@blueprint.post("/<order_id>/<act>/check")
@upload(MEGABYTES)
@policy(policies.may_dispatch)
def check(order_id: str, act: str) -> Any:
    """Whether the act would be done as filled in; nothing is done."""
    wanted, row = _wanted(act), order_row(order_id)
    return order_acts.check(row.id, wanted, _when)


def _wanted(act: str) -> OrderAct:
    """The act of an address. Raises NotFound."""
    wanted = next((each for each in ACTS if each.value == act), None)
    if wanted is None:
        raise NotFound
    return wanted


def _when(data: dict[str, Any], _now: datetime) -> dict[str, Any]:
    """A dispatcher types when it happened."""
    return {"device_at": data["at"]}


def carry_out(order_id: str, name: str, form: forms.Form, service: Callable[[Any, dict[str, Any]], OrderDone]) -> Any:
    """Do it; refused, the page comes back with the reason, what was typed, and who was faster."""
    row = order_row(order_id)
    data = form.load(named(request.form, name), named(request.files, name))
    if data is None:
        return _again(row.id, name, form, 422)
    try:
        done = service(row, data)
    except Rejected as refused:
        form.refuse(refused)
        return _again(row.id, name, form, 422)
    except (Stale, Conflict) as lost:
        form.errors.clear()
        return _again(row.id, name, form, lost.status, lost=lost)
    _say(done, name)
    return redirect(entry.address(row.id, entry.asked()), 303)


def _again(order_id: int, name: str, form: forms.Form, status: int, *, lost: DomainError | None = None) -> Any:
    transaction.abandon()  # what the refused act had begun is not to be seen on the page
    actor, now = current_actor(), clock.now()
    kept = order_photos.keep(named(request.files, name), actor=actor, now=now, order_id=order_id)
    row = order_row(str(order_id))
    it = screens.panel(row, actor, now)
    it.form, it.failed, it.kept = form, name, kept
    if overtaken(lost, row, form):
        it.changed = screens.news(row)
    elif lost is not None:
        it.refused = sentence(lost)
    return pages.show(it, order_photos.status(status, kept))


def _say(done: OrderDone, name: str) -> None:
    """What the page does not show by itself."""
    if done.state == OrderState.OFFERED and done.assignee_id is not None:
        who = people.names([done.assignee_id]).get(done.assignee_id, "")
        toast(_("%(number)s is offered to %(name)s.", number=done.number, name=who))
    elif name == "pool":
        toast(_("%(number)s lies in the pool.", number=done.number), "info")
    elif name == "auto":
        toast(_("Nobody can take %(number)s now. It is tried again when somebody can.", number=done.number), "soon")
    else:
        toast(_("%(number)s: %(status)s", number=done.number, status=order_words.state(done.state)), "info")
