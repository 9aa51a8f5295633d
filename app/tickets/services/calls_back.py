"""The crew asks to speak to the reporter, who calls the duty desk or says where it may call him.

Nobody's number goes to the other: what the reporter leaves is read by the desk alone, which passes on what was said.
There is no telephone exchange behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, Rejected
from app.events.tickets.visits import CallBackAnswered, CallBackAsked
from app.tickets import policies
from app.tickets.queries import crews, timeline
from app.tickets.rules.audiences import Audience
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import ORDER_HELD, Who
from app.tickets.services.case import by_order, by_ticket

AGAIN: Final = timedelta(hours=1)
"""How long an unanswered request for a call stands before it may be repeated."""


def ask(*, actor: Actor, now: datetime, order_id: int) -> None:
    """The holder asks the reporter to call. Raises NotFound, NotAllowed, Conflict (nobody there; asked)."""
    case, order = by_order(order_id, actor=actor, now=now)
    if Who.HOLDER not in policies.parts_of_order(actor, order) or order.state not in ORDER_HELD:
        raise NotAllowed
    if case.ticket.reporter_id is None:
        raise Conflict(_l("Nobody with an account reported this, so nobody can be asked."), code="no-reporter")
    last = standing(timeline.calls_back(case.ticket.id))
    if last is not None and case.now < last.at + AGAIN:
        raise Conflict(_l("The reporter has been asked already. Wait for the answer."), code="asked-already")
    case.remark(Remark.CALL_BACK, order_id=order_id, audience=Audience.REPORTER.value, data={"what": "asked"})
    case.tell_with_id(lambda event_id: CallBackAsked(case.ticket.id, order_id, event_id), case.last_event)
    case.write()


def answer(*, actor: Actor, now: datetime, ticket_id: int, phone: str, when: str = "") -> None:
    """The reporter says where, and when, the desk may call him. Raises NotFound, NotAllowed, Conflict, Rejected."""
    case = by_ticket(ticket_id, actor=actor, now=now)
    if Who.REPORTER not in policies.parts_of_ticket(actor, case.ticket):
        raise NotAllowed
    last = standing(timeline.calls_back(ticket_id))
    if last is None:
        raise Conflict(_l("Nobody asks for a call any more."), code="no-call-asked")
    if sum(char.isdigit() for char in phone) < 5:
        raise Rejected(fields={"phone": _l("Give the telephone number the desk may call.")})
    order = case.order(last.order_id)
    told = crews.responsible(
        assignee_id=None,
        dispatcher_id=order.dispatcher_id,
        campus_id=order.campus_id,
        building_id=order.building_id,
        trade_id=order.trade_id,
        now=case.now,
    )
    case.remark(Remark.CALL_BACK, order_id=order.id, audience=Audience.REPORTER.value, data={"what": "answered"})
    case.remark(
        Remark.CALL_BACK,
        order_id=order.id,
        note=" · ".join(filter(None, (phone, when))),
        audience=Audience.STAFF.value,
        data={"what": "number"},
    )
    case.tell_with_id(lambda event_id: CallBackAnswered(ticket_id, order.id, event_id, told), case.last_event)
    case.write()


def standing(found: Iterable[Any]) -> Any | None:
    """The request for a call nobody has answered yet, among the events of their kind, oldest first."""
    last = None
    for each in found:
        what = (each.data or {}).get("what")
        last = each if what == "asked" else None
    return last
