"""A second pair of hands: the holder asks, a dispatcher or the holder names somebody; the holder answers for it all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import constraint_error, db
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from app.events.tickets.orders import HelpAsked, HelperAdded
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import OrderHelper
from app.tickets.queries import crews
from app.tickets.rules.dispatching import Exclusion, exclusions
from app.tickets.rules.history import Remark
from app.tickets.rules.needs import HELP_REASONS
from app.tickets.rules.workflow import ORDER_HELD, Who
from app.tickets.services import dispatch_settings
from app.tickets.services.case import Case, by_order
from app.tickets.services.dispatching import locked_person, looked_at
from app.tickets.services.held import HeldOrder

_ALREADY = _l("This person helps already.")
_NEVER = frozenset({Exclusion.ACCOUNT_ENDED, Exclusion.ABSENT})
"""What speaks against a helper; trade, zone, shift and cap do not: he lends a hand, the holder knows the trade."""

constraint_error("uq_order_helper_present", lambda: Rejected(fields={"person_id": _ALREADY}))


def add(
    *, actor: Actor, now: datetime, order_id: int, person_id: int, note: str | None = None, seen: int | None = None
) -> None:
    """The holder or a dispatcher names a helper.

    Raises NotFound, NotAllowed, Stale, Conflict, Rejected (`person_id`).
    """
    case, order = _order(order_id, actor, now, seen)
    if person_id == order.assignee_id:
        raise Rejected(fields={"person_id": _l("This person has the order already. Choose somebody else.")})
    if person_id in present(order_id):
        raise Rejected(fields={"person_id": _ALREADY})
    job, surroundings = looked_at(case, order)
    person = locked_person(person_id, surroundings, case.now)
    if person is None or _NEVER & set(exclusions(job, person, case.now, dispatch_settings.present())):
        raise Rejected(fields={"person_id": _l("This person cannot help now.")})
    helper = OrderHelper(
        order_id=order_id, ticket_id=case.ticket.id, person_id=person_id, added_by=actor.id, added_at=case.now
    )
    db.session.add(helper)
    db.session.flush()
    order.help_asked_at = None
    case.remark(Remark.HELPER, order_id=order_id, person_id=person_id, note=note, data={"what": "added"})
    case.tell(HelperAdded(order_id, case.ticket.id, person_id, helper.id))
    case.write()


def ask(
    *,
    actor: Actor,
    now: datetime,
    order_id: int,
    reason: str | None = None,
    note: str | None = None,
    seen: int | None = None,
) -> None:
    """The holder asks for a second man (`reason`: of the list); who dispatches there is told. Raises as `add`."""
    case, order = _order(order_id, actor, now, seen)
    if order.assignee_id != actor.id:
        raise NotAllowed
    order.help_asked_at = case.now
    told = crews.responsible(
        assignee_id=None,
        dispatcher_id=order.dispatcher_id,
        campus_id=order.campus_id,
        building_id=order.building_id,
        trade_id=order.trade_id,
        now=case.now,
    )
    if reason is not None and reason not in HELP_REASONS.codes:
        raise Rejected(fields={"reason": _l("Choose one of the offered reasons.")})
    case.remark(Remark.HELPER, order_id=order_id, reason=reason, note=note, data={"what": "asked"})
    case.tell(HelpAsked(order_id, case.ticket.id, told))
    case.write()


def remove(*, actor: Actor, now: datetime, order_id: int, person_id: int, seen: int | None = None) -> None:
    """A helper leaves, by himself, the holder or a dispatcher. Raises Stale; NotFound where he does not help."""
    case, order = by_order(order_id, actor=actor, now=now)
    if person_id != actor.id and not _MAY & policies.parts_of_order(actor, order):
        raise scope_words.not_there(actor, order, policies.rights_on_order(_MAY))
    case.seen_order(order, seen)
    left = db.session.execute(
        update(OrderHelper)
        .where(OrderHelper.order_id == order_id, OrderHelper.person_id == person_id, OrderHelper.left_at.is_(None))
        .values(left_at=case.now)
        .returning(OrderHelper.id)
        .execution_options(synchronize_session=False)
    ).first()
    if left is None:
        raise NotFound
    case.remark(Remark.HELPER, order_id=order_id, person_id=person_id, data={"what": "left"})
    case.write()


def present(order_id: int) -> dict[int, str]:
    """Who helps now: id → name."""
    rows: Any = db.session.execute(
        select(OrderHelper.person_id, Person.name)
        .join(Person, Person.id == OrderHelper.person_id)
        .where(OrderHelper.order_id == order_id, OrderHelper.left_at.is_(None))
        .order_by(OrderHelper.id)
    )
    return {row.person_id: row.name for row in rows}


_MAY = frozenset({Who.HOLDER, Who.DISPATCHER})


def _order(order_id: int, actor: Actor, now: datetime, seen: int | None) -> tuple[Case, HeldOrder]:
    case, order = by_order(order_id, actor=actor, now=now)
    if not _MAY & policies.parts_of_order(actor, order):
        raise scope_words.not_there(actor, order, policies.rights_on_order(_MAY))
    case.seen_order(order, seen)
    if order.state not in ORDER_HELD:
        raise Conflict(_l("Nobody holds this order, so nobody can help with it."))
    return case, order
