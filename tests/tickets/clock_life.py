"""A ticket's life as somebody writes it down, for tests of its clocks."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.sites.rules.calendars import Calendar, DayKind, SpecialDay
from app.sites.rules.worktime import WorkTime
from app.tickets.rules import promises, sla_policy
from app.tickets.rules.sla import Clock, Kind, Line, Terms
from app.tickets.rules.sla_history import Happened, Story
from tests.sites.minutes import OFFICE_WEEK, at, wall

SHANGHAI = "Asia/Shanghai"
OFFICE, ALWAYS, OFFICE_WITH_HOLIDAY = 1, 2, 3
NORMAL = Terms(1, "normal", OFFICE)
HIGH = Terms(1, "high", OFFICE)


class Shelf:
    """The default policy as version 1, one without a promise as 2; the calendars above."""

    def __init__(self) -> None:
        holiday = {date(2026, 11, 19): SpecialDay(kind=DayKind.HOLIDAY)}
        self.of = {OFFICE: 1, ALWAYS: 2, OFFICE_WITH_HOLIDAY: 1}
        self.works = {
            OFFICE: WorkTime(Calendar(zone=SHANGHAI, week=OFFICE_WEEK)),
            ALWAYS: WorkTime(Calendar(zone=SHANGHAI, always=True)),
            OFFICE_WITH_HOLIDAY: WorkTime(Calendar(zone=SHANGHAI, week=OFFICE_WEEK, days=holiday)),
        }

    def line(self, policy: int, priority: str) -> Line:
        found = sla_policy.DEFAULT.lines[priority]
        if policy == 2:
            return Line(hours=found.hours, targets={Kind.RESPOND: 30}, floor=found.floor, promise=False)
        return found

    def work(self, version: int) -> WorkTime:
        return self.works[version]

    def calendar(self, version: int) -> int:
        return self.of[version]

    def stopped_by(self, policy: int, reason: str) -> frozenset[Kind]:
        return sla_policy.DEFAULT.stops.get(reason, frozenset())


BOOK = Shelf()


class Life:
    """A ticket's events as somebody writes them down; the promise is told where the rules tell one."""

    def __init__(self, filed: str, terms: Terms = NORMAL, **data: Any) -> None:
        self.story = Story(BOOK)
        self.events: list[Happened] = []
        self.told: list[str | None] = []
        self("file", filed, to="submitted", human=True, terms=terms, **data)

    def __call__(
        self,
        kind: str,
        when: str,
        *,
        to: str | None = None,
        order: int | None = None,
        human: bool = False,
        reason: str | None = None,
        **data: Any,
    ) -> Life:
        minute = at(when, SHANGHAI)
        event = Happened(
            id=len(self.events) + 1,
            at=minute,
            kind=kind,
            human=human,
            order_id=order,
            to=to,
            reason=reason,
            data={name: at(value, SHANGHAI) if isinstance(value, str) else value for name, value in data.items()},
        )
        self.events.append(event)
        told = promises.told_after(self.story, event)
        if told is not None:
            self.told.append(wall(told, SHANGHAI))
            promise = Happened(id=event.id, at=minute, kind="promise", human=False, data={"until": told})
            self.events.append(promise)
            self.story.tell(promise)
        return self

    def accepted(self, when: str, *, human: bool = False) -> Life:
        """Accepted, with its first order queued."""
        self("accept", when, to="accepted", human=human)
        self("open", when, order=1, to="planned")
        return self("queue", when, order=1, to="queued")

    def taken(self, when: str, order: int = 1) -> Life:
        self("offer", when, order=order, to="offered")
        self("accept", when, order=order, to="accepted", human=True)
        return self("order_accepted", when, to="in_service")

    def clock(self, kind: Kind, order: int | None = None) -> Clock:
        found = self.story.clock(kind, order)
        assert found is not None
        return found

    def due(self, kind: Kind, order: int | None = None) -> str | None:
        return wall(self.clock(kind, order).due, SHANGHAI)
