"""When a reporter may remind the people who repair (催单): after what he was promised, once in 24 hours.

Days here are 24 hours, as in `rules.deadlines`. All instants are aware.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from app.tickets.rules.states import TicketStatus

AGAIN: Final = timedelta(hours=24)
"""How long one reminder lasts; and how old a request is that nobody promised anything for and no clock counts."""

URGEABLE: Final = frozenset({TicketStatus.SUBMITTED, TicketStatus.ACCEPTED, TicketStatus.IN_SERVICE})
"""Whoever repairs has the next word. A question waits for the reporter himself, a resolved request for his answer."""


def urgeable_from(
    *,
    status: TicketStatus,
    promised_at: datetime | None,
    restore_due: datetime | None,
    unclocked: bool,
    filed_at: datetime,
    urged_at: datetime | None,
) -> datetime | None:
    """The instant from which the reporter may remind; None: not in this state, or while the clock stands.

    `promised_at` is the promise in force. Where none was given, the due time of restore counts; where no clock of the
    ticket runs towards one (`unclocked`), a day after filing. `urged_at`: when he reminded last, in this cycle.
    """
    if status not in URGEABLE:
        return None
    first = promised_at or restore_due
    if first is None and unclocked:
        first = filed_at + AGAIN
    if first is None:
        return None
    return first if urged_at is None else max(first, urged_at + AGAIN)
