"""Nobody was in: what the crew leaves behind, and the window the reporter chooses for the next visit.

What the crew proposes moves nothing; what the reporter chooses sets the not-before of the clocks and may move the
promise (tickets-rules 16, 22).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, NotAllowed, Rejected
from app.core.i18n import DEFAULT_ZONE, iso
from app.events.tickets.orders import HoldDue
from app.events.tickets.visits import WindowChosen
from app.sites.models import Place
from app.tickets import policies
from app.tickets.queries import orders
from app.tickets.rules import visits as rules
from app.tickets.rules.audiences import Audience
from app.tickets.rules.history import Remark
from app.tickets.rules.reasons import HOLD_NEEDS_CARD
from app.tickets.rules.visits import Window
from app.tickets.rules.workflow import OrderState, Who
from app.tickets.services import done, visits
from app.tickets.services.case import Case, by_ticket
from app.tickets.services.done import TicketDone
from app.tickets.services.held import HeldOrder

AT_MOST = 3
"""Windows the crew proposes at once."""


def proposed(case: Case, windows: Sequence[Window]) -> list[dict[str, str]]:
    """The proposals as the event of the hold keeps them. Raises Rejected (`windows`) for one that is not offered."""
    zone = _zone(case)
    for window in windows:
        refused = rules.refused(window, case.now, zone, visits.hours())
        if refused is not None:
            raise Rejected(fields={"windows": _l(refused)})
    kept = sorted(set(windows), key=lambda each: each.start)[:AT_MOST]
    return [{"from": str(iso(each.start)), "to": str(iso(each.end))} for each in kept]


def choose(
    *, actor: Actor, now: datetime, ticket_id: int, window: Window, seen: int | None, among: Sequence[Window] = ()
) -> TicketDone:
    """The reporter says when somebody may come again; the orders that stand still for him wait until then.

    `among`: what the crew proposed, which may be nearer than what is offered otherwise. Raises NotFound, NotAllowed,
    Stale, Conflict (nobody waits for a time), Rejected (`visit_window`).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    if Who.REPORTER not in policies.parts_of_ticket(actor, case.ticket):
        raise NotAllowed
    case.seen_ticket(seen)
    waiting = [order for order in case.orders.values() if waits(order)]
    if not waiting:
        raise Conflict(_l("Nobody waits for a time from you any more."), code="no-window-asked")
    if window not in among or window.start <= case.now:
        refused = rules.refused(window, case.now, _zone(case), visits.hours())
        if refused is not None:
            raise Rejected(fields={"visit_window": _l(refused)})
    case.ticket.visit_from, case.ticket.visit_to = window.start, window.end
    for order in waiting:
        order.hold_until = window.start
        hold_id = orders.hold_begun(ticket_id, order.id)
        case.tell(HoldDue(order.id, order.version + 1, hold_id, iso(window.start)), due=window.start)
    case.remark(
        Remark.WINDOW,
        audience=Audience.REPORTER.value,
        data={"from": iso(window.start), "until": iso(window.end)},
    )
    holders = tuple(sorted({order.assignee_id for order in waiting if order.assignee_id is not None}))
    start, end = str(iso(window.start)), str(iso(window.end))
    case.tell_with_id(
        lambda event_id: WindowChosen(ticket_id, waiting[0].id, event_id, start, end, holders), case.last_event
    )
    case.write()
    return done.ticket(case)


def waits(order: HeldOrder | Any) -> bool:
    """Whether an order stands still because nobody was in."""
    return order.state == OrderState.ON_HOLD and order.hold_reason in {each.value for each in HOLD_NEEDS_CARD}


def _zone(case: Case) -> ZoneInfo:
    found = db.session.scalar(select(Place.zone_name).where(Place.id == case.ticket.campus_id))
    return ZoneInfo(found or DEFAULT_ZONE)
