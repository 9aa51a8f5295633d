"""Messages between the reporter, the crew and the desk; nobody needs the other's telephone number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from flask_babel import lazy_gettext as _l

from app.attachments import services as attachments
from app.audit import labels
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, Rejected
from app.events.tickets.tickets import MessageWritten
from app.tickets import policies
from app.tickets.rules.audiences import Audience
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import ORDER_HELD, TICKET_OPEN, TicketStatus, Who
from app.tickets.services.case import Case, by_ticket
from app.tickets.services.held import HeldOrder

labels.declare(mentioned={"message": _l("Message")}, codes={"moment": {"message": _l("With a message")}})

OWNER = "message"
"""What the photos of a ticket's messages belong to (the owner's id is the ticket's), and their moment."""

OPEN_TO_WORDS = TICKET_OPEN | {TicketStatus.RESOLVED}


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo that goes with a message: its bytes (seekable), and what the sender's file is called."""

    stream: IO[bytes]
    name: str = ""


def send_message(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    text: str,
    to_followers: bool = False,
    order_id: int | None = None,
    photos: Sequence[Picture] = (),
) -> None:
    """Write to the other side of an open or resolved ticket, in words, by photos, or both.

    The reporter writes to crew and desk; whoever holds an order, and the desk, write to the reporter. The desk alone
    may write to the followers too (`to_followers`): what a reporter writes is nobody else's. `order_id` names the
    order a technician writes about. Followers are shown no photos. Raises NotFound, NotAllowed, Conflict (over),
    Rejected (`text` empty and no photo; `photos` beside what cannot be taken).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    staff = Who.DISPATCHER in policies.parts_of_ticket(actor, case.ticket)
    if not may_write(actor, case) or (to_followers and not staff):
        raise NotAllowed
    if case.ticket.status not in OPEN_TO_WORDS:
        raise Conflict(_l("This request is over. Report again if something is still wrong."))
    if not text and not (photos and not to_followers):
        raise Rejected(fields={"text": _l("Write something first.")})
    data: dict[str, Any] = {"staff": True} if staff else {}  # it answers the request (2)
    if photos:
        data["photos"] = [_receive(each, actor, now, ticket_id) for each in photos]
    audience = Audience.EVERYONE if to_followers else Audience.REPORTER
    case.remark(Remark.MESSAGE, note=text, order_id=order_id, audience=audience.value, data=data)
    holders = {each.assignee_id for each in case.orders.values() if _held(each)} - {actor.id}
    case.tell_with_id(
        lambda event_id: MessageWritten(
            ticket_id=ticket_id,
            event_id=event_id,
            actor_id=actor.id,
            from_reporter=_for_reporter(actor, case),
            to_followers=to_followers,
            holders=tuple(sorted(each for each in holders if each is not None)),
        ),
        case.last_event,
    )
    case.write()


def _receive(picture: Picture, actor: Actor, now: datetime, ticket_id: int) -> str:
    """Take a photo in and give its id as events keep it."""
    kept = attachments.receive(picture.stream, OWNER, ticket_id, OWNER, actor=actor, now=now, name=picture.name)
    return str(kept.attachment.id)


def _for_reporter(actor: Actor, case: Case) -> bool:
    """The reporter writes, or whoever is the contact in his place (N5)."""
    reporter_id = case.ticket.reporter_id
    return (reporter_id is not None and reporter_id == actor.id) or policies.is_contact(actor, case.ticket)


def may_write(actor: Actor, case: Case) -> bool:
    """The reporter, whoever holds one of its orders, the desk."""
    if policies.parts_of_ticket(actor, case.ticket):
        return True
    mine = [each for each in case.orders.values() if each.assignee_id == actor.id]
    return actor.can(policies.WORK) and any(_held(each) for each in mine)


def _held(order: HeldOrder) -> bool:
    return order.state in ORDER_HELD
