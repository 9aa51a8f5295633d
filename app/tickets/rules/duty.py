"""When the duty lead is called for an order, how often, and until when (tickets-rules 38, 39)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.sites.rules.worktime import WorkTime, instant_of, minute_of
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.states import TICKET_MOVING, OrderState, TicketStatus

REPEAT_MINUTES: Final = 5


class Cause(StrEnum):
    """Why the duty lead is called."""

    REFUSALS = "refusals"
    NOBODY = "nobody"
    DUE_SOON = "due_soon"


CAUSE_LABELS: Final[dict[Cause, str]] = {
    Cause.REFUSALS: gettext_noop("It was refused, or nobody answered."),
    Cause.NOBODY: gettext_noop("Nobody can be asked, and it is an emergency."),
    Cause.DUE_SOON: gettext_noop("Somebody has to have it soon, and nobody does."),
}


class CallEnd(StrEnum):
    """How a call ended: somebody answered it by name, or it was no longer needed."""

    ANSWERED = "answered"
    OVER = "over"


_WITHOUT_HOLDER: Final = frozenset({OrderState.QUEUED, OrderState.OFFERED})


def cause_of(*, emergency: bool, refusals: int, allowed: int, nobody: bool, within_hours: bool = True) -> Cause | None:
    """Why the duty lead is to be called for an order that has just found nobody, or somebody; None: he is not.

    38: after `allowed` refusals. 39: nobody eligible calls him in an emergency only, and an order that is none never
    calls him outside the hours of its clock (`within_hours`); it does when they begin.
    """
    if emergency and nobody:
        return Cause.NOBODY
    if refusals >= allowed and (emergency or within_hours):
        return Cause.REFUSALS
    return None


def without_holder(order: OrderState) -> bool:
    """Whether an order waits for somebody to take it."""
    return order in _WITHOUT_HOLDER


def still_needed(order: OrderState, ticket: TicketStatus) -> bool:
    """Whether a call goes on: the order still has no holder, and its ticket lets it move."""
    return without_holder(order) and ticket in TICKET_MOVING


def next_call(now: datetime, minutes: int = REPEAT_MINUTES) -> datetime:
    """When he is called again unless somebody has answered; raw minutes."""
    return now + timedelta(minutes=minutes)


def may_call(at: datetime, work: WorkTime, *, emergency: bool) -> bool:
    """Whether he may be called: in an emergency always, else while the order's clock counts (39)."""
    return emergency or work.works_at(minute_of(at))


def called_from(at: datetime, work: WorkTime, *, emergency: bool) -> datetime:
    """The first instant from `at` on at which he may be called; `at` where the clock never counts again."""
    if may_call(at, work, emergency=emergency):
        return at
    end = work.due(minute_of(at), 1)
    return at if end is None else instant_of(end - 1)
