"""When somebody comes and where the reporter may be reached."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class WindowChosen(Event):
    """The reporter chose when somebody may come after nobody was in; instants are RFC 3339, `holders` are told."""

    ticket_id: int
    order_id: int
    event_id: int
    start: str
    end: str
    holders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VisitNear(Event):
    """Timer: the window a reporter chose for a visit comes near; its planned order is queued."""

    order_id: int


@dataclass(frozen=True, slots=True)
class CallBackAsked(Event):
    """The holder of an order would like to speak to the reporter, who is told."""

    ticket_id: int
    order_id: int
    event_id: int


@dataclass(frozen=True, slots=True)
class CallBackAnswered(Event):
    """The reporter said where the desk may call him; the number is in the ticket event. `person_ids` are told."""

    ticket_id: int
    order_id: int
    event_id: int
    person_ids: tuple[int, ...]
