"""What publishing a calendar would do to the clocks that are open (tickets-rules 19), before anybody does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.core.db import db
from app.core.errors import NotFound
from app.sites.calendars import queries as calendars
from app.sites.calendars.models import CalendarVersion
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Calendar
from app.sites.rules.worktime import WorkTime, minute_of
from app.tickets.models import Clock as ClockRow
from app.tickets.queries import sla
from app.tickets.rules.history import Remark
from app.tickets.rules.sla import OPEN, Clock, Key, Kind
from app.tickets.rules.sla_history import Happened, Story

LOOKED_AT = 200
"""Requests judged for the preview; the count says of how many."""
_DRAFT = 0  # the version nobody has published: no id of the database


@dataclass(slots=True)
class Effect:
    """`tickets` and `clocks` are judged anew; of `looked` requests, due times that move and what is late or no more."""

    tickets: int
    clocks: int
    looked: int = 0
    earlier: int = 0
    later: int = 0
    late: int = 0
    healed: int = 0


class _Foreseen(sla.Book):
    """The book as it would be with the draft in it."""

    def __init__(self, calendar_id: int, content: Calendar) -> None:
        self.calendar_id, self.draft = calendar_id, WorkTime(content)

    def work(self, version: int) -> WorkTime:
        return self.draft if version == _DRAFT else super().work(version)

    def calendar(self, version: int) -> int:
        return self.calendar_id if version == _DRAFT else super().calendar(version)


def effect(calendar_id: int, content: Calendar, now: datetime) -> Effect:
    """Judge open clocks of the calendar by `content`; nothing is written. Of many requests the oldest are looked at."""
    versions = db.session.scalars(select(CalendarVersion.id).where(CalendarVersion.calendar_id == calendar_id)).all()
    counted = db.session.execute(
        select(func.count(ClockRow.ticket_id.distinct()), func.count()).where(
            ClockRow.calendar_version_id.in_(versions),
            ClockRow.phase.in_([phase.value for phase in OPEN]),
            ClockRow.ticket_id.is_not(None),
        )
    ).one()
    found = Effect(*counted)
    ids = sla.open_under(versions, 0, LOOKED_AT)
    book, at = _Foreseen(calendar_id, content), minute_of(now)
    for past in sla.events_of(ids).values():
        before, after = _judged(past, book, at)
        found.looked += 1
        for key, clock in before.items():
            if key.kind is not Kind.PROMISE and key in after:
                _compare(found, clock, after[key], at)
    return found


def of_draft(calendar_id: int, now: datetime) -> Effect:
    """What publishing the draft of a calendar would do. Raises NotFound where nothing is being made of it."""
    draft = calendars.draft(calendar_id)
    if draft is None:
        raise NotFound
    return effect(calendar_id, calendar_data.read(draft.content), now)


def _judged(past: list[Happened], book: _Foreseen, at: int) -> tuple[dict[Key, Clock], dict[Key, Clock]]:
    story = Story(book)
    for event in past:
        story.tell(event)
    before = story.clocks()
    published = {"version": _DRAFT}
    last = past[-1].id if past else 0
    story.tell(Happened(id=last + 1, at=at, kind=Remark.CALENDAR.value, human=False, data=published))
    return before, story.clocks()


def _compare(found: Effect, before: Clock, after: Clock, at: int) -> None:
    """Count what moves of one clock; what stands or has ended has no due time that could."""
    if not (before.running and after.running):
        return
    if before.due is not None and after.due is not None:
        found.earlier += after.due < before.due
        found.later += after.due > before.due
    found.late += after.late(at) and not before.late(at)
    found.healed += before.late(at) and not after.late(at)
