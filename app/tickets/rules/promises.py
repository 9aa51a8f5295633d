"""What the reporter is told and when it moves (tickets-rules 21 to 23, 25).

A promise is an event with its instant. These functions say which instant to tell after an event; they are asked once,
when it happens, and never at reading.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from app.sites.rules.worktime import WorkTime
from app.tickets.rules.history import Remark
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.priority import rank
from app.tickets.rules.sla import Book, Kind, Line, Terms
from app.tickets.rules.sla_history import Happened, Story
from app.tickets.rules.states import TICKET_OPEN, TicketStatus
from app.tickets.rules.ticket_table import TicketAct


class Because(StrEnum):
    """What moved a promise (22); it stands in the event that tells the new instant."""

    EXTENSION = "extension"
    WINDOW = "window"
    ANSWER = "answer"
    ABSENT = "absent"
    TAKEN_UP = "taken_up"
    PRIORITY = "priority"
    CALENDAR = "calendar"
    AGAIN = "again"


BECAUSE_LABELS: Final[dict[Because, str]] = {
    Because.EXTENSION: gettext_noop("More time was needed and approved."),
    Because.WINDOW: gettext_noop("The time of the visit you chose ends later."),
    Because.ANSWER: gettext_noop("We waited for your answer; that time was added."),
    Because.ABSENT: gettext_noop("Nobody was in when we came; the time until the next visit was added."),
    Because.TAKEN_UP: gettext_noop("The request had been set aside; that time was added."),
    Because.PRIORITY: gettext_noop("It is more urgent than was thought, so we come sooner."),
    Because.CALENDAR: gettext_noop("The working days have changed."),
    Because.AGAIN: gettext_noop("It comes back to us; this is the new time."),
}
"""Said to the reporter."""

_OF_REMARKS: Final = {
    Remark.EXTENSION: Because.EXTENSION,
    Remark.WINDOW: Because.WINDOW,
    Remark.RECLASSIFY: Because.PRIORITY,
    Remark.CALENDAR: Because.CALENDAR,
}


def because(happened: Happened) -> Because:
    """What moved the promise, where telling another instant followed from this event."""
    if happened.order_id is not None:
        return Because.ABSENT
    if happened.kind in _OF_REMARKS:
        return _OF_REMARKS[Remark(happened.kind)]
    return {TicketAct.ANSWER: Because.ANSWER, TicketAct.NOT_FIXED: Because.AGAIN}.get(
        TicketAct(happened.kind), Because.TAKEN_UP
    )


def told_after(story: Story, happened: Happened) -> int | None:
    """Take `happened` into the story; the minute to tell the reporter because of it, None: nothing new.

    An instant told is not in the story until its own event is.
    """
    terms, waits = story.terms, len(story.waits)
    story.tell(happened)
    clock = story.clock(Kind.PROMISE)
    if clock is None or clock.due is None:
        return _first(story, happened)
    told = clock.due
    if happened.kind == Remark.EXTENSION:
        until: int | None = happened.data.get("until")
        return until  # told all the same where the old one is broken already (23)
    if story.status not in TICKET_OPEN:
        return None  # it ended while it waited: nothing is promised any more
    if clock.late(happened.at) and (clock.kept is False or clock.since < happened.at):
        return None  # broken: nothing heals it (18); one that resumes in this minute was not judged while it waited
    moved = told
    if len(story.waits) > waits and story.terms is not None:
        start, end = story.waits[-1]
        work = story.book.work(story.terms.calendar)
        moved = work.due(told, work.between(start, end)) or told
    elif happened.kind == Remark.WINDOW:
        moved = max(told, happened.data["until"])
    elif _raised(terms, story.terms):
        moved = _sooner(story, happened, told)
    return moved if moved != told else None


def _raised(before: Terms | None, after: Terms | None) -> bool:
    return before is not None and after is not None and rank(after.priority) > rank(before.priority)


def _first(story: Story, happened: Happened) -> int | None:
    """21: restore target without pauses, to the quarter-hour; told at accept, and at once in a further cycle."""
    if happened.kind not in (TicketAct.ACCEPT, TicketAct.NOT_FIXED, Remark.RECLASSIFY):
        return None
    if story.status not in (TicketStatus.ACCEPTED, TicketStatus.IN_SERVICE):
        return None
    found = _unpaused(story)
    if found is None:
        return None
    due, work, _line = found
    return work.quarter_hour(due if story.window is None else max(due, story.window))


def _sooner(story: Story, happened: Happened, told: int) -> int:
    """A raise moves it earlier only, and never before the floor of the new policy from now (17, 22)."""
    found = _unpaused(story)
    if found is None:
        return told
    due, work, line = found
    floor = work.due(happened.at, line.floor)
    earliest = due if floor is None else max(due, floor)
    if story.window is not None:
        earliest = max(earliest, story.window)
    return min(told, work.quarter_hour(max(earliest, happened.at)))


def _unpaused(story: Story) -> tuple[int, WorkTime, Line] | None:
    """When the restore target of the present terms is used up, what was waited for left out; None: no promise."""
    terms = story.terms
    journal = story.journal(Kind.RESTORE)
    if terms is None or journal is None:
        return None
    line = story.book.line(terms.policy, terms.priority)
    target = line.targets.get(Kind.RESTORE)
    if not line.promise or target is None:
        return None
    work = story.book.work(terms.calendar)
    start = journal[0].at
    minutes = work.minutes(start, target)
    if minutes is None:
        return None
    waited = sum(work.between(begun, ended) for begun, ended in story.waits)
    due = work.due(start, minutes + waited)
    return None if due is None else (due, work, line)


def told_under(events: Iterable[Happened], book: Book, version: int) -> int | None:
    """The minute that would have been told had the calendar been `version` from the start (22: later only)."""
    story = Story(_Rebooked(book, version))
    told: int | None = None
    for event in events:
        if event.kind == Remark.PROMISE:
            continue
        minute = told_after(story, event)
        if event.kind == TicketAct.NOT_FIXED:
            told = None
        if minute is not None:
            told = minute
            story.tell(
                Happened(id=event.id, at=event.at, kind=Remark.PROMISE.value, human=False, data={"until": minute})
            )
    return told


class _Rebooked:
    """A book in which every version of one calendar reads as its newest."""

    def __init__(self, book: Book, version: int) -> None:
        self._book = book
        self._version = version
        self.line = book.line
        self.calendar = book.calendar
        self.stopped_by = book.stopped_by

    def work(self, version: int) -> WorkTime:
        same = self._book.calendar(version) == self._book.calendar(self._version)
        return self._book.work(self._version if same else version)
