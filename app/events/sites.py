"""What happens to places and calendars, for whoever reacts."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class CalendarPublished(Event):
    """A version of a working calendar was published; whatever is still open is judged by it (tickets-rules 19)."""

    calendar_id: int
    version_id: int
