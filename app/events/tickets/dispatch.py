"""What happens while an order looks for somebody: queued, offered, in the pool, tried again."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class OrderQueued(Event):
    """An order waits for a technician: the dispatch handler offers it to the best candidate.

    `wake` says what makes it worth trying (`rules.offers.Wake`); None: an offer of it has just ended, or it was given
    back.
    """

    order_id: int
    ticket_id: int
    wake: str | None = None


@dataclass(frozen=True, slots=True)
class OfferMade(Event):
    """An order is offered to a person until an instant (RFC 3339). `made_by` is the dispatcher, None: the system."""

    order_id: int
    ticket_id: int
    offer_id: int
    person_id: int
    until: str
    made_by: int | None = None


@dataclass(frozen=True, slots=True)
class OfferExpired(Event):
    """Timer: an offer's time is over, unless it was answered before."""

    order_id: int
    offer_id: int


@dataclass(frozen=True, slots=True)
class OfferEnded(Event):
    """An offer ended without being accepted: declined, expired, revoked, replaced, suspended or cancelled."""

    order_id: int
    ticket_id: int
    offer_id: int
    person_id: int
    outcome: str
    made_by: int | None = None


@dataclass(frozen=True, slots=True)
class OrderPooled(Event):
    """An order was put into the pool: whoever could take it is told, `version` names the occasion."""

    order_id: int
    ticket_id: int
    version: int


@dataclass(frozen=True, slots=True)
class HandFreed(Event):
    """Somebody of a trade has a hand free, and its waiting orders tried for him (`tried`, in their turn) may not suit:
    those behind them are tried where none of them found anybody (39, 40)."""

    trade_id: int
    tried: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WaitingOrdersDue(Event):
    """Periodic: orders that found nobody are tried again (a shift began, somebody freed up, an absence ended)."""
