"""The fixed windows: they count elapsed time, not working time (tickets-rules 1, N10, 38), a hold without end excepted.

Days here are 24 hours, so that a window is as long in the night of a clock change as in any other. All instants are
aware; a window's last instant still belongs to it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from app.sites.rules.worktime import WorkTime, instant_of, minute_of

DEFAULT_CLOSING: Final = timedelta(days=7)
"""A resolved ticket nobody answers for is closed after 7 × 24 h."""
NOT_FIXED: Final = timedelta(days=30)
"""How long after the last resolved somebody may say that it is not fixed."""
RECONSIDER: Final = timedelta(days=30)
"""How long after a rejection staff may take it up again."""
RATING: Final = timedelta(days=30)
"""How long after closing a rating may be given or changed (N10)."""
ANSWER: Final = timedelta(days=14)
"""How long a question waits for its answer."""
HOLD_DAYS: Final = 5
"""Working days a hold without an end lasts before whoever is responsible is reminded of it (N4)."""
REMINDED_AGAIN: Final = timedelta(days=1)
"""How often he is reminded from then on."""
REMINDER_DAYS: Final = (3, 10)
"""The days of the wait on which the reporter is reminded."""


def closes_by_default(resolved_at: datetime) -> datetime:
    """The instant from which a ticket resolved at `resolved_at` (its last time) is closed by default."""
    return resolved_at + DEFAULT_CLOSING


def not_fixed_ends(resolved_at: datetime) -> datetime:
    """The last instant at which "not fixed" is taken; `resolved_at` is the last time it was resolved."""
    return resolved_at + NOT_FIXED


def reconsider_ends(rejected_at: datetime) -> datetime:
    """The last instant at which a rejection can be taken back."""
    return rejected_at + RECONSIDER


def rating_ends(closed_at: datetime) -> datetime:
    """The last instant at which a rating is taken."""
    return closed_at + RATING


def answer_ends(asked_at: datetime) -> datetime:
    """The instant from which a question without an answer ends the ticket."""
    return asked_at + ANSWER


@dataclass(frozen=True, slots=True)
class WaitStep:
    """The next step of a question's wait: at `at`, remind for the `number`-th time or end the ticket."""

    at: datetime
    what: Literal["remind", "no_answer"]
    number: int = 0


def next_wait_step(asked_at: datetime, reminders: int) -> WaitStep:
    """The step that follows `reminders` reminders of a question asked at `asked_at`.

    The steps come one after another also when all of them are overdue, so the ticket never ends unreminded.
    """
    if reminders < len(REMINDER_DAYS):
        return WaitStep(asked_at + timedelta(days=REMINDER_DAYS[reminders]), "remind", reminders + 1)
    return WaitStep(answer_ends(asked_at), "no_answer")


def hold_reminded(now: datetime, until: datetime | None, work: WorkTime | None) -> datetime:
    """When a hold that begins `now` is looked at first: at its end, else at the close of the fifth working day (N4).

    The day it begins is not counted (12). Where `work` has none within ten years, or is None, five days of 24 hours.
    """
    if until is not None:
        return until
    close = None if work is None else work.close_of_day(minute_of(now), HOLD_DAYS)
    return now + timedelta(days=HOLD_DAYS) if close is None else instant_of(close)


def offer_ends(now: datetime, *, emergency: bool, minutes: int = 10, emergency_minutes: int = 3) -> datetime:
    """When an offer made `now` expires: raw minutes, fewer in an emergency (38)."""
    return now + timedelta(minutes=emergency_minutes if emergency else minutes)
