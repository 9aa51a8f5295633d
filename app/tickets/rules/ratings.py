"""Who may rate when, and what a rating is (tickets-rules N6, N10)."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from app.tickets.rules import deadlines
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.states import TicketStatus

LOWEST: Final = 1
HIGHEST: Final = 5
SCORES: Final = ("quality", "speed", "manner")
COMMENT_LIMIT: Final = 1000
"""Longest comment, in characters."""


class RatingRefusal(StrEnum):
    """Why a rating is not taken."""

    NOT_REPORTER = "not_reporter"
    NO_ACCOUNT = "no_account"
    NOT_RESOLVED = "not_resolved"
    TOO_LATE = "too_late"


RATING_MESSAGES: Final[dict[RatingRefusal, str]] = {
    RatingRefusal.NOT_REPORTER: gettext_noop("Only whoever reported the fault rates its repair."),
    RatingRefusal.NO_ACCOUNT: gettext_noop("Rating needs an account."),
    RatingRefusal.NOT_RESOLVED: gettext_noop("You can rate the repair once it is finished."),
    RatingRefusal.TOO_LATE: gettext_noop("The time for rating ended 30 days after the request was closed."),
}


def rating_refused(
    *, is_reporter: bool, has_account: bool, status: TicketStatus, closed_at: datetime | None, now: datetime
) -> RatingRefusal | None:
    """Why the person may not rate the ticket's current cycle now; None: he may.

    From resolved until 30 days after closing, given or changed (the last counts; one per person and cycle). Closing
    by default takes nothing away. A ticket rejected, withdrawn or merged was not repaired, so there is nothing to
    rate; one that came back is rated again when it is resolved again.
    """
    if not has_account:
        return RatingRefusal.NO_ACCOUNT
    if not is_reporter:
        return RatingRefusal.NOT_REPORTER
    if status is TicketStatus.RESOLVED:
        return None
    if status is not TicketStatus.CLOSED or closed_at is None:
        return RatingRefusal.NOT_RESOLVED
    return None if now <= deadlines.rating_ends(closed_at) else RatingRefusal.TOO_LATE


def wrong_scores(scores: dict[str, int]) -> tuple[str, ...]:
    """The names among `SCORES` whose score is missing or outside 1–5."""
    return tuple(name for name in SCORES if not LOWEST <= scores.get(name, 0) <= HIGHEST)
