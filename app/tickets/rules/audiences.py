"""Who reads which event (contract: events are only those meant for the reader).

Each change of a ticket's status is meant for its reporter and followers; the way of an order, as far as it says when
somebody comes, too. Offers and hand-overs are for the crew and staff; notes, escalations and declines for staff.
"""

from enum import StrEnum
from typing import Final

from app.tickets.rules.history import Remark
from app.tickets.rules.order_table import OrderAct
from app.tickets.rules.ticket_table import TicketAct


class Audience(StrEnum):
    """Whom an event is meant for; each includes those after it."""

    EVERYONE = "everyone"  # reporter, followers, crew, staff
    REPORTER = "reporter"  # the same without the followers: what is said between reporter, crew and desk
    CREW = "crew"  # whoever is or was offered an order of the ticket, and staff
    STAFF = "staff"


_EVERYONE: Final = frozenset(
    {OrderAct.ACCEPT, OrderAct.GRAB, OrderAct.LEAVE, OrderAct.START, OrderAct.HOLD, OrderAct.DONE}
)
_STAFF: Final = frozenset({OrderAct.DECLINE, OrderAct.EXPIRE, OrderAct.REVOKE})
_REMARKS_FOR_EVERYONE: Final = frozenset(
    {Remark.PHOTO, Remark.REMIND, Remark.RATING, Remark.AGREED, Remark.PROMISE, Remark.EXTENSION}
)


def audience_of(kind: str, *, of_order: bool) -> Audience:
    """Whom an event of `kind` is meant for; `of_order` says whether it is an act on a work order."""
    if kind == Remark.MESSAGE:
        return Audience.REPORTER
    if kind in set(Remark):
        return Audience.EVERYONE if kind in _REMARKS_FOR_EVERYONE else Audience.STAFF
    if not of_order:
        return Audience.EVERYONE if kind in set(TicketAct) else Audience.STAFF
    if kind in _EVERYONE:
        return Audience.EVERYONE
    return Audience.STAFF if kind in _STAFF else Audience.CREW


def readable(*, staff: bool, crew: bool, reporter: bool) -> tuple[Audience, ...]:
    """The audiences somebody belongs to; a follower is none of the three."""
    if staff:
        return tuple(Audience)
    if crew:
        return (Audience.EVERYONE, Audience.REPORTER, Audience.CREW)
    return (Audience.EVERYONE, Audience.REPORTER) if reporter else (Audience.EVERYONE,)
