"""Calls of the duty lead for an order nobody takes (tickets-rules 38, 39)."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class DutyLeadCalled(Event):
    """Nobody takes an order: the duty lead (else the fallback role) is called for the `times`-th time (38, 39)."""

    order_id: int
    ticket_id: int
    person_ids: tuple[int, ...]
    refusals: int
    call_id: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True)
class DutyCallWanted(Event):
    """Timer: the duty lead is to be called for an order once the hours of its dispatch clock begin (39)."""

    order_id: int


@dataclass(frozen=True, slots=True)
class DutyCallDue(Event):
    """Timer: a call was not answered `times` times; it is repeated unless it has been answered since (38)."""

    order_id: int
    call_id: int
    times: int


@dataclass(frozen=True, slots=True)
class DutyCallAnswered(Event):
    """Somebody has taken on by name an order nobody took; the others who were called need not."""

    order_id: int
    ticket_id: int
    call_id: int
    person_id: int
    called: tuple[int, ...]
