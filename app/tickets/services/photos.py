"""Photos of tickets and orders: the file goes to the attachments, a remark stays in the history."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from flask_babel import lazy_gettext as _l

from app.attachments import services as attachments
from app.attachments.models import Attachment
from app.audit import labels
from app.core.actor import Actor
from app.core.errors import NotAllowed
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import Ticket, WorkOrder
from app.tickets.rules.numbers import as_written
from app.tickets.services.acts import photo_remark
from app.tickets.services.case import Case, by_order, by_ticket

labels.declare(
    objects={"work_order": _l("Work order")},
    mentioned={"ticket": _l("Request")},
    names={
        "ticket": labels.named_by(Ticket.id, Ticket.number),
        "work_order": labels.named_by(WorkOrder.id, WorkOrder.number),
    },
    numbers={
        "ticket": labels.found_by(Ticket.id, Ticket.number, as_written),
        "work_order": labels.found_by(WorkOrder.id, WorkOrder.number, as_written),
    },
)

TICKET, ORDER = "ticket", "work_order"
MOMENTS = ("before", "after", "signature")


def add_to_ticket(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    stream: IO[bytes],
    name: str = "",
    field: str = "photos",
    seen: int | None = None,
) -> Attachment:
    """The reporter, the crew of one of its orders or staff adds a photo to a ticket.

    Raises NotAllowed, Rejected; Stale where a version was seen that is not current.
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    crew = actor.can(policies.WORK) and any(order.assignee_id == actor.id for order in case.orders.values())
    if not crew and not policies.parts_of_ticket(actor, case.ticket):
        raise NotAllowed
    case.seen_ticket(seen)
    return _add(case, TICKET, ticket_id, "report", stream, name, field, order_id=None)


def add_to_order(
    *,
    actor: Actor,
    now: datetime,
    order_id: int,
    moment: str,
    stream: IO[bytes],
    name: str = "",
    field: str = "photos",
    seen: int | None = None,
) -> Attachment:
    """Whoever has (or had done) the order, or a dispatcher, adds a photo (before, after) or a signature."""
    case, order = by_order(order_id, actor=actor, now=now)
    has_it = order.assignee_id == actor.id and actor.can(policies.WORK)
    if not has_it:
        scope_words.require(actor, order, policies.DISPATCH)
    case.seen_order(order, seen)
    return _add(case, ORDER, order_id, moment, stream, name, field, order_id=order_id)


def add_to_filed(
    *, actor: Actor, now: datetime, ticket_id: int, stream: IO[bytes], name: str = "", field: str = "photos"
) -> Attachment:
    """A photo sent together with the report, in the same request; also of somebody not signed in (write-only)."""
    system = Actor.system(actor.institution_id)
    case = by_ticket(ticket_id, actor=system, now=now)
    case.actor = actor
    return _add(case, TICKET, ticket_id, "report", stream, name, field, order_id=None)


def _add(
    case: Case,
    owner_kind: str,
    owner_id: int,
    moment: str,
    stream: IO[bytes],
    name: str,
    field: str,
    *,
    order_id: int | None,
) -> Attachment:
    """Take the photo in and say so in the history; one that is there already is answered with, and nothing is added."""
    attachment, fresh = attachments.receive(
        stream, owner_kind, owner_id, moment, actor=case.actor, now=case.now, name=name, field=field
    )
    if fresh:
        photo_remark(case, attachment.id, order_id=order_id, moment=moment)
        case.write()
    return attachment
