"""A published calendar version is an event on each ticket with an open clock under that calendar (rules 19, 22)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.core.i18n import iso
from app.sites.calendars.models import CalendarVersion
from app.tickets.queries import sla as book
from app.tickets.rules import promises
from app.tickets.rules.history import Remark
from app.tickets.rules.sla import Kind
from app.tickets.services import clocks
from app.tickets.services.case import by_ticket

AT_ONCE = 200


def waiting(calendar_id: int, version_id: int, after: int) -> list[int]:
    """The next tickets after an id with a clock open under an older version of the calendar."""
    older = db.session.scalars(
        select(CalendarVersion.id).where(CalendarVersion.calendar_id == calendar_id, CalendarVersion.id < version_id)
    ).all()
    return book.open_under(older, after, AT_ONCE)


def rejudge(*, actor: Actor, now: datetime, ticket_id: int, version_id: int) -> bool:
    """Judge a ticket's open clocks by a new version; its promise moves later only, and is told.

    Returns whether anything was written; a ticket that knows the version already is left as it is.
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    past = book.events(ticket_id)
    if any(event.kind == Remark.CALENDAR and event.data.get("version") == version_id for event in past):
        return False
    before = clocks.judge(past, []).story
    case.remark(Remark.CALENDAR, by_system=True, data={"version": version_id})
    promise = before.clock(Kind.PROMISE)
    if promise is not None and promise.running and promise.due is not None and promise.kept is None:
        later = promises.told_under(past, book.BOOK, version_id)
        if later is not None and later > promise.due:
            clocks.tell(case, iso(book.instant(later)) or "", promises.Because.CALENDAR)
    case.write()
    return True
