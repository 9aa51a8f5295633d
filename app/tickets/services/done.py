"""What an act answers: the state of what it changed, for the page and the API."""

from __future__ import annotations

from dataclasses import dataclass

from app.tickets.services.case import Case
from app.tickets.services.held import HeldOrder


@dataclass(frozen=True, slots=True)
class TicketDone:
    """A ticket after an act."""

    id: int
    number: str
    status: str
    version: int


@dataclass(frozen=True, slots=True)
class OrderDone:
    """An order after an act; `ticket_status` is its ticket's."""

    id: int
    number: str
    state: str
    version: int
    assignee_id: int | None
    ticket_id: int
    ticket_status: str


def ticket(case: Case) -> TicketDone:
    return TicketDone(case.ticket.id, case.ticket.number, case.ticket.status.value, case.ticket.version)


def order(case: Case, held: HeldOrder) -> OrderDone:
    return OrderDone(
        held.id,
        held.number,
        held.state.value,
        held.version,
        held.assignee_id,
        case.ticket.id,
        case.ticket.status.value,
    )
