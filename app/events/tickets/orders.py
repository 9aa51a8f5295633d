"""What happens to a work order once it is proposed or somebody has it, and to who works on it."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class OrderProposed(Event):
    """A technician proposes a further order; those who decide are told."""

    order_id: int
    ticket_id: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrderAccepted(Event):
    """A technician took an order."""

    order_id: int
    ticket_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class OrderDeclined(Event):
    """A technician declined an offer, with a reason that staff reads."""

    order_id: int
    ticket_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class OrderOnTheWay(Event):
    """The holder of an order has set out."""

    order_id: int
    ticket_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class OrderReleased(Event):
    """The holder lost the order: given back by himself, given to somebody else, or cancelled (`why` is the act)."""

    order_id: int
    ticket_id: int
    person_id: int
    why: str


@dataclass(frozen=True, slots=True)
class OrderOnHold(Event):
    """Work on an order stands still; `until` is RFC 3339 or None, `version` the order's (0: an event of before)."""

    order_id: int
    ticket_id: int
    reason: str
    until: str | None
    version: int = 0


@dataclass(frozen=True, slots=True)
class HoldReminded(Event):
    """A hold's `until` has passed (or it has none and is old): the responsible persons are reminded, daily (N4)."""

    order_id: int
    ticket_id: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HoldDue(Event):
    """Timer: the end of a hold. `hold_id` is the event it began with, `until` the end it has (RFC 3339): a hold that
    ended, or whose end was moved, has no use for it.

    `version`, the order's at the time of the hold, is read where a timer set by an older release has no `hold_id`.
    """

    order_id: int
    version: int
    hold_id: int | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class OrderDone(Event):
    """The work of one order is done."""

    order_id: int
    ticket_id: int
    person_id: int | None


@dataclass(frozen=True, slots=True)
class HelpAsked(Event):
    """The holder of an order asks for a second pair of hands; those who can send one are told."""

    order_id: int
    ticket_id: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HelperAdded(Event):
    """Somebody is to help with an order."""

    order_id: int
    ticket_id: int
    person_id: int
    helper_id: int


@dataclass(frozen=True, slots=True)
class BulkOrdered(Event):
    """Somebody wants one act done to many orders."""

    run_id: int


@dataclass(frozen=True, slots=True)
class BulkEnded(Event):
    """Such a run has come to its end: each order is done or refused."""

    run_id: int
