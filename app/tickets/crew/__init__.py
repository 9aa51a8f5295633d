"""The crew's pages: a technician's day, and one order at work. Big targets, one hand, no table."""

from app.tickets.crew import acts, calendar, calls, hands, messages, more_time, pages, pool, scan
from app.tickets.crew.entry import blueprint

__all__ = ["acts", "blueprint", "calendar", "calls", "hands", "messages", "more_time", "pages", "pool", "scan"]
