"""What the reporter, or his contact, reads of his reminders on the page of a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.tickets.services import urging


@dataclass(frozen=True, slots=True)
class Urging:
    """What the reporter reads of his reminders: `first` is from when he may (again), `times` how often he did."""

    first: datetime
    allowed: bool
    times: int
    last: datetime | None


def of(ticket: Any, now: datetime) -> Urging | None:
    """The reporter's reminder; None in a state in which there is nobody to remind, or while no instant can be named."""
    first = urging.allowed_from(ticket)
    return None if first is None else Urging(first, now >= first, ticket.urged, ticket.urged_at)
