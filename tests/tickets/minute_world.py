"""Calendars and policies of a tested history, looked up by the implementation and by the oracle of the clocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.sites.rules.worktime import WorkTime
from app.tickets.rules.sla import Kind, Line
from tests.sites.minutes import Minutes

PRIORITIES = ("low", "normal", "high", "emergency")


@dataclass
class World:
    """Calendars and policies somebody may look up: the book of the implementation and of the oracle."""

    first: int  # minute at which the oracle's tables begin
    span: int
    calendars: dict[int, Any] = field(default_factory=dict)  # version → Calendar
    of: dict[int, int] = field(default_factory=dict)  # version → calendar
    policies: dict[int, dict[str, Line]] = field(default_factory=dict)
    stops: dict[int, dict[str, frozenset[Kind]]] = field(default_factory=dict)
    _work: dict[int, WorkTime] = field(default_factory=dict)
    _minutes: dict[int, Minutes] = field(default_factory=dict)

    def line(self, policy: int, priority: str) -> Line:
        return self.policies[policy][priority]

    def work(self, version: int) -> WorkTime:
        if version not in self._work:
            self._work[version] = WorkTime(self.calendars[version])
        return self._work[version]

    def calendar(self, version: int) -> int:
        return self.of[version]

    def stopped_by(self, policy: int, reason: str) -> frozenset[Kind]:
        return self.stops[policy].get(reason, frozenset())

    def minutes(self, version: int) -> Minutes:
        if version not in self._minutes:
            self._minutes[version] = Minutes(self.calendars[version], self.first, self.span * 1440)
        return self._minutes[version]
