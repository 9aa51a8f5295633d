"""The reporter reminds those who repair (催单): counted, told to the responsible, and his order moves up its column."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed
from app.core.i18n import format_moment, iso
from app.events.tickets.tickets import TicketUrged
from app.tickets import policies
from app.tickets.queries import sla
from app.tickets.rules import urging
from app.tickets.rules.escalation import Whom
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import ORDER_OPEN, Who
from app.tickets.services import escalating
from app.tickets.services.case import Case, by_ticket
from app.tickets.services.held import HeldOrder


def urge(*, actor: Actor, now: datetime, ticket_id: int, seen: int | None = None) -> None:
    """Remind once in 24 hours, after the promise, or after the restore due where none was given.

    Changes no state and raises no version, so it loses no race with an act: under the ticket's lock it counts or it is
    refused. Raises NotFound, NotAllowed, Stale (where a version was `seen`), Conflict (`too-early` with `allowed_from`;
    `not-urgeable`: nobody works on it now).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    if Who.REPORTER not in policies.parts_of_ticket(actor, case.ticket):
        raise NotAllowed
    case.seen_ticket(seen)
    ticket = case.ticket
    if ticket.status not in urging.URGEABLE:
        raise Conflict(_l("Nobody is working on this request now, so there is nobody to remind."), code="not-urgeable")
    first = allowed_from(ticket)
    if first is None:
        raise Conflict(
            _l("The work waits for something and its time stands still. You can remind us once it goes on."),
            code="not-urgeable",
        )
    if case.now < first:
        said = _l("You can remind us from %(when)s on.", when=format_moment(first))
        if ticket.urged_at is not None and case.now < ticket.urged_at + urging.AGAIN:
            said = _l(
                "You have reminded us already: %(last)s. You can do so again from %(when)s on.",
                last=format_moment(ticket.urged_at),
                when=format_moment(first),
            )
        raise Conflict(said, code="too-early", allowed_from=iso(first))
    ticket.urged, ticket.urged_at = ticket.urged + 1, case.now
    for order in case.orders.values():
        if order.state in ORDER_OPEN:
            order.urged = ticket.urged
    case.remark(Remark.REMIND, data={"number": ticket.urged, "by": "reporter"})
    case.tell(TicketUrged(ticket.id, ticket.cycle, ticket.urged, _responsible(case)))
    case.write()


def allowed_from(ticket: sla.Clocked) -> datetime | None:
    """From when on a ticket's reporter may remind; None: not now, and no instant can be named."""
    restore = None
    if ticket.promised_at is None and ticket.status in urging.URGEABLE:
        restore = sla.restore_of(ticket.id, ticket.cycle)
    return urging.urgeable_from(
        status=ticket.status,
        promised_at=ticket.promised_at,
        restore_due=restore.due_at if restore is not None else None,
        unclocked=restore is None,
        filed_at=ticket.filed_at,
        urged_at=ticket.urged_at,
    )


def _responsible(case: Case) -> tuple[int, ...]:
    """N1: of each open order; where none is open, of the trade the category calls for."""
    still = [each for each in case.orders.values() if each.state in ORDER_OPEN]
    orders: list[HeldOrder | None] = [*still] if still else [None]
    found = [each for order in orders for each in escalating.people(case, order, Whom.RESPONSIBLE)]
    return tuple(dict.fromkeys(each for each in found if each != case.actor.id))
