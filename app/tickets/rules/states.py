"""The states of tickets and work orders, their groups and their labels (tickets-rules 1, 2)."""

from enum import StrEnum
from typing import Final

from app.tickets.rules.messages import gettext_noop


class TicketStatus(StrEnum):
    """Where a ticket stands. There is no "reopened": a repair that did not hold is in service again."""

    SUBMITTED = "submitted"
    NEEDS_INFO = "needs_info"
    ACCEPTED = "accepted"
    IN_SERVICE = "in_service"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


class OrderState(StrEnum):
    """Where a work order stands."""

    PLANNED = "planned"
    QUEUED = "queued"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    WORKING = "working"
    ON_HOLD = "on_hold"
    DONE = "done"
    VERIFIED = "verified"
    CLOSED = "closed"
    CANCELLED = "cancelled"


TICKET_ENDS: Final = frozenset(
    {TicketStatus.CLOSED, TicketStatus.REJECTED, TicketStatus.DUPLICATE, TicketStatus.WITHDRAWN}
)
"""The ends. Closed is one after its 30 days; rejected and duplicate can be taken back by staff."""

TICKET_FINISHED: Final = TICKET_ENDS | {TicketStatus.RESOLVED}
"""No order of such a ticket is open."""

TICKET_OPEN: Final = frozenset(TicketStatus) - TICKET_FINISHED
"""Somebody still has to do something about the fault."""

TICKET_MOVING: Final = frozenset({TicketStatus.ACCEPTED, TicketStatus.IN_SERVICE})
"""Orders move only while their ticket is in one of these."""

ORDER_OPEN: Final = frozenset(
    {
        OrderState.PLANNED,
        OrderState.QUEUED,
        OrderState.OFFERED,
        OrderState.ACCEPTED,
        OrderState.EN_ROUTE,
        OrderState.WORKING,
        OrderState.ON_HOLD,
    }
)
"""planned … on_hold."""

ORDER_HELD: Final = frozenset({OrderState.ACCEPTED, OrderState.EN_ROUTE, OrderState.WORKING, OrderState.ON_HOLD})
"""Somebody holds the order (on hold: usually; a dispatcher may put a waiting order on hold too)."""

ORDER_LOAD: Final = ORDER_HELD | {OrderState.OFFERED}
ORDER_FINISHED: Final = frozenset({OrderState.DONE, OrderState.VERIFIED, OrderState.CLOSED})
"""What counts against a person's cap: offered + accepted … on_hold (37)."""

ORDER_ENDS: Final = frozenset({OrderState.CLOSED, OrderState.CANCELLED})

TICKET_LABELS: Final[dict[TicketStatus, str]] = {
    TicketStatus.SUBMITTED: gettext_noop("Submitted"),
    TicketStatus.NEEDS_INFO: gettext_noop("Waiting for your answer"),
    TicketStatus.ACCEPTED: gettext_noop("Accepted"),
    TicketStatus.IN_SERVICE: gettext_noop("In service"),
    TicketStatus.RESOLVED: gettext_noop("Repaired, please confirm"),
    TicketStatus.CLOSED: gettext_noop("Closed"),
    TicketStatus.REJECTED: gettext_noop("Not taken on"),
    TicketStatus.DUPLICATE: gettext_noop("Same as another request"),
    TicketStatus.WITHDRAWN: gettext_noop("Withdrawn"),
}

TICKET_STAFF_LABELS: Final[dict[TicketStatus, str]] = TICKET_LABELS | {
    TicketStatus.NEEDS_INFO: gettext_noop("Waiting for an answer"),
    TicketStatus.RESOLVED: gettext_noop("Resolved"),
    TicketStatus.REJECTED: gettext_noop("Rejected"),
    TicketStatus.DUPLICATE: gettext_noop("Duplicate"),
}
"""The same states as staff reads them; the reporter is spoken to by `TICKET_LABELS`."""

ORDER_LABELS: Final[dict[OrderState, str]] = {
    OrderState.PLANNED: gettext_noop("Planned"),
    OrderState.QUEUED: gettext_noop("Queued"),
    OrderState.OFFERED: gettext_noop("Offered"),
    OrderState.ACCEPTED: gettext_noop("Taken"),
    OrderState.EN_ROUTE: gettext_noop("On the way"),
    OrderState.WORKING: gettext_noop("Working"),
    OrderState.ON_HOLD: gettext_noop("On hold"),
    OrderState.DONE: gettext_noop("Done"),
    OrderState.VERIFIED: gettext_noop("Verified"),
    OrderState.CLOSED: gettext_noop("Order closed"),
    OrderState.CANCELLED: gettext_noop("Cancelled"),
}
