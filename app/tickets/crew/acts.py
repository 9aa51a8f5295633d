"""What a technician does with an order: accept, decline, set off, start, hold, finish, give back; photos."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext as _

from app.core import clock, forms, transaction
from app.core.errors import Conflict, DomainError, NotAllowed, NotFound, Rejected, Stale
from app.core.http import current_actor, policy, upload
from app.core.pages import toast
from app.tickets import device, order_acts, order_photos, policies
from app.tickets.crew import pages, screens
from app.tickets.crew.entry import blueprint, order_row
from app.tickets.order_forms import MEGABYTES, OrderActForm, PhotosForm, named, overtaken
from app.tickets.refusal_words import sentence
from app.tickets.rules.workflow import OrderAct, TicketStatus
from app.tickets.services.done import OrderDone

BACK_TO_DAY = frozenset({OrderAct.DECLINE, OrderAct.DONE, OrderAct.GIVE_BACK})
"""After these the order is no longer in hand: the day is the next page."""


@blueprint.post("/<order_id>/photos")
@upload(MEGABYTES)
@policy(policies.may_work)
def photos(order_id: str) -> Any:
    """Photos taken before or after the work."""
    actor, now = current_actor(), clock.now()
    row = order_row(order_id)
    if not screens.screen(row, actor, now).may_add_photos:
        raise NotAllowed
    form = forms.Form(PhotosForm)
    data = form.load(named(request.form, "photos"), named(request.files, "photos"))
    if data is not None:
        try:
            order_photos.receive(data["photos"], actor=actor, now=now, order_id=row.id, moment=data["moment"])
        except Rejected as refused:
            form.refuse(refused)
        else:
            return redirect(url_for("crew.order", order_id=row.id), 303)
    return _again(row.id, None, form, 422)


@blueprint.post("/<order_id>/<act>")
@upload(MEGABYTES)
@policy(policies.may_work)
def act(order_id: str, act: str) -> Any:
    """One act on the order; refused, the page comes back with the reason and what was typed."""
    wanted, row = _act(act), order_row(order_id)
    form = forms.Form(OrderActForm)
    data = form.load(named(request.form, act), named(request.files, act))
    if data is None:
        return _again(row.id, wanted, form, 422)
    if row.version != data["version"]:
        return _again(row.id, wanted, form, Stale.status, lost=Stale())
    try:
        done = order_acts.do(row.id, wanted, data, device.times)
    except Rejected as refused:
        form.refuse(refused)
        return _again(row.id, wanted, form, 422)
    except (Stale, Conflict) as lost:
        return _again(row.id, wanted, form, lost.status, lost=lost)
    return _gone_on(row, wanted, done)


@blueprint.post("/<order_id>/<act>/check")
@upload(MEGABYTES)
@policy(policies.may_work)
def check(order_id: str, act: str) -> Any:
    """Whether the act would be done as filled in; nothing is done."""
    wanted, row = _act(act), order_row(order_id)
    return order_acts.check(row.id, wanted, device.times)


def _act(name: str) -> OrderAct:
    """The act of an address: one of those the crew's pages have a button for."""
    try:
        found = OrderAct(name)
    except ValueError as error:
        raise NotFound from error
    if found not in screens.FACES:
        raise NotFound
    return found


def _again(
    order_id: int, wanted: OrderAct | None, form: forms.Form, status: int, *, lost: DomainError | None = None
) -> Any:
    """The order's page as it is now, with what was typed, its photos kept; `lost`: why it is no longer possible."""
    transaction.abandon()  # what the refused act had begun is not to be seen on the page
    actor, now = current_actor(), clock.now()
    sent = named(request.files, wanted.value) if wanted is not None else {}
    kept = order_photos.keep(sent, actor=actor, now=now, order_id=order_id)
    row = order_row(str(order_id))
    it = screens.screen(row, actor, now)
    it.form, it.failed, it.kept = form, wanted, kept
    if lost is not None:
        form.errors.clear()
    if overtaken(lost, row, form):
        it.changed = pages.change_of(row)
    elif lost is not None:
        it.refused = sentence(lost)
    return pages.show(it, order_photos.status(status, kept))


def _gone_on(row: Any, wanted: OrderAct, done: OrderDone) -> Any:
    """Where to after an act: the day, or the order itself. What comes of it is said only where it is certain."""
    if wanted is OrderAct.DONE:
        toast(_finished(row, done))
    elif wanted is OrderAct.DECLINE:
        toast(_("Declined: %(number)s.", number=row.number), "info")
    elif wanted is OrderAct.GIVE_BACK:
        toast(_("Given back: %(number)s.", number=row.number), "info")
    if wanted in BACK_TO_DAY:
        return redirect(url_for("crew.today"), 303)
    return redirect(url_for("crew.order", order_id=row.id), 303)


def _finished(row: Any, done: OrderDone) -> str:
    """An open order of the same request keeps it open, and whoever gave no name cannot be asked (N6)."""
    if done.ticket_status == TicketStatus.RESOLVED and row.reporter_id is not None:
        return str(_("Finished: %(number)s. The reporter is asked whether it is fixed.", number=row.number))
    return str(_("Finished: %(number)s.", number=row.number))
