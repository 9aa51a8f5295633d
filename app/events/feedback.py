"""What happens to feedback, and its timers: their handlers judge again, under the lock, whether the time has come."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class FeedbackFiled(Event):
    """Somebody said something; `author_id` is None for who gave no name."""

    feedback_id: int
    author_id: int | None


@dataclass(frozen=True, slots=True)
class FeedbackReplied(Event):
    """Its author wrote again; `reopened` where it had been answered or closed."""

    feedback_id: int
    event_id: int
    reopened: bool


@dataclass(frozen=True, slots=True)
class FeedbackAnswered(Event):
    """The staff wrote to its author."""

    feedback_id: int
    event_id: int


@dataclass(frozen=True, slots=True)
class FeedbackPostponed(Event):
    """Other working hours moved the answer its author was promised to a later day."""

    feedback_id: int
    event_id: int


@dataclass(frozen=True, slots=True)
class FeedbackAssigned(Event):
    """Somebody is to answer it."""

    feedback_id: int
    event_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class FeedbackClosed(Event):
    """It became a ticket or a notice, or nobody replied to the answer (`how`)."""

    feedback_id: int
    event_id: int
    how: str


@dataclass(frozen=True, slots=True)
class FeedbackClockDue(Event):
    """Timer: a step of a clock of a cycle: `respond`, `remind` or `answer`."""

    feedback_id: int
    cycle: int
    step: str


@dataclass(frozen=True, slots=True)
class FeedbackLate(Event):
    """A clock ran out: those who handle (`respond`) or lead (`answer`) are told."""

    feedback_id: int
    cycle: int
    step: str


@dataclass(frozen=True, slots=True)
class FeedbackLapseDue(Event):
    """Timer: 14 days after an answer, unless somebody wrote since; `event_id` is the last answer."""

    feedback_id: int
    event_id: int
