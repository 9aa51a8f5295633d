"""What clocks are about (tickets-rules 3): their kinds, the terms they count under, a journal's lines, what one says.

`app.tickets.rules.sla_counting` goes from the journal to what the clock says; `app.tickets.rules.sla_history` makes the
journals of a ticket from its events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from app.sites.rules.worktime import Target, WorkTime
from app.tickets.rules.messages import gettext_noop


class Kind(StrEnum):
    """The clocks (1): respond, restore and promise of a ticket, dispatch and arrive of an order; answer of feedback."""

    RESPOND = "respond"
    DISPATCH = "dispatch"
    ARRIVE = "arrive"
    RESTORE = "restore"
    PROMISE = "promise"
    ANSWER = "answer"


OF_TICKET: Final = (Kind.RESPOND, Kind.RESTORE, Kind.PROMISE)
OF_ORDER: Final = (Kind.DISPATCH, Kind.ARRIVE)

KIND_LABELS: Final[dict[Kind, str]] = {
    Kind.RESPOND: gettext_noop("First answer"),
    Kind.DISPATCH: gettext_noop("Assignment"),
    Kind.ARRIVE: gettext_noop("Arrival"),
    Kind.RESTORE: gettext_noop("Repair"),
    Kind.PROMISE: gettext_noop("Promise"),
    Kind.ANSWER: gettext_noop("Answer"),
}


class Phase(StrEnum):
    """What a clock does: `standing` is a dispatch clock whose order somebody holds, `void` one of a ticket not done."""

    RUNNING = "running"
    PAUSED = "paused"
    STANDING = "standing"
    STOPPED = "stopped"
    VOID = "void"


OPEN: Final = frozenset({Phase.RUNNING, Phase.PAUSED, Phase.STANDING})
"""Phases a new calendar version still judges (19)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a policy says of one priority: hours class, a target for each clock (absent: none, 6), the floor (17)."""

    hours: str
    targets: Mapping[Kind, Target]
    floor: int = 0
    promise: bool = True


class Book(Protocol):
    """Where versions are looked up; both are immutable."""

    def line(self, policy: int, priority: str) -> Line:
        """What a policy version says of a priority."""
        ...

    def work(self, version: int) -> WorkTime:
        """The working time of a calendar version."""
        ...

    def calendar(self, version: int) -> int:
        """The calendar a version is of."""
        ...

    def stopped_by(self, policy: int, reason: str) -> frozenset[Kind]:
        """The clocks a hold for a reason stops (5)."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what a clock counts: policy version, priority, calendar version."""

    policy: int
    priority: str
    calendar: int


class Act(StrEnum):
    """What can happen to a clock."""

    START = "start"
    RUN = "run"
    PAUSE = "pause"
    STAND = "stand"
    STOP = "stop"
    VOID = "void"
    TERMS = "terms"
    CALENDAR = "calendar"
    NOT_BEFORE = "not_before"
    TOLD = "told"
    EXCUSE = "excuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a journal, `at` a minute; `event` is the ticket event behind it.

    `terms` of START and TERMS (with `raised`: to a higher priority); `version` the calendar version published;
    `instant` the minute of NOT_BEFORE and TOLD.
    """

    at: int
    act: Act
    event: int = 0
    terms: Terms | None = None
    raised: bool = False
    version: int | None = None
    instant: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Which clock: the kind, the order it belongs to (None: the ticket), the cycle."""

    kind: Kind
    order_id: int | None = None
    cycle: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What a clock says; instants and lengths in minutes.

    `used` counts until `since`, where the phase began. `due` is None while paused with time left, and where no working
    time comes within ten years (`endless`, 10). `kept` is None while it is open. `excused`: by a supervisor (18).
    """

    key: Key
    terms: Terms
    started: int
    phase: Phase
    since: int
    used: int = 0
    target: int | None = None
    due: int | None = None
    not_before: int | None = None
    stopped: int | None = None
    kept: bool | None = None
    excused: bool = False
    endless: bool = False

    @property
    def running(self) -> bool:
        """Whether its due time is in force."""
        return self.phase is Phase.RUNNING

    def late(self, now: int) -> bool:
        """Whether the due time has passed by `now` without the clock being stopped (8: its minute is over)."""
        if self.kept is not None:
            return not self.kept
        return self.running and self.due is not None and self.due < now
